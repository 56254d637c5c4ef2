"""The pages of KPIs and of the archive, as a reader uses them by pointer, finger and keyboard."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from listed_editions import listed, on_time, weekly

from kpisite.render.templates import Templates
from kpisite.site.archive_page import archive_page
from kpisite.site.kpi_pages import KpiPages
from kpisite.site.urls import Urls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

    from kpisite.archive.index import Entry

ASSETS = Path(__file__).parents[2] / "site_template" / "assets" / "kpisite"
POLICY = "default-src 'none'; style-src file: 'unsafe-inline'; script-src file:"
VALUES = (0.80, 0.869, 0.833, 0.778, None, 0.757, 0.798, 0.806)
"""Of weeks 2 to 9, 2013."""

pytestmark = pytest.mark.browser


def entries() -> list[Entry]:
    found = weekly(*VALUES)
    found[-1] = listed(found[-1].period, on_time(VALUES[-1]), status="preliminary")
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A site with the two pages, and a bare page for each edition."""
    urls, look = Urls(directory_urls=False), Templates()
    made = [*KpiPages("flights", "Flights", entries(), look, urls).pages()]
    made.append(archive_page("flights", "Flights", entries(), look, urls))
    (tmp_path / "assets" / "kpisite").mkdir(parents=True)
    for asset in ("history.js", "archive.js", "words.js", "kpisite.css"):
        shutil.copy(ASSETS / asset, tmp_path / "assets" / "kpisite")
    for page in made:
        up = "../" * (page.folder.count("/") + 1)
        write(
            tmp_path / page.folder,
            f"<link rel=stylesheet href={up}assets/kpisite/kpisite.css>"
            f"<body class=md-typeset>{page.text}"
            f"<script src={up}assets/kpisite/words.js></script>",
        )
    for entry in entries():
        write(tmp_path / entry.key, f"<h1>{entry.label}</h1>")
    return tmp_path


