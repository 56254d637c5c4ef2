from __future__ import annotations

import importlib
import shutil
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import pytest

from kpisite.errors import ViewError
from kpisite.plugins import Blob, QueryOptions, View
from kpisite.render.block_cache import BlockCache, Rendered
from kpisite.render.templates import Templates
from kpisite.site.pages import site_content
from kpisite.site.urls import Urls

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import ProjectFiles

    from kpisite.archive.store import Edition
    from kpisite.site.pages import SiteContent

BYTES = bytes(range(256))
QUERY = """\
      datasource: shop
      query: select sum(amount) from sales where day >= {from} and day < {to}
"""


class Counting(View):
    """Shows all that a view can see, and counts how often."""

    class Options(QueryOptions):
        note: str = "none"
        """Any text."""

    options: Options
    rendered: ClassVar[list[str]] = []
    fails: ClassVar[Exception | None] = None

    def collect(self, collector):
        if self.options.note != "without blobs":
            collector.blob(Blob("recorded.bin", BYTES[::-1], "application/octet-stream"))
        return super().collect(collector)

    def render_md(self, frames, page):
        self.rendered.append(page.period.label)
        if self.fails:
            raise self.fails
        made = page.blob(Blob("made.bin", BYTES, "application/octet-stream"))
        seen = [point.value for point in page.history("total")]
        number = frames["main"].iloc[0, 0]
        frames["main"].insert(0, "mine", 0)
        note, colours = self.options.note, page.theme.series_colors
        return f"{number} {note} {colours} {seen} {page.blobs} {made}"


@pytest.fixture(autouse=True)
def _fresh():
    Counting.rendered.clear()
    Counting.fails = None


@pytest.fixture
def shop(project: ProjectFiles) -> ProjectFiles:
    project.report += f"  shown:\n    plugin: '{__name__}:Counting'\n    args:\n{QUERY}"
    project.write(project.report)
    project.run()
    return project


class Build:
    """Builds the pages of a project's editions, each time with a newly opened cache."""

    def __init__(self, shop: ProjectFiles) -> None:
        self.shop = shop
        self.folder = shop.folder / "blocks"
        self.look = shop.folder / "look"
        self.look.mkdir()

    def __call__(self, editions: list[Edition] | None = None, code: str = "code") -> SiteContent:
        Counting.rendered.clear()
        cache = BlockCache(self.folder, code)
        content = self.pages(cache, editions)
        cache.prune()
        return content

    def pages(self, cache: BlockCache | None, editions: list[Edition] | None = None) -> SiteContent:
        editions = self.shop.archive.editions() if editions is None else editions
        return site_content(editions, Templates([self.look]), Urls(), cache)

    def run_again(self) -> None:
        shutil.rmtree(self.shop.folder / "archive")
        self.shop.run()


@pytest.fixture
def build(shop: ProjectFiles) -> Build:
    return Build(shop)


def altered(edition: Edition, path: str, value: object) -> Edition:
    """Return an edition whose record has another value at a path."""
    dump = edition.record.model_dump()
    *steps, last = (int(step) if step.lstrip("-").isdigit() else step for step in path.split("."))
    place = dump
    for step in steps:
        place = place[step]
    place[last] = value
    return replace(edition, record=type(edition.record).model_validate(dump))


def shows(content: SiteContent, text: str) -> bool:
    return any(text in page.text for page in content.pages)


def test_what_did_not_change_is_not_rendered_again(build):
    first = build()
    assert Counting.rendered == ["2024-W01", "2024-W02"]
    second = build()
    assert Counting.rendered == []
    assert second == first == build.pages(None)


def test_a_frame_is_not_decoded_where_all_that_shows_it_is_kept(build, monkeypatch):
    first = build()
    monkeypatch.setattr("kpisite.archive.store.from_parquet", None)
    assert build() == first


