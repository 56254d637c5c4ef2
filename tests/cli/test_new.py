"""`kpisite new`: a project in an empty folder, and nothing where that cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from click.testing import CliRunner, Result

from kpisite.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def call(*arguments: str) -> Result:
    command = ["--now", "2026-03-04", *arguments]
    return CliRunner().invoke(main, command, catch_exceptions=False)


def test_it_says_what_to_do_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = call("new", "our kpis")
    assert result.exit_code == 0
    assert result.stdout == (
        "our kpis: 8 files written. Look at it:\n"
        "  cd 'our kpis'\n"
        "  mkdocs serve\n"
        "README.md says how to publish it on GitHub.\n"
    )
    assert "since: 2025-12-08\n" in (tmp_path / "our kpis/content/sales/report.yml").read_text()


def test_the_project_has_no_mistakes(tmp_path: Path) -> None:
    folder = tmp_path / "kpis"
    assert call("new", str(folder)).exit_code == 0
    result = call("-f", str(folder / "mkdocs.yml"), "check")
    assert (result.exit_code, result.stdout) == (0, "1 report, 8 views: no mistakes.\n")


def test_a_second_time_nothing_is_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "kpis"
    call("new", str(folder))
    (folder / "README.md").write_text("mine")
    result = call("new", str(folder))
    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: {folder}: the folder is not empty: '.github' is in it\n"
        "  Name a folder that is empty or not there yet. Only `.git` may be in it.\n"
    )
    assert (folder / "README.md").read_text() == "mine"


def test_a_folder_in_one_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    result = call("new", str(tmp_path / "a" / "b"))
    assert result.exit_code == 2
    assert "the project cannot be written there: No such file or directory" in result.stderr
    assert list(tmp_path.iterdir()) == []
