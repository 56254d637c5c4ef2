"""Charts as a reader meets them: SVG at once, Bokeh in its place when it is wanted."""

from __future__ import annotations

import gzip
import io
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageChops

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

EDITION = "flights/2013-W06/"
MONTH = "carriers/2013-02/"
NEVER_IDLE = "window.requestIdleCallback = () => 0"
SAVES_DATA = "Object.defineProperty(navigator, 'connection', {value: {saveData: true}})"
MOUNTED = "document.querySelectorAll('[data-kpi-mounted]').length"
SHIFTS = """() => new Promise((resolve) => {
  new PerformanceObserver((list) => resolve(
    list.getEntries().reduce((sum, entry) => sum + entry.value, 0)
  )).observe({type: "layout-shift", buffered: true});
  setTimeout(() => resolve(0), 1000);
})"""


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Any]:
    contexts = []

    def start(address: str, *scripts: str, **options: Any) -> Page:
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        for script in scripts:
            page.add_init_script(script)
        page.goto(address)
        return page

    yield start
    for context in contexts:
        context.close()


def touch(page: Page) -> None:
    charts = page.locator(".kpi-chart")
    for chart in charts.all():
        chart.dispatch_event("pointerenter")
    page.wait_for_function(f"{MOUNTED} === {charts.count()}")
    page.wait_for_timeout(300)  # for Bokeh to paint what it has laid out


def without_scripts(open_page: Any, address: str, **options: Any) -> Page:
    page: Page = open_page(address, java_script_enabled=False, **options)
    return page


@pytest.mark.parametrize("path", [EDITION, MONTH])
def test_without_scripting_numbers_charts_tables_and_texts_are_there(open_page, address, path):
    page = without_scripts(open_page, address + path)
    assert page.locator(".kpi-value").first.is_visible()
    assert page.locator(".kpi-rows:visible").count() > 0
    page.locator("summary", has_text="Data").first.click()
    assert page.locator(".kpi-data .kpi-rows").first.is_visible()
    for still in page.locator(".kpi-still").all():
        assert still.is_visible()
        assert still.locator("text").count() > 3
        assert still.locator("path, rect, circle").count() > 3


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("path", [EDITION, MONTH])
def test_a_chart_stays_where_it_is_when_bokeh_takes_its_place(
    open_page, address, artifacts: Path, path, width
):
    page = open_page(address + path, NEVER_IDLE, viewport={"width": width, "height": 900})
    before = page.screenshot(full_page=True)
    assert page.evaluate(MOUNTED) == 0
    touch(page)
    after = page.screenshot(full_page=True)
    name = path.replace("/", "-")
    (artifacts / f"still-{name}{width}.png").write_bytes(before)
    (artifacts / f"live-{name}{width}.png").write_bytes(after)
    assert _different(before, after) < 0.004


def _different(before: bytes, after: bytes) -> float:
    """Return the share of places that look different; a place is 4 pixels wide and high."""
    pictures = [Image.open(io.BytesIO(data)).convert("L") for data in (before, after)]
    assert pictures[0].size == pictures[1].size
    small = [picture.reduce(4) for picture in pictures]
    difference = ImageChops.difference(*small).histogram()
    return sum(difference[48:]) / sum(difference)


def test_where_data_is_saved_a_chart_waits_for_a_touch(open_page, address):
    page = open_page(address + EDITION, SAVES_DATA)
    page.locator("#kpi-flights_a_day").scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    assert page.evaluate(MOUNTED) == 0
    page.locator("#kpi-flights_a_day").hover()
    page.wait_for_function(f"{MOUNTED} === 1")


def test_the_keyboard_brings_a_chart_to_life(open_page, address):
    page = open_page(address + EDITION, NEVER_IDLE)
    page.locator("#kpi-flights_a_day").focus()
    page.wait_for_function(f"{MOUNTED} === 1")


def test_the_browsers_idle_moments_bring_charts_near_the_viewport_to_life(open_page, address):
    page = open_page(address + EDITION, viewport={"width": 1280, "height": 900})
    page.wait_for_function(f"{MOUNTED} >= 2")


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_shifts_while_a_page_loads(open_page, address, width):
    page = open_page(address + EDITION, viewport={"width": width, "height": 900})
    page.wait_for_function(f"{MOUNTED} >= 1")
    assert page.evaluate(SHIFTS) < 0.02


def test_an_edition_shows_after_few_requests_and_bytes(open_page, browser, address, demo):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    answers: list[Any] = []
    page.on("response", lambda answer: answers.append(answer))
    page.add_init_script(SAVES_DATA)  # what comes after the charts are seen does not count
    page.goto(address + EDITION, wait_until="networkidle")
    sizes = {answer.url: len(gzip.compress(answer.body())) for answer in answers}
    context.close()
    assert len(answers) < 25
    assert sum(sizes.values()) < 150_000, sizes


def test_the_pages_own_html_and_style_are_small(demo):
    own = [demo.site / EDITION / "index.html", demo.site / "assets/kpisite/kpisite.css"]
    assert sum(path.stat().st_size for path in own) < 150_000


def test_the_palette_changes_the_svg_at_once(open_page, address):
    page = open_page(address + EDITION, NEVER_IDLE)
    stroke = "getComputedStyle(document.querySelector('.kpi-still path[stroke*=series-1]')).stroke"
    assert page.evaluate(stroke) == "rgb(37, 99, 201)"
    page.get_by_title("Switch to dark").click()
    assert page.evaluate(stroke) == "rgb(106, 162, 255)"
