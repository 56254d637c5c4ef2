"""The demo's site is whole: pages, links, nothing that should not be there."""

from __future__ import annotations

import posixpath
import re
import shutil
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest

if TYPE_CHECKING:
    from pathlib import Path

LINK = re.compile(r"""(?:href|src)=["']?([^"'\s>]+)""")


def pages(site: Path) -> list[Path]:
    return sorted(site.rglob("*.html"))


def test_every_page_of_the_site_map_is_there(demo):
    for path in (
        "",
        "flights",
        "flights/2013-W06",
        "flights/2013-W06/on_time",
        "flights/archive",
        "carriers",
        "carriers/2013-02/scorecard",
        "carriers/archive",
    ):
        assert (demo.site / path / "index.html").is_file(), path
    for view in ("on_time", "destinations"):
        folder = demo.site / "flights" / "2013-W06" / view
        assert list(folder.glob("*.csv"))
        assert list(folder.glob("*.parquet"))


def test_every_link_leads_somewhere(demo):
    broken = set()
    known = {path.relative_to(demo.site).as_posix() for path in demo.site.rglob("*")}
    for page in pages(demo.site):
        folder = page.parent.relative_to(demo.site).as_posix()
        for link in set(LINK.findall(page.read_text())):
            parts = urlsplit(link.replace("&amp;", "&"))
            if parts.scheme or parts.netloc or not parts.path or page.name == "404.html":
                continue
            target = posixpath.normpath(posixpath.join(folder, unquote(parts.path)))
            if target not in known and target != ".":
                broken.add((page.relative_to(demo.site).as_posix(), link))
    assert not broken


def test_no_page_names_another_host_as_a_source(demo):
    external = re.compile(r"""(?:src=|<link[^>]+href=)["']?(https?:)?//[^"'\s>]+""")
    for page in pages(demo.site):
        found = [m for m in external.finditer(page.read_text()) if "canonical" not in m[0]]
        assert not found, (page, found[0][0])


def test_neither_definitions_nor_data_are_published(demo):
    names = {path.name for path in demo.site.rglob("*")}
    assert "report.yml" not in names
    assert "flights.parquet" not in names


def test_the_navigation_lists_reports_and_no_editions(demo):
    page = (demo.site / "index.html").read_text()
    tabs = re.search(r'<nav class="md-tabs".*?</nav>', page, re.DOTALL)
    assert tabs is not None
    assert "flights/" in tabs[0]
    assert "2013-W06" not in tabs[0]


def test_editions_are_linked_to_their_neighbours(demo):
    page = (demo.site / "flights" / "2013-W06" / "index.html").read_text()
    assert '<link rel="prev" href="../2013-W05/">' in page
    assert '<link rel="next" href="../2013-W07/">' in page


def test_an_edition_knows_nothing_newer_than_itself_but_its_next_link(demo):
    page = (demo.site / "flights" / "2013-W06" / "index.html").read_text()
    named = set(re.findall(r"2013-W\d\d|2014-W\d\d", page))
    assert {label for label in named if label > "2013-W06"} == {"2013-W07"}


def test_the_site_map_lists_every_edition(demo):
    site_map = (demo.site / "sitemap.xml").read_text()
    listed = set(re.findall(r"<loc>[^<]*?(flights/\d{4}-W\d\d/)</loc>", site_map))
    assert len(listed) == 53


@pytest.fixture(scope="module")
def rebuilt(demo, tmp_path_factory):
    """The demo built again from its archive alone: no data file, no cache."""
    folder = tmp_path_factory.mktemp("rebuilt")
    shutil.copytree(demo.folder, folder / "demo", ignore=shutil.ignore_patterns("site", ".cache"))
    again = type(demo)(folder / "demo", demo.port)
    shutil.rmtree(again.folder / "content" / "data")
    result = again.build()
    assert result.returncode == 0, result.stderr
    return again


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_same_site_is_built_from_the_archive_alone_byte_for_byte(demo, rebuilt):
    first, second = content(demo.site), content(rebuilt.site)
    assert first.keys() == second.keys()
    assert [path for path in first if first[path] != second[path]] == []


def test_building_again_leaves_the_archive_as_it_was(demo, rebuilt):
    first, second = content(demo.archive), content(rebuilt.archive)
    for files in (first, second):
        assert files.pop("index.parquet")  # it also says which files it was made from
    assert first == second
