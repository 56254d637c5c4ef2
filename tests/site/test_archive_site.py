"""The pages of an archive: what they say of revisions, and what makes them change."""

from __future__ import annotations

import importlib
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from kpisite.render.block_cache import BlockCache
from kpisite.render.templates import Templates
from kpisite.site import archive_site
from kpisite.site.archive_site import ArchiveSite
from kpisite.site.urls import Urls

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import ProjectFiles

    from kpisite.site.content import SitePage

PLUGIN = (
    "from kpisite.plugins import QueryOptions, View\n"
    "class Acme(View):\n"
    "    Options = QueryOptions\n"
    "    def render_md(self, frames, page):\n"
    "        return 'made by {}'\n"
)


class Shop:
    """A project with two editions, and the pages of its archive."""

    def __init__(self, project: ProjectFiles) -> None:
        self.project = project
        self.look = project.folder / "look"
        self.look.mkdir()
        self.cache = project.folder / "fronts"

    def site(self, code: str = "code") -> ArchiveSite:
        entries = self.project.archive.editions()
        return ArchiveSite(entries, Templates([self.look]), Urls(), code)

    def digests(self, code: str = "code") -> dict[str, str]:
        return {p.folder: p.digest for p in self.site(code).editions()}

    def changed(self, before: dict[str, str], code: str = "code") -> list[str]:
        now = self.digests(code)
        return sorted(folder for folder in now if now[folder] != before.get(folder))

    def pages(self) -> dict[str, SitePage]:
        contents = [planned.content() for planned in self.site().editions()]
        return {page.folder: page for content in contents for page in content.pages}

    def overviews(self) -> dict[str, SitePage]:
        contents = [planned.content() for planned in self.site().overviews()]
        return {page.folder: page for content in contents for page in content.pages}

    def front(self) -> list[SitePage]:
        return self.site().front(BlockCache(self.cache, "code"))

    def sell(self, old: str, new: str) -> None:
        """Change what was sold, and run everything again."""
        sales = self.project.content / "sales" / "sales.csv"
        text = sales.read_text()
        assert old in text
        sales.write_text(text.replace(old, new))
        shutil.rmtree(self.project.folder / "archive")
        self.project.run()


@pytest.fixture
def shop(project: ProjectFiles) -> Shop:
    project.run()
    return Shop(project)


def test_the_same_archive_has_the_same_pages(shop):
    assert shop.changed(shop.digests()) == []
    assert shop.pages() == shop.pages()


def test_other_code_changes_all_pages(shop):
    assert shop.changed(shop.digests(), "other") == ["sales/2024-W01", "sales/2024-W02"]


def test_a_template_changes_all_pages_and_a_style_none(shop):
    before = shop.digests()
    (shop.look / "assets").mkdir()
    (shop.look / "assets" / "own.css").write_text("a {}")
    assert shop.changed(before) == []
    (shop.look / "views").mkdir()
    (shop.look / "views" / "single_stat.html").write_text("own {{ number }}")
    assert shop.changed(before) == ["sales/2024-W01", "sales/2024-W02"]
    assert "own 308" in shop.pages()["sales/2024-W01"].text


def test_a_plugins_source_changes_the_pages_that_it_makes(shop, monkeypatch):
    project = shop.project
    source = project.folder / "acme_views.py"
    source.write_text(PLUGIN.format("the first"))
    monkeypatch.syspath_prepend(str(project.folder))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    project.write(
        project.report + "  shown:\n    plugin: 'acme_views:Acme'\n    args:\n"
        "      datasource: shop\n      query: select 1 as one\n"
    )
    shutil.rmtree(project.folder / "archive")
    project.run()
    before = shop.digests()
    assert "made by the first" in shop.pages()["sales/2024-W01"].text
    source.write_text(PLUGIN.format("another"))
    del sys.modules["acme_views"]  # as in another process
    archive_site._plugin_digest.cache_clear()
    importlib.invalidate_caches()
    assert shop.changed(before) == ["sales/2024-W01", "sales/2024-W02"]
    assert "made by another" in shop.pages()["sales/2024-W01"].text
    del sys.modules["acme_views"]
    archive_site._plugin_digest.cache_clear()


