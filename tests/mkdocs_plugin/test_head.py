"""The head of pages: previews of links, neighbours, feeds and JSON, with any theme."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from test_page_cache import CONFIG, REPORT, Site, assert_same_as_cold, edit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINE = "January 2024: Sold 15 · Returned 3"
OWN_MAIN = """\
{% extends "base.html" %}
{% block extrahead %}{{ super() }}<meta name="ours" content="yes">{% endblock %}
"""


class Head(HTMLParser):
    """What stands in the head of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.meta: list[tuple[str, str]] = []
        self.links: list[tuple[str, str, str]] = []
        """Relation, type and address."""
        head, end, self.rest = page.partition("</head>")
        assert end
        self.feed(head)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "meta":
            name = values.get("property") or values.get("name", "")
            self.meta.append((name, values.get("content", "")))
        if tag == "link":
            self.links.append((values["rel"], values.get("type", ""), values.get("href", "")))

    def named(self, name: str) -> list[str]:
        return [content for known, content in self.meta if known == name]

    def linked(self, rel: str, kind: str = "") -> list[str]:
        return [href for known, of, href in self.links if (known, of) == (rel, kind)]

    @property
    def feeds(self) -> list[str]:
        return self.linked("alternate feed", "application/atom+xml")

    @property
    def json(self) -> list[str]:
        return self.linked("alternate describedby", "application/json")


def make(folder: Path, monkeypatch: pytest.MonkeyPatch, **changes: object) -> Site:
    site = Site(folder, monkeypatch)
    second = REPORT.replace("  words:", RETURNED + "  words:")
    site.report.write_text(second)
    site.configure(**changes)
    site.build()
    return site


RETURNED = """\
  returned:
    plugin: single_stat
    title: Returned
    args: {datasource: shop, query: select 3}
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of three editions; nobody changes it."""
    with pytest.MonkeyPatch.context() as patch:
        yield make(tmp_path_factory.mktemp("head"), patch)


def head(site: Site, path: str) -> Head:
    return Head(site.page(path))


def test_an_edition_says_its_period_and_its_kpis_to_whoever_shows_a_link(built):
    found = head(built, "sales/2024-01")
    assert found.named("og:type") == ["article"]
    assert found.named("og:title") == ["Sales, monthly – January 2024"]
    assert found.named("og:description") == [LINE]
    assert found.named("description") == [LINE]
    assert found.named("og:url") == ["https://kpi.example.org/sales/2024-01/"]
    assert found.named("og:site_name") == ["Small"]
    assert found.named("twitter:card") == ["summary_large_image"]


def test_a_view_says_its_own_kpi(built):
    assert head(built, "sales/2024-01/returned").named("og:description") == [
        "January 2024: Returned 3"
    ]


def test_the_page_of_a_report_says_what_its_newest_edition_says(built):
    [line] = head(built, "sales").named("og:description")
    assert line.startswith("March 2024: Sold ")
    assert head(built, "").named("og:type") == ["website"]


@pytest.mark.parametrize("path", ["sales/2024-02", "sales/2024-02/rows", "sales", "sales/archive"])
def test_no_tag_is_there_twice(built, path):
    found = head(built, path)
    names = [name for name, _ in found.meta if name]
    assert len(names) == len(set(names))
    assert len(found.linked("canonical")) == 1
    assert len(found.linked("prev")) <= 1
    assert len(found.linked("next")) <= 1


def test_an_edition_names_its_neighbours_and_its_own_address(built):
    found = head(built, "sales/2024-02")
    assert found.linked("prev") == ["../2024-01/"]
    assert found.linked("next") == ["../2024-03/"]
    assert found.linked("canonical") == ["https://kpi.example.org/sales/2024-02/"]
    assert head(built, "sales/2024-01").linked("prev") == []
    assert head(built, "sales/2024-03").linked("next") == []


@pytest.mark.parametrize(
    ("path", "feed", "json"),
    [
        ("", "feed.xml", ["index.json"]),
        ("sales", "feed.xml", ["index.json"]),
        ("sales/archive", "../feed.xml", ["../index.json"]),
        ("sales/2024-01", "../feed.xml", ["edition.json"]),
        ("sales/2024-01/rows", "../../feed.xml", ["../edition.json"]),
        ("notes", "../feed.xml", []),
    ],
)
def test_a_page_names_its_feed_and_its_json(built, path, feed, json):
    found = head(built, path)
    assert (found.feeds, found.json) == ([feed], json)
    folder = built.folder / "site" / path
    assert all((folder / address).is_file() for address in [feed, *json])


def test_a_page_of_the_project_has_no_preview_of_ours(built):
    assert head(built, "notes").named("og:title") == []


def test_pages_from_the_cache_have_the_same_head(built):
    before = built.files()
    assert built.build() == (3, 0)
    assert built.files() == before


