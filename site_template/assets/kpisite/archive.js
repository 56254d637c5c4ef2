// Colours the calendar of an archive by a KPI, and filters it and the tables by year and status. The
// choice stands in the address, so that it can be shared. Without this, all editions show by status.
(function () {
  "use strict";

  if (window.kpiArchive) return; // Material runs it again when the reader comes back to such a page
  window.kpiArchive = true;

  const said = (text, values) => window.kpiSaid(text, values); // words.js comes after this

  function start(page) {
    const form = page.querySelector(".kpi-filters");
    const rows = [...page.querySelectorAll("tr[data-kpi-status]")]; // newest first
    const cells = new Map();
    for (const cell of page.querySelectorAll(".kpi-cal li > a")) cells.set(cell.href, cell);
    const editions = rows.map((row) => {
      const cell = cells.get(row.querySelector("a").href);
      return { row, cell, name: cell.title, statuses: row.dataset.kpiStatus.split(" ") };
    });
    const kpis = form.kpi ? form.kpi.options.length - 1 : 0;
    const columns = page.querySelector("thead tr").cells.length - kpis; // before those of KPIs
    form.hidden = false;
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", () => {
      show();
      remember();
    });

    function show() {
      colour(form.kpi ? form.kpi.selectedOptions[0] : null);
      filter(form.year.value, form.status.value);
    }

    function colour(option) {
      const levels = option && option.value ? option.dataset.levels : null;
      editions.forEach(({ row, cell, name, statuses }, at) => {
        if (!levels) {
          delete cell.dataset.kpiLevel;
          return say(cell, name);
        }
        cell.dataset.kpiLevel = levels[at];
        const value = row.cells[columns + option.index - 1].textContent;
        const named = statuses.map((status) => form.status.querySelector(`[value="${status}"]`).text);
        say(cell, `${name.split(": ")[0]}: ${named.join(", ")}, ${option.text} ${value}`);
      });
      page.querySelector("[data-kpi-coloured]").textContent = levels ? said("by {kpi}", { kpi: option.text }) : said("by status");
      page.querySelector('[data-kpi-legend="status"]').hidden = Boolean(levels);
      const legend = page.querySelector('[data-kpi-legend="kpi"]');
      if (!legend) return;
      legend.hidden = !levels;
      if (levels) {
        legend.querySelector("[data-kpi-low]").textContent = option.dataset.low;
        legend.querySelector("[data-kpi-high]").textContent = option.dataset.high;
        legend.querySelector(".kpi-cal-none").hidden = !levels.includes("-");
      }
    }

    function filter(year, status) {
      let count = 0;
      for (const { row, cell, statuses } of editions) {
        const section = row.closest("[data-kpi-year]");
        const fits = !status || statuses.includes(status);
        row.hidden = !fits;
        cell.toggleAttribute("data-kpi-off", !fits);
        if (fits && (!year || section.dataset.kpiYear === year)) count += 1;
      }
      for (const section of page.querySelectorAll("[data-kpi-year]")) {
        const some = !section.matches("section") || section.querySelector("tr[data-kpi-status]:not([hidden])");
        const named = section.dataset.kpiYear;
        section.hidden = !some || Boolean(year && named && named !== year);
      }
      form.querySelector("output").textContent = count === 1 ? said("1 edition") : said("{count} editions", { count });
    }

    function remember() {
      const chosen = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
      const query = chosen.toString();
      window.history.replaceState(window.history.state, "", query ? `?${query}` : window.location.pathname);
    }

    for (const [name, value] of new URLSearchParams(window.location.search)) {
      const field = form.elements.namedItem(name);
      if (field && [...field.options].some((option) => option.value === value)) field.value = value;
    }
    show();
  }

  function say(cell, text) {
    cell.title = text;
    cell.setAttribute("aria-label", text);
  }

  function onPage() {
    for (const page of document.querySelectorAll("[data-kpi-archive]")) {
      if (page.querySelector(".kpi-filters").hidden) start(page);
    }
  }

  function begin() { // Material's own script comes after this one
    if (typeof window.document$ !== "undefined") window.document$.subscribe(onPage);
    else onPage();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
