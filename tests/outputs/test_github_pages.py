"""The output `github_pages`: real git against a bare repository on disk."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from kpisite.errors import OutputError
from kpisite.outputs.github_pages import MARKER, GithubPages
from kpisite.pipeline.publish import read_site
from kpisite.plugins import OutputContext

if TYPE_CHECKING:
    from pathlib import Path


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
    command = ["git", *who, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def write(folder: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet", "--bare", "remote.git")
    git(tmp_path, "init", "--quiet", "-b", "main", "project")
    folder = tmp_path / "project"
    git(folder, "remote", "add", "origin", str(tmp_path / "remote.git"))
    write(folder / "site", {"index.html": "home", "sales/index.html": "sales"})
    return folder


def driver(project: Path, **options: str) -> GithubPages:
    return GithubPages(GithubPages.Options(**options), OutputContext("pages", project))


def deploy(project: Path, **options: str):
    return driver(project, **options).deploy(read_site(project / "site"))


def published(project: Path) -> set[str]:
    remote = project.parent / "remote.git"
    return set(git(remote, "ls-tree", "-r", "--name-only", "gh-pages").split())


def commits(project: Path) -> int:
    return int(git(project.parent / "remote.git", "rev-list", "--count", "gh-pages"))


def push_other(project: Path, path: str) -> None:
    other = project.parent / f"other-{path.replace('/', '-')}"
    git(project.parent, "clone", "--quiet", "-b", "gh-pages", "remote.git", str(other))
    write(other, {path: "other"})
    git(other, "add", "--all")
    git(other, "commit", "--quiet", "-m", "Other")
    git(other, "push", "--quiet")


def test_the_first_deploy_is_one_commit_with_the_whole_site(project):
    deploy(project, cname="kpis.example.org")
    assert published(project) == {
        *("index.html", "sales/index.html", MARKER, ".nojekyll", "CNAME"),
    }
    assert commits(project) == 1
    assert git(project, "status", "--porcelain") == "?? site/\n"
    assert git(project, "branch", "--list") == ""


def test_an_equal_site_makes_no_commit(project):
    deploy(project)
    receipt = deploy(project)
    assert commits(project) == 1
    assert (receipt.details["added"], receipt.details["changed"]) == (0, 0)
    assert driver(project).plan(read_site(project / "site")) == []


def test_stale_files_go_and_those_of_others_stay(project):
    deploy(project)
    push_other(project, "1.0/index.html")
    (project / "site/sales/index.html").unlink()
    write(project / "site", {"index.html": "new"})
    plan = driver(project).plan(read_site(project / "site"))
    assert plan[1:] == [f"change {MARKER}", "change index.html", "remove sales/index.html"]
    deploy(project)
    assert published(project) == {"index.html", "1.0/index.html", MARKER, ".nojekyll"}
    assert commits(project) == 3


def test_a_remote_that_moved_before_the_push_is_built_upon(project, monkeypatch):
    deploy(project)
    write(project / "site", {"index.html": "new"})
    real, pushed = GithubPages._commit, []

    def commit_late(self, site, changes, parent):
        commit = real(self, site, changes, parent)
        if not pushed:
            pushed.append(commit)
            push_other(project, "preview/index.html")
        return commit

    monkeypatch.setattr(GithubPages, "_commit", commit_late)
    deploy(project)
    assert "preview/index.html" in published(project)
    assert git(project.parent / "remote.git", "show", "gh-pages:index.html") == "new"
    assert commits(project) == 3


def test_a_refused_push_leaves_the_old_site_and_the_next_one_finishes(project):
    deploy(project)
    hook = project.parent / "remote.git/hooks/pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    write(project / "site", {"index.html": "new"})
    with pytest.raises(OutputError, match="git push"):
        deploy(project)
    assert git(project.parent / "remote.git", "show", "gh-pages:index.html") == "home"
    hook.unlink()
    deploy(project)
    assert git(project.parent / "remote.git", "show", "gh-pages:index.html") == "new"


def test_files_of_others_are_not_overwritten(project):
    deploy(project, folder="kpis")
    push_other(project, "index.html")
    with pytest.raises(OutputError, match="did not put there"):
        deploy(project)
    assert deploy(project, folder="kpis").details["added"] == 0


def test_an_unknown_remote_is_named_without_its_secret(project):
    with pytest.raises(OutputError) as caught:
        deploy(project, remote="nowhere://ann:secret@example.org/x.git")
    assert "secret" not in str(caught.value)


def test_without_git_the_error_says_so(project, monkeypatch):
    monkeypatch.setenv("PATH", str(project))
    with pytest.raises(OutputError, match="not on the PATH"):
        deploy(project)


def test_a_shallow_clone_publishes_too(project):
    deploy(project)
    push_other(project, "1.0/index.html")
    source = f"file://{project.parent / 'remote.git'}"
    git(project.parent, "clone", "--quiet", "--depth=1", "-b", "gh-pages", source, "shallow")
    clone = project.parent / "shallow"
    write(project / "site", {"index.html": "new"})
    driver(clone).deploy(read_site(project / "site"))
    assert commits(project) == 3
    assert "1.0/index.html" in published(project)


def test_a_remote_that_vanished_is_an_error_and_the_next_run_finishes(project):
    deploy(project)
    write(project / "site", {"index.html": "new"})
    remote = project.parent / "remote.git"
    away = remote.rename(project.parent / "away.git")
    with pytest.raises(OutputError, match="git ls-remote"):
        deploy(project)
    away.rename(remote)
    deploy(project)
    assert git(remote, "show", "gh-pages:index.html") == "new"


def test_a_branch_that_is_checked_out_stays_as_it_is(project):
    git(project, "checkout", "--quiet", "-b", "gh-pages")
    write(project, {"mine.txt": "mine"})
    git(project, "add", "mine.txt")
    deploy(project)
    assert git(project, "status", "--porcelain") == "A  mine.txt\n?? site/\n"
    assert "mine.txt" not in published(project)


def test_objects_that_cannot_be_written_leave_the_old_site_and_the_next_run_finishes(
    project, monkeypatch
):
    deploy(project)
    write(project / "site", {"index.html": "new"})
    with monkeypatch.context() as patch:
        patch.setenv("GIT_OBJECT_DIRECTORY", "/dev/null/objects")
        with pytest.raises(OutputError):
            deploy(project)
    remote = project.parent / "remote.git"
    assert git(remote, "show", "gh-pages:index.html") == "home"
    deploy(project)
    assert git(remote, "show", "gh-pages:index.html") == "new"
