"""`kpisite run --force`: sealed editions are run again, and nothing is lost by it."""

from __future__ import annotations

import json

import pytest


def revisions(shop) -> list[str]:
    found = (p.relative_to(shop.folder / "archive") for p in shop.folder.rglob("edition.json"))
    return sorted(f"{path.parts[1]}/{path.parts[2]}" for path in found)


def test_a_sealed_edition_gets_a_new_revision_and_the_older_one_stays(shop):
    shop.call("run")
    before = shop.files("archive/sales/2024-01")
    shop.edit("select sum(amount)", "select 2 * sum(amount)")
    result = shop.call("run", "--force", "--period", "2024-01")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("1 edition: 1 sealed.")
    assert revisions(shop) == ["2024-01/1", "2024-01/2", "2024-02/1", "2024-03/1"]
    assert before.items() <= shop.files("archive/sales/2024-01").items()
    record = json.loads(shop.call("show", "sales/2024-01", "--json").stdout)
    assert (record["revision"], record["views"][0]["metrics"][0]["value"]) == (2, 30)
    shop.call("run", "--force", "--period", "2024-01")
    assert revisions(shop)[:3] == ["2024-01/1", "2024-01/2", "2024-01/3"]


@pytest.mark.parametrize(
    ("selection", "made"),
    [
        (["sales"], ["2024-01/2", "2024-02/2"]),
        (["--since", "2024-02-01"], ["2024-02/2"]),
        (["--until", "2024-02-01"], ["2024-01/2"]),
    ],
)
def test_a_report_or_dates_select_and_what_is_preliminary_runs_as_usual(shop, selection, made):
    shop.call("run")
    result = shop.call("run", "--force", *selection)
    assert result.exit_code == 0, result.stderr
    assert [r for r in revisions(shop) if r.endswith("/2")] == made
    assert ("sales/2024-03: preliminary" in result.stderr) == ("--until" not in selection)


def test_without_a_selection_it_is_refused(shop):
    shop.call("run")
    before = shop.files("archive")
    result = shop.call("run", "--force")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "Error: --force without a selection would run every sealed edition again\n"
        "  Name a report, or use --period, --since or --until.\n"
    )
    assert shop.files("archive") == before


def test_a_revision_whose_view_fails_is_told_and_not_committed(shop):
    shop.call("run")
    before = shop.files("archive")
    shop.edit("select * from sales", "select * from salse")
    result = shop.call("run", "--force", "--period", "2024-01")
    assert result.exit_code == 1
    assert result.stdout.startswith("1 edition: 1 failed.")
    assert "sales/2024-01, view 'rows'" in result.stderr
    assert shop.files("archive") == before


def test_the_reason_of_a_revision_is_kept_also_where_it_is_run_again(shop):
    shop.call("run")
    shop.edit("since: 2024-01-01", "since: 2024-01-01\nsettle: 40 days")
    again = ["run", "--force", "--period", "2024-02", "--reason", "a customer\n\nwas counted twice"]
    assert shop.call(*again).exit_code == 0
    assert "Reason: a customer was counted twice" in shop.call("show", "sales/2024-02").stdout
    shop.call("run", now="2024-06-01")
    record = json.loads(shop.call("show", "sales/2024-02", "--json").stdout)
    assert (record["revision"], record["status"]) == (2, "sealed")
    assert record["run"]["reason"] == "a customer was counted twice"
    assert "Reason" not in shop.call("show", "sales/2024-01").stdout


def test_a_reason_is_for_revisions_alone(shop):
    result = shop.call("run", "sales", "--reason", "late data")
    assert result.exit_code == 2
    assert result.stderr == ("Error: --reason is for revisions\n  Add --force, or leave it out.\n")
    assert not (shop.folder / "archive").exists()


def test_a_revision_that_is_preliminary_is_run_again_under_its_own_number(shop):
    shop.call("run")
    shop.edit("since: 2024-01-01", "since: 2024-01-01\nsettle: 40 days")
    shop.call("run", "--force", "--period", "2024-02")
    assert "2024-02/2" in revisions(shop)
    shop.call("run", now="2024-06-01")
    record = json.loads(shop.call("show", "sales/2024-02", "--json").stdout)
    assert (record["revision"], record["status"]) == (2, "sealed")
    assert "2024-02/3" not in revisions(shop)