def write(folder: Path, html: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    text = f"<!doctype html><meta charset=utf-8>{policy}{html}"
    (folder / "index.html").write_text(text, encoding="utf-8")


@pytest.fixture
def visit(browser: Browser, folder: Path) -> Iterator[Callable[..., Page]]:
    """Opens a page; whatever a browser complains of fails the test."""
    contexts, complaints = [], []

    def visit(path: str, **options) -> Page:
        path, _, query = path.partition("?")
        context = browser.new_context(**{"viewport": {"width": 1000, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: m.type in ("error", "warning") and complaints.append(m.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto((folder / path / "index.html").as_uri() + (f"?{query}" if query else ""))
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []


def frame(page: Page) -> dict[str, float]:
    return page.evaluate(
        "document.querySelector('.kpi-history > svg').getBoundingClientRect().toJSON()"
    )


def tip(page: Page) -> str:
    return " ".join(page.locator(".kpi-tip").first.inner_text().split())


def test_the_tip_shows_the_point_that_is_nearest_to_the_pointer(visit):
    page = visit("flights/kpis/on_time")
    box = frame(page)
    assert not page.locator(".kpi-tip").first.is_visible()
    page.mouse.move(box["left"] + box["width"] / 7 + 9, box["bottom"] - 5)
    assert tip(page) == "Week 3, 2013 86.9 % ▲ 6.9 points"
    page.mouse.move(box["left"] + box["width"] * 5 / 7, box["bottom"] - 5)
    assert tip(page) == "Week 7, 2013 75.7 %"
    page.mouse.move(box["right"] - 2, box["bottom"] - 5)
    assert tip(page) == "Week 9, 2013 80.6 % ▲ 0.8 points preliminary"
    page.mouse.move(5, 5)
    assert not page.locator(".kpi-tip").first.is_visible()


def test_the_tip_stays_within_the_chart(visit):
    page = visit("flights/kpis/on_time", viewport={"width": 360, "height": 700})
    box = frame(page)
    for share in (0, 0.3, 0.6, 1):
        page.mouse.move(box["left"] + box["width"] * share, box["top"] + 60)
        shown = page.locator(".kpi-tip").first.bounding_box()
        assert shown is not None
        assert shown["x"] >= 0
        assert shown["x"] + shown["width"] <= 360
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_arrow_keys_move_the_tip_over_gaps_and_enter_opens_the_edition(visit):
    page = visit("flights/kpis/on_time")
    page.locator(".kpi-history").focus()
    page.keyboard.press("End")
    assert tip(page).startswith("Week 9, 2013")
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    assert tip(page).startswith("Week 5, 2013")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowLeft")
    assert tip(page).startswith("Week 2, 2013")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="2013-W03").wait_for()


def test_escape_puts_the_tip_away(visit):
    page = visit("flights/kpis/on_time")
    page.locator(".kpi-history").focus()
    page.keyboard.press("ArrowLeft")
    assert page.locator(".kpi-tip").first.is_visible()
    page.keyboard.press("Escape")
    assert not page.locator(".kpi-tip").first.is_visible()


def test_a_click_opens_the_edition_of_the_tip(visit):
    page = visit("flights/kpis/on_time")
    box = frame(page)
    page.mouse.click(box["left"] + box["width"] / 7, box["bottom"] - 5)
    page.get_by_role("heading", name="2013-W03").wait_for()


def test_a_finger_shows_the_tip_first_and_its_link_opens_the_edition(visit):
    page = visit("flights/kpis/on_time", has_touch=True, viewport={"width": 360, "height": 700})
    box = frame(page)
    page.touchscreen.tap(box["left"] + box["width"] / 7, box["top"] + box["height"] / 2)
    assert tip(page).startswith("Week 3, 2013")
    page.locator(".kpi-tip a").first.tap()
    page.get_by_role("heading", name="2013-W03").wait_for()


def test_without_scripts_a_point_leads_to_its_edition(visit):
    page = visit("flights/kpis/on_time", java_script_enabled=False)
    page.get_by_label("Week 3, 2013: 86.9 %").click()
    page.get_by_role("heading", name="2013-W03").wait_for()


def test_without_scripts_the_table_is_reached_by_keyboard_without_passing_every_point(visit):
    page = visit("flights/kpis/on_time", java_script_enabled=False)
    for _ in range(4):  # report, archive, newest edition, the first row
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="2013-W09").wait_for()


def colours(page: Page) -> set[str]:
    found = page.locator(".kpi-cal li > a").all()
    return {cell.evaluate("(one) => getComputedStyle(one).backgroundColor") for cell in found}


def test_a_kpi_colours_the_calendar_and_is_said_in_words(visit):
    page = visit("flights/archive")
    assert len(colours(page)) == 2  # sealed, preliminary
    page.get_by_role("combobox", name="Colour", exact=True).select_option("On time")
    assert len(colours(page)) > 3
    assert page.get_by_role("link", name="Week 3, 2013: sealed, On time 86.9 %").is_visible()
    legend = page.locator('[data-kpi-legend="kpi"]')
    assert legend.is_visible()
    assert legend.inner_text().split("\n")[0].startswith("75.7 %")
    assert legend.inner_text().endswith("no data")
    assert "86.9 %" in legend.inner_text()
    page.get_by_role("combobox", name="Colour", exact=True).select_option("by status")
    assert len(colours(page)) == 2
    assert not legend.is_visible()


def test_filters_leave_out_rows_and_cells_and_count_the_rest(visit):
    page = visit("flights/archive")
    assert page.locator("output").inner_text() == "8 editions"
    page.get_by_role("combobox", name="Status", exact=True).select_option("preliminary")
    assert page.locator("output").inner_text() == "1 edition"
    assert page.locator("tbody tr:visible").all_inner_texts()[0].startswith("2013-W09")
    assert page.locator("tbody tr:visible").count() == 1
    assert page.locator(".kpi-cal a:not([data-kpi-off])").all_inner_texts() == ["9"]


def test_a_choice_stands_in_the_address_and_comes_back_with_it(visit):
    page = visit("flights/archive")
    page.get_by_role("combobox", name="Colour", exact=True).select_option("On time")
    page.get_by_role("combobox", name="Year", exact=True).select_option("2013")
    assert page.url.endswith("?kpi=on_time&year=2013")
    page.reload()
    assert page.get_by_role("combobox", name="Colour", exact=True).input_value() == "on_time"
    assert len(colours(page)) > 3


def test_what_an_address_says_that_there_is_not_is_left_alone(visit):
    page = visit("flights/archive?kpi=none&year=1&nonsense=2")
    assert page.locator("output").inner_text() == "8 editions"


@pytest.mark.parametrize("width", [360, 1000])
def test_cells_can_be_hit_by_a_finger(visit, width):
    page = visit("flights/archive", viewport={"width": width, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for cell in page.locator(".kpi-cal li > a").all():
        box = cell.bounding_box()
        assert box is not None
        assert box["height"] >= 24
        assert box["width"] >= 20


def test_without_scripts_the_calendar_leads_to_editions(visit):
    page = visit("flights/archive", java_script_enabled=False)
    assert not page.locator(".kpi-filters").is_visible()
    page.get_by_role("link", name="Week 3, 2013: sealed, On time 86.9 %").click()
    page.get_by_role("heading", name="2013-W03").wait_for()
