"""What a reader finds on the wall, on an edition's and on a view's page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from kpisite.errors import ViewError
from kpisite.plugins import QueryOptions, View
from kpisite.render.block_cache import BlockCache
from kpisite.render.templates import Templates
from kpisite.site.archive_site import ArchiveSite
from kpisite.site.urls import Urls

if TYPE_CHECKING:
    from conftest import ProjectFiles

    from kpisite.site.content import SiteContent

HEAD = """\
title: {title}
schedule: weekly
since: 2024-01-01
until: 2024-01-15
datasources:
  shop: {{plugin: duckdb, args: {{files: {{sales: ../sales/sales.csv}}}}}}
views:
"""
STAT = """\
  {id}:
    plugin: single_stat
    title: {title}
    args:
      datasource: shop
      query: select {value} as n
      {more}
"""


def stat(id_: str, value: object, **options: object) -> str:
    more = "\n      ".join(f"{name}: {option}" for name, option in options.items())
    return STAT.format(id=id_, title=id_.title(), value=value, more=more)


class Site:
    """The pages of a project's archive."""

    def __init__(self, project: ProjectFiles) -> None:
        self.project = project
        self.archive = ArchiveSite(project.archive.editions(), Templates(), Urls(), "code")

    def contents(self) -> list[SiteContent]:
        return [planned.content() for planned in self.archive.editions()]

    def pages(self) -> dict[str, str]:
        front = self.archive.front(BlockCache(self.project.folder / "fronts", "code"))
        pages = [*front, *(page for content in self.contents() for page in content.pages)]
        return {page.folder: page.text for page in pages}

    def files(self) -> set[str]:
        return {asset.uri for content in self.contents() for asset in content.assets}

    def wall(self, *order: str) -> str:
        pages = self.archive.front(BlockCache(self.project.folder / "fronts", "code"), order)
        return next(page.text for page in pages if page.folder == "")


@pytest.fixture
def walled(project: ProjectFiles) -> Site:
    """Three reports: `a` and `b` meet what they must, `c` misses one of two targets."""
    for report in "ab":
        project.write(HEAD.format(title=f"Report {report}") + stat("sold", 1), report)
    views = [
        stat("calls", 5),
        stat("late", 3, target=2, good="down"),
        stat("on_time", 0.798, target=0.8, format="percent", precision=1),
        stat("met", 9, target=9),
    ]
    project.write(HEAD.format(title="Report c") + "".join(views), "c")
    project.run()
    return Site(project)


def titles(wall: str, level: int) -> list[str]:
    return re.findall(rf'<h{level}[^>]*><a href="[^"]*">([^<]*)</a>', wall)


def test_the_wall_has_reports_that_miss_a_target_first_then_those_of_the_navigation(walled):
    assert titles(walled.wall("b", "sales", "a"), 2) == [
        "Report c",
        "Report b",
        "Sales, weekly",
        "Report a",
    ]


def test_the_wall_says_in_words_what_is_missed_and_has_its_card_first(walled):
    wall = walled.wall()
    said = re.findall(r'<p class="kpi-attention bad">.*?</span> (.*?)</p>', wall)
    assert said == ["2 targets missed: Late 3, target 2; On_Time 79.8 %, target 80 %"]
    part = wall.partition("Report c")[2].partition("<h2>")[0]
    assert titles(part, 3) == ["Late", "On_Time", "Calls", "Met"]
    assert part.count("kpi-missed") == 2
    assert '<p class="kpi-lead">1 of 4 reports needs attention.</p>' in wall


def test_the_wall_says_that_targets_are_met_and_nothing_where_there_are_none(project):
    both = stat("first", 2, target=1) + stat("second", 2, target=1)
    project.write(HEAD.format(title="Good") + both, "good")
    project.run()
    wall = Site(project).wall()
    assert "All 2 targets met" in wall.partition("Good")[2].partition("<h2>")[0]
    assert "kpi-attention" not in wall.partition("Sales, weekly")[2]


def test_the_wall_says_which_views_failed(project):
    broken = stat("fine", 1) + stat("gone", "no_such_column")
    project.write(HEAD.format(title="Broken") + broken, "broken")
    project.run()
    wall = Site(project).wall("sales")
    assert titles(wall, 2)[0] == "Broken"
    assert "1 view could not be made: Gone" in wall


def test_the_wall_leads_to_all_editions_and_has_each_id_once(walled):
    wall = walled.wall()
    assert re.findall(r'href="(\w+/archive/)"', wall) == [
        f"{report}/archive/" for report in ("c", "a", "b", "sales")
    ]
    ids = re.findall(r' id="([^"]*)"', wall)
    assert len(ids) == len(set(ids))


@pytest.fixture
def year(project: ProjectFiles) -> Site:
    project.write(project.report.replace("until: 2024-01-15", "until: 2024-04-15"))
    project.now = project.now.replace(month=6)
    project.run()
    return Site(project)


def menu(page: str) -> list[str]:
    listed = page.partition('<details class="kpi-periods">')[2].partition("</details>")[0]
    return re.findall(r'<a href="([^"]*)"', listed)


