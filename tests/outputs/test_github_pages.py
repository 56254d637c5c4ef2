"""The output `github_pages`: real git against a bare repository on disk."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from typing import TYPE_CHECKING, ClassVar

import pytest
from cutting_proxy import refusing_port
from docs_examples import GUIDE, run, write_files
from git_project import NEW, commits, deploy, driver, git, published, push_other
from git_server import PASSWORD, USER, GitServer
from sites import write_site

from kpisite.errors import OutputError
from kpisite.outputs._git_branch import RemoteBranch
from kpisite.outputs.github_pages import MARKER, GithubPages
from kpisite.pipeline.publish import read_site
from kpisite.testing import SiteDriverContract

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("short_pauses")


class TestGithubPagesContract(SiteDriverContract):
    own_files: ClassVar = {MARKER, ".nojekyll"}
    secrets: ClassVar = (PASSWORD,)

    @pytest.fixture(autouse=True)
    def _remote(self, git_project: Path) -> Iterator[None]:
        self.project = git_project
        with GitServer(git_project.parent, password=PASSWORD) as self.server:
            yield

    def make(self, folder: Path) -> GithubPages:
        return self._driver(self.server.port)

    def make_unreachable(self, folder: Path) -> GithubPages:
        return self._driver(refusing_port())

    def published(self, folder: Path) -> dict[str, bytes]:
        remote = self.project.parent / "remote.git"
        if not git(remote, "branch", "--list", "gh-pages"):
            return {}
        packed = subprocess.check_output(["git", "archive", "gh-pages"], cwd=remote)
        with tarfile.open(fileobj=io.BytesIO(packed)) as files:
            members = [(one.name, files.extractfile(one)) for one in files if one.isfile()]
            return {name: content.read() for name, content in members if content}

    def _driver(self, port: int) -> GithubPages:
        url = self.server.url("remote.git", port=port, user=f"{USER}:{PASSWORD}")
        return driver(self.project, remote=url, tries=2)


def test_the_first_deploy_is_one_commit_with_the_whole_site(git_project):
    deploy(git_project, cname="kpis.example.org")
    assert published(git_project) == {
        *("index.html", "sales/index.html", MARKER, ".nojekyll", "CNAME"),
    }
    assert commits(git_project) == 1
    assert git(git_project, "status", "--porcelain") == "?? site/\n"
    assert git(git_project, "branch", "--list") == ""


def test_an_equal_site_makes_no_commit(git_project):
    deploy(git_project)
    receipt = deploy(git_project)
    assert commits(git_project) == 1
    assert (receipt.details["added"], receipt.details["changed"]) == (0, 0)
    assert driver(git_project).plan(read_site(git_project / "site")) == []


def test_stale_files_go_and_those_of_others_stay(git_project):
    deploy(git_project)
    push_other(git_project, "1.0/index.html")
    plan = driver(git_project).plan(write_site(git_project / "site", {"index.html": "new"}))
    assert plan == [
        "0 added, 1 changed, 1 removed, 3 B to write",
        "change index.html, 3 B",
        "remove sales/index.html",
    ]
    deploy(git_project)
    assert published(git_project) == {"index.html", "1.0/index.html", MARKER, ".nojekyll"}
    assert commits(git_project) == 3


def test_a_remote_that_moved_before_the_push_is_built_upon(git_project, monkeypatch):
    deploy(git_project)
    write_site(git_project / "site", NEW)
    real, committed = RemoteBranch.commit, []

    def commit_late(self, *arguments):
        commit = real(self, *arguments)
        if not committed:
            push_other(git_project, "preview/index.html")
        committed.append(commit)
        return commit

    monkeypatch.setattr(RemoteBranch, "commit", commit_late)
    deploy(git_project)
    assert len(committed) == 2
    assert "preview/index.html" in published(git_project)
    assert git(git_project.parent / "remote.git", "show", "gh-pages:index.html") == "new"
    assert commits(git_project) == 3


def test_files_of_others_are_not_overwritten(git_project):
    deploy(git_project, folder="kpis")
    push_other(git_project, "index.html")
    with pytest.raises(OutputError, match="did not put there"):
        deploy(git_project)
    assert deploy(git_project, folder="kpis").details["added"] == 0


def test_a_shallow_clone_publishes_too(git_project):
    deploy(git_project)
    push_other(git_project, "1.0/index.html")
    source = f"file://{git_project.parent / 'remote.git'}"
    git(git_project.parent, "clone", "--quiet", "--depth=1", "-b", "gh-pages", source, "shallow")
    clone = git_project.parent / "shallow"
    write_site(git_project / "site", NEW)
    driver(clone).deploy(read_site(git_project / "site"))
    assert commits(git_project) == 3
    assert "1.0/index.html" in published(git_project)


def test_a_branch_that_is_checked_out_stays_as_it_is(git_project):
    git(git_project, "checkout", "--quiet", "-b", "gh-pages")
    (git_project / "mine.txt").write_text("mine")
    git(git_project, "add", "mine.txt")
    deploy(git_project)
    assert git(git_project, "status", "--porcelain") == "A  mine.txt\n?? site/\n"
    assert "mine.txt" not in published(git_project)


def test_the_report_of_the_guide_is_published(git_project):
    write_files(GUIDE / "outputs" / "github_pages.md", git_project)
    (git_project / "mkdocs.yml").write_text(
        "site_name: Sales\ndocs_dir: content\ntheme: {name: material, font: false}\n"
        "plugins: [kpisite]\n"
    )
    environment = {**os.environ, "KPISITE_NOW": "2025-04-01"}
    planned = run(git_project, "kpisite", "publish", "--dry-run", environment=environment)
    assert planned.returncode == 0, planned.stderr
    assert " added, 0 changed, 0 removed" in planned.stdout
    assert git(git_project.parent / "remote.git", "branch", "--list") == ""
    for _ in range(2):
        result = run(git_project, "kpisite", "publish", environment=environment)
        assert result.returncode == 0, result.stderr + result.stdout
        home = git(git_project.parent / "remote.git", "show", "gh-pages:kpis/index.html")
        assert home == (git_project / "site" / "index.html").read_text()
        assert commits(git_project) == 1
