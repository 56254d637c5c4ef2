"""The JSON files of editions, reports and the site: what they say, and where they lead."""

from __future__ import annotations

import json
import os
import posixpath
import re
import shutil
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from click.testing import CliRunner
from docs_examples import GUIDE, examples, run, write_files
from jsonschema import validate

from kpisite.archive.index import Entry
from kpisite.cli.main import main
from kpisite.render.block_cache import BlockCache
from kpisite.render.templates import Templates
from kpisite.site.archive_site import ArchiveSite
from kpisite.site.documents import DOCUMENTS, Document, document_schema
from kpisite.site.machine import SiteAbout, report_index
from kpisite.site.urls import Urls

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import ProjectFiles

ABOUT = SiteAbout("Our KPIs", "https://kpi.example.org/")


class Site:
    """All that a project's archive adds to a site: pages and files."""

    def __init__(self, project: ProjectFiles, urls: Urls, about: SiteAbout = ABOUT) -> None:
        site = ArchiveSite(project.archive.editions(), Templates([]), urls, "code")
        contents = [planned.content() for planned in site.editions()]
        cache = BlockCache(project.folder / "fronts", "code")
        pages = [*site.front(cache), *(page for content in contents for page in content.pages)]
        assets = [asset for content in contents for asset in content.assets]
        files = [*site.machine_files(cache, about), *assets]
        self.pages = {posixpath.join(page.folder, "index.html") for page in pages}
        self.files = {file.uri: file.content for file in files}

    def json(self, uri: str) -> Any:
        return json.loads(self.files[uri])

    def json_files(self) -> list[str]:
        return [
            uri for uri in self.files if posixpath.basename(uri) in ("edition.json", "index.json")
        ]

    def leads_somewhere(self, uri: str, address: str) -> bool:
        """Tell whether an address in a file is that of a page or of a file."""
        assert "://" not in address
        target = posixpath.normpath(posixpath.join(posixpath.dirname(uri), unquote(address)))
        if address.endswith("/"):
            target = posixpath.normpath(f"{target}/index.html")
        return target in self.pages or target in self.files


@pytest.fixture
def ran(project: ProjectFiles) -> ProjectFiles:
    project.run()
    return project


