"""The starter project: whole or not at all, it builds strictly, and its workflow is sound."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
from small_sites import mkdocs_build

from kpisite import __version__
from kpisite.errors import UsageError
from kpisite.starter import project_files, write_project

MONDAY = date(2026, 3, 2)
FILES = project_files(MONDAY)
WORKFLOW = yaml.load(FILES[".github/workflows/report.yml"], yaml.BaseLoader)
"""Texts as they stand: YAML 1.1 would make a truth value of the key `on`."""
JOBS = WORKFLOW["jobs"]
STEPS = [(job, step) for job, spec in JOBS.items() for step in spec["steps"]]
KEYS = {
    "workflow": {
        *("name", "run-name", "on", "permissions", "env", "defaults", "concurrency", "jobs"),
    },
    "job": {
        *("name", "permissions", "needs", "if", "runs-on", "environment", "concurrency"),
        *("outputs", "env", "defaults", "steps", "timeout-minutes", "strategy"),
        *("continue-on-error", "container", "services", "uses", "with", "secrets"),
    },
    "step": {
        *("id", "if", "name", "uses", "run", "working-directory", "shell", "with", "env"),
        *("continue-on-error", "timeout-minutes"),
    },
}
"""What GitHub documents as the workflow's syntax."""


def report() -> dict:
    return yaml.safe_load(FILES["content/sales/report.yml"])


def test_the_project_is_written_whole(tmp_path: Path) -> None:
    folder = tmp_path / "kpis"
    assert write_project(folder, MONDAY) == list(FILES)
    written = {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert written == FILES
    assert set(FILES) == {
        *(".github/archive.sh", ".github/workflows/report.yml", ".gitignore", "README.md"),
        *("content/sales/report.yml", "data/sales.csv", "mkdocs.yml", "requirements.txt"),
    }
    assert "__" not in "".join(FILES.values())


@pytest.mark.parametrize("today", [MONDAY, date(2026, 3, 8), date(2024, 2, 29)])
def test_half_of_the_sample_lies_before_this_week(today: date) -> None:
    files = project_files(today)
    days = [row.partition(",")[0] for row in files["data/sales.csv"].splitlines()[1:]]
    definition = yaml.safe_load(files["content/sales/report.yml"])
    first, last = date.fromisoformat(days[0]), date.fromisoformat(days[-1])
    assert definition["since"] == first
    assert definition["until"] == last + timedelta(days=1)
    monday = today - timedelta(days=today.weekday())
    assert monday - first == timedelta(weeks=12) == definition["until"] - monday


def test_an_empty_folder_and_a_fresh_clone_are_filled(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    write_project(tmp_path, MONDAY)
    assert {path.name for path in tmp_path.iterdir()} == {
        ".git",
        *(path.partition("/")[0] for path in FILES),
    }


def test_a_folder_with_something_in_it_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"the folder is not empty: 'notes.txt' is in it"):
        write_project(tmp_path, MONDAY)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_file_of_that_name_stays(tmp_path: Path) -> None:
    (tmp_path / "kpis").write_text("mine")
    with pytest.raises(UsageError, match="there is a file of that name"):
        write_project(tmp_path / "kpis", MONDAY)
    assert (tmp_path / "kpis").read_text() == "mine"


@pytest.mark.parametrize("exists", [False, True])
def test_a_disk_that_fills_up_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exists: bool
) -> None:
    folder = tmp_path / "kpis"
    if exists:
        folder.mkdir()
    write = Path.write_text

    def full(self: Path, *args, **options) -> int:
        if self.name == "sales.csv":
            raise OSError(28, "No space left on device")
        return write(self, *args, **options)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(UsageError, match="No space left on device"):
        write_project(folder, MONDAY)
    assert list(tmp_path.rglob("*")) == ([folder] if exists else [])


