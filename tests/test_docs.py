"""The guide is true: its examples run, and it names all that there is."""

from __future__ import annotations

import importlib
import os
import re
import sys
import tomllib
import zipfile
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import duckdb
import pytest
import yaml
from docs_examples import GUIDE, PAGES, ROOT, Example, examples, run, write_files
from mkdocs.config import load_config

import kpisite.plugins
from kpisite.model.definition import Report, Theme, ViewDefinition
from kpisite.pipeline.loading import load_report
from kpisite.plugins.registry import Kind, load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REPORTS = [example for page in PAGES for example in examples(page) if example.is_report]
KINDS: tuple[Kind, ...] = ("datasources", "views", "outputs")
BUILT_IN = [
    (kind, point.name)
    for kind in KINDS
    for point in sorted(entry_points(group=f"kpisite.{kind}"))
    if point.value.startswith("kpisite.")
]
NOW = {**os.environ, "KPISITE_NOW": "2025-03-01"}
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)")


def words(page: Path) -> set[str]:
    """Return what a page sets as code, in the text or in a block."""
    text = page.read_text(encoding="utf-8")
    code = re.findall(r"`([^`\n]+)`", text) + [example.text for example in examples(page)]
    return {word for part in code for word in re.findall(r"[\w-]+", part)}


def main_name(kind: Kind, name: str) -> str:
    """Return the name of a plugin that others, such as `s3`, are an alias of: its file's.

    A dot in a plugin's name is an underscore in that of its file.
    """
    return load(kind, name).cls.__module__.rpartition(".")[2]


