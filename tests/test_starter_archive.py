"""The starter's `archive.sh`: the archive comes from its branch, and nothing on it is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from github_runner import GitHub, git

from kpisite.starter import write_project

REPORT = "content/sales/report.yml"
OLD, NEW = "sales/2026-W08", "sales/2026-W09"


class Clone:
    """A clone of the repository, on a machine that has no git identity and does not wait."""

    def __init__(self, github: GitHub, name: str) -> None:
        self.folder = github.folder / name
        git(github.folder, "clone", "--quiet", "--depth=1", github.remote.as_uri(), name)
        self.machine = github.folder / f"{name}-machine"
        self.machine.mkdir()
        (self.machine / "sleep").write_text("#!/bin/sh\necho waits\n")
        (self.machine / "sleep").chmod(0o755)

    def call(self, *command: str, now: str = "2026-03-02") -> subprocess.CompletedProcess[str]:
        folders = (str(self.machine), str(Path(sys.executable).parent), os.environ["PATH"])
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={
                **{n: v for n, v in os.environ.items() if not n.startswith("GIT_")},
                "PATH": os.pathsep.join(folders),
                "HOME": str(self.machine),
                "KPISITE_NOW": now,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert "unbound variable" not in done.stdout
        return done

    def archive(self, what: str) -> subprocess.CompletedProcess[str]:
        return self.call("bash", ".github/archive.sh", what)

    def restore(self) -> None:
        done = self.archive("restore")
        assert done.returncode == 0, done.stdout

    def save(self) -> str:
        done = self.archive("save")
        assert done.returncode == 0, done.stdout
        return done.stdout

    def run(self, key: str, now: str = "2026-03-02") -> None:
        report, label = key.split("/")
        done = self.call("kpisite", "run", report, "--period", label, now=now)
        assert done.returncode == 0, done.stdout

    def record(self, key: str) -> str:
        return (self.folder / "archive" / key / "1" / "edition.json").read_text()


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> GitHub:
    """The repository of a starter project with a short report; it has no archive."""
    folder = tmp_path_factory.mktemp("archive")
    write_project(folder / "project", date(2026, 3, 2))
    report = folder / "project" / REPORT
    text = report.read_text().replace("since: 2025-12-08", "since: 2026-02-16")
    head, _, rest = text.partition("views:\n")
    first, _, _ = rest.partition("  orders:\n")
    report.write_text(f"{head}views:\n{first}")
    github = GitHub(folder)
    github.create(folder / "project")
    return github


@pytest.fixture
def github(started: GitHub, tmp_path: Path) -> GitHub:
    shutil.copytree(started.remote, tmp_path / "remote.git")
    return GitHub(tmp_path)


@pytest.fixture
def ann(github: GitHub) -> Clone:
    """A machine that has run an edition and has not saved it; there is no branch."""
    clone = Clone(github, "ann")
    clone.restore()
    clone.run(OLD)
    return clone


def test_what_was_saved_is_restored_byte_for_byte(github, ann):
    assert "The archive was pushed" in ann.save()
    assert ann.save() == "Nothing is new in the archive.\n"
    bob = Clone(github, "bob")
    bob.restore()
    assert bob.record(OLD) == ann.record(OLD)
    assert "index.parquet" not in github.files("kpi-archive")
    assert bob.save() == "Nothing is new in the archive.\n"
    assert github.commits("kpi-archive") == 1
    assert git(ann.folder, "status", "--porcelain") == ""
    verified = bob.call("kpisite", "verify")
    assert verified.returncode == 0, verified.stdout


def test_without_an_edition_no_branch_is_made(github):
    clone = Clone(github, "ann")
    clone.restore()
    assert clone.save() == "There is no edition yet.\n"
    assert github.commits("kpi-archive") == 0


def test_editions_of_two_machines_are_both_on_the_branch(github, ann):
    bob = Clone(github, "bob")
    bob.restore()
    bob.run(NEW)
    ann.save()
    assert f"{NEW}, revision 1: added" in bob.save()
    assert bob.record(OLD) == ann.record(OLD)
    kept = {path.rpartition("/1/")[0] for path in github.files("kpi-archive")}
    assert kept == {OLD, NEW}
    assert github.commits("kpi-archive") == 2
    verified = bob.call("kpisite", "verify")
    assert verified.returncode == 0, verified.stdout


def test_of_the_same_edition_the_one_that_was_pushed_first_stays(github, ann):
    bob = Clone(github, "bob")
    bob.restore()
    bob.run(OLD, now="2026-03-03")
    ann.save()
    assert f"{OLD}, revision 1: kept" in bob.save()
    assert bob.record(OLD) == ann.record(OLD) == github.read("kpi-archive", f"{OLD}/1/edition.json")


def test_a_branch_that_moves_while_it_is_pushed_is_built_upon(github, ann):
    bob = Clone(github, "bob")
    bob.restore()
    bob.run(NEW)
    hook = bob.folder / ".git" / "hooks" / "pre-push"
    script = f"cd {ann.folder} && unset GIT_DIR && bash .github/archive.sh save >&2"
    hook.write_text(f'#!/bin/sh\nrm "$0"\n{script}\n')
    hook.chmod(0o755)
    said = bob.save()
    assert "Attempt 1 of 5 to push the archive failed." in said
    kept = {path.rpartition("/1/")[0] for path in github.files("kpi-archive")}
    assert kept == {OLD, NEW}
    assert github.commits("kpi-archive") == 2


def test_a_push_that_is_refused_is_tried_again_and_the_archive_stays(github, ann):
    hook = github.remote / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    before = ann.record(OLD)
    done = ann.archive("save")
    assert done.returncode == 1
    assert done.stdout.count("waits") == 5
    assert "The archive could not be pushed." in done.stdout
    assert github.commits("kpi-archive") == 0
    assert ann.record(OLD) == before
    hook.unlink()
    ann.save()
    assert github.read("kpi-archive", f"{OLD}/1/edition.json") == before


def test_a_remote_that_does_not_answer_is_not_taken_for_one_without_an_archive(github, ann):
    ann.save()
    bob = Clone(github, "bob")
    github.remote.rename(github.folder / "away.git")
    done = bob.archive("restore")
    assert done.returncode != 0
    assert "no branch kpi-archive yet" not in done.stdout
    assert ann.archive("save").returncode == 1
    assert (ann.folder / "archive" / OLD).is_dir()


def test_a_merge_that_fails_leaves_the_archive_as_it_was(github, ann):
    bob = Clone(github, "bob")
    bob.restore()
    bob.run(NEW)
    ann.save()
    next((bob.folder / "archive" / NEW).rglob("*.parquet")).write_bytes(b"something else")
    before = bob.record(NEW)
    done = bob.archive("save")
    assert done.returncode == 1
    assert "the content is not what was recorded" in done.stdout
    assert bob.record(NEW) == before
    assert not (bob.folder / "archive" / OLD).exists()
    assert not list((bob.folder / ".cache").rglob("edition.json"))
    assert github.commits("kpi-archive") == 1


def test_an_archive_that_is_gone_does_not_empty_the_branch(github, ann):
    ann.save()
    shutil.rmtree(ann.folder / "archive")
    done = ann.archive("save")
    assert done.returncode == 1
    assert "archive/ is empty, but the branch is not." in done.stdout
    assert github.commits("kpi-archive") == 1


def test_restoring_overwrites_nothing(ann):
    done = ann.archive("restore")
    assert done.returncode == 1
    assert "archive/ has something in it: it is not overwritten." in done.stdout


def test_it_says_what_it_can_do(ann):
    done = ann.archive("push")
    assert (done.returncode, done.stdout) == (2, "Usage: archive.sh restore|save\n")
