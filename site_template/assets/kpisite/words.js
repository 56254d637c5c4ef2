// What the scripts say, in the language of the site: a build puts `window.kpiWords` before this.
// And a name for what Material leaves without one, for those who cannot see it.
(function () {
  "use strict";

  const words = window.kpiWords || {};

  // Fills values into a text: said("{count} editions", { count: 3 }).
  const said = (text, values = {}) => (words[text] || text).replace(/\{(\w+)\}/g, (_, name) => values[name]);
  window.kpiSaid = said;

  const names = { ".md-progress": said("Loading"), ".md-search": said("Search") };
  for (const [selector, name] of Object.entries(names)) {
    const element = document.querySelector(selector);
    if (element && !element.hasAttribute("aria-label")) element.setAttribute("aria-label", name);
  }
})();
