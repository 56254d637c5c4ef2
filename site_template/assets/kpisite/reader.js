// What a reader does with a page: left and right lead to the editions before and after, tables are
// sorted by their headers, an open menu closes. All of it stands in the HTML too, without a script.
(function () {
  "use strict";

  // Keys

  const BUSY = "input, textarea, select, [contenteditable], .kpi-chart, .kpi-table, dialog";
  const NEIGHBOUR = { ArrowLeft: "prev", ArrowRight: "next" };

  function onKey(event) {
    if (event.key === "Escape") return closeMenus(null, true);
    const rel = NEIGHBOUR[event.key];
    if (!rel || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target instanceof Element && event.target.closest(BUSY)) return;
    const link = document.querySelector(`.kpi-pager a[rel="${rel}"]`);
    if (!link) return;
    event.preventDefault();
    link.click();
  }

  function closeMenus(within, focus) {
    for (const menu of document.querySelectorAll(".kpi-periods[open]")) {
      if (within && menu.contains(within)) continue;
      if (focus && menu.contains(document.activeElement)) menu.querySelector("summary").focus();
      menu.open = false;
    }
  }

  // Tables: up, down, and as they came

  const NEXT = { none: "ascending", ascending: "descending", descending: "none" };
  const words = new Intl.Collator(document.documentElement.lang || "en", { numeric: true });

  function makeSortable(table) {
    table.dataset.kpiSorted = "";
    const rows = [...table.tBodies[0].rows];
    const headers = [...table.tHead.rows[0].cells];
    for (const header of headers) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...header.childNodes);
      header.append(button);
      header.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const order = NEXT[header.getAttribute("aria-sort")];
        for (const other of headers) other.setAttribute("aria-sort", other === header ? order : "none");
        table.tBodies[0].append(...sorted(rows, header, order));
      });
    }
  }

  function sorted(rows, header, order) {
    if (order === "none") return rows;
    const number = header.classList.contains("kpi-num");
    const keyed = rows.map((row) => [valueOf(row.cells[header.cellIndex], number), row]);
    const sign = order === "ascending" ? 1 : -1;
    keyed.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null); // gaps last, either way
      return sign * (number ? a - b || 0 : words.compare(a, b));
    });
    return keyed.map(([, row]) => row);
  }

  function valueOf(cell, number) {
    if (cell.querySelector(".kpi-missing")) return null;
    const text = cell.textContent.trim();
    if (!number) return text;
    const value = Number(cell.dataset.kpiValue || text.replace(/,/g, "").replace("\u2212", "-"));
    return Number.isNaN(value) ? null : value;
  }

  function onPage() {
    document.querySelectorAll("table.kpi-sortable:not([data-kpi-sorted])").forEach(makeSortable);
  }

  document.addEventListener("keydown", onKey);
  document.addEventListener("click", (event) => closeMenus(event.target, false));
  if (typeof window.document$ !== "undefined") window.document$.subscribe(onPage);
  else if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", onPage);
  else onPage();
})();
