"""A site in another language than English."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from small_sites import DAYS, MKDOCS
from test_plugin import REPORT, Project

if TYPE_CHECKING:
    from pathlib import Path

GERMAN = MKDOCS.replace("font: false", "font: false, language: de")
FRENCH = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"

msgid "Archive"
msgstr "Archives"

msgid "by status"
msgstr "par état"
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    project.report.write_text(REPORT.replace("Sales, monthly", "'Sales, {period}'") + DAYS)
    return project


def written(project: Project, config: str) -> None:
    (project.folder / "mkdocs.yml").write_text(config)


def test_a_german_site_speaks_german_on_every_kind_of_page(project):
    written(project, GERMAN)
    result = project.build("--strict")
    assert result.returncode == 0, result.stderr
    edition = project.page("sales/2024-02")
    for text in (
        "<h1>Februar 2024</h1>",
        ">endgültig</span>",
        "Daten bis 29. Februar 2024, 23:59 · UTC",
        ">plus</span>",
        "gegenüber Januar<",
        "Alle Ausgaben",
        "Sales, 1. – 29. Februar 2024",
        "<summary>Daten",
    ):
        assert text in edition, text
    assert "Liniendiagramm: amount nach day, von" in project.page("sales/2024-01")
    assert "<h1>Archiv</h1>" in project.page("sales/archive")
    assert "3 Ausgaben: niedrigster Wert" in project.page("sales/kpis/sold")
    assert "Zwei Ausgaben vergleichen" in project.page("sales/compare")
    assert "Abfrage an shop" in project.page("sales/2024-02/rows")
    assert "Übersicht" in project.page("")
    document = json.loads((project.folder / "site/sales/2024-02/edition.json").read_text())
    assert document["status"] == "sealed"
    assert document["period"]["title"] == "Februar 2024"


def test_the_scripts_have_the_words_and_the_catalogues_stay_at_home(project):
    script = project.folder / "site" / "assets" / "kpisite" / "words.js"
    assert project.build().returncode == 0
    assert not script.read_text().startswith("window.kpiWords")
    written(project, GERMAN)
    result = project.build("--strict")
    assert "DeprecationWarning" not in result.stderr
    begin, _, rest = script.read_text().partition(";\n")
    words = json.loads(begin.removeprefix("window.kpiWords = "))
    assert words["Both on the same scale."] == "Beide im selben Maßstab."
    assert "window.kpiSaid" in rest
    assert not [path for path in project.files() if path.endswith(".po") or "/locale/" in path]


def test_another_language_makes_all_pages_anew_and_back_again(project):
    assert project.build().returncode == 0
    written(project, MKDOCS.replace("kpisite]", "kpisite: {run: none}]"))
    assert project.build().returncode == 0
    english = project.files()
    written(project, GERMAN.replace("kpisite]", "kpisite: {run: none}]"))
    assert "0 from the cache, 3 made" in project.build().stderr
    cold = project.files()
    assert "3 from the cache, 0 made" in project.build().stderr
    assert project.files() == cold
    written(project, MKDOCS.replace("kpisite]", "kpisite: {run: none}]"))
    assert project.build().returncode == 0
    assert project.files() == english


def test_a_project_translates_with_a_catalogue_in_its_custom_dir(project):
    folder = project.folder / "own" / "locale" / "fr" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "kpisite.po").write_text(FRENCH, encoding="utf-8")
    written(project, MKDOCS.replace("font: false", "font: false, language: fr, custom_dir: own"))
    assert project.build("--strict").returncode == 0
    archive = project.page("sales/archive")
    assert "<h1>Archives</h1>" in archive
    assert "29 février 2024" in archive
    assert ">Status<" in archive
    (folder / "kpisite.po").write_text(FRENCH.replace("Archives", "Archives !"), encoding="utf-8")
    assert project.build("--strict").returncode == 0
    assert "<h1>Archives !</h1>" in project.page("sales/archive")


def test_a_damaged_catalogue_is_named_and_the_site_stays(project):
    assert project.build().returncode == 0
    before = project.files()
    folder = project.folder / "own" / "locale" / "fr" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "kpisite.po").write_text("msgid no quotes\n")
    written(project, MKDOCS.replace("font: false", "font: false, language: fr, custom_dir: own"))
    result = project.build()
    assert result.returncode != 0
    assert "own/locale/fr/LC_MESSAGES/kpisite.po" in result.stderr
    assert "Traceback" not in result.stderr
    assert project.files() == before
