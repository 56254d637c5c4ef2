"""A connection to an SSH server: straight, over another server, or through a command."""

from __future__ import annotations

import getpass
import re
import shlex
import socket
import subprocess
import tempfile
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncssh

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from kpisite.outputs._ssh_server import Server
    from kpisite.outputs.sftp import SFTP

CUT = (asyncssh.ConnectionLost, asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection)
"""What asyncssh says where a connection broke."""
TROUBLE = (OSError, asyncssh.Error, asyncssh.KeyImportError, ValueError)
"""What comes of a connection and of its keys."""
_END = 2
"""Seconds that a command has to end by itself."""
_TOKEN = re.compile("%([hpr%])")


class GatewayError(Exception):
    """The gateway does not let us in; the cause says why."""


class CommandError(Exception):
    """The command that leads to the server has ended; its last words."""


class SudoError(Exception):
    """The server's sudo does not let us write as root; its last words."""


@asynccontextmanager
async def connected(
    options: SFTP.Options, folder: Path
) -> AsyncIterator[asyncssh.SSHClientConnection]:
    """Log in, and out in the end.

    Args:
        options: The server, the way to it, and how to log in.
        folder: Where relative paths start.

    Raises:
        GatewayError: The gateway does not let us in.
        CommandError: The command that leads to the server does not.
        OSError: The server is not reached, or a file is not there.
        asyncssh.Error: It does not let us in, or is another one.
    """
    server = options.server(folder)
    password = options.password or options.connect_kwargs.password
    async with (
        _way(options, folder, server) as way,
        asyncssh.connect(
            server.host,
            server.port,
            **_login(options, server),
            **({"password": password.get_secret_value()} if password else {}),
            **way,
        ) as connection,
    ):
        yield connection


def _login(options: SFTP.Options, server: Server) -> dict[str, Any]:
    """Return how a server is logged in to, but for the password: a gateway gets none."""
    passphrase = options.passphrase or options.connect_kwargs.passphrase
    key_file = options.key_file or options.connect_kwargs.key_filename
    given = {
        "username": server.user,
        "passphrase": passphrase.get_secret_value(),
        "client_keys": [str(server.folder / Path(key_file).expanduser())] if key_file else [],
    }
    return {
        "config": None,
        "known_hosts": server.trusted_keys(),
        "connect_timeout": options.connect_timeout,
        "login_timeout": options.connect_timeout,
        "keepalive_interval": options.timeout / 3,
        "keepalive_count_max": 3,
        **{name: value for name, value in given.items() if value},
    }


@asynccontextmanager
async def _way(
    options: SFTP.Options, folder: Path, server: Server
) -> AsyncIterator[dict[str, Any]]:
    """Have what leads to a server, as arguments of asyncssh."""
    gateway = options.gateway_server(folder)
    if gateway is not None:
        try:
            over = await asyncssh.connect(gateway.host, gateway.port, **_login(options, gateway))
        except TROUBLE as error:
            raise GatewayError from error
        async with over:
            yield {"tunnel": over}
    elif options.gateway:
        with _command(options.gateway, server) as through:
            yield {"sock": through}
    else:
        yield {}


@contextmanager
def _command(command: str, server: Server) -> Iterator[socket.socket]:
    """Run a command whose input and output are the connection."""
    user = server.user or getpass.getuser()
    given = {"h": server.host, "p": str(server.port), "r": user, "%": "%"}
    words = [_TOKEN.sub(lambda found: given[found[1]], word) for word in shlex.split(command)]
    ours, theirs = socket.socketpair()
    with ours, tempfile.TemporaryFile() as said:
        with theirs:
            try:
                process = subprocess.Popen(  # noqa: S603 - what the report's author asks for
                    words,
                    stdin=theirs.fileno(),
                    stdout=theirs.fileno(),
                    stderr=said,
                    cwd=server.folder,
                )
            except OSError as error:
                raise CommandError(str(error)) from error
        try:
            yield ours
        except (*CUT, ConnectionError) as error:
            if status := _ended(process):
                said.seek(0)
                lines = said.read().decode(errors="replace").strip().splitlines()
                raise CommandError(lines[-1] if lines else f"exit status {status}") from error
            raise
        finally:
            process.terminate()
            if _ended(process) is None:
                process.kill()
            process.wait()


def _ended(process: subprocess.Popen[bytes]) -> int | None:
    """Wait a little for a process; return its exit status, None where it goes on."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(_END)
    return process.returncode