def addresses(value: Any, name: str = "") -> Iterator[str]:
    """Yield all addresses in a document."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from addresses(part, key)
    elif isinstance(value, list):
        for part in value:
            yield from addresses(part, name)
    elif value is not None and (name in ("csv", "parquet", "feed", "url") or name.endswith("_url")):
        yield value


def fields(model: type[Document]) -> set[str]:
    """Return the names of all fields of a format."""
    schema = model.model_json_schema(mode="serialization")
    parts = [schema, *schema.get("$defs", {}).values()]
    return {name for part in parts for name in part.get("properties", {})}


def revise(project: ProjectFiles) -> None:
    """Make the first edition the second revision of itself."""
    archive = project.folder / "archive" / "sales" / "2024-W01"
    shutil.copytree(archive / "1", archive / "2")
    record = archive / "2" / "edition.json"
    record.write_text(record.read_text().replace('"revision": 1', '"revision": 2'))


def test_an_edition_says_what_it_is_and_what_stands_beside_it(ran):
    edition = Site(ran, Urls()).json("sales/2024-W01/edition.json")
    assert edition["version"] == 1
    assert edition["period"] == {
        "label": "2024-W01",
        "title": "Week 1, 2024",
        "span": "1 – 7 January 2024",
        "unit": "week",
        "start": "2024-01-01T00:00:00Z",
        "end": "2024-01-08T00:00:00Z",
        "timezone": "UTC",
    }
    assert (edition["status"], edition["revision"]) == ("sealed", 1)
    assert edition["run"] == "2024-02-01T12:00:00Z"
    assert edition["previous"] is None
    assert edition["next"]["json_url"] == "../2024-W02/edition.json"
    [metric] = edition["metrics"]
    assert (metric["name"], metric["value"], metric["text"]) == ("total", 308, "308")
    assert [view["id"] for view in edition["views"]] == ["total", "shops"]
    [shops] = edition["views"][1]["data"]
    assert (shops["rows"], shops["columns"]) == (2, ["shop", "amount"])


@pytest.mark.parametrize("directory_urls", [True, False])
def test_every_address_leads_to_a_page_or_a_file(ran, directory_urls):
    revise(ran)
    site = Site(ran, Urls(directory_urls))
    found = [(uri, a) for uri in site.json_files() for a in addresses(site.json(uri))]
    assert len(found) > 30
    assert [(uri, a) for uri, a in found if not site.leads_somewhere(uri, a)] == []


def test_a_report_in_a_folder_of_reports_has_addresses_too(ran):
    (ran.content / "sales").rename(ran.content / "moved")
    (ran.content / "the north").mkdir()
    (ran.content / "moved").rename(ran.content / "the north" / "sales")
    shutil.rmtree(ran.folder / "archive")
    ran.run()
    site = Site(ran, Urls())
    assert site.json("index.json")["reports"][0]["url"] == "the%20north/sales/"
    for uri in site.json_files():
        assert all(site.leads_somewhere(uri, address) for address in addresses(site.json(uri)))


def test_a_new_edition_changes_only_the_next_link_of_its_neighbour(project):
    project.run()
    before = Site(project, Urls())
    project.write(project.report.replace("until: 2024-01-15", "until: 2024-01-22"))
    project.run()
    after = Site(project, Urls())
    first, second = "sales/2024-W01/edition.json", "sales/2024-W02/edition.json"
    assert after.files[first] == before.files[first]
    assert before.json(second)["next"] is None
    assert after.json(second) == {**before.json(second), "next": after.json(second)["next"]}
    assert after.json(second)["next"]["label"] == "2024-W03"


def test_revisions_name_each_other(ran):
    revise(ran)
    site = Site(ran, Urls())
    newest = site.json("sales/2024-W01/edition.json")
    oldest = site.json("sales/revisions/2024-W01/1/edition.json")
    assert [link["revision"] for link in newest["replaces"]] == [1]
    assert newest["replaced_by"] is None
    assert oldest["replaced_by"]["revision"] == 2
    assert oldest["replaced_by"]["url"] == "../../../2024-W01/"
    assert site.json("sales/index.json")["editions"][1]["revision"] == 2


def test_a_view_that_could_not_be_made_says_so(ran):
    next((ran.folder / "archive" / "sales" / "2024-W01").rglob("*.parquet")).write_bytes(b"damaged")
    views = Site(ran, Urls()).json("sales/2024-W01/edition.json")["views"]
    assert "error" in {view["status"] for view in views}
    assert all((view["status"] == "error") == (view["data"] == []) for view in views)


def test_the_index_of_a_report_has_all_editions_newest_first(ran):
    index = Site(ran, Urls()).json("sales/index.json")
    assert [row["period"] for row in index["editions"]] == ["2024-W02", "2024-W01"]
    assert [row["values"] for row in index["editions"]] == [{"total": 847}, {"total": 308}]
    assert [metric["name"] for metric in index["metrics"]] == ["total"]
    assert index["feed"] == "feed.xml"


def test_the_index_of_a_report_opens_no_record(ran, monkeypatch):
    entries = ran.archive.editions()
    monkeypatch.delattr(Entry, "load")
    made = report_index(entries, "Sales", "", Urls(), feed=False)
    assert len(json.loads(made)["editions"]) == 2


def test_a_gap_is_null(ran):
    (ran.content / "sales" / "sales.csv").write_text("day,shop,amount\n2024-01-09,east,5\n")
    shutil.rmtree(ran.folder / "archive")
    ran.run()
    site = Site(ran, Urls())
    assert site.json("sales/index.json")["editions"][1]["values"] == {"total": None}
    assert site.json("sales/2024-W01/edition.json")["metrics"][0]["value"] is None


def test_the_index_of_the_site_has_each_report_with_its_newest_edition(ran):
    index = Site(ran, Urls()).json("index.json")
    assert (index["title"], index["url"], index["feed"]) == ("Our KPIs", "./", "feed.xml")
    [report] = index["reports"]
    assert (report["title"], report["editions"]) == ("Sales, weekly", 2)
    assert report["index_url"] == "sales/index.json"
    assert report["newest"]["period"]["label"] == "2024-W02"
    assert report["newest"]["metrics"][0]["text"] == "847"


def test_an_archive_without_editions_has_an_index_and_a_feed(project):
    site = Site(project, Urls())
    assert site.json("index.json")["reports"] == []
    assert sorted(site.files) == ["feed.xml", "index.json"]


def test_without_an_address_there_are_no_feeds(ran):
    site = Site(ran, Urls(), SiteAbout("Ours"))
    assert not [uri for uri in site.files if uri.endswith(".xml")]
    assert site.json("index.json")["feed"] is None
    assert site.json("sales/index.json")["feed"] is None


def test_every_file_is_as_its_format_says(ran):
    revise(ran)
    site = Site(ran, Urls())
    formats = {"index.json": "site", "sales/index.json": "index"}
    for uri in site.json_files():
        name = formats.get(uri, "edition")
        read = DOCUMENTS[name].model_validate_json(site.files[uri])
        assert read.model_dump_json().encode() == site.files[uri]
        validate(site.json(uri), document_schema(name))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_schema_of_every_format_is_printed_and_open_for_more_fields(name):
    result = CliRunner().invoke(main, ["schema", name])
    assert result.exit_code == 0, result.output
    schema = json.loads(result.stdout)
    assert schema == document_schema(name)
    assert schema["properties"]["version"]["const"] == 1
    assert set(schema["required"]) == set(schema["properties"])
    assert '"additionalProperties": false' not in result.stdout


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_field_is_in_the_guide(name):
    text = (GUIDE / "machines.md").read_text()
    named = set(re.findall(r"`([a-z_]+)`", text))
    assert not fields(DOCUMENTS[name]) - named


def test_the_example_of_the_guide_is_what_a_build_makes(tmp_path: Path):
    [example] = [e for e in examples(GUIDE / "machines.md") if e.language == "json"]
    shown = json.loads(example.text)
    write_files(GUIDE / "index.md", tmp_path)
    now = {**os.environ, "KPISITE_NOW": "2025-03-01"}
    built = run(tmp_path, "mkdocs", "build", "--strict", environment=now)
    assert built.returncode == 0, built.stderr
    made = json.loads((tmp_path / "site/sales/2025-W04/edition.json").read_text())
    assert made["provenance"].startswith(shown.pop("provenance").removesuffix("…"))
    del made["provenance"]  # it has seconds
    assert shown == {**made, "metrics": made["metrics"][:1], "views": made["views"][2:3]}