def test_without_an_address_no_feed_is_there_and_none_is_named(tmp_path, monkeypatch):
    site = make(tmp_path, monkeypatch, site_url="")
    assert not [path for path in site.files() if path.endswith("feed.xml")]
    assert "feed.xml" not in "".join(map(str, site.files().values()))
    found = head(site, "sales/2024-01")
    assert (found.feeds, found.json) == ([], ["edition.json"])
    assert found.named("og:url") == []
    assert found.named("og:title") == ["Sales, monthly – January 2024"]
    assert head(site, "notes").links == [
        link for link in head(site, "notes").links if not link[0].startswith("alternate")
    ]


@pytest.mark.parametrize("main", [OWN_MAIN, OWN_MAIN.replace("{{ super() }}", "")])
def test_a_main_template_of_the_project_takes_nothing_away(tmp_path, monkeypatch, main):
    (tmp_path / "look").mkdir()
    (tmp_path / "look" / "main.html").write_text(main)
    site = make(tmp_path, monkeypatch, theme={**CONFIG["theme"], "custom_dir": "look"})
    found = head(site, "sales/2024-01")
    assert found.named("ours") == ["yes"]
    assert found.named("og:description") == [LINE]
    assert found.feeds == ["../feed.xml"]


def test_another_theme_has_the_tags_too(tmp_path, monkeypatch):
    site = make(tmp_path, monkeypatch, theme={"name": "mkdocs"})
    assert head(site, "sales/2024-01").named("og:description") == [LINE]


def test_the_template_of_the_head_can_be_replaced(tmp_path, monkeypatch):
    (tmp_path / "look" / "pages").mkdir(parents=True)
    own = '{% if page %}<meta name="ours" content="{{ page.title }}">{% endif %}'
    (tmp_path / "look" / "pages" / "head.html").write_text(own)
    site = make(tmp_path, monkeypatch, theme={**CONFIG["theme"], "custom_dir": "look"})
    found = head(site, "sales/2024-01")
    assert found.named("ours") == ["Sales, monthly – January 2024"]
    assert found.named("og:title") == []


def test_previews_of_another_plugin_or_theme_stay_alone(tmp_path, monkeypatch):
    (tmp_path / "look").mkdir()
    tag = '<meta property="og:title" content="Theirs">'
    (tmp_path / "look" / "main.html").write_text(OWN_MAIN.replace("{{ super() }}", tag))
    site = make(tmp_path, monkeypatch, theme={**CONFIG["theme"], "custom_dir": "look"})
    found = head(site, "sales/2024-01")
    assert found.named("og:title") == ["Theirs"]
    assert found.named("og:description") == []
    assert found.feeds == ["../feed.xml"]


def test_hostile_text_stays_in_its_attribute(tmp_path, monkeypatch):
    hostile = "\"><script>alert(1)</script></head>'&amp;"
    site = Site(tmp_path, monkeypatch)
    edit(site.report, "title: Sold", "title: '" + hostile.replace("'", "''") + "'")
    site.build()
    found = head(site, "sales/2024-01")
    for name in ("og:description", "description"):
        assert found.named(name) == [f"January 2024: {hostile} 15"]
    assert "alert(1)</script>" not in site.page("sales/2024-01")


def test_a_file_of_the_project_is_not_replaced(tmp_path, monkeypatch):
    site = Site(tmp_path, monkeypatch)
    (site.report.parent / "feed.xml").write_text("<ours/>")
    site.build()
    assert site.files()["sales/feed.xml"] == b"<ours/>"


def test_without_directory_urls_addresses_lead_there_too(tmp_path, monkeypatch):
    site = make(tmp_path, monkeypatch, use_directory_urls=False)
    found = head(site, "sales/2024-02")
    assert (found.feeds, found.json) == (["../feed.xml"], ["edition.json"])
    assert found.linked("next") == ["../2024-03/index.html"]
    assert found.named("og:url") == ["https://kpi.example.org/sales/2024-02/index.html"]


def test_a_new_edition_changes_feeds_and_indexes_and_a_cold_build_makes_the_same(
    tmp_path, monkeypatch
):
    site = make(tmp_path, monkeypatch)
    before = site.files()
    edit(site.report, "until: 2024-04-01", "until: 2024-05-01")
    site.build()
    changed = {path for path, content in site.files().items() if before.get(path) != content}
    machine = {path for path in changed if path.endswith((".json", "feed.xml"))}
    assert machine == {
        *("feed.xml", "index.json", "sales/feed.xml", "sales/index.json"),
        *("sales/2024-03/edition.json", "sales/2024-04/edition.json"),
        "sales/compare/metrics.json",
        "search/search_index.json",
    }
    assert_same_as_cold(site)
