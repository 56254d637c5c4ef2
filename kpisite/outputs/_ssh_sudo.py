"""SFTP as root, by a user who may use sudo."""

from __future__ import annotations

import asyncio
import shlex
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import asyncssh

from kpisite.outputs._ssh_connection import CUT, SudoError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_LAST_WORDS = 2
"""Seconds that sudo has to say why it refuses."""


@asynccontextmanager
async def sftp_as_root(
    connection: asyncssh.SSHClientConnection, server: str, password: str, patience: float
) -> AsyncIterator[asyncssh.SFTPClient]:
    """Have an SFTP server that is started by sudo instead of by the SSH server.

    Args:
        connection: An open one.
        server: Path of the program `sftp-server` there.
        password: What sudo asks for; "" where it asks for nothing.
        patience: Seconds that it may take to start: a sudo that was told a wrong password waits
            for another one.

    Raises:
        SudoError: Sudo does not start it; its last words.
    """
    as_root: Any = _SudoConnection(connection, server, password)
    try:
        starting = type(connection).start_sftp_client(as_root)
        client = await asyncio.wait_for(starting, patience)
    except (*CUT, TimeoutError) as error:
        if words := await as_root.last_words():
            raise SudoError(words) from error
        raise
    async with client:
        yield client


class _SudoConnection:
    """A connection whose SFTP server is started by sudo."""

    def __init__(
        self, connection: asyncssh.SSHClientConnection, server: str, password: str
    ) -> None:
        self._connection = connection
        self._server = server
        self._password = password
        self._errors: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def open_session(self, **options: Any) -> Any:
        """Start the program, where asyncssh would ask for the subsystem `sftp`."""
        asks = "-S -p ''" if self._password else "-n"
        options["subsystem"] = None
        options["command"] = f"sudo {asks} -- {shlex.quote(self._server)}"
        writer, reader, self._errors = await self._connection.open_session(**options)
        if self._password:
            writer.write(f"{self._password}\n".encode())
        return writer, reader, self._errors

    async def last_words(self) -> str:
        """Return the last line that sudo said; "" where the connection broke before."""
        said = b""

        async def read() -> None:
            nonlocal said
            while part := await self._errors.read(4096):
                said += part

        try:
            with suppress(TimeoutError):  # it still waits
                await asyncio.wait_for(read(), _LAST_WORDS)
        except (OSError, asyncssh.Error):
            return ""
        lines = said.decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")