def test_the_files_of_a_block_come_back(build):
    build()
    files = {asset.uri: asset.content for asset in build().assets}
    assert files["sales/2024-W01/shown/made.bin"] == BYTES
    assert files["sales/2024-W01/shown/recorded.bin"] == BYTES[::-1]


def test_what_a_view_does_to_its_frame_shows_nowhere_else(build):
    files = {asset.uri: asset.content for asset in build.pages(None).assets}
    csv = files["sales/2024-W01/shown/sales-2024-W01-shown.csv"]
    assert csv.decode().splitlines()[1] == "308"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("definition.views.shown.args.note", "another option"),
        ("definition.theme.series_colors", ("#123456",)),
        ("period.timezone", "Europe/Berlin"),
        ("views.0.metrics.0.value", 1.5),
        ("views.2.blobs.0.id", "shown/renamed.bin"),
        ("views.2.frames.main", 1),
    ],
)
def test_what_a_view_can_see_of_its_edition_renders_it_anew(build, path, value):
    first, second = build.shop.archive.editions()
    build()
    content = build([first, altered(second, path, value)])
    assert Counting.rendered == ["2024-W02"]
    assert content == build.pages(None, [first, altered(second, path, value)])


def test_what_no_view_can_see_renders_nothing_anew(build):
    first, second = build.shop.archive.editions()
    build()
    build([first, altered(second, "run.seconds", 12.5)])
    assert Counting.rendered == []


def test_views_and_reports_alike_have_addresses_of_their_own(build):
    alike = (
        f"    plugin: '{__name__}:Counting'\n    title: Same\n    args:\n"
        f"      note: without blobs\n{QUERY}"
    )
    build.shop.write(build.shop.report + f"  one:\n{alike}  two:\n{alike}")
    build.run_again()
    shutil.copytree(
        build.shop.folder / "archive" / "sales", build.shop.folder / "archive" / "other"
    )
    for path in (build.shop.folder / "archive" / "other").rglob("edition.json"):
        path.write_text(path.read_text().replace('"report": "sales"', '"report": "other"'))
    build()
    files = {asset.uri for asset in build().assets}
    for report in ("other", "sales"):
        assert {f"{report}/2024-W01/{view}/made.bin" for view in ("one", "two")} <= files


def test_another_frame_renders_anew_and_so_do_editions_that_look_back_on_its_numbers(build):
    build()
    sales = build.shop.content / "sales" / "sales.csv"
    text = sales.read_text()
    sales.write_text(text.replace("2024-01-09,east,9", "2024-01-09,east,8"))
    build.run_again()
    build()
    assert Counting.rendered == ["2024-W02"]
    sales.write_text(text.replace("2024-01-02,east,2", "2024-01-02,east,3"))
    build.run_again()
    build()
    assert Counting.rendered == ["2024-W01", "2024-W02"]


def test_a_past_metric_alone_renders_anew(build):
    build()
    first, second = build.shop.archive.editions()
    content = build([altered(first, "views.0.metrics.0.value", 1.5), second])
    assert Counting.rendered == ["2024-W01", "2024-W02"]
    assert shows(content, "[1.5, 847.0]")
    build([second])
    assert Counting.rendered == ["2024-W02"]


def test_another_template_renders_anew_another_style_does_not(build):
    build()
    (build.look / "assets").mkdir()
    (build.look / "assets" / "own.css").write_text("a {}")
    build()
    assert Counting.rendered == []
    (build.look / "views").mkdir()
    own = build.look / "views" / "single_stat.html"
    for text in ("own {{ number }}", "our {{ number }}"):
        own.write_text(text)
        content = build()
        assert len(Counting.rendered) == 2
        assert shows(content, f"{text[:3]} 308")


def test_other_code_renders_anew(build):
    build()
    build(code="other")
    assert len(Counting.rendered) == 2


