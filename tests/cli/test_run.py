"""`kpisite run`: what is due goes to the archive, and the exit status tells."""

from __future__ import annotations

import re

import pytest


def periods(shop) -> list[str]:
    return sorted(p.parent.parent.name for p in (shop.folder / "archive").rglob("edition.json"))


def summary(result) -> str:
    return re.sub(r"\d+\.\d s$", "N s", result.stdout.strip())


def test_what_is_due_is_run_and_summed_up(shop):
    result = shop.call("run")
    assert result.exit_code == 0, result.stderr
    assert summary(result) == "3 editions: 2 sealed, 1 preliminary. N s"
    assert result.stderr.splitlines() == [
        "sales/2024-01: sealed",
        "sales/2024-02: sealed",
        "sales/2024-03: preliminary",
    ]
    assert periods(shop) == ["2024-01", "2024-02", "2024-03"]


def test_a_second_run_repeats_only_what_is_preliminary(shop):
    shop.call("run")
    assert summary(shop.call("run")) == "1 edition: 1 preliminary. N s"


def test_a_period_and_dates_narrow_it_down(shop):
    assert shop.call("run", "sales", "--period", "2024-02").exit_code == 0
    assert periods(shop) == ["2024-02"]
    shop.call("run", "--until", "2024-02-01")
    assert periods(shop) == ["2024-01", "2024-02"]
    result = shop.call("run", "--since", "2024-03-02")
    assert result.stdout == "Nothing is due.\n"
    shop.call("run", "--since", "2024-03-01")
    assert periods(shop) == ["2024-01", "2024-02", "2024-03"]


def test_a_sealed_period_that_is_named_is_said_and_not_run(shop):
    shop.call("run")
    before = shop.files("archive")
    shop.edit("select sum(amount)", "select 2 * sum(amount)")
    result = shop.call("run", "--period", "2024-01")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "sales/2024-01 is sealed already; it is run again only with --force.",
        "Nothing is due.",
    ]
    assert shop.files("archive") == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sale"], "Error: there is no report 'sale'\n  Did you mean 'sales'?\n"),
        (
            ["--period", "2024-10"],
            "Error: there is no period '2024-10'\n  Did you mean '2024-03'?\n",
        ),
        (
            ["--period", "week 6"],
            "Error: there is no period 'week 6'\n  Periods go from 2024-01 to 2024-03.\n",
        ),
    ],
)
def test_what_is_not_there_gets_the_nearest_name_and_status_2(shop, arguments, message):
    result = shop.call("run", *arguments)
    assert (result.exit_code, result.stderr, result.stdout) == (2, message, "")
    assert periods(shop) == []


def test_a_view_that_fails_is_told_once_and_the_status_is_1(shop):
    shop.edit("select * from sales", "select * from salse")
    result = shop.call("run")
    assert result.exit_code == 1
    assert summary(result) == "3 editions: 3 failed. N s"
    told = [line for line in result.stderr.splitlines() if line.startswith("Error:")]
    assert len(told) == 1
    assert "sales/2024-01 (and 2 more editions), view 'rows'" in told[0]
    assert "salse" in told[0]


def test_a_mistake_in_a_definition_stops_before_anything_runs(shop):
    shop.edit("title:", "tittle:")
    result = shop.call("run")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: 1 mistake in the report definitions:")
    assert "Did you mean 'title'?" in result.stderr
    assert periods(shop) == []


def test_on_a_terminal_a_bar_stands_in_for_the_lines(shop, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    for module in ("kpisite.cli.progress", "kpisite.cli.run"):
        monkeypatch.setattr(f"{module}.on_terminal", lambda: True)
    result = shop.call("run")
    assert summary(result) == "3 editions: 2 sealed, 1 preliminary. N s"
    assert "sales/2024-01: sealed" not in result.stderr
    assert "3/3" in result.stderr
