"""SFTP as root, by a user who may use sudo."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncssh


class SudoConnection:
    """A connection whose SFTP server is started by sudo instead of by the SSH server."""

    def __init__(
        self, connection: asyncssh.SSHClientConnection, server: str, password: str
    ) -> None:
        """Wrap a connection.

        Args:
            connection: An open one.
            server: Path of the program `sftp-server` there.
            password: What sudo asks for; "" where it asks for nothing.
        """
        self._connection = connection
        self._server = server
        self._password = password

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def open_session(self, **options: Any) -> Any:
        """Start the program, where asyncssh would ask for the subsystem `sftp`."""
        asks = "-S -p ''" if self._password else "-n"
        options["subsystem"] = None
        options["command"] = f"sudo {asks} -- {shlex.quote(self._server)}"
        writer, reader, errors = await self._connection.open_session(**options)
        if self._password:
            writer.write(f"{self._password}\n".encode())
        return writer, reader, errors
