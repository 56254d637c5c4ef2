"""The output `github_pages` when something fails: over HTTP, SSH and on disk, with real git."""

from __future__ import annotations

import functools
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from cutting_proxy import CuttingProxy, SilentServer, refusing_port
from git_project import NEW, OLD, commits, deploy, driver, git, make_project, push_other, seen
from git_server import PASSWORD, USER, GitServer
from required import needs
from sites import Watcher, write_site
from small_disk import small_disk
from ssh_server import SSHD, SSHServer

from kpisite.errors import OutputError
from kpisite.outputs import _git
from kpisite.outputs._git_branch import RemoteBranch
from kpisite.outputs.github_pages import GithubPages
from kpisite.pipeline.publish import read_site
from kpisite.plugins import OutputContext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("short_pauses")

LARGE = {**OLD, "data.bin": random.Random(7).randbytes(150_000).hex()}
"""About as large when git has compressed it, half as large at least."""


@pytest.fixture
def old(git_project: Path) -> Path:
    """The project with its first site published, and the next one built."""
    deploy(git_project)
    write_site(git_project / "site", NEW)
    return git_project


@pytest.fixture
def http(old: Path) -> Iterator[GitServer]:
    with GitServer(old.parent) as server:
        yield server


def fails(project: Path, **options: Any) -> OutputError:
    """Deploy, which must fail and leave the old site."""
    with pytest.raises(OutputError) as caught:
        deploy(project, **options)
    assert seen(project) == OLD
    assert "output 'pages'" in str(caught.value)
    return caught.value


def finish(project: Path, site: dict[str, str] = NEW, **options: Any) -> None:
    """Publish again, and see the new site as one commit."""
    deploy(project, **options)
    assert seen(project) == site
    assert commits(project) == 2


def pushes(server: GitServer) -> list[str]:
    return [asked for asked in server.asked if asked.endswith("POST /remote.git/git-receive-pack")]


# --- over HTTP --------------------------------------------------------------------------------


def test_over_http_one_commit_arrives_and_says_how_far_it_is(old, http):
    watcher = Watcher()
    options = GithubPages.Options(remote=http.url("remote.git"))
    pages = GithubPages(options, OutputContext("pages", old, progress=watcher))
    pages.deploy(read_site(old / "site"))
    assert seen(old) == NEW
    assert commits(old) == 2
    assert len(pushes(http)) == 1
    watcher.check()


def test_a_refused_connection_is_told_and_a_rerun_finishes(old):
    error = fails(old, remote=f"http://127.0.0.1:{refusing_port()}/remote.git", tries=2)
    assert "git ls-remote" in str(error)
    assert "Check the network" in error.hint
    finish(old)


def test_a_server_that_never_answers_is_given_up_and_a_rerun_finishes(old):
    with SilentServer() as silent:
        remote = f"http://127.0.0.1:{silent.port}/remote.git"
        error = fails(old, remote=remote, tries=1, timeout=1)
    assert "too slow" in str(error)
    assert "Check the network" in error.hint
    finish(old)


@pytest.mark.parametrize("user", ["", f"{USER}:wrong-word"])
def test_a_password_that_is_refused_is_told_once_and_not_shown(old, http, user):
    http.password = PASSWORD
    error = fails(old, remote=http.url("remote.git", user=user))
    assert "Check the credentials" in error.hint
    assert "wrong-word" not in str(error) + repr(error.__cause__)
    assert len(http.asked) <= 2
    finish(old, remote=http.url("remote.git", user=f"{USER}:{PASSWORD}"))


def test_a_password_is_not_in_the_repository(old, http):
    http.password = PASSWORD
    deploy(old, remote=http.url("remote.git", user=f"{USER}:{PASSWORD}"))
    kept = (path for path in (old / ".git").rglob("*") if path.is_file())
    assert not [path for path in kept if PASSWORD.encode() in path.read_bytes()]


