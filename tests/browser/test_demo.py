"""The demo as a reader sees it: charts, hover, palettes, widths, instant navigation, print."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

WIDTHS = (360, 768, 1280)
EDITION = "flights/2013-W06/"
PAGES = (
    "",
    "flights/",
    EDITION,
    "flights/2013-W06/on_time/",
    "flights/2013-W06/delay_by_carrier/",
    "flights/2013-W06/destinations/",
    "flights/archive/",
    "flights/kpis/on_time/",
    "flights/compare/",
    "carriers/2013-02/",
    "carriers/archive/",
    "guide/embed/",
)
"""Each kind of page."""
GLYPHS = """() => Object.fromEntries(Bokeh.documents.map((document) => {
  const plot = document.roots()[0];
  const series = (r) => r.glyph && r.tags.some((tag) => /^kpi-series/.test(tag));
  const drawn = plot.renderers.filter((r) => r.visible && series(r));
  return [plot.id, drawn.map((r) => [r.glyph.type, r.data_source.get_length()])];
}))"""


class Reader:
    """A browser page that notes what must not happen."""

    def __init__(self, browser: Browser, address: str, width: int, scheme: str) -> None:
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme
        )
        self.page: Page = self.context.new_page()
        self.address = address
        self.complaints: list[str] = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._ask)

    def _note(self, message) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _ask(self, request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.complaints.append(f"asked for {request.url}")

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path)
        self.draw()
        return self.page

    def draw(self) -> None:
        """Scroll through the page until all its charts are drawn."""
        for chart in self.page.locator(".kpi-chart[data-kpi-bokeh]").all():
            chart.scroll_into_view_if_needed()
        self.page.wait_for_function(
            "[...document.querySelectorAll('[data-kpi-bokeh]')]"
            ".every((c) => 'kpiMounted' in c.dataset)"
        )


@pytest.fixture
def read(browser: Browser, address: str) -> Iterator:
    readers: list[Reader] = []

    def start(width: int = 1280, scheme: str = "light") -> Reader:
        readers.append(Reader(browser, address, width, scheme))
        return readers[-1]

    yield start
    for reader in readers:
        reader.context.close()
        assert reader.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_fits_its_width_and_draws_its_charts(read, artifacts: Path, width, scheme):
    reader = read(width, scheme)
    for path in PAGES:
        page = reader.open(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        for canvas in page.locator(".kpi-chart canvas").all():
            box = canvas.bounding_box()
            assert box is not None
            assert box["width"] > 100
            assert box["height"] > 100
        page.evaluate("scrollTo(0, 0)")
        name = path.strip("/").replace("/", "-") or "wall"
        page.screenshot(path=artifacts / f"{name}-{width}-{scheme}.png", full_page=True)


def test_the_charts_of_an_edition_have_a_glyph_for_each_series_and_row(read):
    glyphs = read().open(EDITION).evaluate(GLYPHS)
    for chart in ("kpi-flights_a_day-0", "kpi-delay_a_day-0"):
        assert [glyph for glyph in glyphs[chart] if glyph[0] == "Line"] == [["Line", 7]] * 3
    assert glyphs["kpi-delay_by_carrier-0"] == [["HBar", 10]]


def test_a_monthly_edition_stacks_bars_and_scatters_points(read):
    glyphs = read().open("carriers/2013-02/").evaluate(GLYPHS)
    assert [kind for kind, _ in glyphs["kpi-by_origin-0"]] == ["VBar"] * 3
    assert [kind for kind, _ in glyphs["kpi-distance-0"]] == ["Scatter"]


def test_hovering_a_chart_shows_its_values(read):
    page = read().open(EDITION)
    chart = page.locator("#kpi-flights_a_day")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    shown = page.locator(".bk-Tooltip", has_text="EWR").filter(has_text="344").first
    shown.wait_for(state="visible")


def test_the_palette_switch_redraws_the_charts(read):
    page = read().open(EDITION)
    first = "Bokeh.documents[0].roots()[0].renderers.find((r) => r.tags.includes('kpi-series-1'))"
    colour = f"{first}.glyph.line_color.value"
    assert page.evaluate(colour) == "#2563c9"
    before = page.locator("#kpi-flights_a_day").screenshot()
    page.get_by_title("Switch to dark").click()
    page.wait_for_function(f"{colour} === '#6aa2ff'")
    assert page.locator("#kpi-flights_a_day").screenshot() != before


def test_instant_navigation_there_and_back_keeps_the_charts_working(read):
    reader = read()
    page = reader.open(EDITION)
    page.evaluate("window.stays = true")
    page.get_by_role("link", name="Week 7 →").click()
    page.get_by_role("heading", name="Week 7, 2013").wait_for()
    reader.draw()
    assert page.evaluate("Bokeh.documents.length") == 3
    page.go_back()
    page.get_by_role("heading", name="Week 6, 2013").wait_for()
    reader.draw()
    assert page.evaluate("Bokeh.documents.length") == 3
    assert page.evaluate("window.stays") is True


def test_a_views_page_has_tools_and_downloads(read):
    page = read().open("flights/2013-W06/flights_a_day/")
    assert page.evaluate("Bokeh.documents[0].roots()[0].toolbar_location") == "above"
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename == "flights-2013-W06-flights_a_day.csv"


def test_search_finds_an_edition_by_its_period(read):
    page = read().open("")
    page.locator(".md-search__input").first.click()
    page.keyboard.type("Week 6, 2013")
    found = page.locator(".md-search-result__link").first
    found.wait_for()
    assert "Week 6, 2013" in page.locator(".md-search-result__list").inner_text()


def test_no_chart_is_cut_by_the_end_of_a_sheet(read):
    page = read().open("carriers/2013-02/")
    page.emulate_media(media="print")
    breaks = page.evaluate(
        "[...document.querySelectorAll('.kpi-card:has(.kpi-chart)')]"
        ".map((card) => getComputedStyle(card).breakInside)"
    )
    assert breaks == ["avoid"] * 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_edition_prints_with_its_charts_and_without_the_navigation(read, artifacts, scheme):
    page = read(scheme=scheme).open(EDITION)
    page.pdf(path=artifacts / f"edition-{scheme}.pdf", prefer_css_page_size=True)
    page.set_viewport_size({"width": 703, "height": 1032})  # a sheet of A4 less its margins
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert not page.locator(".md-header").is_visible()
    stills = page.locator(".kpi-still").all()
    assert len(stills) == 3
    for still in stills:
        assert still.is_visible()
        box = still.bounding_box()
        assert box is not None
        assert 90 < box["width"] < 351
        assert box["height"] > 80
    assert not page.locator(".kpi-chart-canvas").first.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 703
    page.evaluate("dispatchEvent(new Event('afterprint'))")
