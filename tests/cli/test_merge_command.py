"""`kpisite merge`: another archive's editions come into the project's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from docs_examples import GUIDE
from required import lacks


@pytest.fixture
def other(shop):
    """The project without the archive that stands beside it now."""
    assert shop.call("run").exit_code == 0
    (shop.folder / "archive").rename(shop.folder / "other")
    return shop.folder / "other"


def test_it_says_what_came_and_what_was_here_already(shop, other):
    result = shop.call("merge", str(other))
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines() == [
        "sales/2024-01, revision 1: added",
        "sales/2024-02, revision 1: added",
        "sales/2024-03, revision 1: added",
        "3 changes, 0 kept as here, 0 equal.",
    ]
    assert shop.call("merge", str(other)).stdout == "0 changes, 0 kept as here, 3 equal.\n"
    assert shop.call("verify").exit_code == 0
    assert (shop.folder / "archive" / "index.parquet").is_file()


def test_what_is_kept_is_named(shop, other):
    assert shop.call("run", now="2024-03-02").exit_code == 0
    said = shop.call("merge", str(other)).stdout
    assert "sales/2024-01, revision 1: kept\n" in said
    assert said.endswith("0 changes, 3 kept as here, 0 equal.\n")


def test_another_archive_than_the_projects_may_get_it(shop, other):
    third = shop.folder / "third"
    assert shop.call("merge", str(other), "--into", str(third)).exit_code == 0
    assert not (shop.folder / "archive").exists()
    files = shop.files("other")
    assert len(files) > 3
    assert {p.partition("/")[2] for p in shop.files("third")} == {
        p.partition("/")[2] for p in files
    }


def test_a_folder_that_is_not_there_is_not_taken_for_an_empty_archive(shop):
    result = shop.call("merge", "nowhere")
    assert result.exit_code == 2
    assert result.stderr == "Error: nowhere: there is no such folder\n  Name another archive.\n"


def test_two_branches_of_a_repository_come_together_as_the_guide_says(shop):
    if shutil.which("git") is None:
        lacks("git is not installed")
    environment = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_NAME": "Ann" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "ann@example.org" for who in ("AUTHOR", "COMMITTER")},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }

    def sh(script: str) -> str:
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=shop.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    guide = (GUIDE / "archive.md").read_text(encoding="utf-8")
    attributes = re.search(r"`(archive/\*\* [^`]*)` in `.gitattributes`", guide)
    commands = next(re.finditer(r"```sh\n(git merge theirs\n[^`]*)```", guide))
    (shop.folder / ".gitattributes").write_text(f"{attributes[1]}\n")
    (shop.folder / ".gitignore").write_text("archive/index.parquet\n.cache\n")
    shop.call("run", now="2024-02-15")
    sh("git init -q -b ours && git add -A && git commit -qm Start && git checkout -qb theirs")
    shop.call("run", now="2024-03-15")
    sh("git add -A && git commit -qm Theirs && git checkout -q ours")
    shop.call("run", now="2024-02-20")
    sh("git add -A && git commit -qm Ours")
    first, _, rest = commands[1].partition("\n")
    said = sh(f"{first} && exit 9 || true")
    assert "CONFLICT" in said
    assert "edition.json" in said
    sh(f"set -e\n{rest}")
    assert shop.call("verify", now="2024-03-15").exit_code == 0
    assert "2024-03" in shop.call("list").stdout
    assert '"status": "sealed"' in (
        shop.folder / "archive" / "sales" / "2024-02" / "1" / "edition.json"
    ).read_text(encoding="utf-8")
    assert sh("git status --porcelain") == ""
