"""Pages of editions that did not change are not made again; the site is the same to the byte."""

from __future__ import annotations

import gzip
import json
import logging
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort
from small_sites import write_site

REPORT = """\
title: Sales, monthly
description: What the shop sold.
schedule: monthly
since: 2024-01-01
until: 2024-04-01
datasources:
  shop: {plugin: duckdb, args: {files: {sales: sales.csv}}}
views:
  sold:
    plugin: single_stat
    title: Sold
    args:
      datasource: shop
      query: select sum(amount) from sales where day >= {from} and day < {to}
      compare: previous
  words:
    plugin: text
    title: In short
    args:
      datasource: shop
      query: select sum(amount) as amount from sales where day >= {from} and day < {to}
      text: |
        Sold {% for row in rows %}{{ row.amount }}{% endfor %}, see [the notes](/notes.md#why).
  rows:
    plugin: table
    args:
      datasource: shop
      query: select * from sales where day >= {from} and day < {to}
"""
SALES = "day,amount,customer\n2024-01-05,10,Ann\n2024-01-20,5,<b>Bob</b>\n2024-02-03,30,Cy\n"
NOTES = "# Notes\n\n## Why\n\nBecause. See [January](sales/2024-01/index.md).\n"
CONFIG: dict[str, Any] = {
    "site_name": "Small",
    "site_url": "https://kpi.example.org/",
    "theme": {"name": "material", "font": False, "features": ["navigation.instant"]},
    "plugins": ["search", "kpisite"],
    "nav": [{"Overview": "index.md"}, "sales/index.md", "notes.md"],
    "extra": {"homepage": "https://example.org/"},
    "validation": {"links": {"anchors": "warn", "absolute_links": "relative_to_docs"}},
}
COUNTS = re.compile(r"pages of editions: (\d+) from the cache, (\d+) made")


class Site:
    """A project that is built in this process, three editions in its archive."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.monkeypatch = monkeypatch
        self.report = write_site(folder, REPORT, SALES)
        self.notes = folder / "docs" / "notes.md"
        self.notes.write_text(NOTES)
        self.configure()
        self.now("2024-06-01T00:00+00:00")
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "1711929600")

    def configure(self, **changes: Any) -> None:
        (self.folder / "mkdocs.yml").write_text(yaml.safe_dump({**CONFIG, **changes}))

    def now(self, moment: str) -> None:
        self.monkeypatch.setenv("KPISITE_NOW", moment)

    def build(self) -> tuple[int, int]:
        """Build strictly; return how many editions came from the cache, and how many did not."""
        logger, heard = logging.getLogger("mkdocs"), Heard()
        logger.setLevel(logging.INFO)
        logger.addHandler(heard)
        try:
            config = load_config(str(self.folder / "mkdocs.yml"), strict=True)
            config.plugins.on_startup(command="build", dirty=False)
            build(config)
        finally:
            logger.removeHandler(heard)
            self.said = heard.said
        counts = [COUNTS.search(line) for line in heard.said]
        return next((int(match[1]), int(match[2])) for match in counts if match)

    def build_apart(self, *packages: Path) -> tuple[int, int]:
        """Build in a process of its own, which finds more packages."""
        done = subprocess.run(
            [sys.executable, "-m", "mkdocs", "build", "--strict"],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([*map(str, packages), *sys.path])},
            capture_output=True,
            text=True,
            check=True,
        )
        match = COUNTS.search(done.stderr)
        assert match is not None, done.stderr
        return int(match[1]), int(match[2])

    def files(self) -> dict[str, bytes]:
        site = self.folder / "site"
        found = (path for path in site.rglob("*") if path.is_file())
        return {path.relative_to(site).as_posix(): path.read_bytes() for path in found}

    def kept(self) -> list[Path]:
        return [
            path for path in (self.folder / ".cache/kpisite/pages").rglob("*") if path.is_file()
        ]

    def forget(self) -> None:
        shutil.rmtree(self.folder / ".cache")

    def page(self, path: str) -> str:
        return (self.folder / "site" / path / "index.html").read_text()


class Heard(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site of three editions, January to March 2024, that was built once."""
    made = Site(tmp_path, monkeypatch)
    assert made.build() == (0, 3)
    return made


