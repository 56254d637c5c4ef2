"""A German site as a reader sees it: what scripts say, and how they write numbers."""

from __future__ import annotations

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from small_sites import mkdocs_build

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

MKDOCS = """\
site_name: Klein
theme: {name: material, font: false, language: de}
plugins: [search, kpisite]
"""
REPORT = """\
title: Verkauf
schedule: monthly
since: 2024-01-01
datasources:
  shop: {plugin: duckdb, args: {files: {sales: sales.csv}}}
views:
  sold:
    plugin: single_stat
    title: Umsatz
    args:
      datasource: shop
      query: select sum(amount) from sales where day >= {from} and day < {to}
      format: currency
      currency: EUR
      precision: 2
      comparison_type: raw
      compare: previous
  rows:
    plugin: table
    title: Zeilen
    args:
      datasource: shop
      query: select * from sales where day >= {from} and day < {to}
"""
SALES = "day,amount\n2024-01-05,1000.5\n2024-02-03,2900.25\n2024-02-04,12.5\n2024-02-05,700\n"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("german")
    (folder / "docs" / "verkauf").mkdir(parents=True)
    (folder / "mkdocs.yml").write_text(MKDOCS)
    (folder / "docs" / "verkauf" / "report.yml").write_text(REPORT)
    (folder / "docs" / "verkauf" / "sales.csv").write_text(SALES)
    built = mkdocs_build(folder, "--strict", now="2024-02-29T12:00")
    assert built.returncode == 0, built.stderr
    return folder / "site"


@pytest.fixture
def page(browser: Browser, site: Path) -> Iterator[Page]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = browser.new_context(
        base_url=f"http://127.0.0.1:{server.server_port}/", viewport={"width": 1280, "height": 900}
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    server.shutdown()
    server.server_close()
    assert complaints == []


def test_comparing_says_and_counts_in_german(page: Page, artifacts: Path):
    page.goto("verkauf/compare/?a=2024-01&b=2024-02")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    row = page.locator("tbody tr:has(th:text-is('Umsatz'))")
    expect(row.locator("td").nth(1)).to_have_text("3.612,75 €")
    expect(row.locator(".kpi-difference")).to_have_text("▲ plus 2.612,25 €")
    expect(page.locator("thead")).to_contain_text("vorläufig")
    expect(page.locator(".kpi-compare-said")).to_have_text(
        "Januar 2024 und Februar 2024 werden verglichen."
    )
    page.screenshot(path=artifacts / "german-compare.png")
    page.goto("verkauf/compare/?a=2024-01&b=2031-02")
    expect(page.locator(".kpi-compare-said")).to_contain_text(
        "Diese Ausgabe gibt es nicht: 2031-02"
    )


def test_the_archive_filters_in_german_under_addresses_that_any_language_has(page: Page):
    page.goto("verkauf/archive/")
    expect(page.locator(".kpi-filters output")).to_have_text("2 Ausgaben")
    page.locator("select[name=status]").select_option(label="endgültig")
    expect(page.locator(".kpi-filters output")).to_have_text("1 Ausgabe")
    assert page.url.endswith("?status=sealed")
    page.locator("select[name=kpi]").select_option(label="Umsatz")
    expect(page.locator("[data-kpi-coloured]")).to_have_text("nach Umsatz")
    expect(page.locator(".kpi-cal a").first).to_have_attribute(
        "title", "Januar 2024: endgültig, Umsatz 1.000,50 €"
    )


def test_a_table_with_german_numbers_is_sorted_by_their_values(page: Page):
    page.goto("verkauf/2024-02/rows/")
    column = page.locator("table.kpi-sortable").first
    column.get_by_role("button", name="Amount").click()
    expect(column.locator("tbody tr td:nth-child(2)")).to_have_text(["12,50", "700,00", "2.900,25"])