def test_a_remote_that_may_not_be_written_says_which_permission_is_needed(old, http):
    http.refuse = lambda asked: 403 if "receive-pack" in asked else 0
    error = fails(old, remote=http.url("remote.git"))
    assert "contents: write" in error.hint
    assert len([asked for asked in http.asked if "receive-pack" in asked]) == 1
    http.refuse = lambda asked: 0
    finish(old, remote=http.url("remote.git"))


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("where", ["service=git-upload-pack", "POST /remote.git/git-receive-pack"])
def test_a_busy_server_is_asked_again(old, http, status, where):
    left = [status, status]
    http.refuse = lambda asked: left.pop() if left and where in asked else 0
    finish(old, remote=http.url("remote.git"))
    assert not left


def test_a_server_that_stays_busy_is_given_up_and_a_rerun_finishes(old, http):
    http.refuse = lambda asked: 503
    error = fails(old, remote=http.url("remote.git"), tries=3)
    assert "503" in str(error)
    assert len(http.asked) == 3
    http.refuse = lambda asked: 0
    finish(old, remote=http.url("remote.git"))


def test_a_page_that_is_no_repository_is_named(old, http):
    http.refuse = lambda asked: 200
    error = fails(old, remote=http.url("remote.git"))
    assert "name or address in 'remote'" in error.hint


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> int:
    """Return how many bytes a deploy of the new site after the old one sends, at least."""
    project = make_project(tmp_path_factory.mktemp("measured"))
    deploy(project)
    write_site(project / "site", NEW)
    with GitServer(project.parent) as server, CuttingProxy(server.port) as proxy:
        deploy(project, remote=server.url("remote.git", port=proxy.port))
        return proxy.sent


@pytest.mark.parametrize("part", [0.05, 0.3, 0.6, 0.8, 0.95])
def test_wherever_it_is_cut_readers_see_the_old_site_and_a_rerun_finishes(sent, old, http, part):
    with CuttingProxy(http.port, int(sent * part)) as proxy:
        error = fails(old, remote=http.url("remote.git", port=proxy.port), tries=1)
    assert "Check the network" in error.hint
    finish(old, remote=http.url("remote.git"))


def test_a_cut_connection_is_made_again(sent, old, http, monkeypatch):
    with CuttingProxy(http.port, int(sent * 0.8)) as proxy:
        monkeypatch.setattr(
            "tenacity.nap.time.sleep", lambda seconds: setattr(proxy, "limit", None)
        )
        finish(old, remote=http.url("remote.git", port=proxy.port))
        assert proxy.limit is None


def test_a_server_that_falls_silent_in_the_middle_is_given_up(sent, old, http):
    with CuttingProxy(http.port, int(sent * 0.8), silent=True) as proxy:
        error = fails(old, remote=http.url("remote.git", port=proxy.port), tries=1, timeout=1)
    assert "Check the network" in error.hint
    finish(old, remote=http.url("remote.git"))


def test_a_push_whose_answer_is_lost_has_arrived(old, http):
    http.keep_answer = lambda asked: "POST /remote.git/git-receive-pack" in asked
    receipt = deploy(old, remote=http.url("remote.git"))
    assert receipt.details["changed"] == 1
    assert seen(old) == NEW
    assert commits(old) == 2


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("This repository is over its data quota", "raise its quota"),
        ("GH006: Protected branch update failed", "has a rule against it"),
    ],
)
def test_a_push_that_is_refused_says_why_and_a_rerun_finishes(old, http, said, hint):
    hook = old.parent / "remote.git/hooks/pre-receive"
    hook.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    hook.chmod(0o755)
    error = fails(old, remote=http.url("remote.git"))
    assert said in str(error)
    assert hint in error.hint
    assert len(pushes(http)) == 1
    hook.unlink()
    finish(old, remote=http.url("remote.git"))


# --- over SSH ---------------------------------------------------------------------------------

needs_ssh = needs(SSHD, "no OpenSSH server is installed")


@pytest.fixture(scope="module")
def ssh_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SSHServer]:
    server = SSHServer(tmp_path_factory.mktemp("ssh"))
    yield server
    server.close()


