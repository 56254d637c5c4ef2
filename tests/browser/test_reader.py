"""What a reader does on the demo's pages: keys, the menu of periods, permalinks, tables, data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

EDITION = "flights/2013-W06/"
VIEW = f"{EDITION}delay_by_carrier/"


@pytest.fixture
def read(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    contexts = []
    complaints: list[str] = []

    def start(path: str, width: int = 1280, **options) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 800}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda m: m.type == "error" and complaints.append(m.text))
        page.goto(address + path)
        return page

    yield start
    for context in contexts:
        context.close()
    assert complaints == []


def heading(page: Page, text: str) -> None:
    page.get_by_role("heading", name=text, level=1, exact=True).wait_for()


def test_the_arrows_lead_to_the_editions_before_and_after_without_a_new_document(read):
    page = read(EDITION)
    page.evaluate("window.stays = true")
    page.keyboard.press("ArrowRight")
    heading(page, "Week 7, 2013")
    page.keyboard.press("ArrowRight")
    heading(page, "Week 8, 2013")
    page.keyboard.press("ArrowLeft")
    heading(page, "Week 7, 2013")
    assert page.url.endswith("flights/2013-W07/")
    assert page.evaluate("window.stays") is True


def test_the_arrows_stay_with_what_has_the_focus(read):
    page = read(EDITION)
    opened = page.locator("[data-md-toggle=search]:checked")
    page.locator(".md-search__input").first.click()
    opened.wait_for(state="attached")
    page.keyboard.type("week")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Escape")
    opened.wait_for(state="detached")
    for holder in (".kpi-chart", ".kpi-table"):
        focused = page.locator(holder).first
        focused.evaluate("(element) => { element.tabIndex = 0; element.focus(); }")
        page.keyboard.press("ArrowRight")
    page.locator(".kpi-head h1").click()
    page.keyboard.press("Alt+Shift+ArrowRight")
    assert page.url.endswith(EDITION)
    page.keyboard.press("ArrowLeft")
    heading(page, "Week 5, 2013")


def test_the_menu_of_periods_opens_and_leads_there_with_the_keyboard_alone(read, artifacts: Path):
    page = read(EDITION)
    menu = page.locator(".kpi-periods")
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    menu.get_by_role("link", name="Week 3, 2013").wait_for()
    page.screenshot(path=artifacts / "periods-1280.png")
    page.keyboard.press("Escape")
    assert menu.evaluate("(element) => element.open") is False
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("Enter")
    menu.get_by_role("link", name="Week 3, 2013").focus()
    page.keyboard.press("Enter")
    heading(page, "Week 3, 2013")


def test_the_menu_of_periods_closes_when_the_reader_looks_elsewhere(read):
    page = read(EDITION, width=360)
    menu = page.locator(".kpi-periods")
    menu.locator("summary").click()
    box = menu.locator("ol").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    page.locator(".kpi-head h1").click()
    assert menu.evaluate("(element) => element.open") is False


def test_on_a_phone_the_pager_is_within_reach_of_the_thumb_wherever_the_reader_is(read):
    page = read("flights/2013-W20/", width=360)
    links = page.locator(".kpi-pager-below a")
    for place in (0, 900):
        page.evaluate(f"scrollTo(0, {place})")
        for link in links.all():
            box = link.bounding_box()
            assert box is not None
            assert 700 < box["y"] < 800 - box["height"]
            assert box["height"] >= 24
    page.get_by_role("link", name="Week 21 →").click()
    heading(page, "Week 21, 2013")


def test_a_permalink_shows_when_it_is_focused_and_leads_to_its_block(read):
    page = read("flights/")
    link = page.get_by_role("link", name="Permalink to Flights a day")
    link.focus()
    assert link.evaluate("(element) => getComputedStyle(element).opacity") == "1"
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/flights/2014-W01/#flights_a_day$"))
    page.wait_for_function(
        "() => { const y = document.querySelector('#flights_a_day').getBoundingClientRect().top;"
        " return y > 60 && y < 100; }"  # below the header
    )


def column(page: Page, position: int) -> list[str]:
    cells = page.locator(f".kpi-sortable tbody tr > :nth-child({position})")
    return [text.strip() for text in cells.all_inner_texts()]


def test_a_table_is_sorted_by_its_headers_by_value_and_comes_back_as_it_was(read):
    page = read(VIEW)
    first = column(page, 1)
    delay = page.get_by_role("columnheader", name="Delay")
    delay.get_by_role("button").click()
    assert delay.get_attribute("aria-sort") == "ascending"
    values = [float(text) for text in column(page, 2)]
    assert values == sorted(values)
    assert values[0] < 10 < values[-1]  # by value, not by digit
    delay.get_by_role("button").focus()
    page.keyboard.press("Enter")
    assert delay.get_attribute("aria-sort") == "descending"
    assert [float(text) for text in column(page, 2)] == values[::-1]
    carrier = page.get_by_role("columnheader", name="Carrier")
    carrier.get_by_role("button").click()
    assert delay.get_attribute("aria-sort") == "none"
    assert column(page, 1) == sorted(first)
    for _ in range(2):
        carrier.get_by_role("button").click()
    assert column(page, 1) == first


def test_dates_are_sorted_by_time_also_after_instant_navigation(read):
    page = read(EDITION)
    page.get_by_role("link", name="Flights a day", exact=True).click()
    heading(page, "Flights a day by origin")
    time = page.get_by_role("columnheader", name="Time").get_by_role("button")
    for _ in range(2):
        time.click()
    days = column(page, 1)
    assert days[0] == "2013-02-10"
    assert days == sorted(days, reverse=True)


def test_without_scripts_the_menu_the_data_and_the_table_are_there(read):
    page = read(EDITION, java_script_enabled=False)
    page.locator(".kpi-periods summary").click()
    assert page.get_by_role("link", name="Week 5, 2013").is_visible()
    data = page.locator("#delay_by_carrier .kpi-data")
    assert not data.locator("table").is_visible()
    data.locator("summary").click()
    assert "77.5 min" in data.locator("table").inner_text()
    page.goto(page.url + "delay_by_carrier/")
    assert page.locator(".kpi-sortable td").first.is_visible()
    assert page.locator(".kpi-sortable button").count() == 0
    assert not page.locator(".kpi-data").is_visible()


def test_a_query_is_coloured_and_fits_a_phone(read, artifacts: Path):
    page = read(VIEW, width=360)
    page.locator(".kpi-query summary").click()
    colours = page.locator(".kpi-query .k").first.evaluate("(e) => getComputedStyle(e).color")
    assert colours != page.locator(".kpi-query code").evaluate("(e) => getComputedStyle(e).color")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.screenshot(path=artifacts / "query-360.png", full_page=True)


@pytest.mark.parametrize("width", [360, 1280])
def test_each_kpi_of_the_wall_has_a_sparkline_that_can_be_read(read, width: int):
    page = read("", width=width)
    reports = page.locator(".kpi-report h2").all_inner_texts()
    assert reports == ["New York flights, weekly", "Carriers, monthly"]  # as in the navigation
    sparks = page.locator(".kpi-stat .kpi-spark")
    assert sparks.count() == page.locator(".kpi-stat").count() == 6
    for spark in sparks.all():
        box = spark.bounding_box()
        assert box is not None
        assert box["width"] >= 64
        assert box["height"] >= 20
        points = spark.locator("path").get_attribute("d")
        assert len(re.findall("[ML]", points or "")) == 12