def test_a_plugin_that_is_gone_is_told_on_the_page(shop, monkeypatch):
    project = shop.project
    source = project.folder / "gone_views.py"
    source.write_text(PLUGIN.format("nobody"))
    monkeypatch.syspath_prepend(str(project.folder))
    project.write(
        project.report + "  shown:\n    plugin: 'gone_views:Acme'\n    args:\n"
        "      datasource: shop\n      query: select 1 as one\n"
    )
    shutil.rmtree(project.folder / "archive")
    project.run()
    source.unlink()
    sys.modules.pop("gone_views")
    importlib.invalidate_caches()
    problems = [p for planned in shop.site().editions() for p in planned.content().problems]
    assert {problem.view for problem in problems} == {"shown"}
    assert "gone_views" in problems[0].message


def damage(folder: Path) -> None:
    next(folder.rglob("*.parquet")).write_bytes(b"damaged")


def test_damage_in_the_archive_is_told_by_the_edition_that_has_it(shop):
    damage(shop.project.folder / "archive" / "sales" / "2024-W01")
    problems = [p for planned in shop.site().editions() for p in planned.content().problems]
    assert {problem.period for problem in problems} == {"2024-W01"}


def test_what_stands_in_front_is_made_once_and_comes_back_as_it_was(shop):
    first = shop.front()
    kept = {path: path.stat().st_mtime_ns for path in shop.cache.iterdir()}
    assert len(kept) == 1
    assert shop.front() == first
    assert {path: path.stat().st_mtime_ns for path in shop.cache.iterdir()} == kept


def test_pages_that_show_all_editions_change_with_an_older_one(shop):
    before = {planned.folder: planned.digest for planned in shop.site().overviews()}
    assert before.keys() == {"sales/archive", "sales/kpis", "sales/compare"}
    shop.sell("2024-01-02,east,2", "2024-01-02,east,3")
    now = {planned.folder: planned.digest for planned in shop.site().overviews()}
    assert not set(before.values()) & set(now.values())
    assert "309" in shop.overviews()["sales/archive"].text


def test_a_front_with_an_error_is_not_kept(shop):
    newest = shop.project.folder / "archive" / "sales" / "2024-W02"
    whole = shutil.copytree(newest, shop.project.folder / "whole")
    damage(newest)
    [report] = [page for page in shop.front() if page.folder == "sales"]
    assert "could not be made" in report.text
    shutil.rmtree(newest)
    shutil.copytree(whole, newest)
    [report] = [page for page in shop.front() if page.folder == "sales"]
    assert "could not be made" not in report.text


@pytest.fixture
def revised(shop: Shop) -> Shop:
    """The shop whose first edition was run again, with another number."""
    archive = shop.project.folder / "archive" / "sales" / "2024-W01"
    first = shutil.copytree(archive / "1", shop.project.folder / "first")
    shop.sell("2024-01-02,east,2", "2024-01-02,east,12")
    (archive / "1").rename(archive / "2")
    record = archive / "2" / "edition.json"
    text = record.read_text().replace('"revision": 1', '"revision": 2')
    record.write_text(text.replace('"reason": ""', '"reason": "a <sale> came late"'))
    shutil.copytree(first, archive / "1")
    return shop


def test_a_revised_edition_says_when_and_what_it_said_before(revised):
    page = revised.pages()["sales/2024-W01"]
    assert "Revised on 1 February 2024, was: Total 308 (now 318)" in page.text
    assert 'href="../revisions/2024-W01/1/"' in page.text
    assert "<br>Reason: a &lt;sale&gt; came late</p>" in page.text
    assert "318" in page.text


def test_revised_stands_beside_the_status_where_an_edition_was_revised(revised):
    pages = revised.pages()
    for folder in ("sales/2024-W01", "sales/2024-W01/total"):
        assert ">sealed</span> <span" in pages[folder].text
        assert ">revised</span>" in pages[folder].text
    for folder in ("sales/2024-W02", "sales/revisions/2024-W01/1"):
        assert ">revised</span>" not in pages[folder].text


def test_an_older_revision_stays_with_its_numbers_and_names_the_newer_one(revised):
    pages = revised.pages()
    old = pages["sales/revisions/2024-W01/1"]
    assert "308" in old.text
    assert "replaced on 1 February 2024" in old.text
    assert 'href="../../../2024-W01/"' in old.text
    assert old.search is None
    assert old.parent == "sales/2024-W01"
    view = pages["sales/revisions/2024-W01/1/total"]
    assert "replaced on 1 February 2024" in view.text


def test_a_view_of_the_newest_revision_says_nothing_of_older_ones(revised):
    assert "replaced" not in revised.pages()["sales/2024-W01/total"].text


def test_the_archive_page_marks_revised_editions(revised):
    archive = revised.overviews()["sales/archive"]
    assert archive.text.count(">revision 2<") == 1
