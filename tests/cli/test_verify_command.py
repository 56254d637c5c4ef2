"""`kpisite verify`: what is damaged is named, with what to do."""

from __future__ import annotations

import pytest


@pytest.fixture
def ran(shop):
    assert shop.call("run").exit_code == 0
    return shop


def test_a_whole_archive_is_said_to_be(published):
    before = published.files("archive")
    result = published.call("verify")
    assert result.exit_code == 0
    assert result.stdout.startswith("2 revisions in ")
    assert result.stdout.endswith(": nothing is damaged.\n")
    assert result.stderr == ""
    assert published.files("archive") == before


def test_every_damaged_file_is_named_with_its_effect_and_what_to_do(ran):
    archive = ran.folder / "archive" / "sales"
    frame = min((archive / "2024-02" / "1" / "frames").iterdir())
    frame.write_bytes(b"rotten")
    record = archive / "2024-01" / "1" / "edition.json"
    record.write_text(record.read_text()[:-40])
    result = ran.call("verify")
    assert result.exit_code == 1
    text = result.stdout
    assert f"Damaged: {record}: damaged: Invalid JSON" in text
    assert "\n  sales/2024-01, revision 1: no site can be built with it.\n" in text
    assert f"\nDamaged: {frame}: the content is not what was recorded\n" in text
    assert "\n  sales/2024-02, revision 1: view" in text
    assert text.count("\n  Restore the file from a backup, or remove its folder") == 2
    assert text.splitlines()[-1].endswith(": 2 damaged or missing.")


def test_what_git_leaves_of_a_merge_is_told_as_that(published):
    deliveries = published.folder / "archive" / "sales" / "2024-01" / "deliveries"
    log = min(deliveries.iterdir())
    log.write_text(f"<<<<<<< HEAD\n{log.read_text()}=======\n>>>>>>> theirs\n")
    result = published.call("verify")
    assert result.exit_code == 1
    assert f"Damaged: {log}: Git has put two versions of the file into it\n" in result.stdout
    assert "git checkout --ours" in result.stdout


def test_what_a_broken_run_left_is_a_note(ran):
    left = ran.folder / "archive" / "sales" / "2024-01" / "1" / "frames" / "left.parquet"
    left.write_bytes(b"left")
    result = ran.call("verify")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Note: {left}: no record names this file\n")
    assert result.stdout.endswith(": nothing is damaged, 1 note.\n")


def test_one_report_is_read_alone_and_an_unknown_one_is_told(ran):
    (ran.folder / "content" / "staff").mkdir()
    (ran.folder / "content" / "staff" / "report.yml").write_text(ran.report.read_text())
    ran.call("run")
    for path in (ran.folder / "archive" / "staff").rglob("*.parquet"):
        path.unlink()
    assert ran.call("verify", "sales").exit_code == 0
    assert ran.call("verify", "staff").exit_code == 1
    result = ran.call("verify", "stuff")
    assert result.exit_code == 2
    assert "no edition of a report 'stuff'\n  Did you mean 'staff'?" in result.stderr


def test_an_empty_archive_has_nothing_to_read(shop):
    result = shop.call("verify")
    assert result.exit_code == 0
    assert result.stdout == "0 revisions in 0 files, 0 B: nothing is damaged.\n"


def test_a_definition_that_is_broken_does_not_hinder(ran):
    ran.report.write_text("no report")
    assert ran.call("verify").exit_code == 0
