"""`kpisite list` and `kpisite show`: what the archive has."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def ran(shop):
    assert shop.call("run").exit_code == 0
    return shop


def test_a_list_has_a_line_for_each_edition(ran):
    result = ran.call("list")
    assert result.exit_code == 0
    heading, *lines = result.stdout.splitlines()
    assert heading.split() == ["EDITION", "STATUS", "REVISION", "RUN", "METRICS"]
    assert [line.split()[:3] for line in lines] == [
        ["sales/2024-01", "sealed", "1"],
        ["sales/2024-02", "sealed", "1"],
        ["sales/2024-03", "preliminary", "1"],
    ]
    assert "2024-03-01 00:00 UTC" in lines[0]
    assert lines[1].endswith("Sold 30")
    assert ran.call("list", "sales").stdout == result.stdout


def test_a_run_leaves_an_index_and_looking_at_the_archive_writes_nothing(ran):
    index = ran.folder / "archive" / "index.parquet"
    assert index.exists()
    index.unlink()
    before = ran.files("archive")
    ran.call("list")
    ran.call("show", "sales/2024-02")
    assert ran.files("archive") == before
    ran.call("run", "--period", "2024-01")
    assert index.exists()


def test_a_report_that_is_not_there_gets_the_nearest_name(ran):
    result = ran.call("list", "sails")
    assert result.exit_code == 2
    assert result.stderr == "Error: there is no report 'sails'\n  Did you mean 'sales'?\n"


def test_a_report_that_never_ran_has_no_editions(shop):
    assert shop.call("list", "sales").stdout == "There are no editions yet.\n"


def test_an_edition_shows_metrics_views_queries_and_provenance(ran):
    result = ran.call("show", "sales/2024-02")
    assert result.exit_code == 0
    text = result.stdout
    assert text.startswith("Sales, monthly: 1 – 29 February 2024\nsales/2024-02, sealed")
    rows = [line.split() for line in text.splitlines()]
    assert ["sold", "30", "+15", "from", "January", "target", "20", "met"] in rows
    assert ["rows", "table", "ok"] in rows
    frame = next(row for row in rows if row[:2] == ["shop", "2024-01"])
    assert frame[2] == "1"
    assert frame[5:7] == ["select", "sum(amount)"]
    assert "Run 2024-03-01 00:00 UTC" in text
    assert "pandas" in text


def test_the_record_comes_as_json(ran):
    result = ran.call("show", "sales/2024-02", "--json")
    record = ran.folder / "archive" / "sales" / "2024-02" / "1" / "edition.json"
    assert json.loads(result.stdout) == json.loads(record.read_text())


@pytest.mark.parametrize(
    ("name", "hint"),
    [("sales/2024-12", "Did you mean"), ("elsewhere", "kpisite list"), ("", "kpisite list")],
)
def test_an_edition_that_is_not_there_is_said(ran, name, hint):
    result = ran.call("show", name)
    assert result.exit_code == 2
    assert f"there is no edition '{name}'" in result.stderr
    assert hint in result.stderr


def test_an_edition_whose_report_is_gone_still_shows(ran):
    ran.report.unlink()
    assert "sales/2024-01" in ran.call("list").stdout
    assert ran.call("show", "sales/2024-01").exit_code == 0


def test_control_characters_in_data_do_not_reach_the_terminal(shop):
    shop.edit(
        "  rows:", '  bad:\n    plugin: text\n    title: "x\\e[2J"\n    args: {text: a}\n  rows:'
    )
    shop.edit("title: Sales, monthly", 'title: "Sales\\e[2J [bold]"')
    shop.call("run")
    result = shop.call("show", "sales/2024-01")
    assert "\x1b" not in result.stdout
    assert result.stdout.startswith("Sales�[2J [bold]: ")


def test_a_view_that_failed_says_why(shop):
    shop.edit("select * from sales", "select * from salse")
    shop.call("run", "--period", "2024-01")
    line = next(
        line for line in shop.call("show", "sales/2024-01").stdout.splitlines() if "error:" in line
    )
    assert line.split()[:3] == ["rows", "table", "error:"]
    assert "salse" in line
