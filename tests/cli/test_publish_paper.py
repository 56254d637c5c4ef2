"""`kpisite publish` puts editions on paper: as files in a folder, and beside a mail."""

from __future__ import annotations

import io
import json
import shutil
from typing import TYPE_CHECKING

import pypdf
import pytest
from mail_server import MailServer
from required import needs

from kpisite.plugins.browser import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = needs(any(map(shutil.which, NAMES)), "no browser found")
PLOT = """\
  days:
    plugin: plot
    title: A day
    args:
      datasource: shop
      query: select day as time, amount from sales where day >= {from} and day < {to}
"""
LARGE = """\
  long:
    plugin: table
    args: {datasource: shop, max_rows: 90, query: "select 'row ' || n as name from range(90) t(n)"}
  wide:
    plugin: table
    args:
      datasource: shop
      query: >-
        select 'begin' as a, unnest([1.5]) as b, 2.5 as c, 3.5 as d, 4.5 as e, 5.5 as f, 6.5 as g,
        7.5 as h, 8.5 as i, 9.5 as j, 10.5 as k, 'some words' as l, repeat('long', 40) as m,
        'last' as n
"""
OUTPUTS = """\
outputs:
  paper:
    plugin: static
    args: {what: edition, output_dir: paper, output_format: [html, pdf]}
  team:
    plugin: smtp
    args:
      email_from: KPIs <kpi@example.org>
      email_to: team@example.org
      smtp_host: 127.0.0.1
      smtp_port: PORT
      tls: none
      attach: [pdf, csv]
"""


@pytest.fixture
def server() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.close()


@pytest.fixture
def printing(shop, server):
    """The shop with a chart, whose editions are printed and mailed."""
    shop.report.write_text(
        shop.report.read_text() + PLOT + OUTPUTS.replace("PORT", str(server.port))
    )
    config = shop.folder / "mkdocs.yml"
    config.write_text(config.read_text() + "site_url: https://kpi.example.org/kpis/\n")
    return shop


def read(pdf: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_the_pdf_of_an_edition_says_what_the_site_says_and_the_mail_has_the_same(printing, server):
    result = printing.call("publish")
    assert result.exit_code == 0, result.stderr
    paper = printing.folder / "paper"
    assert sorted(path.name for path in paper.iterdir()) == [
        "latest-sales-monthly",
        "sales-2024-01",
        "sales-2024-02",
    ]
    pdf = (paper / "sales-2024-02" / "sales-2024-02.pdf").read_bytes()
    text = read(pdf)
    document = json.loads((printing.folder / "site/sales/2024-02/edition.json").read_bytes())
    assert document["metrics"]
    for metric in document["metrics"]:
        assert metric["title"] in text
        assert metric["text"] in text
        assert metric["change_text"] in text
        assert metric["target_text"] in text
    for view in document["views"]:
        assert view["title"] in text
    assert "Sales, monthly" in text
    assert "February 2024" in text
    assert "Cy" in text  # of the table
    assert "22 Feb" in text  # of the axis of the chart
    assert "Data" not in text.split()
    assert pypdf.PdfReader(io.BytesIO(pdf)).metadata.title == "Sales, monthly – February 2024"
    (mail,) = server.mails
    files = {part.get_filename(): part for part in mail.iter_attachments() if part.get_filename()}
    assert next(iter(files)) == "sales-2024-02.pdf"
    assert files["sales-2024-02.pdf"].get_content_type() == "application/pdf"
    assert files["sales-2024-02.pdf"].get_content() == pdf
    assert "sales-2024-02-rows.csv" in files
    latest = paper / "latest-sales-monthly" / "latest-sales-monthly.pdf"
    assert latest.read_bytes() == pdf
    html = (paper / "sales-2024-02" / "index.html").read_text()
    assert '<a href="https://kpi.example.org/kpis/sales/2024-02/days/">A day</a>' in html
    assert "<svg" in html
    assert "<script" not in html


def test_long_and_wide_tables_are_whole_on_paper(printing):
    printing.edit("outputs:", f"{LARGE}outputs:")
    assert printing.call("publish", "--only", "paper").exit_code == 0
    pdf = pypdf.PdfReader(printing.folder / "paper/sales-2024-02/sales-2024-02.pdf")
    texts = [" ".join(page.extract_text().split()) for page in pdf.pages]
    whole = " ".join(texts)
    assert all(f"row {number}" in whole for number in range(90))
    assert "row 0" in texts[0]  # it begins where there is room, and no sheet stays empty
    assert len(texts) == 3
    assert all("Name row" in text for text in texts)  # its head is repeated
    assert f"2 / {len(texts)}" in texts[1]
    assert " / " not in texts[0]
    places: dict[str, float] = {}
    width = float(pdf.pages[-1].mediabox.width)

    def place(text: str, whole: list[float], matrix: list[float], *more: object) -> None:
        places[text.strip()] = whole[0] * matrix[4] + whole[4]

    pdf.pages[-1].extract_text(visitor_text=place)
    assert 0 < places["begin"] < places["last"] < width - 30


def test_without_a_browser_the_outputs_say_so_and_nobody_is_mailed(printing, server, monkeypatch):
    monkeypatch.setenv("KPISITE_BROWSER", "no-such-browser")
    result = printing.call("publish")
    assert result.exit_code == 1
    assert "no program 'no-such-browser', which KPISITE_BROWSER names" in result.stderr
    assert list((printing.folder / "paper").iterdir()) == []
    assert server.mails == []
    monkeypatch.delenv("KPISITE_BROWSER")
    assert printing.call("publish").exit_code == 0
    assert len(server.mails) == 1


def test_a_revision_is_printed_and_latest_stays_with_the_newest_period(printing, server):
    assert printing.call("publish", "--only", "paper").exit_code == 0
    paper = printing.folder / "paper"
    sales = printing.folder / "sales.csv"
    sales.write_text(sales.read_text().replace("2024-01-05,10", "2024-01-05,10000"))
    forced = printing.call("run", "sales", "--period", "2024-01", "--force")
    assert forced.exit_code == 0, forced.stderr
    result = printing.call("publish", "--only", "paper", "--json")
    assert result.exit_code == 0, result.stderr
    (done,) = json.loads(result.stdout)
    assert done["details"] == {"folders": 3, "added": 0, "changed": 3, "removed": 0}
    assert "10,005" in read((paper / "sales-2024-01/sales-2024-01.pdf").read_bytes())
    latest = read((paper / "latest-sales-monthly/latest-sales-monthly.pdf").read_bytes())
    assert "February 2024" in latest  # another sparkline, and no other edition


def test_a_dry_run_prints_nothing_for_the_folder(printing, server):
    result = printing.call("publish", "--dry-run", "--only", "paper")
    assert result.exit_code == 0, result.stderr
    assert "3 added, 0 changed, 0 removed" in result.stdout
    assert "add latest-sales-monthly" in result.stdout
    assert not (printing.folder / "paper").exists()