def test_it_builds_strictly_right_away_and_the_report_shows_all_it_has(tmp_path: Path) -> None:
    folder = tmp_path / "kpis"
    write_project(folder, MONDAY)
    built = mkdocs_build(folder, "--strict", now="2026-03-04T08:00")
    assert built.returncode == 0, built.stderr
    site = folder / "site"
    assert not list(site.rglob("sales.csv"))
    edition = json.loads((site / "sales/2026-W09/edition.json").read_text())
    assert edition["status"] == "sealed"
    assert {view["id"]: view["status"] for view in edition["views"]} == dict.fromkeys(
        report()["views"], "ok"
    )
    metrics = {metric["name"]: metric for metric in edition["metrics"]}
    assert set(metrics) == {"revenue", "orders", "conversion", "returns"}
    assert all(metric["comparison"] for metric in metrics.values())
    labels = {path.parent.name for path in site.glob("sales/*/edition.json")}
    assert labels == {f"2025-W{n}" for n in range(50, 53)} | {f"2026-W{n:02}" for n in range(1, 11)}


def test_every_key_of_the_workflow_is_one_that_github_documents() -> None:
    assert not set(WORKFLOW) - KEYS["workflow"]
    for job in JOBS.values():
        assert not set(job) - KEYS["job"]
    for job, step in STEPS:
        assert not set(step) - KEYS["step"], (job, step)
        assert ("run" in step) != ("uses" in step)
    assert set(WORKFLOW["on"]) == {"schedule", "push", "pull_request", "workflow_dispatch"}


def test_every_action_is_githubs_own_and_has_its_major_version() -> None:
    used = {step["uses"] for _, step in STEPS if "uses" in step}
    assert len(used) == 7
    assert not [name for name in used if not re.fullmatch(r"actions/[\w/-]+@v\d+", name)]


def test_it_runs_each_morning_and_only_what_publishes_may_write() -> None:
    (schedule,) = WORKFLOW["on"]["schedule"]
    minute, hour, *rest = schedule["cron"].split()
    assert 0 < int(minute) < 60
    assert 0 <= int(hour) < 24
    assert rest == ["*"] * 3
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert "permissions" not in JOBS["check"]
    assert JOBS["publish"]["permissions"] == {
        "contents": "write",
        "pages": "write",
        "id-token": "write",
    }


def test_two_runs_do_not_publish_at_once_and_none_is_broken_off() -> None:
    concurrency = JOBS["publish"]["concurrency"]
    assert concurrency["cancel-in-progress"] == "false"
    assert "${{" not in concurrency["group"]
    limits = [int(s["timeout-minutes"]) for s in JOBS["publish"]["steps"] if "timeout-minutes" in s]
    assert len(limits) == 5
    # A job that runs out of time is broken off; a step that does is followed by the last one.
    assert sum(limits) + 10 < int(JOBS["publish"]["timeout-minutes"])


def test_exactly_one_job_answers_each_event() -> None:
    conditions = {job["if"] for job in JOBS.values()}
    assert conditions == {
        "github.event_name == 'pull_request'",
        "github.event_name != 'pull_request'",
    }
    assert not [step for job, step in STEPS if job == "check" and "publish" in str(step)]


def test_what_somebody_types_reaches_a_shell_as_a_variable_only() -> None:
    scripts = [step["run"] for _, step in STEPS if "run" in step]
    assert not [script for script in scripts if "${{" in script]
    assert all(
        script.startswith("set -euo pipefail\n") for script in scripts if script.count("\n") > 1
    )
    assert FILES[".github/archive.sh"].count("set -euo pipefail") == 1


def test_the_archive_is_pushed_whatever_failed_but_not_what_was_never_fetched() -> None:
    last, failing = JOBS["publish"]["steps"][-2:]
    assert failing["if"] == "always() && steps.run.outcome == 'failure'"
    assert last["run"] == "bash .github/archive.sh save"
    assert last["if"] == "always() && steps.restore.outcome == 'success'"


def test_the_version_in_the_requirements_is_the_installed_one() -> None:
    assert FILES["requirements.txt"] == f"kpisite[mail]~={__version__}\n"


def test_the_guide_names_every_step_in_its_order() -> None:
    page = (Path(__file__).parent.parent / "content/guide/github.md").read_text()
    steps = [step["name"] for job, step in STEPS if job == "publish" and "name" in step]
    assert re.findall(r"^\| ([A-Z][^|]*) \|", page, re.MULTILINE) == steps
