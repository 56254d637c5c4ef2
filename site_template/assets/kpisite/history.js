// Shows period, value and change of the point of a KPI's history that is nearest to the pointer, and
// moves on with the arrow keys. All of it is in the table below; without this, the dots are links.
(function () {
  "use strict";

  if (window.kpiHistory) return; // Material runs it again when the reader comes back to such a page
  window.kpiHistory = true;

  const TOUCH = 44; // CSS pixels; what is farther from a point does not mean it

  function start(box) {
    const table = box.closest(".kpi-page").querySelector("table[data-kpi-history]");
    const frame = box.querySelector(":scope > svg");
    const points = JSON.parse(box.dataset.kpiPlaces)
      .map((place, row) => place && { x: place[0], y: place[1], row: table.tBodies[0].rows[row] })
      .filter(Boolean)
      .reverse(); // oldest first, as they are drawn
    if (!points.length) return;
    const several = points.some((point, at) => at && point.x < points[at - 1].x); // lines
    const tip = add(box, "kpi-tip");
    const mark = add(box, "kpi-tip-mark");
    let shown = -1;

    tip.setAttribute("role", "status");
    box.tabIndex = 0;

    function show(at, touched) {
      const point = points[at];
      if (shown !== at) tell(tip, point.row);
      shown = at;
      tip.toggleAttribute("data-kpi-touch", touched);
      tip.hidden = mark.hidden = false;
      const outer = box.getBoundingClientRect();
      const inner = frame.getBoundingClientRect();
      const x = inner.left - outer.left + (point.x / 1000) * inner.width;
      const y = inner.top - outer.top + (point.y / 1000) * inner.height;
      mark.style.left = `${x}px`;
      mark.style.top = `${y}px`;
      const left = x + tip.offsetWidth + 14 < outer.width ? x + 12 : x - tip.offsetWidth - 12;
      tip.style.left = `${Math.max(0, Math.min(left, outer.width - tip.offsetWidth))}px`;
      const above = y - tip.offsetHeight - 10;
      tip.style.top = `${above < 0 ? y + 14 : above}px`;
    }

    function hide() {
      tip.hidden = mark.hidden = true;
    }

    function nearest(event) {
      const inner = frame.getBoundingClientRect();
      let found = -1;
      let least = Infinity;
      points.forEach((point, at) => {
        const x = Math.abs(inner.left + (point.x / 1000) * inner.width - event.clientX);
        const y = Math.abs(inner.top + (point.y / 1000) * inner.height - event.clientY);
        const distance = several ? Math.hypot(x, y) : x + y / 1000;
        if (distance < least) [found, least] = [at, distance];
      });
      return least < (several ? 3 * TOUCH : Infinity) ? found : -1;
    }

    function look(event) {
      if (tip.contains(event.target)) return;
      const at = nearest(event);
      if (at < 0) hide();
      else show(at, event.pointerType !== "mouse");
    }

    function move(event) {
      const last = points.length - 1;
      const now = shown < 0 ? last : shown;
      const step = event.shiftKey ? 10 : 1;
      const to = {
        ArrowLeft: now - step,
        ArrowRight: now + step,
        Home: 0,
        End: last,
      }[event.key];
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      if (to !== undefined) show(Math.max(0, Math.min(last, to)), false);
      else if (event.key === "Escape") hide();
      else if (event.key === "Enter" && event.target === box && !tip.hidden) follow();
      else return;
      event.preventDefault();
      event.stopPropagation();
    }

    const follow = () => points[shown].row.querySelector("a").click();

    box.addEventListener("pointermove", look);
    box.addEventListener("pointerdown", look);
    box.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && hide());
    box.addEventListener("click", (event) => {
      if (event.target.closest("a") || tip.contains(event.target) || tip.hidden) return;
      if (!tip.hasAttribute("data-kpi-touch")) follow();
    });
    box.addEventListener("keydown", move);
    box.addEventListener("focus", () => {
      if (box.matches(":focus-visible")) show(shown < 0 ? points.length - 1 : shown, false);
    });
    box.addEventListener("focusout", (event) => box.contains(event.relatedTarget) || hide());
  }

  function add(box, name) {
    const element = box.appendChild(document.createElement("div"));
    element.className = name;
    element.hidden = true;
    return element;
  }

  /** Says in the tip what a row of the table says. */
  function tell(tip, row) {
    const link = row.querySelector("a").cloneNode(true);
    const [value, change] = [...row.cells].slice(1).map((cell) => cell.cloneNode(true));
    const strong = document.createElement("strong");
    strong.append(...value.childNodes);
    const badge = row.querySelector("td .kpi-badge");
    tip.replaceChildren(link, document.createElement("br"), strong);
    if (change.hasChildNodes()) {
      const moved = document.createElement("span");
      moved.className = change.className;
      moved.append(...change.childNodes);
      tip.append(" ", moved);
    }
    if (badge) tip.append(" ", badge.cloneNode(true));
    link.tabIndex = -1;
  }

  function onPage() {
    for (const box of document.querySelectorAll(".kpi-history:not([tabindex])")) start(box);
  }

  function begin() { // Material's own script comes after this one
    if (typeof window.document$ !== "undefined") window.document$.subscribe(onPage);
    else onPage();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
