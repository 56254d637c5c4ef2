// Gives a name to what Material leaves without one, for those who cannot see it.
(function () {
  "use strict";

  const names = { ".md-progress": "Loading", ".md-search": "Search" };
  for (const [selector, name] of Object.entries(names)) {
    const element = document.querySelector(selector);
    if (element && !element.hasAttribute("aria-label")) element.setAttribute("aria-label", name);
  }
})();