def assert_same_as_cold(site: Site) -> None:
    warm = site.files()
    site.forget()
    assert site.build()[0] == 0
    cold = site.files()
    assert warm.keys() == cold.keys()
    assert [path for path in cold if cold[path] != warm[path]] == []


def assert_all_made_anew(site: Site) -> None:
    """Build after a change that shows on every page."""
    assert site.build() == (0, 3)
    assert site.build() == (3, 0)
    assert_same_as_cold(site)


def assert_all_reused(site: Site) -> None:
    """Build after a change that shows on no page of an edition."""
    assert site.build() == (3, 0)
    assert_same_as_cold(site)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


# A build with nothing new


def test_without_a_change_every_edition_comes_from_the_cache(site):
    before = site.files()
    assert site.build() == (3, 0)
    assert site.files() == before


def test_without_its_cache_a_build_makes_the_same_site(site):
    before = site.files()
    site.forget()
    assert site.build() == (0, 3)
    assert site.files() == before


def test_the_site_map_and_the_search_index_of_a_warm_build_name_every_edition(site):
    site.build()
    listed = (site.folder / "site" / "sitemap.xml").read_text()
    packed = (site.folder / "site" / "sitemap.xml.gz").read_bytes()
    assert gzip.decompress(packed).decode() == listed
    index = json.loads((site.folder / "site" / "search" / "search_index.json").read_text())
    for label in ("2024-01", "2024-02", "2024-03"):
        assert f"<loc>https://kpi.example.org/sales/{label}/</loc>" in listed
        assert f"<loc>https://kpi.example.org/sales/{label}/rows/</loc>" in listed
        assert sum(entry["location"] == f"sales/{label}/" for entry in index["docs"]) == 1


def test_the_search_index_has_less_than_400_bytes_of_an_edition(site):
    index = json.loads((site.folder / "site" / "search" / "search_index.json").read_text())
    for label in ("2024-01", "2024-02", "2024-03"):
        entries = [e for e in index["docs"] if e["location"].startswith(f"sales/{label}/")]
        assert len(entries) == 1
        assert len(json.dumps(entries[0])) < 400
        assert "Sales, monthly" in entries[0]["title"] + entries[0]["text"]


def test_the_search_finds_an_edition_by_its_month_its_texts_and_nothing_of_its_tables(site):
    index = json.loads((site.folder / "site" / "search" / "search_index.json").read_text())
    entry = next(e for e in index["docs"] if e["location"] == "sales/2024-01/")
    assert entry["title"] == "Sales, monthly – January 2024"
    assert "2024-01, sealed · Sold 15 · Sold 15, see the notes" in entry["text"]
    assert "Ann" not in json.dumps(index)
    assert "kpi-card" in site.files()["sales/2024-01/index.html"].decode()


def test_the_search_reads_numbers_of_a_text_as_they_are_shown(site):
    site.report.write_text(REPORT.replace("{{ row.amount }}", "{{ (row.amount or 0) / 2 }}"))
    site.forget()
    shutil.rmtree(site.folder / "archive")
    site.build()
    index = json.loads((site.folder / "site" / "search" / "search_index.json").read_text())
    entry = next(e for e in index["docs"] if e["location"] == "sales/2024-01/")
    assert "Sold 7.5, see the notes" in entry["text"]


def test_hostile_text_in_a_report_is_text_in_the_search(site):
    site.report.write_text(REPORT.replace("Sold {%", "<img src=x onerror=alert(1)> {%"))
    site.forget()
    shutil.rmtree(site.folder / "archive")
    site.build()
    index = json.loads((site.folder / "site" / "search" / "search_index.json").read_text())
    entry = next(e for e in index["docs"] if e["location"] == "sales/2024-01/")
    assert "<img" not in entry["text"]
    assert "&lt;img" in entry["text"]


# The folder of the site


