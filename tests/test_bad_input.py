"""Whatever is wrong with what comes in, the message helps and the archive stays as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kpisite.archive.store import Archive
from kpisite.errors import ArchiveError, CorruptEditionError, DefinitionError
from kpisite.pipeline.plan import plan
from kpisite.pipeline.problems import grouped
from kpisite.pipeline.run import run_tasks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import ProjectFiles


@pytest.fixture(autouse=True)
def archived(project: ProjectFiles) -> Iterator[None]:
    """Archive a good report first; nothing that comes later may touch it."""
    project.run()
    before = project.archived()
    assert before
    yield
    after = project.archived()
    assert {path: after[path] for path in before if path in after} == before
    assert not [path for path in after if path not in before and not path.startswith("new/")]


def refused(project: ProjectFiles, old: str, new: str) -> str:
    """Return what is said about the report with one thing changed; it never runs."""
    assert old in project.report
    project.write(project.report.replace(old, new))
    with pytest.raises(DefinitionError) as caught:
        project.run()
    return str(caught.value)


def failed(project: ProjectFiles, old: str, new: str) -> str:
    """Return what is said when the report with one thing changed runs as a new report."""
    assert old in project.report
    project.write(project.report.replace(old, new), report="new")
    sales = (project.content / "sales" / "sales.csv").read_text()
    (project.content / "new" / "sales.csv").write_text(sales)
    outcomes = project.run()
    assert all(outcome.status != "sealed" for outcome in outcomes)
    groups = grouped(problem for outcome in outcomes for problem in outcome.problems)
    return "\n".join(group.text() for group in groups)


def test_an_unknown_key(project: ProjectFiles):
    said = refused(project, "    plugin: table\n", "    plugin: table\n    colls: 3\n")
    assert "sales/report.yml:17: views.shops.colls: unknown key 'colls'" in said
    assert "Did you mean 'cols'?" in said


def test_a_value_of_the_wrong_type(project: ProjectFiles):
    said = refused(project, "    plugin: table\n", "    plugin: table\n    cols: wide\n")
    assert "report.yml:17: views.shops.cols: expected a whole number, found 'wide'" in said


def test_an_id_that_is_there_twice(project: ProjectFiles):
    said = refused(project, "  shops:\n", "  total:\n")
    assert "report.yml:15: views.total: 'total' stands here twice, first in line 10" in said
    assert "Rename or remove one of them." in said


def test_a_plugin_that_is_unknown(project: ProjectFiles):
    said = refused(project, "plugin: single_stat", "plugin: single_stats")
    assert "report.yml:11: views.total.plugin: there is no view plugin 'single_stats'" in said
    assert "Did you mean 'single_stat'?" in said


def test_a_plugin_that_needs_a_package_that_is_not_installed(
    project: ProjectFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "needy_plugin.py").write_text("import package_that_nobody_has\n")
    monkeypatch.syspath_prepend(tmp_path)
    said = refused(project, "plugin: duckdb", "plugin: 'needy_plugin:Needy'")
    assert (
        "report.yml:7: datasources.shop.plugin: datasource plugin 'needy_plugin:Needy' needs the "
        "package 'package_that_nobody_has'" in said
    )
    assert "Install what 'needy_plugin' needs for it." in said


def test_a_variable_that_is_not_set(project: ProjectFiles):
    said = refused(project, "sales: sales.csv", "sales: '${SALES_FILE}'")
    assert (
        "report.yml:8: datasources.shop.args.files.sales: "
        "the environment variable SALES_FILE is not set" in said
    )
    assert "Set it, or write ${SALES_FILE:-default}." in said


def test_a_timezone_that_is_unknown(project: ProjectFiles):
    said = refused(project, "schedule: weekly", "schedule: weekly\ntimezone: Europe/Berln")
    assert "report.yml:3: timezone: unknown timezone 'Europe/Berln'" in said
    assert "Did you mean 'Europe/Berlin'?" in said


def test_an_end_before_the_start(project: ProjectFiles):
    said = refused(project, "until: 2024-01-15", "until: 2023-01-15")
    assert "report.yml:4: until: until 2023-01-15 is not after since 2024-01-01" in said


def test_yaml_that_is_malformed(project: ProjectFiles):
    said = refused(project, "{files: {sales: sales.csv}}", "{files: {sales: sales.csv}")
    assert said.startswith("1 mistake in the report definitions:")
    assert "report.yml:9: not valid YAML: while parsing a flow mapping of line 8" in said


def test_a_data_file_that_is_missing(project: ProjectFiles):
    said = failed(project, "sales.csv", "nowhere.csv")
    assert "new/2024-W01 (and 1 more edition), views 'total', 'shops': " in said
    assert "nowhere.csv" in said


def test_a_query_that_the_database_refuses(project: ProjectFiles):
    said = failed(project, "select sum(amount) from", "selct sum(amount) from")
    assert "new/2024-W01 (and 1 more edition), view 'total': " in said
    assert 'syntax error at or near "selct"' in said
    assert "Query: selct sum(amount) from sales where day >= {from} and day < {to}" in said
    assert "view 'shops'" not in said


def test_a_query_that_returns_nothing(project: ProjectFiles):
    project.write(
        project.report.replace("where day", "where amount < 0 and day").replace(
            "\n        where amount", "\n        where false and amount"
        ),
        report="new",
    )
    (project.content / "new" / "sales.csv").write_text("day,shop,amount\n2024-01-01,east,1\n")
    outcomes = project.run()
    assert [outcome.status for outcome in outcomes] == ["sealed", "sealed"]
    edition = project.archive.edition("new", "2024-W01")
    assert edition is not None
    assert edition.record.metrics["total"].value is None
    assert edition.record.frames[1].rows == 0
    assert edition.record.frames[1].columns == ("shop", "amount")


def test_a_column_that_is_not_there(project: ProjectFiles):
    said = failed(project, "sum(amount) from", "sum(amuont) from")
    assert "new/2024-W01 (and 1 more edition), view 'total': " in said
    assert '"amuont" not found' in said
    assert '"amount"' in said  # the database knows better


def test_a_column_that_a_view_needs_and_the_query_lacks(project: ProjectFiles):
    said = failed(
        project,
        "plugin: table\n    args:\n",
        "plugin: plot\n    args:\n      groupby: region\n",
    )
    assert "new/2024-W01 (and 1 more edition), view 'shops': " in said
    assert "region" in said
    assert "Query: select shop, sum(amount) as amount from sales" in said


def test_an_archive_folder_that_cannot_be_written(project: ProjectFiles):
    (project.folder / "blocked").write_text("a file, not a folder")
    archive = Archive(str(project.folder / "blocked" / "archive"))
    with pytest.raises(ArchiveError) as caught:
        list(run_tasks(plan(project.load(), [], project.now), archive, project.now))
    assert str(project.folder / "blocked" / "archive" / "sales" / "2024-W01") in str(caught.value)
    assert "Not a directory" in str(caught.value)


def test_an_edition_json_that_is_corrupt(project: ProjectFiles):
    project.write(project.report, report="new")
    damaged = project.folder / "archive" / "new" / "2024-W01" / "1" / "edition.json"
    damaged.parent.mkdir(parents=True)
    damaged.write_text('{"format": 1, "report": "new", ')
    with pytest.raises(CorruptEditionError) as caught:
        project.run()
    assert str(caught.value).startswith(f"{damaged}: damaged: ")
    assert "Restore the file from a backup, or remove its folder" in str(caught.value)
    assert damaged.read_text() == '{"format": 1, "report": "new", '
