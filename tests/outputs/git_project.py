"""A project in a Git repository, with a bare remote on disk."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from sites import write_site

from kpisite.outputs.github_pages import MARKER, GithubPages
from kpisite.pipeline.publish import read_site
from kpisite.plugins import OutputContext

if TYPE_CHECKING:
    from pathlib import Path

    from kpisite.plugins import Receipt

OLD = {"index.html": "home", "sales/index.html": "sales"}
NEW = {"index.html": "new", "sales/index.html": "sales"}


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
    command = ["git", *who, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def git_project(tmp_path: Path) -> Path:
    """A project in a repository, with a bare remote beside it and a site that is not published."""
    return make_project(tmp_path)


def make_project(parent: Path) -> Path:
    git(parent, "init", "--quiet", "--bare", "remote.git")
    git(parent, "init", "--quiet", "-b", "main", "project")
    folder = parent / "project"
    git(folder, "remote", "add", "origin", str(parent / "remote.git"))
    write_site(folder / "site", OLD)
    return folder


def driver(project: Path, **options: Any) -> GithubPages:
    return GithubPages(GithubPages.Options(**options), OutputContext("pages", project))


def deploy(project: Path, **options: Any) -> Receipt:
    return driver(project, **options).deploy(read_site(project / "site"))


def seen(project: Path) -> dict[str, str]:
    """Return what readers see: all files of the branch but our own."""
    remote = project.parent / "remote.git"
    return {
        path: git(remote, "show", f"gh-pages:{path}")
        for path in published(project)
        if path.rpartition("/")[2] not in (MARKER, ".nojekyll")
    }


def published(project: Path) -> set[str]:
    remote = project.parent / "remote.git"
    return set(git(remote, "ls-tree", "-r", "--name-only", "gh-pages").split())


def commits(project: Path) -> int:
    return int(git(project.parent / "remote.git", "rev-list", "--count", "gh-pages"))


def push_other(project: Path, path: str) -> None:
    other = project.parent / f"other-{path.replace('/', '-')}"
    git(project.parent, "clone", "--quiet", "-b", "gh-pages", "remote.git", str(other))
    (other / path).parent.mkdir(parents=True, exist_ok=True)
    (other / path).write_text("other")
    git(other, "add", "--all")
    git(other, "commit", "--quiet", "-m", "Other")
    git(other, "push", "--quiet")
