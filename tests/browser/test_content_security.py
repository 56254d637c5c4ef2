"""A host that sends the guide's Content-Security-Policy gets the same site."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

pytestmark = pytest.mark.browser

GUIDE = Path(__file__).parents[2] / "content" / "guide" / "look.md"


def policy() -> str:
    found = re.search(r"^Content-Security-Policy: (.*)$", GUIDE.read_text(), re.MULTILINE)
    assert found is not None
    return found[1]


def test_charts_tips_search_and_palette_work_under_the_guides_policy(
    browser: Browser, address: str
):
    assert "unsafe-eval" not in policy()
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    complaints: list[Any] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def with_policy(route: Route) -> None:
        answer = route.fetch()
        headers = {**answer.headers, "content-security-policy": policy()}
        route.fulfill(response=answer, headers=headers)

    page.route("**/*", with_policy)
    page.goto(address + "flights/2013-W06/")
    chart = page.locator("#kpi-flights_a_day")
    chart.hover()
    page.locator("#kpi-flights_a_day[data-kpi-mounted]").wait_for()
    chart.hover(position={"x": 120, "y": 100})
    page.locator(".bk-Tooltip", has_text="EWR").first.wait_for(state="visible")
    page.get_by_title("Switch to dark").click()
    page.locator(".md-search__input").first.click()
    page.keyboard.type("Week 6, 2013")
    page.locator(".md-search-result__link").first.wait_for()
    page.goto(address + "flights/2013-W06/flights_a_day/")
    page.locator("[data-kpi-mounted]").wait_for()
    page.unroute_all(behavior="wait")  # else what is still asked for fails a later test
    context.close()
    assert complaints == []