def test_the_menu_of_periods_has_the_edition_the_twelve_before_it_and_the_archive(year):
    pages = year.pages()
    weeks = [f"../2024-W{week:02}/" for week in range(14, 1, -1)]
    assert menu(pages["sales/2024-W14"]) == ["./", *weeks[1:], "../archive/"]
    assert menu(pages["sales/2024-W02"]) == ["./", "../2024-W01/", "../archive/"]
    assert menu(pages["sales"])[:2] == ["2024-W15/", "2024-W14/"]


def test_an_edition_more_changes_only_the_page_of_its_neighbour(year):
    before = {p.folder: p.digest for p in year.archive.editions()}
    entries = year.project.archive.editions()[:-1]
    fewer = ArchiveSite(entries, Templates(), Urls(), "code")
    then = {p.folder: p.digest for p in fewer.editions()}
    assert [f for f in then if then[f] != before[f]] == ["sales/2024-W14"]


def test_every_block_has_a_permalink_to_the_edition_that_does_not_change(year):
    pages = year.pages()
    links = re.compile(r'<a class="kpi-permalink" href="([^"]*)" aria-label="([^"]*)"')
    assert links.findall(pages["sales/2024-W14"]) == [
        ("#total", "Permalink to Total"),
        ("#shops", "Permalink to Shops"),
    ]
    assert [url for url, _ in links.findall(pages["sales"])] == [
        "2024-W15/#total",
        "2024-W15/#shops",
    ]
    assert links.findall(pages["sales/2024-W14/shops"]) == [("#data", "Permalink to Data")]
    assert 'id="data"' in pages["sales/2024-W14/shops"]


def test_the_pager_stands_at_the_foot_of_an_edition_too(year):
    pages = year.pages()
    foot = pages["sales/2024-W02"].partition("kpi-pager-below")[2]
    assert re.findall(r'<a rel="(\w+)" href="([^"]*)"', foot) == [
        ("prev", "../2024-W01/"),
        ("next", "../2024-W03/"),
    ]


def test_the_page_of_a_view_has_a_sortable_table_and_the_query_in_colours(year):
    page = year.pages()["sales/2024-W14/shops"]
    data = page.partition('id="data"')[2]
    assert '<table class="kpi-rows kpi-sortable">' in data
    assert '<span class="k">select</span>' in data
    assert "{from}" in re.sub(r"<[^>]+>", "", data)


@pytest.mark.parametrize("where", ["report", "view"])
def test_a_query_that_is_not_shown_is_nowhere_in_the_pages(project, where):
    text = project.report.replace("sum(amount) as amount", "sum(amount) as amount, 'sesame' as w")
    text += stat("broken", "sesame_column")
    if where == "report":
        text = f"show_query: false\n{text}"
    else:
        text = text.replace(
            "    args:\n      datasource", "    show_query: false\n    args:\n      datasource"
        )
        assert text.count("show_query: false") == 3
    project.write(text.replace("'sesame' as w", "length('sesame') as w"))
    project.run()
    pages = Site(project).pages()
    assert any("broken" in folder for folder in pages)
    for folder, page in pages.items():
        shown = re.sub(r"<[^>]+>", "", page)
        assert "sesame" not in shown, folder
        assert "Query" not in shown, folder
    assert "Whoever runs the report is told why." in pages["sales/2024-W01"]


class Chatty(View):
    """Asks what it did not announce, and quotes it when it fails."""

    Options = QueryOptions

    def queries(self):
        return {}

    def collect(self, collector):
        raise ViewError(f"cannot ask: {self.options.query}")

    def render_md(self, frames, page):
        return ""


def test_a_query_that_is_not_shown_is_not_quoted_by_an_error_either(project):
    view = (
        "  chatty:\n    plugin: 'test_reader_pages:Chatty'\n    args: {datasource: shop, "
        "query: sesame}\n"
    )
    project.write(f"show_query: false\n{project.report}{view}")
    project.run()
    assert not [folder for folder, page in Site(project).pages().items() if "sesame" in page]


def test_one_view_may_hide_its_query_while_others_show_theirs(project):
    project.write(project.report.replace("  shops:\n", "  shops:\n    show_query: false\n"))
    project.run()
    pages = Site(project).pages()
    assert "kpi-query" not in pages["sales/2024-W01/shops"]
    assert "kpi-query" in pages["sales/2024-W01/total"]


def test_without_downloads_there_are_neither_files_nor_links(project):
    project.write(
        "downloads: false\n"
        + project.report.replace("  total:\n", "  total:\n    downloads: true\n")
    )
    project.run()
    site = Site(project)
    assert {uri.split("/")[2] for uri in site.files()} == {"total", "edition.json"}
    pages = site.pages()
    assert "download" not in pages["sales/2024-W01/shops"]
    assert "kpi-sortable" in pages["sales/2024-W01/shops"]
    assert pages["sales/2024-W01/total"].count(" download>") == 2
