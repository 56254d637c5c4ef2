"""The JSON Schema of `report.yml`: says yes and no where the loader does."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from kpisite.plugins.schema import report_schema

ROOT = Path(__file__).parent.parent.parent
DEMO = sorted((ROOT / "content").glob("*/report.yml"))


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = report_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def read(path: Path) -> dict:
    """Return a definition as an editor reads it: a date is a text."""
    values = yaml.safe_load(path.read_text())
    return json.loads(json.dumps(values, default=str))


@pytest.fixture
def report() -> dict:
    return copy.deepcopy(
        {
            "schedule": "weekly",
            "datasources": {"shop": {"plugin": "duckdb", "args": {"files": {"a": "a.csv"}}}},
            "views": {
                "kpi": {"plugin": "single_stat", "args": {"datasource": "shop", "query": "q"}},
                "rows": {"plugin": "table", "args": {"datasource": "shop", "query": "q"}},
            },
            "outputs": {"web": {"plugin": "static", "args": {"output_dir": "public"}}},
        }
    )


def put(report: dict, path: str, value: object) -> dict:
    *parents, last = path.split(".")
    place = report
    for key in parents:
        place = place.setdefault(key, {})
    place[last] = value
    return report


def test_the_file_in_the_repository_is_what_the_command_prints():
    committed = (ROOT / "report.schema.json").read_text(encoding="utf-8")
    assert json.loads(committed) == report_schema(), "run: kpisite schema > report.schema.json"


@pytest.mark.parametrize("path", DEMO, ids=lambda path: path.parent.name)
def test_the_definitions_of_the_demo_are_valid(validator, path):
    assert [error.message for error in validator.iter_errors(read(path))] == []


def test_there_are_definitions_to_check():
    assert len(DEMO) >= 2


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("shedule", "weekly"),
        ("schedule", "fortnightly"),
        ("since", 7),
        ("interval_days", 0),
        ("theme.num_columns", 13),
        ("theme.series_colors", ["red"]),
        ("views", {}),
        ("views.1st", {"plugin": "text", "args": {"text": "x"}}),
        ("views.kpi.plugin", "single_stats"),
        ("views.kpi.argz", {}),
        ("views.kpi.args.qurey", "q"),
        ("views.kpi.args.good", "sideways"),
        ("views.kpi.args.precision", "many"),
        ("views.kpi.args", {"datasource": "shop"}),
        ("views.kpi", {"plugin": "single_stat"}),
        ("views.rows.args.max_rows", 0),
        ("views.rows.args.formats", {"a": {"stile": "percent"}}),
        ("datasources.shop.plugin", "duckbd"),
        ("datasources.shop.args.file", "a.csv"),
        ("datasources.shop", {"args": {}}),
        ("outputs.web.args.output_dir", 3),
        ("outputs.web.args.output_directory", "x"),
    ],
)
def test_a_mistake_is_flagged(validator, report, path, value):
    assert validator.is_valid(report)
    assert not validator.is_valid(put(report, path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("since", "2013-01-01"),
        ("since", "${SINCE:-2013-01-01}"),
        ("start_date", "2013-02-04 06:00"),
        ("settle", "2 days"),
        ("interval_days", "${DAYS}"),
        ("theme.series_colors", ["#2563c9", "${ACCENT}"]),
        ("views.kpi.args.title", "Inside"),
        ("views.kpi.args.description", "Inside"),
        ("views.kpi.args.cols", 2),
        ("views.kpi.title", "Beside"),
        ("views.kpi.args.target", "${TARGET}"),
        ("views.kpi.args.good", "${GOOD:-up}"),
        ("views.kpi.args.query_args", {"anything": [1, {"goes": None}]}),
        ("views.kpi.plugin", "${VIEW}"),
        ("views.kpi", {"plugin": "my.views:Mine", "args": {"anything": 1, "cols": 3}}),
        ("datasources.shop", {"plugin": "duckdb"}),
        ("outputs.web", {"plugin": "static"}),
    ],
)
def test_what_may_be_written_is_not_flagged(validator, report, path, value):
    written = put(report, path, value)
    assert [error.message for error in validator.iter_errors(written)] == []


def test_an_editor_finds_help_for_keys_and_options():
    schema = report_schema()
    assert schema["properties"]["settle"]["description"]
    options = schema["$defs"]["outputs.static"]["properties"]
    assert "mkdocs.yml" in options["output_dir"]["description"]
    names = schema["$defs"]["ViewDefinition"]["properties"]["plugin"]["anyOf"][0]["enum"]
    assert names == sorted(names)
    assert "single_stat" in names
