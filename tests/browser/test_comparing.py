"""Comparing two editions as a reader does: pickers, addresses, back, instant navigation, scales."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from kpisite.model.metric import Metric
from kpisite.model.number import NumberFormat
from kpisite.site.compare_page import format_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

PAIR = "flights/compare/?a=2013-W05&b=2013-W06"
ROW = "tbody tr:has(th:text-is('On-time departures'))"
TICKS = """(title) => {
  const card = [...document.querySelectorAll('.kpi-compare-charts .kpi-card')]
    .find((one) => one.querySelector('h3').textContent.startsWith(title));
  return [...card.querySelectorAll('.kpi-chart')].map((chart) => {
    const box = chart.getBoundingClientRect();
    const ticks = chart.querySelectorAll('g[text-anchor=end] text, .kpi-below text');
    return Object.fromEntries([...ticks].map((tick) => {
      const at = tick.getBoundingClientRect();
      const number = parseFloat(tick.textContent.replace('−', '-'));
      return [number, [(at.left + at.right) / 2 - box.left, (at.top + at.bottom) / 2 - box.top]];
    }));
  });
}"""
"""Number of a tick → where it stands in its chart, for both charts of a card."""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    yield page
    context.close()
    # "(Not Found)" is what a test answers itself; the server would say "(File not found)".
    assert [text for text in complaints if "404 (Not Found)" not in text] == []


def picked(page: Page) -> list[str]:
    return [page.get_by_label(f"Edition {side}").input_value() for side in "AB"]


def heads(page: Page) -> list[str]:
    return page.locator("thead th.kpi-num a").all_inner_texts()


def test_the_address_says_which_editions_are_compared(page, address):
    page.goto(address + PAIR)
    expect(page.locator(ROW)).to_have_text(
        re.compile(r"On-time departures\s*75\.7 %\s*79\.8 %\s*▲ up 4\.1 points better")
    )
    assert heads(page) == ["Week 5, 2013", "Week 6, 2013"]
    assert picked(page) == ["2013-W05", "2013-W06"]
    page.locator("thead th a").first.click()
    expect(page).to_have_url(address + "flights/2013-W05/")


def test_choosing_changes_the_address_and_back_returns(page, address):
    page.goto(address + PAIR)
    expect(page.locator(".kpi-compare-charts .kpi-card")).to_have_count(3)
    page.get_by_label("Edition A").select_option("2013-W20")
    expect(page).to_have_url(address + "flights/compare/?a=2013-W20&b=2013-W06")
    expect(page.locator("thead th a").first).to_have_text("Week 20, 2013")
    page.get_by_label("Edition B").select_option(label="Week 21, 2013")
    expect(page.locator(".kpi-compare-charts figcaption").nth(1)).to_have_text("B Week 21, 2013")
    page.go_back()
    expect(page).to_have_url(address + "flights/compare/?a=2013-W20&b=2013-W06")
    expect(page.locator("thead th a").nth(1)).to_have_text("Week 6, 2013")
    page.go_back()
    expect(page.locator("thead th a").first).to_have_text("Week 5, 2013")
    for side, label in (("A", "2013-W05"), ("B", "2013-W06")):
        expect(page.get_by_label(f"Edition {side}")).to_have_value(label)
    page.go_forward()
    expect(page.locator("thead th a").first).to_have_text("Week 20, 2013")
    page.reload()
    expect(page.locator("thead th a").first).to_have_text("Week 20, 2013")


def test_it_works_after_instant_navigation_back_and_forth(page, address):
    page.goto(address + "flights/2013-W06/")
    page.evaluate("window.stays = true")
    page.get_by_role("link", name="Compare with the one before").click()
    expect(page).to_have_url(address + PAIR)
    expect(page.locator(".kpi-compare-charts .kpi-card")).to_have_count(3)
    assert picked(page) == ["2013-W05", "2013-W06"]
    page.get_by_role("link", name="All editions").click()
    page.get_by_role("link", name="Compare two editions").click()
    expect(page.get_by_label("Edition A")).to_have_value("2013-W52")
    expect(page.get_by_label("Edition B")).to_have_value("2014-W01")
    page.go_back()
    expect(page.get_by_role("heading", name="Archive")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Edition A")).to_have_value("2013-W05")
    expect(page.locator("thead th a").first).to_have_text("Week 5, 2013")
    expect(page.locator(".kpi-compare-charts .kpi-card")).to_have_count(3)
    assert page.evaluate("window.stays")


def test_an_unknown_edition_in_the_address_is_told(page, address):
    page.goto(address + "flights/compare/?a=2013-W77&b=2013-W06")
    expect(page.get_by_role("status")).to_contain_text("There is no such edition: 2013-W77")
    assert heads(page) == ["Week 5, 2013", "Week 6, 2013"]


def test_charts_of_both_editions_have_one_scale(page, address):
    page.goto(address + PAIR)
    expect(page.locator(".kpi-compare-charts .kpi-card")).to_have_count(3)
    expect(page.get_by_text("Both on the same scale.")).to_have_count(3)
    first, second = page.evaluate(TICKS, "Mean departure delay")
    both = [n for n in first if n in second and n in ("0", "10", "20", "30")]
    assert len(both) > 2
    for number in both:
        assert first[number][1] == pytest.approx(second[number][1], abs=1)
    first, second = page.evaluate(TICKS, "Delay by carrier")
    share = [(at["80"][0] - at["0"][0]) / (at["40"][0] - at["0"][0]) for at in (first, second)]
    assert share == pytest.approx([2, 2], abs=0.05)
    lengths = [at["80"][0] - at["0"][0] for at in (first, second)]
    assert lengths[0] == pytest.approx(lengths[1], abs=1)


def test_what_cannot_be_on_one_scale_says_so(page, address):
    def changed(route) -> None:
        body = route.fetch().text()
        body = body.replace("data-kpi-values=", "data-none=", 1)
        route.fulfill(body=body.replace('id="delay_by_carrier"', 'id="other"'))

    page.route("**/flights/2013-W05/", changed)
    page.goto(address + PAIR)
    cards = page.locator(".kpi-compare-charts .kpi-card")
    expect(cards).to_have_count(4)
    assert "heights do not compare" in cards.nth(0).inner_text()
    assert "Both on the same scale." in cards.nth(1).inner_text()
    assert re.search(r"A Week 5, 2013\s+not in this edition", cards.nth(2).inner_text())


def test_without_the_pages_of_the_editions_the_numbers_stay(page, address):
    page.route("**/flights/2013-W05/", lambda route: route.fulfill(status=404, body=""))
    page.goto(address + PAIR)
    told = page.get_by_text("The charts of these editions could not be read")
    expect(told).to_contain_text("/flights/2013-W05/ is not there")
    assert heads(page) == ["Week 5, 2013", "Week 6, 2013"]
    expect(page.locator(".kpi-pair")).to_have_count(4)


FORMATS = [
    (NumberFormat(precision=2, unit="min"), "raw"),
    (NumberFormat(), "raw"),
    (NumberFormat(), "percent"),
    (NumberFormat(style="percent", precision=0), "raw"),
    (NumberFormat(style="percent", precision=3), "raw"),
    (NumberFormat(style="percent", precision=1), "percent"),
    (NumberFormat(style="duration"), "raw"),
    (NumberFormat(style="bytes"), "raw"),
    (NumberFormat(style="bytes", precision=2), "raw"),
    (NumberFormat(style="currency", currency="EUR", precision=2), "raw"),
    (NumberFormat(style="currency", currency="CHF"), "raw"),
]
VALUES = [
    (0, 0), (0, 1), (1, 0), (-3, 4), (0.79, 0.831), (0.285, 0.57), (1, 1.005), (1, 3.5), (2, 4.5),
    (1e-9, 2e-9), (10, 10.004), (1, 90), (5, 4000), (0, 86399.7), (0, 3599.6), (0, 100_000),
    (999, 1999), (0, 999_949), (0, 999_950), (12_345, 9_876_543_210), (0.1, 0.4), (3, None),
    (0, 59.96), (0, 0.0095), (1.25, 1.5), (0, 1234567.891), (1, 1e15),
]  # fmt: skip


def test_differences_read_as_they_do_on_an_edition(page, address):
    metrics = []
    for number, (shown, change_as) in enumerate(FORMATS):
        for first, second in VALUES:
            settings = {"title": "x", "value": second, "comparison": first, "good": "up"}
            metrics.append(Metric(name=f"m{number}", format=shown, change_as=change_as, **settings))
    data = {
        "version": 1,
        "address": "../{label}/",
        "editions": {
            "label": ["2013-W05", "2013-W06"],
            "title": ["Week 5", "Week 6"],
            "status": ["sealed", "sealed"],
            "start": [0, 1],
        },
        "metrics": [
            {
                "name": metric.name,
                "title": metric.title,
                "format": format_of(metric.format),
                "change_as": metric.change_as,
                "good": metric.good,
                "value": [metric.comparison, metric.value],
                "text": ["was", "is"],
            }
            for metric in metrics
        ],
    }
    page.route("**/metrics.json", lambda route: route.fulfill(body=json.dumps(data)))
    page.goto(address + PAIR)
    expect(page.locator("tbody tr")).to_have_count(len(metrics))
    told = page.locator("tbody tr td:last-child").all_inner_texts()
    assert [text.replace("\n", "") for text in told] == [in_words(metric) for metric in metrics]


def in_words(metric: Metric) -> str:
    if metric.change is None:
        return "–no difference can be told"
    if metric.change_direction == "none":
        return "no change"
    arrow = "▲" if metric.change_direction == "up" else "▼"
    verdict = "better" if metric.change_verdict == "good" else "worse"
    return f"{arrow} {metric.change_direction} {metric.change_text} {verdict}"


def test_without_a_script_the_newest_two_are_compared(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + "flights/compare/")
    assert heads(page) == ["Week 52, 2013", "Week 1, 2014"]
    expect(page.locator("tbody tr").first).to_be_visible()
    expect(page.locator(".kpi-pick")).to_be_hidden()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_the_page_fits_its_width(browser, address, artifacts: Path, width, scheme):
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.goto(address + PAIR)
    expect(page.locator(".kpi-compare-charts .kpi-card")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wide = page.evaluate(
        "(() => { const t = document.querySelector('.kpi-table');"
        " return t.scrollWidth - t.clientWidth; })()"
    )
    assert wide <= 0
    page.screenshot(path=artifacts / f"compare-{width}-{scheme}.png", full_page=True)
    context.close()
