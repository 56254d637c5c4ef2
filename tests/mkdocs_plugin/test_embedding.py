"""Views in pages of the project, through `mkdocs build` itself."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest
from small_sites import DAYS, MKDOCS, SOLD, mkdocs_build, monthly, write_site

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

NOTE = """\
  note:
    plugin: text
    title: Note
    args:
      datasource: shop
      query: select sum(amount) as amount from sales where day >= {from} and day < {to}
      text: "**{{ rows[0].amount }}** pieces, `code`"
"""
REPORT = monthly(SOLD, DAYS, NOTE)
SALES = "day,amount\n2024-01-05,10\n2024-01-20,5\n2024-02-03,30\n2024-03-03,7\n"


class Project:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.docs = folder / "docs"
        self.report = write_site(folder, REPORT, SALES)

    def configure(self, more: str = "") -> None:
        (self.folder / "mkdocs.yml").write_text(MKDOCS + more)

    def write(self, path: str, text: str) -> None:
        (self.docs / path).parent.mkdir(parents=True, exist_ok=True)
        (self.docs / path).write_text(text)

    def build(self) -> subprocess.CompletedProcess[str]:
        return mkdocs_build(self.folder, "--strict", now="2024-04-02")

    def page(self, path: str) -> str:
        result = self.build()
        assert result.returncode == 0, result.stderr
        return (self.folder / "site" / path).read_text()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def block(view: str, period: str = "latest", report: str = "sales") -> str:
    return f"```kpi\nreport: {report}\nview: {view}\nperiod: {period}\n```\n"


def test_the_newest_edition_a_named_one_and_the_history_stand_in_prose(project):
    project.write(
        "about/us.md",
        f"# About\n\nWe sold {block('x').splitlines()[1]}:\n{block('sold')}and before\n\n"
        f"{block('sold', '2024-02')}\n## Since then\n\n{block('sold', 'history')}\nThe end.\n",
    )
    page = project.page("about/us/index.html")
    newest, named, history = re.findall(
        r'<div class="kpi-page kpi-embedded".*?</section>', page, re.DOTALL
    )
    assert '<h2 class="kpi-card-title"><a href="../../sales/2024-04/sold/">Sold</a>' in newest
    assert "kpi-badge-preliminary" in newest
    assert '<span class="kpi-number">30</span>' in named
    assert 'href="../../sales/2024-02/">Sales, monthly, February 2024</a>' in named
    assert '<h3 class="kpi-card-title"><a href="../../sales/archive/">' in history
    assert 'aria-label="Sold: 15 in January 2024, 7 in March 2024; from 7 to 30' in history
    assert '<svg class="kpi-still"' in history
    assert "<b>15</b> January 2024" in history
    assert page.index("before") < page.index(named) < page.index("The end.")
    assert "kpisite view" not in page


def test_what_a_view_writes_as_markdown_is_rendered_in_its_card(project):
    project.write("note.md", f"# Note\n\n{block('note', '2024-01')}")
    page = project.page("note/index.html")
    assert re.search(
        r"<section.*<strong>15</strong> pieces, <code>code</code>.*</section>", page, re.S
    )


def test_a_chart_comes_to_life_where_it_stands(project):
    project.write("chart.md", f"# Chart\n\n{block('days', '2024-01')}\n{block('days', '2024-03')}")
    page = project.page("chart/index.html")
    charts = re.findall(
        r'<div class="kpi-chart" id="([^"]*)"[^>]* data-kpi-bokeh="[^>]*><svg class="kpi-still"',
        page,
    )
    assert charts == ["kpi-0-days", "kpi-1-days"]
    assert '"id":"kpi-1-days-0"' in page
    assert 'src="../assets/kpisite/charts.js"' in page


def test_addresses_follow_the_page_also_without_directory_urls(project):
    project.configure("use_directory_urls: false\n")
    project.write("about/us.md", f"# About\n\n{block('sold', '2024-01')}")
    page = project.page("about/us.html")
    assert 'href="../sales/2024-01/sold/index.html">Sold</a>' in page


def test_blocks_shown_as_examples_stay_examples(project):
    project.write("guide.md", f"# Guide\n\n````text\n{block('nothing')}````\n")
    page = project.page("guide/index.html")
    assert "view: nothing" in page
    assert "kpi-embedded" not in page


def test_the_search_finds_the_page_by_its_prose_and_not_by_its_views(project):
    project.write("about.md", f"# About\n\nProse words\n\n{block('days', '2024-01')}")
    project.page("about/index.html")
    index = json.loads((project.folder / "site" / "search" / "search_index.json").read_text())
    [text] = [e["text"] for e in index["docs"] if e["location"] == "about/"]
    assert "Prose words" in text
    assert len(text) < 60


def test_pages_of_editions_do_not_change_by_it(project):
    before = project.page("sales/2024-01/index.html")
    project.write("about.md", f"# About\n\n{block('sold', '2024-01')}")
    project.configure("nav: [index.md, sales/index.md]\nnot_in_nav: about.md\n")
    with_nav = project.page("sales/2024-01/index.html")
    (project.docs / "about.md").write_text("# About\n")
    assert project.page("sales/2024-01/index.html") == with_nav
    assert "Sold" in before


def test_a_build_with_the_cache_makes_the_same_page(project):
    blocks = [block("days"), block("sold", "2024-02"), block("sold", "history"), block("note")]
    project.write("about.md", "# About\n\n" + "\n".join(blocks))
    cold = project.page("about/index.html")
    assert cold.count("kpi-embedded") == 4
    assert project.page("about/index.html") == cold
    shutil.rmtree(project.folder / ".cache")
    assert project.page("about/index.html") == cold


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (block("sold", report="sale"), ["docs/page.md:6: report:", "'sale'", "mean 'sales'?"]),
        (block("sol"), ["docs/page.md:7: view:", "no view 'sol'", "mean 'sold'?"]),
        (block("days", "history"), ["docs/page.md:7: view:", "no KPI 'days'"]),
        (block("sold", "2024-13"), ["docs/page.md:8: period:", "'2024-13'", "mean '2024-0"]),
        (block("sold", "lates"), ["docs/page.md:8: period:", "mean 'latest'?"]),
        (block("sold").replace("view", "veiw"), ["docs/page.md:7: veiw:", "mean 'view'?"]),
        ("```kpi\nreport: sales\n```\n", ["docs/page.md:5:", "'view' and 'period' must be"]),
        ("```kpi\nreport: [sales\n```\n", ["docs/page.md:", "not valid YAML"]),
        ("```kpi\nsales\n```\n", ["docs/page.md:6:", "expected `key: value` pairs"]),
        ("```kpi\n```\n", ["docs/page.md:5:", "is empty"]),
        ("```kpi\nreport: sales\n", ["docs/page.md:5:", "is not closed"]),
    ],
)
def test_a_mistake_is_told_with_file_line_and_the_nearest_name(project, text, told):
    project.write("page.md", f"---\ntitle: Page\n---\n\n{text}")
    result = project.build()
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert all(words in result.stderr for words in told), result.stderr


def test_all_mistakes_of_a_page_come_at_once(project):
    project.write("page.md", f"# Page\n\n{block('sol')}\n{block('sold', 'never')}")
    told = project.build().stderr
    assert "docs/page.md:5: view" in told
    assert "docs/page.md:12: period" in told


def test_a_view_with_an_error_ends_the_build(project):
    project.report.write_text(
        REPORT.replace("select day, amount from sales", "select 1 from salse")
    )
    project.write("page.md", f"# Page\n\n{block('days', '2024-01')}")
    result = project.build()
    assert (
        "docs/page.md:5: view: the view 'days' of sales/2024-01 could not be made" in result.stderr
    )
    assert "salse" in result.stderr
