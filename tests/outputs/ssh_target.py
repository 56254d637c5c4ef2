"""A folder on an SSH server, and the output `sftp` that publishes there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from required import lacks
from sites import write_site
from ssh_server import SSHD, SSHServer

from kpisite.outputs.sftp import SFTP
from kpisite.plugins import OutputContext
from kpisite.plugins.output import no_progress

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kpisite.plugins import Progress, Site

if SSHD is None:
    lacks("no OpenSSH server is installed")

OLD = {"index.html": "old", "sales/index.html": "sales" * 500, "assets/a.css": "a{}"}
NEW = {"index.html": "new", "sales/index.html": "sales" * 500, "team/a/index.html": "t" * 40_000}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SSHServer]:
    running = SSHServer(tmp_path_factory.mktemp("ssh"))
    yield running
    running.close()


class Target:
    """A folder on the server, and the driver before it."""

    def __init__(self, server: SSHServer, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.web = folder / "srv" / "kpis"

    def driver(self, progress: Progress = no_progress, **options: Any) -> SFTP:
        context = OutputContext("web", self.folder, progress=progress)
        return SFTP(SFTP.Options(**{**self.given, **options}), context)

    @property
    def given(self) -> dict[str, Any]:
        return {
            "host": "127.0.0.1",
            "port": self.server.port,
            "user": self.server.user,
            "key_file": str(self.server.key_file),
            "host_key": self.server.host_key,
            "remote_path": str(self.web),
        }

    def site(self, files: dict[str, str]) -> Site:
        return write_site(self.folder / "site", files)

    def seen(self) -> dict[str, str]:
        """Return what readers see; our own file is left out."""
        return {
            path.relative_to(self.web).as_posix(): path.read_text()
            for path in sorted(self.web.rglob("*"))
            if path.is_file() and path.name != ".kpisite.json"
        }

    def beside(self) -> list[str]:
        return sorted(path.name for path in self.web.parent.iterdir())
