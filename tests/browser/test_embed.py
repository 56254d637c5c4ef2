"""Views in the guide's own page about them, as a reader sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_views_stand_in_prose_and_charts_come_to_life(
    browser: Browser, address: str, artifacts: Path, width: int, scheme: str
):
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address + "guide/embed/")
    cards = page.locator(".kpi-embedded")
    expect(cards).to_have_count(4)
    expect(cards.first.locator(".kpi-value")).to_have_text("79.8 %")
    first, second = (cards.nth(i).bounding_box() for i in (0, 1))
    assert first is not None
    assert second is not None
    assert (first["y"] == second["y"]) == (width > 360)
    chart = page.locator(".kpi-embedded .kpi-chart[data-kpi-bokeh]")
    chart.scroll_into_view_if_needed()
    chart.hover()
    expect(chart).to_have_attribute("data-kpi-mounted", "")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.screenshot(path=artifacts / f"embed-{width}-{scheme}.png", full_page=True)
    page.get_by_role("link", name="New York flights, weekly, Week 6, 2013").first.click()
    expect(page).to_have_url(address + "flights/2013-W06/")
    context.close()
    assert complaints == []
