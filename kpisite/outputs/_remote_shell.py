"""Commands on an SSH server, where it allows any: one for a whole folder, not one per file."""

from __future__ import annotations

import shlex

import asyncssh


class RemoteShell:
    """Does what it can, and tells whether it could: the caller has another way."""

    def __init__(self, connection: asyncssh.SSHClientConnection, prefix: str = "") -> None:
        """Wrap a connection.

        Args:
            connection: An open one.
            prefix: What stands before each command, such as `sudo`.
        """
        self._connection = connection
        self._prefix = prefix

    async def link_folder(self, old: str, new: str) -> bool:
        """Make a new folder whose files are those of an old one, under a second name each."""
        return await self._run("cp", "-al", old, new) is not None

    async def list_folder(self, folder: str) -> tuple[set[str], set[str]] | None:
        """Return the folders and the files below a folder; None where that is not sure."""
        found = []
        for kind in (("-type", "d"), ("!", "-type", "d")):
            said = await self._run("find", folder, *kind, "-print0")
            paths = (said or b"").decode(errors="surrogateescape").split("\0")
            if said is None or paths.pop() or any(not path.startswith(folder) for path in paths):
                return None  # a login script may have said something between
            found.append({path[len(folder) + 1 :] for path in paths} - {""})
        return found[0], found[1]

    async def remove_folder(self, folder: str) -> None:
        """Remove a folder with all in it, or part of it, or nothing."""
        await self._run("rm", "-rf", folder)

    async def _run(self, *words: str) -> bytes | None:
        """Return what a command says; None where it fails, or the server allows none."""
        command = self._prefix + shlex.join(words)
        try:
            done = await self._connection.run(command, stdin=asyncssh.DEVNULL, encoding=None)
        except asyncssh.ChannelOpenError:
            return None
        output = done.stdout
        return output if done.exit_status == 0 and isinstance(output, bytes) else None