@pytest.fixture
def ssh(
    ssh_server: SSHServer, old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., str]:
    """Return what makes an address; `ssh` on the path is one that knows the server and a key."""
    for name in ("GIT_SSH", "GIT_SSH_COMMAND"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "known").write_text(f"* {ssh_server.host_key}\n")
    key = ssh_server.key_file

    def address(port: int = 0, *, known: bool = True) -> str:
        (tmp_path / "ssh_config").write_text(
            f"Host *\n  IdentityFile {key if known else key.with_name('host_ed25519')}\n"
            f"  IdentitiesOnly yes\n  IdentityAgent none\n  UserKnownHostsFile {tmp_path}/known\n"
            "  GlobalKnownHostsFile none\n  StrictHostKeyChecking yes\n"
        )
        real = shutil.which("ssh", path=os.defpath)
        program(tmp_path / "bin/ssh", f'exec {real} -F {tmp_path}/ssh_config "$@"')
        return f"ssh://{ssh_server.user}@127.0.0.1:{port or ssh_server.port}{tmp_path}/remote.git"

    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    return address


def program(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@needs_ssh
def test_over_ssh_a_key_that_is_refused_is_told_once_and_a_rerun_finishes(old, ssh, ssh_server):
    with CuttingProxy(ssh_server.port) as proxy:
        error = fails(old, remote=ssh(proxy.port, known=False))
        assert proxy.connections == 1
    assert "Check the credentials" in error.hint
    finish(old, remote=ssh())


@needs_ssh
def test_over_ssh_a_server_that_never_answers_is_given_up(old, ssh):
    with SilentServer() as silent:
        error = fails(old, remote=ssh(silent.port), timeout=1, tries=1)
    assert "Check the network" in error.hint
    finish(old, remote=ssh())


@needs_ssh
@pytest.mark.parametrize("silent", [False, True])
def test_over_ssh_a_connection_that_breaks_leaves_the_old_site(old, ssh, ssh_server, silent):
    write_site(old / "site", LARGE)
    with CuttingProxy(ssh_server.port, 60_000, silent=silent) as proxy:
        error = fails(old, remote=ssh(proxy.port), timeout=2, tries=1)
        assert proxy.limit == 0
    assert "Check the network" in error.hint
    finish(old, LARGE, remote=ssh())


# --- this machine -----------------------------------------------------------------------------


def test_a_remote_that_vanished_is_named_and_a_rerun_finishes(old):
    remote = old.parent / "remote.git"
    away = remote.rename(old.parent / "away.git")
    with pytest.raises(OutputError, match="git ls-remote") as caught:
        deploy(old)
    assert "name or address in 'remote'" in caught.value.hint
    assert all(line.startswith("  ") for line in str(caught.value).splitlines()[1:])
    away.rename(remote)
    finish(old)


def test_an_unknown_remote_is_named_without_its_secret(git_project):
    with pytest.raises(OutputError) as caught:
        deploy(git_project, remote="nowhere://ann:secret@example.org/x.git")
    assert "secret" not in str(caught.value)


def test_without_git_the_error_says_so(git_project, monkeypatch):
    monkeypatch.setenv("PATH", str(git_project))
    with pytest.raises(OutputError, match="not on the PATH"):
        deploy(git_project)


def test_a_command_that_hangs_is_ended_and_a_rerun_finishes(old, tmp_path, monkeypatch):
    git_program = shutil.which("git")
    hanging = f'case " $* " in *" ls-remote "*) exec sleep 600;; esac; exec {git_program} "$@"'
    program(tmp_path / "bin/git", hanging)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
        patch.setattr(_git, "LONGEST", 0.5)
        with pytest.raises(OutputError, match="took too long"):
            deploy(old, tries=1)
    assert seen(old) == OLD
    finish(old)


DEPLOY = """\
import sys
from pathlib import Path
from kpisite.outputs.github_pages import GithubPages
from kpisite.pipeline.publish import read_site
from kpisite.plugins import OutputContext
folder = Path(sys.argv[1])
driver = GithubPages(GithubPages.Options(), OutputContext("pages", folder))
driver.deploy(read_site(folder / "site"))
"""


@pytest.mark.parametrize("also_git", [False, True])
@pytest.mark.parametrize("stage", ["fetch", "hash-object", "update-index", "commit-tree", "push"])
def test_killed_at_any_stage_one_whole_site_is_there_and_a_rerun_finishes(
    old, tmp_path, stage, also_git
):
    """A stand-in for git kills who called it, before the stage; git itself may go on."""
    killing = 'kill -9 "$PPID"' + ('; kill -9 "$$"' if also_git else "")
    text = f'case " $* " in *" {stage} "*) {killing};; esac; exec {shutil.which("git")} "$@"'
    program(tmp_path / "bin/git", text)
    environment = {**os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
    command = [sys.executable, "-c", DEPLOY, str(old)]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert seen(old) in (OLD, NEW)
    finish(old)


def test_a_lock_that_a_crash_left_costs_nothing(old):
    folder = old / ".git/refs/kpisite"
    for ref in [path for path in folder.rglob("*") if path.is_file()]:
        ref.with_name(f"{ref.name}.lock").touch()
    finish(old)


@pytest.mark.parametrize("side", ["project", "remote"])
def test_a_full_disk_leaves_the_old_site_and_a_rerun_finishes(tmp_path, git_project, side):
    place = git_project if side == "project" else tmp_path / "remote.git"
    kept = shutil.copytree(place, tmp_path / "kept")
    with small_disk(place, 900_000) as resize:
        shutil.copytree(kept, place, dirs_exist_ok=True)
        deploy(git_project)
        write_site(git_project / "site", {**LARGE, "more.bin": LARGE["data.bin"][::-1]})
        (place / "filling").write_bytes(bytes(all_but_a_little(place)))
        error = fails(git_project, tries=1)
        assert "o space left" in str(error)
        assert "room" in error.hint
        (place / "filling").unlink()
        resize(4_000_000)
        write_site(git_project / "site", NEW)
        finish(git_project)


def all_but_a_little(folder: Path) -> int:
    """Return how many bytes to write so that hardly any room is left."""
    found = os.statvfs(folder)
    return max(0, found.f_bavail * found.f_frsize - 60_000)


def test_a_remote_that_can_write_no_large_file_leaves_the_old_site(old, http):
    write_site(old / "site", LARGE)
    http.largest_file = 50_000
    error = fails(old, remote=http.url("remote.git"), tries=1)
    assert "Make room for the remote" in error.hint
    http.largest_file = 0
    finish(old, LARGE, remote=http.url("remote.git"))


# --- two at once ------------------------------------------------------------------------------


def at_once(*deploys: Callable[[], object]) -> None:
    """Call them all at the same time; none may fail."""
    barrier = Barrier(len(deploys))

    def one(act: Callable[[], object]) -> None:
        barrier.wait()
        act()

    with ThreadPoolExecutor(len(deploys)) as executor:
        list(executor.map(one, deploys))


def test_two_outputs_of_a_project_on_one_branch_both_arrive(git_project):
    site = read_site(git_project / "site")
    folders = ("a", "b", "c")
    drivers = [driver(git_project, folder=folder, tries=20) for folder in folders]
    at_once(*(functools.partial(one.deploy, site) for one in drivers))
    assert seen(git_project) == {
        f"{folder}/{path}": text for folder in folders for path, text in OLD.items()
    }


def test_two_machines_on_one_branch_leave_one_whole_site(git_project, tmp_path):
    deploy(git_project)
    sites = [{"index.html": name, f"{name}/index.html": name} for name in ("one", "two", "three")]
    acts = []
    for number, files in enumerate(sites):
        clone = tmp_path / f"machine-{number}"
        git(tmp_path, "clone", "--quiet", "remote.git", str(clone))
        site = write_site(clone / "site", files)
        acts.append(functools.partial(driver(clone, tries=20).deploy, site))
    at_once(*acts)
    assert seen(git_project) in sites
    assert commits(git_project) == 4


def test_a_branch_that_moves_all_the_time_is_given_up(old, monkeypatch):
    real, moved = RemoteBranch.commit, []

    def commit_late(self, *arguments):
        commit = real(self, *arguments)
        push_other(old, f"preview-{len(moved)}/index.html")
        moved.append(commit)
        return commit

    with monkeypatch.context() as patch:
        patch.setattr(RemoteBranch, "commit", commit_late)
        with pytest.raises(OutputError, match="others have pushed"):
            deploy(old, tries=3)
    assert len(moved) == 3
    assert seen(old)["index.html"] == "home"
    deploy(old)
    assert seen(old)["index.html"] == "new"
