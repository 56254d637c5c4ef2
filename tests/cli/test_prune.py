"""`kpisite prune`: old editions go by a rule, only on purpose, and do not come back."""

from __future__ import annotations

import pytest


@pytest.fixture
def ran(shop):
    """A project with the editions of January, February and March, all sealed."""
    shop.edit("since: 2024-01-01", "since: 2024-01-01\nuntil: 2024-04-01")
    assert shop.call("run", now="2024-04-01").exit_code == 0
    return shop


def keys(shop) -> list[str]:
    return [line.split()[0] for line in shop.call("list").stdout.splitlines()[1:]]


MONTHS = ["sales/2024-01", "sales/2024-02", "sales/2024-03"]


def test_without_yes_it_says_what_would_go_and_removes_nothing(ran):
    before = ran.files("archive")
    result = ran.call("prune", "--keep", "1", now="2024-04-01")
    assert result.exit_code == 0
    heading, january, february, end = result.stdout.splitlines()
    assert heading.split() == ["EDITION", "STATUS", "REVISIONS", "SIZE"]
    assert january.split()[:3] == ["sales/2024-01", "sealed", "1"]
    assert february.split()[:3] == ["sales/2024-02", "sealed", "1"]
    assert end.startswith("2 editions, ")
    assert end.endswith(" would be removed, 1 edition kept. Nothing was removed: --yes does it.")
    assert "Warning: the next build would run again what is removed" in result.stderr
    assert ran.files("archive") == before


def test_what_would_be_due_again_is_not_removed_until_since_is_moved(ran):
    before = ran.files("archive")
    refused = ran.call("prune", "--keep", "1", "--yes", now="2024-04-01")
    assert refused.exit_code == 1
    assert refused.stdout == ""
    assert refused.stderr == (
        "Error: the next build would run again what is removed: sales (2 editions)\n"
        "  In the definition of sales, write `since: 2024-03-01` first.\n"
    )
    assert ran.files("archive") == before
    ran.edit("since: 2024-01-01", "since: 2024-03-01")
    result = ran.call("prune", "--keep", "1", "--yes", now="2024-04-01")
    assert result.exit_code == 0
    assert result.stderr == ""
    assert result.stdout.splitlines()[-1].startswith("2 editions, ")
    assert keys(ran) == MONTHS[2:]
    assert ran.call("run", now="2024-04-01").stdout == "Nothing is due.\n"
    assert ran.call("verify").exit_code == 0


def test_an_age_is_counted_from_now(ran):
    ran.report.unlink()
    for now, left in (("2024-03-31", MONTHS), ("2024-04-05", MONTHS[1:])):
        ran.call("prune", "--keep", "9w", "--yes", now=now)
        assert keys(ran) == left


def test_a_report_that_is_gone_can_be_pruned_and_keeps_its_newest(ran):
    ran.report.unlink()
    assert ran.call("prune", "--keep", "1y", "--yes", now="2044-01-01").exit_code == 0
    assert keys(ran) == MONTHS[2:]
    result = ran.call("prune", "--keep", "1y", "--yes", now="2044-01-01")
    assert result.stdout == "Nothing to remove, 1 edition kept.\n"


def test_one_report_is_pruned_alone(ran):
    (ran.folder / "content" / "staff").mkdir()
    (ran.folder / "content" / "staff" / "report.yml").write_text(ran.report.read_text())
    ran.call("run", now="2024-04-01")
    ran.report.unlink()
    assert ran.call("prune", "--keep", "2", "--yes", "sales").exit_code == 0
    assert keys(ran) == [*MONTHS[1:], "staff/2024-01", "staff/2024-02", "staff/2024-03"]
    result = ran.call("prune", "--keep", "2", "--yes", "sails")
    assert result.exit_code == 2
    assert "Did you mean 'sales'?" in result.stderr


def test_the_record_of_deliveries_stays(published):
    published.report.unlink()
    assert published.call("prune", "--keep", "1", "--yes").exit_code == 0
    left = [path for path in published.files("archive") if "2024-01" in path]
    assert left == ["archive/sales/2024-01/deliveries/web.json"]
    assert published.call("verify").exit_code == 0


def test_a_build_afterwards_has_no_pages_of_what_is_gone(published):
    published.edit("since: 2024-01-01", "since: 2024-02-01")
    assert published.call("prune", "--keep", "1", "--yes").exit_code == 0
    result = published.call("publish")
    assert result.exit_code == 0, result.stderr
    assert (published.folder / "public" / "sales" / "2024-02").is_dir()
    assert not (published.folder / "public" / "sales" / "2024-01").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--keep", "forever"], "'forever' is no retention rule\n  Write 200"),
        ([], "Missing option '--keep'"),
    ],
)
def test_without_a_rule_nothing_goes(ran, arguments, said):
    before = ran.files("archive")
    result = ran.call("prune", "--yes", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert ran.files("archive") == before
