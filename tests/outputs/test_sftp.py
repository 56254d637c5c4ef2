"""The output `sftp`: against a real OpenSSH server; readers see the old site or the new one."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event
from typing import TYPE_CHECKING, Any, ClassVar

import asyncssh
import pytest
from cutting_proxy import CuttingProxy, SilentServer, refusing_port
from docs_examples import GUIDE, run, write_files
from pydantic import ValidationError
from sites import Watcher, read_files, write_site
from small_disk import small_disk
from ssh_server import SSHServer
from ssh_target import NEW, OLD, Target, server

from kpisite.errors import OutputError
from kpisite.outputs._remote_folder import RemoteFolder
from kpisite.outputs.sftp import SFTP
from kpisite.plugins import OutputContext, Site
from kpisite.testing import SiteDriverContract

if TYPE_CHECKING:
    from collections.abc import Iterator


__all__ = ["server"]
pytestmark = pytest.mark.usefixtures("short_pauses")


@pytest.fixture
def target(server: SSHServer, tmp_path: Path) -> Target:
    return Target(server, tmp_path)


@pytest.fixture
def old(target: Target) -> Target:
    target.driver().deploy(target.site(OLD))
    target.site(NEW)
    return target


class TestSFTPContract(SiteDriverContract):
    own_files: ClassVar = {".kpisite.json"}
    secrets: ClassVar = ("s3cret-word", "s3cret-phrase", "s3cret-sudo")

    @pytest.fixture(autouse=True)
    def _target(self, target: Target) -> None:
        self.target = target

    def make(self, folder: Path, **options: Any) -> SFTP:
        word, phrase, sudo = self.secrets
        given = {"password": word, "passphrase": phrase, "sudo_password": sudo}
        return self.target.driver(**given, **options)

    def make_unreachable(self, folder: Path) -> SFTP:
        return self.make(folder, port=refusing_port())

    def published(self, folder: Path) -> dict[str, bytes]:
        return read_files(self.target.web)


def finish(target: Target) -> None:
    """Publish again, and see the new site and nothing else."""
    target.driver().deploy(target.site(NEW))
    assert target.seen() == NEW
    assert len(target.beside()) == 2


def test_the_whole_site_arrives_and_the_receipt_counts_it(target):
    site = target.site(OLD)
    receipt = target.driver().deploy(site)
    assert target.seen() == OLD
    assert receipt.target == f"sftp://{target.server.user}@127.0.0.1:{target.server.port}" + str(
        target.web
    )
    assert receipt.digest == site.digest
    assert receipt.details == {"files": 3, "added": 3, "changed": 0, "removed": 0}
    assert len(target.beside()) == 2


def test_the_next_site_replaces_it_and_nothing_stale_is_left(old):
    receipt = old.driver().deploy(old.site(NEW))
    assert old.seen() == NEW
    assert receipt.details == {"files": 3, "added": 1, "changed": 1, "removed": 1}
    assert len(old.beside()) == 2


def test_the_old_site_is_there_until_one_rename_shows_the_new_one(old, monkeypatch):
    rename, seen = asyncssh.SFTPClient.posix_rename, []

    async def watched(client: asyncssh.SFTPClient, source: str, place: str) -> None:
        if place == str(old.web):
            seen.append(old.seen())
        await rename(client, source, place)
        if place == str(old.web):
            seen.append(old.seen())

    monkeypatch.setattr(asyncssh.SFTPClient, "posix_rename", watched)
    old.driver().deploy(old.site(NEW))
    assert seen == [OLD, NEW]


def test_what_is_equal_is_linked_and_not_sent(old):
    before = (old.web / "sales/index.html").stat().st_ino
    old.driver().deploy(old.site(NEW))
    assert (old.web / "sales/index.html").stat().st_ino == before


# Each is told by what the server does when it is asked to run a command.
COMMANDS = {
    "runs it": "",
    "has only SFTP": "internal-sftp",
    "has no shell": 'case "$SSH_ORIGINAL_COMMAND" in *sftp*) exec {sftp};; esac; exit 1',
    "says more": 'echo Welcome; eval "$SSH_ORIGINAL_COMMAND"',
    "pretends": 'case "$SSH_ORIGINAL_COMMAND" in *sftp*) exec {sftp};; esac; exit 0',
}


@pytest.fixture(scope="module", params=COMMANDS, ids=lambda name: name.replace(" ", "-"))
def any_server(
    request: pytest.FixtureRequest, server: SSHServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SSHServer]:
    """Servers that link a whole folder by one command, and some that do not."""
    if not (command := COMMANDS[request.param].replace("{sftp}", server.sftp_server)):
        yield server
        return
    if request.param == "says more":
        sftp = f'case "$SSH_ORIGINAL_COMMAND" in *sftp*) exec {server.sftp_server};; esac; '
        command = sftp + command
    running = SSHServer(tmp_path_factory.mktemp("ssh"), command=command)
    yield running
    running.close()


def test_whatever_the_server_runs_the_site_is_the_new_one_and_the_old_one_stays_whole(
    any_server, tmp_path
):
    target = Target(any_server, tmp_path)
    before = {**OLD, "as": "file", "is/now/index.html": "folder"}
    after = {**NEW, "as/index.html": "folder", "is": "file"}
    target.driver().deploy(target.site(before))
    (target.web / "assets/notes.txt").write_text("of others")
    linked = (target.web / "sales/index.html").stat().st_ino
    reading = (target.web / "index.html").open()
    target.driver().deploy(target.site(after))
    with reading:
        assert reading.read() == "old"
    assert target.seen() == after
    assert (target.web / "sales/index.html").stat().st_ino == linked
    folders = {path.relative_to(target.web).as_posix() for path in target.web.rglob("*/")}
    assert {"sales", "team", "team/a", "as"} <= folders
    assert not {"assets", "is/now"} & folders
    assert len(target.beside()) == 2
    assert target.driver().plan(target.site(after)) == []


def test_a_deploy_says_how_far_it_is(old):
    watcher = Watcher()
    old.driver(watcher).deploy(old.site(NEW))
    assert watcher.told == [(0, 2), (1, 2), (2, 2)]
    watcher.check()


def test_an_equal_site_is_not_uploaded_again(old):
    before = old.web.readlink()
    site = old.site(OLD)
    assert old.driver().plan(site) == []
    assert old.driver().deploy(site).details["changed"] == 0
    assert old.web.readlink() == before


def test_the_plan_names_files_and_sizes_and_changes_nothing(old):
    assert old.driver().plan(old.site(NEW)) == [
        "1 added, 1 changed, 1 removed, 40.0 kB to write",
        "add team/a/index.html, 40.0 kB",
        "change index.html, 3 B",
        "remove assets/a.css",
    ]
    assert old.seen() == OLD


def test_files_and_folders_have_the_rights_that_are_named(target):
    before = os.umask(0o077)
    try:
        target.driver(file_mode="0640", folder_mode="0750").deploy(target.site(OLD))
    finally:
        os.umask(before)
    assert (target.web / "sales/index.html").stat().st_mode & 0o777 == 0o640
    assert (target.web / "sales").stat().st_mode & 0o777 == 0o750
    assert target.web.stat().st_mode & 0o777 == 0o750
    target.driver().deploy(target.site(OLD))
    assert (target.web / "sales/index.html").stat().st_mode & 0o777 == 0o644


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
@pytest.mark.parametrize(("owner", "group"), [("www-data", "daemon"), ("33", "1")])
def test_owner_and_group_are_names_or_numbers(target, owner, group):
    options = {"remote_path_owner": owner, "remote_path_group": group}
    target.driver(**options).deploy(target.site(OLD))
    for path in (target.web, target.web / "sales", target.web / "index.html"):
        assert (path.stat().st_uid, path.stat().st_gid) == (33, 1)


@pytest.mark.parametrize("password", ["", "secret-word"])
def test_with_sudo_the_server_writes_as_root(target, tmp_path, password):
    """A stand-in for sudo says how it was called, and what it was told."""
    told = tmp_path / "told.txt"
    (tmp_path / "bin").mkdir()
    sudo = tmp_path / "bin" / "sudo"
    read = "read -r word; " if password else "word=; "
    sudo.write_text(
        f'#!/bin/sh\n{read}echo "$* $word" >{told}\nwhile [ "$1" != -- ]; do shift; done\n'
        'shift; exec "$@"\n'
    )
    sudo.chmod(0o755)
    server = SSHServer(tmp_path / "ssh", path=f"{sudo.parent}:/usr/bin:/bin")
    try:
        target = Target(server, tmp_path)
        options = {"sudo_server": server.sftp_server, "sudo_password": password}
        target.driver(sudo=True, **options).deploy(target.site(OLD))
    finally:
        server.close()
    assert target.seen() == OLD
    asked = "-S -p  --" if password else "-n --"
    assert told.read_text() == f"{asked} {server.sftp_server} {password}\n"


@pytest.mark.parametrize(
    ("password", "said", "then"),
    [
        ("wr0ng-word", "sudo: 1 incorrect password attempt", "exit 1"),
        ("wr0ng-word", "Sorry, try again.", "read -r again"),
        ("", "sudo: a password is required", "exit 1"),
        ("", "sudo: sftp-server: command not found", "exit 1"),
    ],
)
def test_a_sudo_that_refuses_is_told_in_its_words_once(target, tmp_path, password, said, then):
    calls = tmp_path / "calls.txt"
    (tmp_path / "bin").mkdir()
    sudo = tmp_path / "bin" / "sudo"
    read = "read -r word; " if password else ""
    sudo.write_text(f"#!/bin/sh\n{read}echo called >>{calls}\necho '{said}' >&2\n{then}\n")
    sudo.chmod(0o755)
    server = SSHServer(tmp_path / "ssh", path=f"{sudo.parent}:/usr/bin:/bin")
    try:
        as_root = Target(server, tmp_path).driver(
            sudo=True, sudo_password=password, connect_timeout=5
        )
        with pytest.raises(OutputError, match=said) as caught:
            as_root.deploy(target.site(OLD))
    finally:
        server.close()
    assert "Check 'sudo_password'" in str(caught.value)
    assert "wr0ng" not in str(caught.value)
    assert calls.read_text() == "called\n"


def test_an_owner_whom_the_server_does_not_know_is_named(old):
    with pytest.raises(OutputError, match="does not say who 'nobody-here' is"):
        old.driver(remote_path_owner="nobody-here").deploy(old.site(NEW))
    assert old.seen() == OLD


def test_a_relative_path_starts_at_the_users_own_folder():
    driver = SFTP(SFTP.Options(host="web", remote_path="kpis/"), OutputContext("web", Path()))
    assert driver.target == "sftp://web/~/kpis"


@pytest.mark.parametrize("remote_path", ["", "/", "..", "a/..", "~", "."])
def test_a_folder_that_is_not_one_of_its_own_is_a_mistake(remote_path):
    with pytest.raises(ValidationError, match="is no folder of its own"):
        SFTP.Options(host="web", remote_path=remote_path)


@pytest.mark.parametrize("mode", ["999", "rw", "77777"])
def test_a_mode_is_octal(mode):
    with pytest.raises(ValidationError, match="is no mode"):
        SFTP.Options(host="web", remote_path="kpis", file_mode=mode)


def test_the_arguments_of_the_reference_are_taken(target):
    options = SFTP.Options(
        host="127.0.0.1",
        remote_path=str(target.web),
        user=target.server.user,
        port=target.server.port,
        connect_timeout=20,
        connect_kwargs={"key_filename": str(target.server.key_file)},
        known_hosts=str(target.server.known_hosts),
    )
    SFTP(options, OutputContext("web", target.folder)).deploy(target.site(OLD))
    assert target.seen() == OLD


# --- what is in the way -----------------------------------------------------------------------


def test_an_empty_folder_is_taken(target):
    target.web.mkdir(parents=True)
    target.driver().deploy(target.site(OLD))
    assert target.seen() == OLD


def test_files_of_others_are_refused_and_stay(target):
    target.web.mkdir(parents=True)
    (target.web / "thesis.txt").write_text("ten years")
    for act in (target.driver().plan, target.driver().deploy):
        with pytest.raises(OutputError, match="holds files that kpisite did not put there"):
            act(target.site(OLD))
    assert (target.web / "thesis.txt").read_text() == "ten years"
    assert target.beside() == ["kpis"]


def test_a_file_and_a_link_of_others_are_refused(target):
    target.web.parent.mkdir()
    target.web.write_text("a file")
    with pytest.raises(OutputError, match="is no folder"):
        target.driver().deploy(target.site(OLD))
    target.web.unlink()
    target.web.symlink_to(target.folder)
    with pytest.raises(OutputError, match="a link that kpisite did not make"):
        target.driver().deploy(target.site(OLD))
    assert target.web.readlink() == target.folder


@pytest.mark.parametrize("damage", ["[", "[]", "{}", '{"rights": "", "files": 1}'])
def test_a_damaged_manifest_means_that_all_is_sent(old, damage):
    (old.web / ".kpisite.json").write_text(damage)
    assert old.driver().deploy(old.site(NEW)).details["added"] == 3
    assert old.seen() == NEW


def test_leftovers_of_a_broken_try_are_removed(old):
    (old.web.parent / ".kpis.kpisite-0123456789abcdef/deep").mkdir(parents=True)
    (old.web.parent / ".kpis.kpisite-link").symlink_to("nowhere")
    (old.web.parent / ".kpis.kpisite-notes").write_text("theirs")
    old.driver().deploy(old.site(NEW))
    assert old.beside()[1] == ".kpis.kpisite-notes"
    assert len(old.beside()) == 3


# --- who it is --------------------------------------------------------------------------------


def test_an_unknown_server_is_refused_with_what_to_do(old, tmp_path):
    (tmp_path / "empty").write_text("")
    with pytest.raises(OutputError) as caught:
        old.driver(host_key="", known_hosts="empty").deploy(old.site(NEW))
    assert "is not in 'empty': nobody has said which key it has" in str(caught.value)
    assert f"ssh-keyscan -p {old.server.port} 127.0.0.1" in caught.value.hint
    assert old.seen() == OLD


def test_on_a_machine_that_knows_no_server_none_is_trusted(old, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert not (tmp_path / ".ssh").exists()
    with pytest.raises(OutputError, match="is not in 'known_hosts'") as caught:
        old.driver(host_key="").deploy(old.site(NEW))
    assert "ssh-keyscan -p" in caught.value.hint
    assert old.seen() == OLD


@pytest.mark.parametrize("by_file", [False, True])
def test_a_server_with_another_key_is_refused(old, tmp_path, by_file):
    user_key = Path(f"{old.server.key_file}.pub").read_text().strip()
    (tmp_path / "known").write_text(f"[127.0.0.1]:{old.server.port} {user_key}\n")
    options = {"host_key": "", "known_hosts": "known"} if by_file else {"host_key": user_key}
    with pytest.raises(OutputError, match="has another key than the one in"):
        old.driver(**options).deploy(old.site(NEW))
    assert old.seen() == OLD


def test_a_host_key_that_is_none_is_a_mistake(old):
    with pytest.raises(OutputError, match="a key that cannot be read"):
        old.driver(host_key="ssh-ed25519 nonsense").deploy(old.site(NEW))


def test_a_key_or_a_password_that_is_refused_is_not_tried_again(old, tmp_path):
    with CuttingProxy(old.server.port) as proxy, pytest.raises(OutputError) as caught:
        old.driver(port=proxy.port, key_file="", user="nobody-here", password="wrong-word").deploy(
            old.site(NEW)
        )
    assert "authentication failed" in str(caught.value)
    assert "wrong-word" not in str(caught.value)
    assert proxy.connections == 1
    assert old.seen() == OLD


def test_a_missing_key_file_is_named(old):
    with pytest.raises(OutputError, match=r"a file here cannot be read: .*gone\.key") as caught:
        old.driver(key_file="gone.key").deploy(old.site(NEW))
    assert "Check 'key_file'" in caught.value.hint


# --- failures ---------------------------------------------------------------------------------


def test_a_refused_connection_is_told_and_a_rerun_finishes(old):
    with pytest.raises(OutputError, match="was not reached: connection refused"):
        old.driver(port=refusing_port(), tries=2).deploy(old.site(NEW))
    assert old.seen() == OLD
    finish(old)


def test_a_server_that_never_answers_is_given_up(old):
    with SilentServer() as silent, pytest.raises(OutputError, match="was cut off"):
        old.driver(port=silent.port, tries=1, connect_timeout=0.3).deploy(old.site(NEW))
    assert old.seen() == OLD
    finish(old)


@pytest.fixture(scope="module")
def sent(server: SSHServer, tmp_path_factory: pytest.TempPathFactory) -> int:
    """Return how many bytes a deploy of the new site after the old one sends."""
    target = Target(server, tmp_path_factory.mktemp("measured"))
    target.driver().deploy(target.site(OLD))
    with CuttingProxy(server.port) as proxy:
        target.driver(port=proxy.port).deploy(target.site(NEW))
        return proxy.sent


@pytest.mark.parametrize("part", [0.02, 0.1, 0.5, 0.9, 0.94, 0.96, 0.98])
def test_wherever_it_is_cut_readers_see_one_whole_site_and_a_rerun_finishes(old, sent, part):
    limit = int(sent * part)
    with CuttingProxy(old.server.port, limit) as proxy:
        try:
            old.driver(port=proxy.port, tries=1).deploy(old.site(NEW))
        except OutputError as error:
            assert "old site" in str(error)  # noqa: PT017 - late cuts may come after all is done
    assert old.seen() in (OLD, NEW)
    finish(old)


def test_a_server_that_falls_silent_in_the_middle_is_given_up(old):
    with (
        CuttingProxy(old.server.port, 20_000, silent=True) as proxy,
        pytest.raises(OutputError, match="was cut off"),
    ):
        old.driver(port=proxy.port, tries=1, timeout=2).deploy(old.site(NEW))
    assert old.seen() == OLD
    finish(old)


def test_a_cut_connection_is_made_again(old):
    with CuttingProxy(old.server.port, 20_000) as proxy:

        def no_limit() -> float:
            proxy.limit = None
            return 0.0

        patch = pytest.MonkeyPatch()
        patch.setattr("tenacity.nap.time.sleep", lambda seconds: no_limit())
        try:
            old.driver(port=proxy.port, tries=3).deploy(old.site(NEW))
        finally:
            patch.undo()
        assert proxy.connections == 2
    assert old.seen() == NEW


def test_a_full_disk_leaves_the_old_site_and_a_rerun_finishes(tmp_path):
    full = SSHServer(tmp_path / "full", largest_file=20_000)
    try:
        target = Target(full, tmp_path)
        target.driver().deploy(target.site(OLD))
        with pytest.raises(OutputError, match=r"full|quota|room"):
            target.driver().deploy(target.site(NEW))
        assert target.seen() == OLD
    finally:
        full.close()
    roomy = SSHServer(tmp_path / "roomy")
    try:
        target.server = roomy
        finish(target)
    finally:
        roomy.close()


def test_a_disk_without_room_leaves_the_old_site_and_a_rerun_finishes(server, tmp_path):
    target = Target(server, tmp_path)
    with small_disk(target.web.parent, 300_000) as resize:
        target.driver().deploy(target.site(OLD))
        with pytest.raises(OutputError) as error:
            target.driver().deploy(target.site({**NEW, "a.bin": "x" * 400_000}))
        assert "disk of the server may be full" in error.value.hint
        assert target.seen() == OLD
        resize(2_000_000)
        finish(target)


@pytest.mark.parametrize("commands", [True, False])
def test_a_limit_of_files_leaves_the_old_site_and_a_rerun_finishes(tmp_path, commands):
    """As of a quota: the first files of the new site have room, the last ones have none."""
    running = SSHServer(tmp_path / "ssh", command="" if commands else "internal-sftp")
    try:
        target = Target(running, tmp_path)
        with small_disk(target.web.parent, 2_000_000, files=24) as resize:
            target.driver().deploy(target.site(OLD))
            many = {**NEW, **{f"{number}.html": "x" for number in range(30)}}
            with pytest.raises(OutputError) as error:
                target.driver().deploy(target.site(many))
            assert "disk of the server may be full, or a quota reached" in error.value.hint
            assert target.seen() == OLD
            resize(2_000_000)
            finish(target)
    finally:
        running.close()


DEPLOY = """\
import json, sys
from pathlib import Path
from kpisite.outputs.sftp import SFTP
from kpisite.pipeline.publish import read_site
from kpisite.plugins import OutputContext
folder = Path(sys.argv[1])
driver = SFTP(SFTP.Options(**json.loads(sys.argv[2])), OutputContext("web", folder))
driver.deploy(read_site(folder / "site"))
"""


@pytest.mark.parametrize("part", [0.3, 0.7, 0.95])
def test_killed_in_the_middle_readers_see_one_whole_site_and_a_rerun_finishes(old, sent, part):
    """It is killed when nothing more passes to the server."""
    with CuttingProxy(old.server.port, int(sent * part), silent=True) as proxy:
        given = json.dumps({**old.given, "port": proxy.port})
        killed = subprocess.Popen([sys.executable, "-c", DEPLOY, str(old.folder), given])
        while proxy.limit:
            assert killed.poll() is None
            Event().wait(0.01)
        killed.kill()
        assert killed.wait(60) == -signal.SIGKILL
    assert old.seen() in (OLD, NEW)
    finish(old)


# --- two at once ------------------------------------------------------------------------------


def test_two_publishes_at_once_leave_one_whole_site(old, tmp_path):
    sites = [{"index.html": str(n), **{f"{n}/{i}.html": n * 500 for i in range(20)}} for n in "123"]
    built = [write_site(tmp_path / f"site-{number}", site) for number, site in enumerate(sites)]
    barrier = Barrier(len(built))

    def publish(site: Site) -> None:
        barrier.wait()
        old.driver(tries=10).deploy(site)

    with ThreadPoolExecutor(len(built)) as executor:
        list(executor.map(publish, built))
    assert old.seen() in sites
    finish(old)


def test_what_another_publish_has_changed_meanwhile_is_not_taken_for_ones_own(old, monkeypatch):
    """The other one publishes after this one has compared, and before it links what is equal."""
    other = write_site(old.folder / "other", {**OLD, "sales/index.html": "theirs"})
    real, done = RemoteFolder.replace, []

    async def replace(self, *arguments):
        if not done:
            done.append(True)
            await asyncio.to_thread(old.driver().deploy, other)
        await real(self, *arguments)

    monkeypatch.setattr(RemoteFolder, "replace", replace)
    finish(old)
    assert done


def test_a_release_that_another_publish_swept_away_is_made_anew(old, monkeypatch):
    real, swept = RemoteFolder._publish, []

    async def publish(self, name):
        if not swept:
            swept.append(name)
            shutil.rmtree(old.web.parent / f".kpis.kpisite-{name}")
        await real(self, name)

    monkeypatch.setattr(RemoteFolder, "_publish", publish)
    finish(old)
    assert swept


def test_a_release_that_is_published_while_another_publish_cleans_up_stays(old, monkeypatch):
    """Somebody publishes the old one again, right before it is removed."""
    before = old.web.readlink()
    real, renamed = asyncssh.SFTPClient.posix_rename, []

    async def rename(self, path, new):
        if "gone-" in new and not renamed:
            renamed.append(new)
            old.web.unlink()
            old.web.symlink_to(before)
        await real(self, path, new)

    monkeypatch.setattr(asyncssh.SFTPClient, "posix_rename", rename)
    old.driver().deploy(old.site(NEW))
    assert renamed
    assert old.web.readlink() == before
    assert old.seen() == OLD
    finish(old)


def test_a_folder_that_may_not_be_written_is_named(old):
    with pytest.raises(OutputError, match="may not be written"):
        old.driver(remote_path="/sys/kpis").deploy(old.site(NEW))


def test_the_report_of_the_guide_is_published(target, tmp_path):
    write_files(GUIDE / "outputs" / "sftp.md", tmp_path)
    (tmp_path / "mkdocs.yml").write_text(
        "site_name: Sales\ndocs_dir: content\ntheme: {name: material, font: false}\n"
        "plugins: [kpisite]\n"
    )
    environment = {
        **os.environ,
        "KPISITE_NOW": "2025-04-01",
        "WEB_HOST": "127.0.0.1",
        "WEB_PORT": str(target.server.port),
        "WEB_USER": target.server.user,
        "WEB_KEY_FILE": str(target.server.key_file),
        "WEB_HOST_KEY": target.server.host_key,
        "WEB_FOLDER": str(target.web),
    }
    planned = run(tmp_path, "kpisite", "publish", "--dry-run", environment=environment)
    assert planned.returncode == 0, planned.stderr
    assert not target.web.exists()
    for _ in range(2):
        published = run(tmp_path, "kpisite", "publish", environment=environment)
        assert published.returncode == 0, published.stderr + published.stdout
        assert (target.web / "index.html").read_text() == (
            tmp_path / "site" / "index.html"
        ).read_text()
    assert len(target.beside()) == 2