def test_files_of_an_edition_that_did_not_change_are_not_written_again(site):
    page = site.folder / "site" / "sales" / "2024-02" / "rows" / "index.html"
    before = page.stat()
    site.build()
    assert (page.stat().st_ino, page.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_file_that_somebody_changed_in_the_site_is_written_again(site):
    before = site.files()
    (site.folder / "site" / "sales" / "2024-02" / "index.html").write_text("mine")
    (site.folder / "site" / "sales" / "2024-01" / "rows" / "index.html").unlink()
    (site.folder / "site" / "sales" / "2024-03" / "more.txt").write_text("mine")
    assert site.build() == (3, 0)
    assert site.files() == before


def test_a_site_that_is_gone_comes_from_the_cache(site):
    before = site.files()
    shutil.rmtree(site.folder / "site")
    assert site.build() == (3, 0)
    assert site.files() == before


def test_what_a_build_that_was_killed_has_left_in_the_site_is_removed(site):
    before = site.files()
    left = site.folder / "site" / ".kpisite-previous" / "sales"
    left.mkdir(parents=True)
    (left / "index.html").write_text("left")
    (site.folder / "site" / ".nojekyll").touch()
    site.build()
    assert site.files() == {**before, ".nojekyll": b""}


def test_a_build_that_fails_leaves_nothing_of_its_own_in_the_site(site):
    edit(site.notes, "January](sales", "January](nowhere")
    with pytest.raises(Abort):
        site.build()
    assert not (site.folder / "site" / ".kpisite-previous").exists()


# What changes the editions' pages: the archive


def test_a_new_edition_changes_its_neighbours_next_link_and_no_other_edition(site):
    before = site.files()
    edit(site.report, "until: 2024-04-01", "until: 2024-05-01")
    assert site.build() == (2, 2)
    changed = {path for path, content in site.files().items() if before.get(path) != content}
    in_old = {p for p in changed if re.match(r"sales/2024-0[123]/", p)}
    assert in_old == {"sales/2024-03/index.html", "sales/2024-03/edition.json"}
    assert '<link rel="next" href="../2024-04/">' in site.page("sales/2024-03")
    assert_same_as_cold(site)


def test_an_edition_that_is_deleted_leaves_no_page_and_no_link(site):
    edit(site.report, "since: 2024-01-01", "since: 2024-03-01")
    shutil.rmtree(site.folder / "archive" / "sales" / "2024-02")
    assert site.build() == (0, 2)  # what came after it has another past
    assert not (site.folder / "site" / "sales" / "2024-02").exists()
    assert "2024-02" not in site.page("sales/2024-01") + site.page("sales/2024-03")
    assert_same_as_cold(site)


def test_an_edition_that_was_not_the_last_changes_those_after_it(site):
    shutil.rmtree(site.folder / "archive" / "sales" / "2024-01")
    edit(site.report.parent / "sales.csv", "2024-01-05,10", "2024-01-05,70")
    assert site.build() == (0, 3)
    assert "75" in site.page("sales/2024-01")
    assert_same_as_cold(site)


# What changes the editions' pages: the project


def test_a_template_of_the_project_makes_all_pages_anew(site):
    look = site.folder / "look" / "pages"
    look.mkdir(parents=True)
    theme = {**CONFIG["theme"], "custom_dir": "look"}
    site.configure(theme=theme)
    site.build()
    shipped = Path(__file__).parents[2] / "site_template" / "pages" / "edition.html"
    (look / "edition.html").write_text(shipped.read_text() + "<p>Ours.</p>\n")
    assert_all_made_anew(site)
    assert "<p>Ours.</p>" in site.page("sales/2024-01")


def test_a_template_of_the_theme_makes_all_pages_anew(site):
    (site.folder / "look").mkdir()
    main = site.folder / "look" / "main.html"
    site.configure(theme={**CONFIG["theme"], "custom_dir": "look"})
    main.write_text('{% extends "base.html" %}{% block announce %}Closed on Monday{% endblock %}')
    assert_all_made_anew(site)
    assert "Closed on Monday" in site.page("sales/2024-01/rows")


@pytest.mark.parametrize(
    "change",
    [
        {"theme": {**CONFIG["theme"], "features": ["navigation.tabs"]}},
        {"theme": {**CONFIG["theme"], "palette": {"scheme": "slate"}}},
        {"extra": {"homepage": "https://example.com/"}},
        {"site_name": "Other"},
        {"site_url": "https://other.example.org/kpi/"},
        {"copyright": "The shop"},
        {"extra_css": ["own.css"]},
        {"markdown_extensions": ["attr_list"]},
        {"use_directory_urls": False},
        {"nav": [{"Home": "index.md"}, "sales/index.md", "notes.md"]},
        {"plugins": [{"search": {"lang": "de"}}, "kpisite"]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_setting_that_shows_on_pages_makes_all_anew(site, change):
    site.configure(**change)
    assert_all_made_anew(site)


def test_a_heading_that_names_a_page_in_the_navigation_makes_all_anew(site):
    edit(site.notes, "# Notes", "# Remarks")
    assert_all_made_anew(site)
    assert "Remarks" in site.page("sales/2024-01")


def test_another_text_on_a_page_of_the_project_changes_no_edition(site):
    edit(site.notes, "Because.", "Because it does.")
    assert_all_reused(site)


def test_a_hook_makes_all_pages_anew(site):
    hook = site.folder / "hook.py"
    hook.write_text("def on_post_page(output, **_):\n    return output + '<!-- one -->'\n")
    site.configure(hooks=["hook.py"])
    assert site.build_apart() == (0, 3)
    assert site.build_apart() == (3, 0)
    edit(hook, "one", "another")
    assert site.build_apart() == (0, 3)
    assert site.page("sales/2024-01").endswith("<!-- another -->")


def test_the_date_makes_all_pages_anew_only_where_a_template_shows_it(site, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1711929600")
    site.build()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1714521600")
    assert_all_reused(site)
    (site.folder / "look").mkdir()
    (site.folder / "look" / "main.html").write_text(
        '{% extends "base.html" %}{% block announce %}{{ build_date_utc }}{% endblock %}'
    )
    site.configure(theme={**CONFIG["theme"], "custom_dir": "look"})
    assert_all_made_anew(site)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1717200000")
    assert_all_made_anew(site)
    assert "2024-06-01" in site.page("sales/2024-01")


def test_another_version_of_an_installed_package_makes_all_pages_anew(site, tmp_path):
    packages = tmp_path / "packages"
    known = packages / "something-1.0.dist-info"
    known.mkdir(parents=True)
    (known / "METADATA").write_text("Metadata-Version: 2.1\nName: something\nVersion: 1.0\n")
    assert site.build_apart(packages) == (0, 3)
    assert site.build_apart(packages) == (3, 0)
    known.rename(packages / "something-1.1.dist-info")
    assert site.build_apart(packages) == (0, 3)


# Links, in a strict build


def test_a_page_from_the_cache_still_warns_of_a_place_that_is_gone(site):
    edit(site.notes, "## Why", "## What for")
    with pytest.raises(Abort):
        site.build()
    told = [line for line in site.said if "notes.md' does not contain an anchor '#why'" in line]
    assert len(told) == 2 * 3 + 1  # both pages of each edition, and the report's own
    edit(site.notes, "## What for", "## Why")
    assert site.build() == (3, 0)


def test_a_page_from_the_cache_is_made_anew_where_its_link_leads_nowhere(site):
    site.notes.unlink()
    site.configure(nav=CONFIG["nav"][:-1])
    for _ in range(2):  # a page that warned is never kept
        with pytest.raises(Abort):
            site.build()
        assert any("pages of editions: 0 from the cache, 3 made" in line for line in site.said)
        assert any("notes.md" in line and "2024-01" in line for line in site.said)


def test_pages_of_the_project_may_link_to_editions_from_the_cache(site):
    site.build()
    notes = (site.folder / "site" / "notes" / "index.html").read_text()
    assert 'href="../sales/2024-01/"' in notes
    edit(site.notes, "2024-01/index.md", "2024-02/index.md")
    assert_all_reused(site)


def test_a_page_of_the_project_in_place_of_a_generated_one_wins_over_the_cache(site):
    own = site.folder / "docs" / "sales" / "2024-02"
    own.mkdir()
    (own / "index.md").write_text("# The month of the flood\n")
    assert site.build() == (2, 1)
    assert "The month of the flood" in site.page("sales/2024-02")
    assert (site.folder / "site" / "sales" / "2024-02" / "rows" / "index.html").is_file()
    assert_same_as_cold(site)


def test_an_edition_may_stand_in_the_navigation(site):
    site.configure(nav=[*CONFIG["nav"], {"The best": "sales/2024-02/index.md"}])
    assert site.build() == (0, 3)
    assert site.build() == (2, 1)
    assert "The best" in site.page("sales/2024-01")
    assert_same_as_cold(site)


# A cache that is damaged, gone, or shared


@pytest.mark.parametrize("spoil", ["cut", "flip", "empty", "foreign", "newer"])
def test_a_damaged_file_of_the_cache_is_made_again(site, spoil):
    before = site.files()
    shutil.rmtree(site.folder / "site")
    for path in site.kept():
        content = path.read_bytes()
        middle = len(content) - 40
        path.write_bytes(
            {
                "cut": content[:-100],
                "flip": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
                "empty": b"",
                "foreign": b"something else\n" + content,
                "newer": content.replace(b"kpisite pages 1", b"kpisite pages 9", 1),
            }[spoil]
        )
    assert site.build() == (0, 3)
    assert site.files() == before
    assert site.build() == (3, 0)


def test_a_cache_that_leads_out_of_the_site_is_not_used(site):
    from kpisite.site.page_cache import CachedFile, Manifest, PageCache

    path = next(path for path in site.kept() if b"sales/2024-01/index.md" in path.read_bytes())
    cache = PageCache(path.parents[1], path.parent.name)
    manifest = cache.manifest(path.name)
    assert manifest is not None
    outside = CachedFile.model_construct(path="../../evil.txt", size=4)
    shutil.rmtree(site.folder / "site")
    evil = Manifest.model_construct(navigation=manifest.navigation, pages=(), files=(outside,))
    cache.store(path.name, evil, [b"evil"])
    assert site.build() == (2, 1)
    assert not list(site.folder.parent.rglob("evil.txt"))


def test_a_cache_that_cannot_be_written_costs_only_time(site):
    before = site.files()
    site.forget()
    (site.folder / ".cache").mkdir()
    (site.folder / ".cache" / "kpisite").write_text("no folder")
    assert site.build() == (0, 3)
    assert site.files() == before


def test_the_cache_keeps_what_the_last_build_used_and_two_other_sites(site):
    assert len(site.kept()) == 3 + 3  # editions; the archive, KPIs, the comparison
    edit(site.report, "until: 2024-04-01", "until: 2024-05-01")
    site.build()
    assert len(site.kept()) == 4 + 3
    for name in ("One", "Two", "Three"):
        site.configure(site_name=name)
        site.build()
    assert len(site.kept()) == 3 * (4 + 3)


def test_two_builds_at_once_share_a_cache(site):
    before = site.files()
    site.forget()
    folders = [site.folder, site.folder.with_name("twin")]
    shutil.copytree(site.folder, folders[1])
    shared = site.folder / ".cache" / "kpisite"
    shared.mkdir(parents=True)
    (folders[1] / ".cache").mkdir()
    (folders[1] / ".cache" / "kpisite").symlink_to(shared)
    for _ in range(2):
        command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
        running = [subprocess.Popen(command, cwd=f, stderr=subprocess.DEVNULL) for f in folders]
        assert [process.wait(120) for process in running] == [0, 0]
        for folder in folders:
            built = folder / "site"
            same = {
                p.relative_to(built).as_posix(): p.read_bytes()
                for p in built.rglob("*")
                if p.is_file()
            }
            assert same == before


def test_a_quiet_build_keeps_nothing_since_it_does_not_hear_warnings(site):
    site.forget()
    quiet = [sys.executable, "-m", "mkdocs", "build", "-q"]
    subprocess.run(quiet, cwd=site.folder, check=True)
    assert site.kept() == []
    assert site.build() == (0, 3)
    subprocess.run(quiet, cwd=site.folder, check=True)
    assert site.build() == (3, 0)


# What a new edition changes


def test_a_new_edition_changes_what_shows_the_newest_and_its_neighbour_and_nothing_else(site):
    before = site.files()
    edit(site.report, "until: 2024-04-01", "until: 2024-05-01")
    assert site.build() == (2, 2)
    after = site.files()
    changed = {path for path in after if after[path] != before.get(path)}
    own = {path for path in changed if path.startswith("sales/2024-04/")}
    assert own
    assert changed - own == {
        "index.html",
        "index.json",
        "feed.xml",
        "preview.png",
        "sales/index.html",
        "sales/index.json",
        "sales/feed.xml",
        "sales/archive/index.html",
        "sales/compare/index.html",
        "sales/compare/metrics.json",
        "sales/kpis/sold/index.html",
        "sales/2024-03/index.html",
        "sales/2024-03/edition.json",
        "search/search_index.json",
        "sitemap.xml",
        "sitemap.xml.gz",
    }
    assert before.keys() <= after.keys()
