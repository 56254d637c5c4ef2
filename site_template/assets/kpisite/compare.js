// Compares two editions: which ones, the page's address says; their numbers come from one JSON file,
// their charts from the pages of the editions. Numbers read as `kpisite.model.number` writes them.
(function () {
  "use strict";

  if (window.kpiCompare) return; // Material runs it again when the reader comes back to such a page
  window.kpiCompare = true;

  const said = (text, values) => window.kpiSaid(text, values); // words.js comes after this

  const SIDES = ["a", "b"];
  const BYTES = ["B", "kB", "MB", "GB", "TB", "PB"];
  const NUMBERS = document.documentElement.lang || "en"; // whose decimal points and thousands
  const SPANS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  let current = null; // what is known of the page that shows: {page, path, data, editions}

  async function onPage() {
    const page = document.querySelector("[data-kpi-compare]");
    if (current && current.page === page) return;
    current = page && { page, path: location.pathname, editions: new Map() };
    if (!page) return;
    const state = current;
    try {
      state.data = await (await ask(new URL(page.dataset.kpiCompare, location.href))).json();
    } catch (error) {
      if (state === current) say(state, said("Other editions cannot be chosen: {reason}.", { reason: error.message }));
      return;
    }
    if (state !== current) return;
    fillPickers(state);
    update(state);
  }

  async function ask(address) {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(said("{address} is not there", { address: address.pathname }));
    return answer;
  }

  // Which editions: said by the address, changed by the pickers

  function asked({ data }) {
    const { label } = data.editions;
    const wanted = new URLSearchParams(location.search);
    const unknown = [];
    const pick = (side, otherwise) => {
      const position = wanted.has(side) ? label.indexOf(wanted.get(side)) : otherwise;
      if (position < 0) unknown.push(wanted.get(side));
      return position < 0 ? otherwise : position;
    };
    const b = pick("b", label.length - 1);
    return { positions: [pick("a", b > 0 ? b - 1 : 1), b], unknown };
  }

  function fillPickers(state) {
    const { label, title } = state.data.editions;
    const groups = new Map();
    for (let i = label.length - 1; i >= 0; i -= 1) {
      const year = label[i].slice(0, 4);
      if (!groups.has(year)) groups.set(year, []);
      groups.get(year).push(html("option", { value: label[i] }, title[i]));
    }
    const options = [...groups].map(([year, of]) => html("optgroup", { label: year }, ...of));
    for (const select of pickers(state)) {
      select.replaceChildren(...options.map((group) => group.cloneNode(true)));
      select.disabled = false;
      select.addEventListener("change", () => choose(state));
    }
  }

  function choose(state) {
    const address = new URL(location.href);
    for (const select of pickers(state)) address.searchParams.set(select.name, select.value);
    if (address.href === location.href) return;
    history.pushState(null, "", address);
    update(state);
  }

  function pickers({ page }) {
    return SIDES.map((side) => page.querySelector(`select[name="${side}"]`));
  }

  function update(state) {
    const { positions, unknown } = asked(state);
    const { editions } = state.data;
    const titles = positions.map((position) => editions.title[position]);
    pickers(state).forEach((select, side) => { select.value = editions.label[positions[side]]; });
    if (unknown.length) say(state, said("There is no such edition: {names}. These are others.", { names: unknown.join(", ") }));
    else say(state, said("{first} and {second} are compared.", { first: titles[0], second: titles[1] }), true);
    state.positions = positions;
    showTable(state, positions);
    const kpis = part(said("KPIs on one scale"), said("with all editions below"), kpiCards(state, positions));
    const charts = html("div", { class: "kpi-compare-charts" });
    state.page.querySelector(".kpi-compare-more").replaceChildren(kpis, charts);
    showCharts(state, positions, charts);
  }

  function say({ page }, text, quietly = false) {
    const place = page.querySelector(".kpi-compare-said");
    place.classList.toggle("kpi-hidden", quietly);
    place.classList.toggle("kpi-notice", !quietly);
    place.textContent = text;
  }

  // The table

  function showTable({ page, data }, positions) {
    const { label, title, status } = data.editions;
    page.querySelectorAll("thead th.kpi-num").forEach((head, side) => {
      const position = positions[side];
      const link = html("a", { href: addressOf(data, label[position]) }, title[position]);
      const badge = html("span", { class: `kpi-badge kpi-badge-${status[position]}` }, statusText(status[position]));
      head.replaceChildren(html("b", {}, SIDES[side].toUpperCase()), " ", link, " ", badge);
    });
    const rows = shownMetrics(data, positions).map((metric) => {
      const [first, second] = positions.map((position) => metric.value[position]);
      const texts = positions.map((position) => html("td", { class: "kpi-num" }, metric.text[position] || "–"));
      return html("tr", {}, html("th", { scope: "row" }, metric.title), ...texts, difference(metric, first, second));
    });
    page.querySelector("tbody").replaceChildren(...rows);
  }

  function statusText(status) {
    return { sealed: said("sealed"), preliminary: said("preliminary"), draft: said("draft") }[status] || status;
  }

  function addressOf(data, label) {
    return data.address.replace("{label}", label);
  }

  function shownMetrics(data, positions) {
    return data.metrics.filter((metric) => positions.some((position) => metric.text[position] !== null));
  }

  function difference(metric, first, second) {
    const moved = change(metric, first, second);
    if (moved === null) {
      const told = html("span", { class: "kpi-hidden" }, said("no difference can be told"));
      return html("td", { class: "kpi-difference kpi-change" }, html("span", { "aria-hidden": "true" }, "–"), told);
    }
    const text = changeText(metric, moved);
    if (!moved || !/[1-9∞]/.test(text)) return html("td", { class: "kpi-difference kpi-change neutral" }, said("no change"));
    const direction = moved > 0 ? "up" : "down";
    const verdict = metric.good === null ? "neutral" : metric.good === direction ? "good" : "bad";
    const arrow = html("span", { "aria-hidden": "true" }, moved > 0 ? "▲" : "▼");
    const cell = html("td", { class: `kpi-difference kpi-change ${verdict}` }, html("strong", {}, arrow, ` ${moved > 0 ? said("up") : said("down")} `, html("span", {}, text)));
    const word = { good: said("better"), bad: said("worse") }[verdict];
    if (word) cell.append(" ", html("span", { class: "kpi-verdict" }, word));
    return cell;
  }

  // Numbers, as `Metric.change_text` and `NumberFormat.text` have them

  function change(metric, first, second) {
    if (typeof first !== "number" || typeof second !== "number") return null;
    if (metric.change_as === "raw") return second - first;
    return first ? (second - first) / Math.abs(first) : null;
  }

  function changeText({ change_as: as, format }, moved) {
    const size = Math.abs(moved);
    if (as === "percent") return `${grouped(size * 100, 1)} %`;
    if (format.style === "percent") return `${grouped(size * 100, Math.max(format.precision, 1))} ${said("points")}`;
    return numberText(format, size);
  }

  function numberText({ style, precision, before, after }, value) {
    if (style === "duration") return duration(value);
    if (style === "bytes") return bytes(value, Math.max(precision, 1));
    const text = grouped(value, precision);
    return `${before}${text}${after}`;
  }

  function grouped(value, digits, useGrouping = true) {
    const wanted = { minimumFractionDigits: digits, maximumFractionDigits: digits, roundingMode: "halfEven", useGrouping };
    return new Intl.NumberFormat(useGrouping ? NUMBERS : "en-US", wanted).format(String(value)); // as text: the digits that are seen count
  }

  function duration(seconds) {
    if (seconds === 0) return "0 s";
    if (seconds < 0.9995) return `${grouped(seconds * 1000, seconds >= 0.01 ? 0 : 1)} ms`;
    if (seconds < 59.95) return `${grouped(seconds, Number.isInteger(seconds) ? 0 : 1)} s`;
    const step = seconds >= 86400 ? 3600 : seconds >= 3600 ? 60 : 1;
    let whole = Number(grouped(seconds / step, 0, false)) * step;
    const parts = [];
    for (const [size, unit] of SPANS) {
      const count = Math.floor(whole / size);
      whole -= count * size;
      if (count) parts.push(`${grouped(count, 0)} ${unit}`);
    }
    return parts.slice(0, 2).join(" ");
  }

  function bytes(value, precision) {
    let power = 0;
    while (power < BYTES.length - 1 && Number(grouped(value, power ? precision : 0, false)) >= 1000) {
      value /= 1000;
      power += 1;
    }
    return `${grouped(value, power ? precision : 0)} ${BYTES[power]}`;
  }

  // The KPIs: two bars from zero on one scale, and where both editions are among all

  function kpiCards({ data }, positions) {
    const titles = positions.map((position) => data.editions.title[position]);
    return shownMetrics(data, positions).map((metric) => {
      const card = html("section", { class: "kpi-card kpi-pair" }, html("h3", { class: "kpi-card-title" }, metric.title));
      card.append(bars(metric, positions, titles));
      const line = historyLine(data.editions.start, metric, positions, titles);
      if (line) card.append(line);
      return card;
    });
  }

  function bars(metric, positions, titles) {
    const values = positions.map((position) => metric.value[position]);
    const known = values.filter((value) => typeof value === "number");
    const low = Math.min(0, ...known), range = Math.max(0, ...known) - low || 1;
    const box = html("div", { class: "kpi-bars" });
    values.forEach((value, side) => {
      const drawn = svg("svg", { width: "100%", height: "12", "aria-hidden": "true", focusable: "false" });
      if (typeof value === "number") {
        const start = Math.min(0, value), size = Math.abs(value);
        const place = { x: percent((start - low) / range), width: percent(size / range), height: "12", rx: "2" };
        drawn.append(svg("rect", { ...place, class: `kpi-side-${SIDES[side]}` }));
      }
      const name = html("span", {}, html("b", {}, SIDES[side].toUpperCase()), ` ${titles[side]}`);
      box.append(name, drawn, html("span", { class: "kpi-num" }, metric.text[positions[side]] || "–"));
    });
    return box;
  }

  function historyLine(starts, metric, positions, titles) {
    const known = metric.value.filter((value) => typeof value === "number");
    if (known.length < 2) return null;
    const low = known.reduce((a, b) => Math.min(a, b)), high = known.reduce((a, b) => Math.max(a, b));
    const first = starts[0], span = starts[starts.length - 1] - first || 1;
    const x = (i) => (starts[i] - first) / span;
    const y = (value) => (high > low ? (high - value) / (high - low) : 0.5);
    let path = "", pen = "M";
    metric.value.forEach((value, i) => {
      if (typeof value !== "number") return void (pen = "M");
      path += `${pen}${(x(i) * 1000).toFixed(1)} ${(y(value) * 1000).toFixed(1)}`;
      pen = "L";
    });
    const both = positions.map((position, side) => `${titles[side]} ${metric.text[position] || "–"}`).join(", ");
    const drawing = svg("svg", { class: "kpi-among", width: "100%", height: "56", overflow: "visible", role: "img", "aria-label": said("{title} over all editions, with {both}", { title: metric.title, both }) });
    const line = svg("svg", { viewBox: "0 0 1000 1000", preserveAspectRatio: "none", width: "100%", height: "100%", overflow: "visible" });
    line.append(svg("path", { d: path, fill: "none", "vector-effect": "non-scaling-stroke" }));
    drawing.append(line);
    positions.forEach((position, side) => {
      const at = percent(x(position)), value = metric.value[position];
      const before = positions[side] < positions[1 - side] || (positions[0] === positions[1] && side === 0);
      drawing.append(svg("line", { x1: at, x2: at, y1: "-6", y2: "100%" }));
      const name = svg("text", { x: at, y: "-1", dx: before ? "-4" : "4", "text-anchor": before ? "end" : "start" });
      name.textContent = SIDES[side].toUpperCase();
      drawing.append(name);
      if (typeof value !== "number") return;
      drawing.append(svg("circle", { cx: at, cy: percent(y(value)), r: "4", class: `kpi-side-${SIDES[side]}` }));
    });
    return drawing;
  }

  // The charts: drawings from the pages of both editions, on the same scale

  async function showCharts(state, positions, place) {
    let pages;
    try {
      pages = await Promise.all(positions.map((position) => editionPage(state, position)));
    } catch (error) {
      if (state.positions === positions) place.append(html("p", { class: "kpi-empty" }, said("The charts of these editions could not be read: {reason}.", { reason: error.message })));
      return;
    }
    if (state !== current || state.positions !== positions) return;
    const found = pages.map(chartsOf);
    const ids = new Set([...found[1].keys(), ...found[0].keys()]);
    const titles = positions.map((position) => state.data.editions.title[position]);
    const cards = [...ids].map((id) => chartCard(found.map((charts) => charts.get(id)), titles));
    if (!cards.length) return;
    place.append(part(said("Charts"), said("side by side"), cards));
    place.querySelectorAll("[data-kpi-rescaled]").forEach(spread);
  }

  function editionPage(state, position) {
    const { data, editions } = state;
    if (!editions.has(position)) {
      const address = new URL(addressOf(data, data.editions.label[position]), location.href);
      const asking = ask(address).then((answer) => answer.text());
      asking.catch(() => editions.delete(position));
      editions.set(position, asking.then((text) => new DOMParser().parseFromString(text, "text/html")));
    }
    return editions.get(position);
  }

  function chartsOf(page) {
    const found = new Map();
    for (const still of page.querySelectorAll(".kpi-card[id] .kpi-chart > .kpi-still")) {
      const card = still.closest(".kpi-card[id]");
      if (!found.has(card.id)) found.set(card.id, []);
      found.get(card.id).push(still.parentElement);
    }
    return found;
  }

  function chartCard(charts, titles) {
    const heading = (charts[1] || charts[0])[0].closest(".kpi-card").querySelector(".kpi-card-title");
    const title = html("h3", { class: "kpi-card-title" }, heading.querySelector("a").textContent);
    const more = heading.querySelector("em");
    if (more) title.append(" ", html("em", {}, more.textContent));
    const card = html("section", { class: "kpi-card" }, title);
    const count = Math.max(...charts.map((of) => (of ? of.length : 0)));
    for (let i = 0; i < count; i += 1) {
      const copies = charts.map((of) => of && of[i] && copyOf(of[i]));
      const shared = onOneScale(copies);
      const sides = copies.map((copy, side) => html("figure", {},
        html("figcaption", {}, html("b", {}, SIDES[side].toUpperCase()), ` ${titles[side]}`),
        copy || html("p", { class: "kpi-empty" }, said("not in this edition"))));
      card.append(html("div", { class: "kpi-sides" }, ...sides));
      if (copies[0] && copies[1]) {
        const note = shared ? said("Both on the same scale.") : said("Each on its own scale: heights do not compare.");
        card.append(html("p", { class: "kpi-muted" }, note));
      }
    }
    return card;
  }

  // A chart as it stands in the HTML, with its legend, in the colours of its report; nothing that mounts.
  function copyOf(chart) {
    const whole = chart.closest(".kpi-plot") || chart;
    const copy = document.importNode(whole, true);
    copy.querySelectorAll("template, a, script").forEach((element) => element.remove());
    const box = copy.matches(".kpi-chart") ? copy : copy.querySelector(".kpi-chart");
    for (const name of ["id", "tabindex", "data-kpi-bokeh"]) box.removeAttribute(name);
    const page = chart.closest(".kpi-page");
    const outer = html("div", {}, copy);
    if (page && page.hasAttribute("style")) outer.setAttribute("style", page.getAttribute("style"));
    return outer;
  }

  function onOneScale(copies) {
    const stills = copies.map((copy) => copy && copy.querySelector(".kpi-still"));
    const scales = stills.map((still) => still && scaleOf(still));
    if (!scales[0] || !scales[1] || scales[0].axis !== scales[1].axis) return false;
    const low = Math.min(...scales.map((scale) => scale.low)), high = Math.max(...scales.map((scale) => scale.high));
    stills.forEach((still, side) => rescale(still, scales[side], low, high));
    for (const border of ["--kpi-l", "--kpi-t", "--kpi-r", "--kpi-b"]) {
      const widest = Math.max(...stills.map((still) => parseFloat(still.style.getPropertyValue(border))));
      for (const still of stills) still.style.setProperty(border, `${widest}px`);
    }
    return true;
  }

  function scaleOf(still) {
    const [axis, low, high] = (still.dataset.kpiValues || "").split(" ");
    const scale = { axis, low: Number(low), high: Number(high) };
    return scale.high > scale.low ? scale : null;
  }

  // All places in a drawing are shares of its frame: in a smaller frame they stand for less.
  function rescale(still, { axis, low, high }, from, to) {
    if (low === from && high === to) return;
    const across = axis === "x";
    const start = (across ? low - from : to - high) / (to - from);
    const size = percent((high - low) / (to - from));
    const frame = svg("svg", { overflow: "visible", "data-kpi-rescaled": axis, [across ? "x" : "y"]: percent(start), [across ? "width" : "height"]: size });
    const stays = across
      ? (element) => element.firstElementChild && (element.firstElementChild.getAttribute("x") || "").startsWith("-")
      : (element) => element.matches('.kpi-below, text[y="100%"]');
    for (const element of [...still.children]) if (!stays(element)) frame.append(element);
    still.prepend(frame);
  }

  // Names at the ends of lines stand closer in a smaller frame: each makes way for the one above.
  function spread(frame) {
    const lowest = new Map(); // place along the x axis → where the last name there ends
    const names = [...frame.children].filter((element) => element.localName === "text");
    const tops = new Map(names.map((name) => [name, name.getBoundingClientRect().top]));
    for (const name of names.sort((a, b) => tops.get(a) - tops.get(b))) {
      const x = name.getAttribute("x"), { top, bottom } = name.getBoundingClientRect();
      const down = Math.max(0, (lowest.has(x) ? lowest.get(x) : top) - top);
      if (down) name.setAttribute("dy", Number(name.getAttribute("dy")) + down);
      if (bottom > top) lowest.set(x, bottom + down - 2);
    }
  }

  // Elements

  function part(title, more, cards) {
    const heading = html("h2", {}, title, " ", html("em", {}, more));
    return html("div", { class: "kpi-part" }, heading, html("div", { class: "kpi-pairs" }, ...cards));
  }

  function html(name, attributes, ...children) {
    return filled(document.createElement(name), attributes, children);
  }

  function svg(name, attributes) {
    return filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, []);
  }

  function filled(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  function percent(share) {
    return `${+(share * 100).toFixed(3)}%`;
  }

  window.addEventListener("popstate", () => {
    const here = current && current.data && current.page.isConnected && current.path === location.pathname;
    if (here) update(current); // else Material brings another page
  });
  function begin() { // Material's own script comes after this one
    if (typeof window.document$ !== "undefined") window.document$.subscribe(onPage);
    else onPage();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