def test_another_source_of_a_plugin_renders_anew(build, monkeypatch):
    source = build.shop.folder / "acme_views.py"
    text = (
        "from kpisite.plugins import QueryOptions, View\n"
        "class Acme(View):\n"
        "    Options = QueryOptions\n"
        "    def render_md(self, frames, page):\n"
        "        return 'made by {}'\n"
    )
    monkeypatch.syspath_prepend(str(build.shop.folder))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    source.write_text(text.format("the first"))
    build.shop.write(build.shop.report.replace(f"{__name__}:Counting", "acme_views:Acme"))
    build.run_again()
    assert shows(build(), "made by the first")
    source.write_text(text.format("another"))
    del sys.modules["acme_views"]  # as in another process
    importlib.invalidate_caches()
    assert shows(build(), "made by another")
    del sys.modules["acme_views"]


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff", b"[]", b'{"text": 5}', b'{"text": "a"'])
def test_a_damaged_entry_is_ignored_and_written_anew(build, damage):
    first = build()
    for path in build.folder.iterdir():
        path.write_bytes(damage)
    assert build() == first
    assert len(Counting.rendered) == 2
    assert build() == first
    assert Counting.rendered == []


def test_a_folder_that_cannot_be_written_costs_time_only(build):
    expected = build.pages(None)
    build.folder.write_text("a file stands where the folder would")
    assert build() == expected
    assert build() == expected
    assert len(Counting.rendered) == 2


@pytest.mark.parametrize(
    ("error", "told"),
    [(ViewError("not today"), "not today"), (IndexError("a bug"), "IndexError: a bug")],
)
def test_a_block_that_failed_says_so_and_is_not_kept(build, error, told):
    Counting.fails = error
    assert [problem.message for problem in build().problems] == [told, told]
    Counting.fails = None
    Counting.rendered.clear()
    assert build().problems == []
    assert len(Counting.rendered) == 2


@pytest.mark.parametrize("kind", ["frames", "blobs"])
def test_damage_in_the_archive_is_told_although_the_block_is_kept(build, kind):
    build()
    [path] = (build.shop.folder / "archive" / "sales" / "2024-W01" / "1" / "blobs").iterdir()
    edition = build.shop.archive.editions()[0]
    view = next(view for view in edition.record.views if view.id == "shown")
    if kind == "frames":
        name = edition.record.frames[view.frames["main"]].sha256
        path = path.parent.parent / "frames" / f"{name}.parquet"
    path.write_bytes(b"damaged")
    problems = build().problems
    assert {problem.period for problem in problems} == {"2024-W01"}
    assert "shown" in {problem.view for problem in problems}
    assert problems == build.pages(None).problems


def test_what_was_not_asked_for_is_removed(tmp_path: Path):
    old = BlockCache(tmp_path, "code")
    old.put("asked", Rendered(text="a"))
    old.put("not-asked", Rendered(text="b"))
    (tmp_path / "left.1234abcd").write_text("by a build that was stopped")
    new = BlockCache(tmp_path, "code")
    assert new.get("asked") == Rendered(text="a")
    new.put("new", Rendered(text="c"))
    new.prune()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["asked.json", "new.json"]


def test_one_build_may_prune_what_another_uses(tmp_path: Path):
    mine, other = BlockCache(tmp_path, "code"), BlockCache(tmp_path, "code")
    mine.put("mine", Rendered(text="a"))
    other.prune()
    assert mine.get("mine") is None
    mine.put("mine", Rendered(text="a"))
    assert mine.get("mine") == Rendered(text="a")


def test_a_text_that_utf_8_cannot_hold_is_not_kept(tmp_path: Path):
    cache = BlockCache(tmp_path, "code")
    cache.put("key", Rendered(text="\ud800"))
    assert cache.get("key") is None
    assert list(tmp_path.iterdir()) == []


def test_text_and_bytes_come_back_as_they_were(tmp_path: Path):
    cache = BlockCache(tmp_path, "code")
    made = Rendered(text="a\r\n\u2028\0<b>'é", assets={"x/é.bin": BYTES, "empty": b""})
    cache.put("key", made)
    assert cache.get("key") == made
