// Brings the charts of a page to life: when they are pointed at or focused, or near the viewport in
// an idle moment; in the page's own colours. Until then their SVG shows.
(function () {
  "use strict";

  const said = window.kpiSaid; // of words.js
  const NEAR = 400; // CSS pixels below the viewport
  const WIDE = 480; // CSS pixels; kpisite.css hides narrow legends from there on
  const folder = new URL(".", document.currentScript.src);
  const charts = new Map(); // element -> {doc, root, views}, null while it is being drawn
  let library = null;

  function loadBokeh(name) {
    library = library || new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = new URL(name, folder).href;
      script.onload = () => resolve(window.Bokeh);
      script.onerror = () => {
        library = null;
        reject(new Error(said("the chart library did not load")));
      };
      document.head.append(script);
    });
    return library;
  }

  // Before it is needed; a failure is told by the chart that needs it.
  function expectBokeh(name) {
    loadBokeh(name).catch(() => {});
  }

  async function mount(element) {
    if (charts.has(element)) return;
    charts.set(element, null);
    near.unobserve(element);
    try {
      const { doc } = JSON.parse(element.querySelector("template").content.textContent);
      if (element.closest("[data-kpi-tools]")) addTools(doc.roots[0]);
      const Bokeh = await loadBokeh(element.dataset.kpiBokeh);
      if (!element.isConnected) return void charts.delete(element);
      const live = Bokeh.require("document").Document.from_json(doc);
      const chart = { doc: live, root: live.roots()[0], views: null, ticks: new Map() };
      paint(element, chart); // before it is drawn, so that it is drawn once
      fit(element, chart);
      const target = element.appendChild(document.createElement("div"));
      target.className = "kpi-chart-canvas";
      chart.views = await Bokeh.embed.add_document_standalone(live, target);
      charts.set(element, chart);
      if (!element.isConnected) return unmount(element);
      sizes.observe(element);
      element.setAttribute("data-kpi-mounted", "");
    } catch (error) {
      fail(element, error);
    }
  }

  function fail(element, error) {
    const note = element.appendChild(document.createElement("p"));
    note.className = "kpi-chart-error";
    note.textContent = said("This chart could not be drawn: {reason}", { reason: error.message });
    element.setAttribute("role", "group"); // so that the note is read out
    console.error(element.id, error);
  }

  function unmount(element) {
    const chart = charts.get(element);
    charts.delete(element);
    near.unobserve(element);
    sizes.unobserve(element);
    if (!chart) return;
    chart.views.clear();
    chart.doc.clear();
    const position = window.Bokeh.documents.indexOf(chart.doc);
    if (position >= 0) window.Bokeh.documents.splice(position, 1);
  }

  // The toolbar, for a chart that has room for it: in its JSON, before it is drawn.
  function addTools(plot) {
    const toolbar = plot.attributes.toolbar;
    const names = ["PanTool", "BoxZoomTool", "ResetTool", "SaveTool"];
    const added = names.map((name) => ({ type: "object", name, id: `${plot.id}-${name}` }));
    const { tools = [], ...rest } = toolbar.attributes || {};
    toolbar.attributes = { ...rest, logo: null, tools: [...tools, ...added] };
    toolbar.attributes.autohide = true; // it stands in the frame: the chart stays where its SVG was
    Object.assign(plot.attributes, { toolbar_location: "above", toolbar_inner: true });
  }

  // The page's colours

  function paint(element, chart) {
    const style = getComputedStyle(element);
    const colour = (name) => style.getPropertyValue(`--kpi-${name}`).trim();
    const font = colour("font") || style.fontFamily;
    for (const model of chart.root.references()) {
      if (/Axis$/.test(model.type)) {
        const ink = model.tags.includes("kpi-ink") ? "ink" : "muted";
        set(model, { major_label_text_color: colour(ink), axis_label_text_color: colour("muted") });
        set(model, { axis_line_color: colour("line"), major_tick_line_color: colour("line") });
        set(model, { major_label_text_font: font, axis_label_text_font: font });
        continue;
      }
      if (model.type === "Grid") set(model, { grid_line_color: colour("grid") });
      if (model.type === "Title") set(model, { text_color: colour("ink"), text_font: font });
      if (model.type === "Legend") {
        set(model, { label_text_color: colour("ink"), background_fill_color: colour("card") });
        set(model, { border_line_color: colour("line"), label_text_font: font });
      }
      if (["kpi-end", "kpi-heat"].some((tag) => (model.tags || []).includes(tag))) {
        const data = model.data_source.data;
        const own = data.series.map((tag, i) => (tag ? colour(tag.slice(4)) : data.colour[i]));
        model.data_source.data = { ...data, colour: own };
        set(model.glyph, { text_font: font, line_color: colour("card") });
        if (model.hover_glyph) set(model.hover_glyph, { line_color: colour("ink") });
      }
      const tag = (model.tags || []).map((tag) => /^kpi-(series-\d+|ink|muted|accent|line|grid|card|bad)$/.exec(tag)).find(Boolean);
      if (!tag) continue;
      const c = colour(tag[1]);
      for (const one of [model, model.glyph, model.hover_glyph]) {
        if (one && one.properties) set(one, { fill_color: c, line_color: c, text_color: c, text_font: font });
      }
      const lit = model.hover_glyph;
      if (lit && lit.type === "Scatter") set(lit, { line_color: colour("card") });
      if (model.glyph && model.glyph.type === "Scatter") set(model.glyph, { line_color: colour("card") });
    }
  }

  // What is switched off (null) stays off; colours of glyphs are values, not names of columns.
  function set(model, values) {
    const changed = {};
    for (const [name, value] of Object.entries(values)) {
      const property = model.properties[name];
      if (!property || !value) continue;
      const now = property.get_value();
      if (now === null || (now && now.value === null)) continue;
      changed[name] = now && typeof now === "object" ? { value } : value;
    }
    model.setv(changed);
  }

  // What depends on the width: the chart takes the place of its SVG, which CSS has laid out.

  function fit(element, chart) {
    const plot = chart.root;
    const models = [...plot.references()];
    const has = (model, tag) => (model.tags || []).includes(tag);
    for (const model of models) {
      const from = has(model, "kpi-wide") ? WIDE : Number((/kpi-from-(\d+)/.exec((model.tags || []).join(" ")) || [])[1]);
      if (from) model.visible = element.clientWidth >= from;
    }
    const still = element.querySelector(":scope > .kpi-still");
    if (!still) return;
    const box = element.getBoundingClientRect(), frame = still.getBoundingClientRect();
    plot.setv({
      min_border_left: Math.round(frame.left - box.left), min_border_right: Math.round(box.right - frame.right),
      min_border_top: Math.round(frame.top - box.top), min_border_bottom: Math.round(box.bottom - frame.bottom),
    });
    const labels = [...still.querySelectorAll(".kpi-below > *")].map((label) => getComputedStyle(label).display !== "none");
    const leans = getComputedStyle(still).getPropertyValue("--kpi-leans").trim() === "1";
    for (const axis of models) {
      if (!has(axis, "kpi-thin")) continue;
      if (!chart.ticks.has(axis)) chart.ticks.set(axis, [...axis.ticker.ticks]);
      axis.ticker.ticks = chart.ticks.get(axis).filter((_, i) => labels[i]);
      if (has(axis, "kpi-turn")) axis.major_label_orientation = leans ? Math.PI / 4 : "horizontal";
    }
  }

  // Paper: a chart without SVG as a picture in the light palette, which fits a sheet of any width.

  let screen = null; // the palette to return to

  function toPaper() {
    document.querySelectorAll(".kpi-chart[data-kpi-bokeh]:not(:has(> .kpi-still))").forEach(mount);
    screen = document.body.getAttribute("data-md-color-scheme");
    if (screen === "slate") document.body.setAttribute("data-md-color-scheme", "default");
    for (const [element, chart] of charts) {
      if (!chart || element.querySelector(":scope > .kpi-still")) continue;
      paint(element, chart);
      const view = chart.views.get(chart.root);
      view.invalidate_painters(...view.all_renderer_views); // the new colours at once
      view.paint();
      const picture = element.appendChild(view.export("png").canvas);
      picture.removeAttribute("style");
      picture.className = "kpi-chart-paper";
    }
  }

  function fromPaper() {
    document.querySelectorAll(".kpi-chart-paper").forEach((picture) => picture.remove());
    if (screen === "slate") document.body.setAttribute("data-md-color-scheme", screen);
    repaint();
  }

  // When

  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      expectBokeh(target.dataset.kpiBokeh);
      whenIdle(() => mount(target));
    }
  }, { rootMargin: `${NEAR}px` });

  function whenIdle(call) {
    if (window.requestIdleCallback) requestIdleCallback(call, { timeout: 100 });
    else setTimeout(call, 200);
  }

  const savesData = () => Boolean(navigator.connection && navigator.connection.saveData);

  const sizes = new ResizeObserver((entries) => {
    for (const { target } of entries) if (charts.get(target)) fit(target, charts.get(target));
  });

  function repaint() {
    for (const [element, chart] of charts) if (chart) paint(element, chart);
  }

  function onPage() {
    for (const element of [...charts.keys()]) if (!element.isConnected) unmount(element);
    for (const element of document.querySelectorAll(".kpi-chart[data-kpi-bokeh]")) {
      if (charts.has(element)) continue;
      if (!(savesData() && element.querySelector(":scope > .kpi-still"))) near.observe(element);
      for (const touched of ["pointerenter", "pointerdown", "focusin"]) {
        element.addEventListener(touched, () => mount(element), { once: true });
      }
    }
    palette.disconnect();
    palette.observe(document.body, { attributes: true, attributeFilter: ["data-md-color-scheme"] });
  }

  const palette = new MutationObserver(repaint);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  window.addEventListener("beforeprint", toPaper);
  window.addEventListener("afterprint", fromPaper);
  // The theme's own script is still busy: Bokeh comes meanwhile, if a chart is about to show.
  const first = document.querySelector(".kpi-chart[data-kpi-bokeh]");
  if (first && !savesData() && first.getBoundingClientRect().top < innerHeight + NEAR) expectBokeh(first.dataset.kpiBokeh);
  if (typeof window.document$ !== "undefined") window.document$.subscribe(onPage);
  else if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", onPage);
  else onPage();
})();