@pytest.fixture
def importable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the plugins of the guide, on the path."""
    write_files(GUIDE / "plugins.md", tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [name for name in sys.modules if name.split(".")[0] == "shopkit"]:
        del sys.modules[name]


def test_there_are_examples_to_test() -> None:
    assert len(REPORTS) > 5
    assert all(any(example.page == page for example in REPORTS) for page in PAGES[:1])


@pytest.mark.parametrize("example", REPORTS, ids=lambda example: example.place)
def test_every_report_of_the_guide_is_valid(example: Example, importable: Path) -> None:
    file = importable / "report.yml"
    file.write_text(example.text, encoding="utf-8")
    assert load_report("example", [file], example.environment).views


def test_the_ten_minutes_end_with_a_site_that_needs_no_data_any_more(tmp_path: Path) -> None:
    names = write_files(GUIDE / "index.md", tmp_path)
    assert names == ["mkdocs.yml", "data/sales.csv", "content/sales/report.yml"]
    for _ in range(2):
        built = run(tmp_path, "mkdocs", "build", "--strict", environment=NOW)
        assert built.returncode == 0, built.stderr
        (tmp_path / "data" / "sales.csv").unlink(missing_ok=True)
    site = tmp_path / "site"
    newest = (site / "sales" / "index.html").read_text()
    assert "£10,770" in re.sub(r"<[^>]+>", "", newest)
    assert "Week 5, 2025" in newest
    for week in range(2, 6):
        assert f"../2025-W{week:02}/" in (site / "sales" / "archive" / "index.html").read_text()
        assert (site / "sales" / f"2025-W{week:02}" / "a_day" / "index.html").is_file()
    assert not list(site.rglob("sales.csv"))
    queries = [e.text for e in examples(GUIDE / "archive.md") if e.language == "sql"]
    assert len(queries) == 2
    for query in queries:
        kpis = duckdb.execute(query.replace("'archive/", f"'{tmp_path}/archive/")).fetchall()
        assert ("sales", "2025-W05", "revenue", 10_770.0) in kpis
        assert len(kpis) == 4 * 2


def test_the_plugins_of_the_guide_run_render_and_deliver(tmp_path: Path) -> None:
    write_files(GUIDE / "plugins.md", tmp_path)
    published = run(tmp_path, "kpisite", "publish", environment={**NOW, "PYTHONPATH": "."})
    assert published.returncode == 0, published.stderr
    with zipfile.ZipFile(tmp_path / "site.zip") as site:
        page = site.read("shop/2025-01-06/index.html").decode()
        table = site.read("shop/2025-01-07/requests/index.html").decode()
    assert "Duration of requests, ms: 3 values from 41 to 310" in page
    assert "/basket" in table
    assert "/pay" not in table
    assert len(list((tmp_path / "archive").rglob("deliveries/download.json"))) == 2


def test_the_plugins_of_the_guide_keep_to_the_contracts(tmp_path: Path) -> None:
    write_files(GUIDE / "plugins.md", tmp_path)
    tested = run(tmp_path, "pytest", "test_shopkit.py", environment={**NOW, "PYTHONPATH": "."})
    assert tested.returncode == 0, tested.stdout
    assert int(re.findall(r"(\d+) passed", tested.stdout)[0]) > 10


@pytest.mark.parametrize(("kind", "name"), BUILT_IN)
def test_every_built_in_plugin_has_a_page_with_all_its_options_and_a_test(
    kind: Kind, name: str
) -> None:
    options = load(kind, name).options
    name = main_name(kind, name)
    page = GUIDE / kind / f"{name}.md"
    missing = set(options.model_fields) - words(page)
    assert not missing, f"{page.relative_to(ROOT)} says nothing about {sorted(missing)}"
    assert (ROOT / "tests" / kind / f"test_{name}.py").is_file()


@pytest.mark.parametrize("model", [Report, ViewDefinition, Theme])
def test_every_key_of_a_report_is_on_its_page(model: type[Report]) -> None:
    assert not set(model.model_fields) - words(GUIDE / "report.md")


def test_every_command_and_option_is_on_the_page_of_the_command_line() -> None:
    main = importlib.import_module("kpisite.cli.main").main
    page = (GUIDE / "cli.md").read_text(encoding="utf-8")
    for name, command in main.commands.items():
        assert f"kpisite {name}" in page
        for parameter in (*main.params, *command.params):
            for option in parameter.opts if not parameter.is_eager else ():
                assert not option.startswith("--") or option in page, f"{name} {option}"


def test_every_public_name_for_plugins_is_on_their_page() -> None:
    assert not set(kpisite.plugins.__all__) - words(GUIDE / "plugins.md")


def test_every_template_and_colour_is_on_the_page_of_the_look() -> None:
    page = (GUIDE / "look.md").read_text(encoding="utf-8")
    look = ROOT / "site_template"
    for path in look.rglob("*.html"):
        assert f"`{path.relative_to(look).as_posix()}`" in page
    css = (look / "assets" / "kpisite" / "kpisite.css").read_text()
    variables = set(re.findall(r"(--kpi-[\w-]+):", css.partition("/* Page */")[0]))
    named = {f"--kpi-{kind}-{number}" for kind in ("series", "heat") for number in range(2, 7)}
    assert variables
    assert not {name for name in variables - named if f"`{name}`" not in page}


def test_every_page_of_the_guide_is_in_the_navigation_once() -> None:
    listed = re.findall(r"guide/[\w/-]+\.md", (ROOT / "mkdocs.yml").read_text())
    there = [f"guide/{page.relative_to(GUIDE).as_posix()}" for page in GUIDE.rglob("*.md")]
    assert sorted(listed) == sorted(there)


@pytest.mark.parametrize(
    "page", [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"], ids=lambda page: page.name
)
def test_every_link_leads_to_a_file(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = [link for link in LINK.findall(text) if "://" not in link]
    assert not [link for link in links if not (page.parent / link).exists()]


def test_the_page_for_contributors_names_every_folder_layer_and_target() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    folders = [p.name for p in (ROOT / "kpisite").iterdir() if (p / "__init__.py").is_file()]
    assert not [name for name in folders if f"{name}/" not in page]
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    named = ", ".join(f"`{layer.removeprefix('kpisite.')}`" for layer in reversed(layers))
    assert named in " ".join(page.split())
    makefile = (ROOT / "Makefile").read_text()
    parts = re.findall(r"^test: (.*)$", makefile, re.MULTILINE)[0].split()
    assert not [part for part in parts if f"`make {part}`" not in page]


def test_the_stylesheet_of_a_project_comes_after_the_shipped_one(tmp_path: Path) -> None:
    page = [*examples(GUIDE / "site.md"), *examples(GUIDE / "look.md")]
    settings: dict[str, object] = {}
    for example in page:
        if example.language == "yaml":
            settings |= yaml.safe_load(example.text)
    (tmp_path / "content").mkdir()
    (tmp_path / "mkdocs.yml").write_text(yaml.safe_dump(settings))
    config = load_config(str(tmp_path / "mkdocs.yml"))
    config = config.plugins.on_config(config)
    assert config.extra_css == ["assets/kpisite/kpisite.css", "look.css"]
