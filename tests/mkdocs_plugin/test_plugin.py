"""The MkDocs plugin on small projects, through `mkdocs build` itself."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from small_sites import COMPARED, DAYS, MKDOCS, ROWS, SOLD, mkdocs_build, monthly, write_site

from kpisite.render.templates import template_folder

REPORT = monthly(SOLD, COMPARED, ROWS)
SALES = "day,amount,customer\n2024-01-05,10,Ann\n2024-01-20,5,<b>Bob</b>\n2024-02-03,30,**Cy**\n"
GOLDENS = Path(__file__).parent.parent / "goldens"
SERVICES = """\
datasources:
  services: {plugin: python, args: {function: "services.py:answer"}}
"""
ASK_SERVICES = """\
  alerts: {plugin: prometheus.alert_summary, args: {datasource: services}}
  builds: {plugin: jenkins.build_summary, args: {datasource: services}}
"""
NOTHING = """\
  nothing:
    plugin: table
    args:
      datasource: shop
      query: select * from sales where false
"""


class Project:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.report = write_site(folder, REPORT, SALES)

    def build(self, *arguments: str, now: str = "2024-03-01") -> subprocess.CompletedProcess[str]:
        return mkdocs_build(self.folder, *arguments, now=now)

    def page(self, path: str) -> str:
        return (self.folder / "site" / path / "index.html").read_text()

    def files(self) -> dict[str, bytes]:
        found = (path for path in (self.folder / "site").rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in found}

    def records(self) -> dict[str, dict[str, object]]:
        return {
            path.parent.parent.name: json.loads(path.read_text())
            for path in sorted((self.folder / "archive").rglob("edition.json"))
        }


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_a_build_runs_what_is_due_and_shows_it(project):
    result = project.build("--strict")
    assert result.returncode == 0, result.stderr
    records = project.records()
    assert list(records) == ["2024-01", "2024-02", "2024-03"]
    assert records["2024-02"]["status"] == "sealed"
    assert records["2024-03"]["status"] == "preliminary"
    assert "February 2024" in project.page("sales/2024-02")
    assert "March 2024" in project.page("sales")
    assert "Sales, monthly" in project.page("")


def test_data_is_escaped_wherever_it_shows(project):
    assert project.build().returncode == 0
    for path in ("sales/2024-01", "sales/2024-01/rows", "sales/2024-02/rows"):
        page = project.page(path)
        assert "<b>Bob</b>" not in page
        assert "<strong>Cy</strong>" not in page
    assert "&lt;b&gt;Bob&lt;/b&gt;" in project.page("sales/2024-01/rows")


def test_no_markdown_extension_makes_attributes_of_data(project):
    (project.folder / "mkdocs.yml").write_text(
        MKDOCS + "markdown_extensions: [attr_list, md_in_html, tables]\n"
    )
    (project.folder / "docs" / "sales" / "sales.csv").write_text(
        "day,amount,customer\n2024-01-05,10,x {: onclick=evil }\n"
    )
    project.report.write_text(
        REPORT
        + "  text:\n    plugin: text\n    args:\n      datasource: shop\n"
        + "      query: select customer from sales where day >= {from} and day < {to}\n"
        + "      text: '**Best:** {% for row in rows %}{{ row.customer }}{% endfor %}'\n"
    )
    assert project.build("--strict").returncode == 0
    page = project.page("sales/2024-01")
    assert "<strong>Best:</strong>" in page
    assert html.unescape(page).count("x {: onclick=evil }") == 2


def test_a_preliminary_edition_is_run_again_and_sealed_when_its_period_is_over(project):
    project.build(now="2024-02-15")
    assert project.records()["2024-02"]["status"] == "preliminary"
    csv = project.folder / "docs" / "sales" / "sales.csv"
    csv.write_text(SALES + "2024-02-20,70,Di\n")
    project.build(now="2024-03-01")
    record = project.records()["2024-02"]
    assert record["status"] == "sealed"
    assert record["views"][0]["metrics"][0]["value"] == 100


def test_an_edited_definition_never_changes_a_sealed_edition(project):
    project.build()
    before = project.records()["2024-01"]
    project.report.write_text(REPORT.replace("select sum(amount)", "select 2 * sum(amount)"))
    project.build()
    assert project.records()["2024-01"] == before


def test_with_run_none_only_the_archive_is_shown(project):
    project.build(now="2024-02-01")
    (project.folder / "mkdocs.yml").write_text(
        MKDOCS.replace("kpisite]", "{kpisite: {run: none}}]")
    )
    result = project.build("--strict", now="2024-06-01")
    assert result.returncode == 0, result.stderr
    assert list(project.records()) == ["2024-01", "2024-02"]


def test_a_view_that_fails_is_an_error_block_and_fails_a_strict_build(project):
    project.report.write_text(REPORT.replace("select * from sales", "select * from salse"))
    lenient = project.build()
    assert lenient.returncode == 0, lenient.stderr
    assert "view 'rows'" in lenient.stderr
    assert "salse" in lenient.stderr
    page = project.page("sales/2024-01")
    assert "This view could not be made." in page
    assert "preliminary" in page
    assert ">15<" in re.sub(r"\s", "", page)
    assert project.build("--strict").returncode == 1


def test_the_same_error_of_many_editions_is_told_once(project):
    project.report.write_text(REPORT.replace("select * from sales", "select * from salse"))
    told = [line for line in project.build().stderr.splitlines() if "view 'rows'" in line]
    assert len(told) == 1
    assert "and 2 more editions" in told[0]


def test_a_mistake_in_a_definition_stops_the_build_and_leaves_the_old_site(project):
    project.build()
    before = project.page("sales")
    project.report.write_text(REPORT.replace("schedule: monthly", "shedule: monthly"))
    result = project.build()
    assert result.returncode == 1
    assert "docs/sales/report.yml:2" in result.stderr
    assert "Did you mean 'schedule'?" in result.stderr
    assert "Traceback" not in result.stderr
    assert project.page("sales") == before


def test_a_private_key_beside_a_report_is_not_published(project):
    folder = project.report.parent
    key = "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----\n"
    (folder / "google.json").write_text(f'{{"private_key": "{key}"}}')
    (folder / "id.pem").write_text(key)
    (folder / "prices.json").write_text("{}")
    assert project.build().returncode == 0
    site = project.folder / "site" / "sales"
    assert (site / "prices.json").is_file()
    assert not (site / "google.json").exists()
    assert not (site / "id.pem").exists()


def test_a_corrupt_record_stops_the_build_and_names_the_file(project):
    project.build()
    record = project.folder / "archive" / "sales" / "2024-01" / "1" / "edition.json"
    record.write_text(record.read_text()[:-40])
    result = project.build()
    assert result.returncode == 1
    assert "sales/2024-01/1/edition.json" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_project_may_override_a_template_by_its_path(project):
    (project.folder / "mkdocs.yml").write_text(
        MKDOCS.replace("font: false", "font: false, custom_dir: look")
    )
    template = project.folder / "look" / "pages" / "wall.html"
    template.parent.mkdir(parents=True)
    template.write_text("<h1>Our wall of {{ reports | length }}</h1>\n")
    assert project.build().returncode == 0
    assert "Our wall of 1" in project.page("")
    assert (project.folder / "site" / "assets" / "kpisite" / "kpisite.css").is_file()


def test_the_site_has_no_template_but_files_of_ones_own_in_folders_of_that_name(project):
    for folder in ("docs", "look"):
        own = project.folder / folder / "mail"
        own.mkdir(parents=True)
        (own / f"{folder}.txt").write_text(folder)
        (own / "edition.css").write_text("p { color: red }")
    (project.folder / "mkdocs.yml").write_text(
        MKDOCS.replace("font: false", "font: false, custom_dir: look")
    )
    assert project.build("--strict").returncode == 0
    shipped, site = template_folder(), project.folder / "site"
    templates = {
        path.relative_to(shipped).as_posix()
        for path in shipped.rglob("*.*")
        if "assets" not in path.parts
    }
    made = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    assert made & (templates | {"mail/look.txt"}) == {"mail/edition.css"}
    assert (site / "mail" / "docs.txt").read_text() == "docs"


def test_every_template_of_the_site_can_be_overridden_by_its_path(project):
    shipped, look = template_folder(), project.folder / "look"
    marks = {}
    for template in shipped.rglob("*.html"):
        path = template.relative_to(shipped).as_posix()
        if path.startswith("mail/"):  # tests/cli/test_publish_mail.py has those
            continue
        marks[path] = mark = f"<!-- ours: {path} -->"
        own = look / path
        own.parent.mkdir(parents=True, exist_ok=True)
        text = template.read_text(encoding="utf-8")
        # What is before its macros shows nowhere in a file of macros.
        macro = re.compile(r"({% macro badge\([^)]*\) %})")
        own.write_text(macro.sub(rf"\1{mark}", text) if macro.search(text) else mark + text)
    (project.folder / "mkdocs.yml").write_text(
        MKDOCS.replace("font: false", "font: false, custom_dir: look")
    )
    project.report.write_text(REPORT.replace("datasources:\n", SERVICES) + NOTHING + ASK_SERVICES)
    shutil.copy(GOLDENS / "views" / "services.py", project.report.parent)
    block = "```kpi\nreport: sales\nview: sold\nperiod: latest\n```\n"
    (project.folder / "docs" / "notes.md").write_text(f"# Notes\n\n{block}")
    assert project.build("--strict").returncode == 0
    site = "".join(path.read_text() for path in (project.folder / "site").rglob("*.html"))
    assert len(marks) > 9
    assert [path for path, mark in marks.items() if mark not in site] == []


def test_a_page_of_the_project_wins_over_a_generated_one(project):
    (project.folder / "docs" / "index.md").write_text("# Welcome\n")
    assert project.build("--strict").returncode == 0
    assert "Welcome" in project.page("")


def test_without_directory_urls_links_name_the_files(project):
    (project.folder / "mkdocs.yml").write_text(MKDOCS + "use_directory_urls: false\n")
    assert project.build("--strict").returncode == 0
    assert 'href="../2024-01/index.html"' in project.page("sales/2024-02")


def test_a_warm_build_equals_a_cold_one_and_does_without_bokeh(project, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1709251200")
    project.report.write_text(monthly(SOLD, COMPARED, ROWS, DAYS, until="2024-03-01"))
    assert project.build("--strict").returncode == 0
    cold = project.files()
    assert b"data-kpi-bokeh" in cold["site/sales/2024-01/days/index.html"]
    script = (
        "import sys; from mkdocs.__main__ import cli; cli(['build'], standalone_mode=False);"
        "print('bokeh' in sys.modules)"
    )
    warm = subprocess.run(
        [sys.executable, "-c", script],
        cwd=project.folder,
        env={**os.environ, "KPISITE_NOW": "2024-03-01"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert warm.stdout == "False\n"
    assert project.files() == cold
    shutil.rmtree(project.folder / ".cache")
    assert project.build().returncode == 0
    assert project.files() == cold
