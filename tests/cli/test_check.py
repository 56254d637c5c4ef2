"""`kpisite check`, `schema` and `plugins`, and what all commands share."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from kpisite.cli.main import main
from kpisite.cli.plugins import type_text
from kpisite.errors import KpisiteError
from kpisite.plugins.registry import names
from kpisite.plugins.schema import report_schema


def test_definitions_without_mistakes_are_counted_and_nothing_is_run(shop):
    result = shop.call("check")
    assert (result.exit_code, result.stdout) == (0, "1 report, 2 views: no mistakes.\n")
    assert not (shop.folder / "archive").exists()


def test_all_mistakes_come_at_once_with_file_and_line(shop):
    shop.edit("title:", "tittle:")
    shop.edit("compare: previous", "compair: previous")
    result = shop.call("check")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: 2 mistakes in the report definitions:")
    assert "content/sales/report.yml:1" in result.stderr
    assert "content/sales/report.yml:12" in result.stderr
    assert "Did you mean 'compare'?" in result.stderr


def test_a_configuration_that_is_not_there_is_status_2(tmp_path):
    result = CliRunner().invoke(main, ["-f", str(tmp_path / "mkdocs.yml"), "check"])
    assert result.exit_code == 2
    assert "there is no such file" in result.stderr


@pytest.mark.parametrize("source", ["option", "environment"])
def test_a_time_that_is_none_is_status_2(shop, source):
    arguments = ["--now", "tomorrow", "check"] if source == "option" else ["check"]
    result = CliRunner().invoke(main, arguments, env={"KPISITE_NOW": "tomorrow"})
    assert result.exit_code == 2
    assert "'tomorrow' is no date or time" in result.stderr


def test_an_unexpected_exception_keeps_its_traceback(shop, monkeypatch):
    def explode(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("kpisite.cli.settings.load_reports", explode)
    with pytest.raises(ZeroDivisionError):
        shop.call("check")


def test_an_error_is_told_on_stderr_with_status_1(shop, monkeypatch):
    def refuse(*_: object) -> None:
        raise KpisiteError("no", where="here", hint="Do\nthis.")

    monkeypatch.setattr("kpisite.cli.settings.load_reports", refuse)
    result = shop.call("check")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: here: no\n  Do\n  this.\n"


def test_the_schema_is_printed_without_a_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["schema"])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == report_schema()


def test_every_installed_plugin_is_listed_with_its_first_line_and_package():
    result = CliRunner().invoke(main, ["plugins"])
    assert result.exit_code == 0
    listed = {tuple(line.split()[:2]) for line in result.stdout.splitlines()[1:]}
    kinds = ("datasources", "views", "outputs")
    assert listed == {(kind, name) for kind in kinds for name in names(kind)}
    line = next(line for line in result.stdout.splitlines() if " duckdb " in line)
    assert "Answers with DuckDB" in line
    assert line.split()[-2] == "kpisite"


def test_a_plugin_shows_its_options():
    result = CliRunner().invoke(main, ["plugins", "single_stat"])
    rows = [line.split(maxsplit=1) for line in result.stdout.splitlines() if line]
    options = {row[0]: row[1] for row in rows}
    assert options["query"].split()[:2] == ["text", "required"]
    assert options["comparison_type"].startswith("raw | percent")
    assert '"raw"' in options["comparison_type"]
    assert options["precision"].startswith("whole number")
    assert "Digits after the point." in options["precision"]


def test_a_plugin_that_is_not_there_gets_the_nearest_name():
    result = CliRunner().invoke(main, ["plugins", "statik"])
    assert result.exit_code == 2
    assert "Did you mean 'static'?" in result.stderr


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": "array", "items": {"type": "string"}}, "list of text"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "whole number"),
        ({"anyOf": [{"type": "boolean"}, {"type": "object"}]}, "true or false | mapping"),
        (
            {"type": "object", "additionalProperties": {"type": "number"}},
            "mapping of name to number",
        ),
        ({"$ref": "#/$defs/NumberFormat"}, "mapping"),
        ({"const": "previous"}, "previous"),
        ({}, "anything"),
    ],
)
def test_types_are_told_in_words(schema, text):
    assert type_text(schema) == text


def test_the_installed_command_works(shop):
    command = "import sys; from kpisite.cli.main import main; sys.exit(main())"
    result = subprocess.run(
        [sys.executable, "-c", command, "check"],
        cwd=shop.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "1 report, 2 views: no mistakes.\n"
