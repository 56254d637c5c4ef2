"""Files and folders on an SFTP server: written, linked, given away, removed, many at once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncssh
from asyncssh.constants import FILEXFER_TYPE_DIRECTORY

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable
    from pathlib import Path

    from kpisite.outputs._remote_shell import RemoteShell

NOT_THERE = (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath)

_CHUNK = 256 * 1024


class UnknownNameError(Exception):
    """The server has no such user or group."""


@dataclass(frozen=True)
class Rights:
    """Whom the files belong to and what may be done with them."""

    files: int
    folders: int
    owner: str
    group: str

    @property
    def text(self) -> str:
        """Tells these rights from any other."""
        return f"{self.files:o} {self.folders:o} {self.owner}:{self.group}"


class RemoteFiles:
    """Errors are those of asyncssh."""

    def __init__(
        self, client: asyncssh.SFTPClient, parallel: int, shell: RemoteShell | None
    ) -> None:
        """Wrap a client.

        Args:
            client: An open one.
            parallel: How many requests are on their way at once.
            shell: What runs commands; None where there is nothing.
        """
        self._client = client
        self._shell = shell
        self._turns = asyncio.Semaphore(parallel)

    async def make_folders(self, folder: str, paths: Iterable[str], *, made: bool) -> None:
        """Make a folder, unless it is made, and those within it, one level after the other."""
        if not made:
            await self._client.mkdir(folder)
        levels: dict[int, list[str]] = {}
        for path in paths:
            levels.setdefault(path.count("/"), []).append(path)
        for _, level in sorted(levels.items()):
            await self.all(self._client.mkdir(f"{folder}/{path}") for path in level)

    async def link(self, old: str, new: str) -> bool:
        """Give a file a second name; tell whether the server could."""
        try:
            await self._client.link(old, new)
        except (asyncssh.SFTPOpUnsupported, asyncssh.SFTPFailure, asyncssh.SFTPNoSuchFile):
            return False
        return True

    async def write(self, path: str, source: Path) -> None:
        """Write a file with the content of one that is here."""
        async with self._client.open(path, "wb") as file:
            with source.open("rb") as content:
                while chunk := content.read(_CHUNK):
                    await file.write(chunk)

    async def write_bytes(self, path: str, content: bytes) -> None:
        """Write a file."""
        async with self._client.open(path, "wb") as file:
            await file.write(content)

    async def give(self, path: str, mode: int, numbers: tuple[int, int] | None) -> None:
        """Give a file or folder its rights, and to an owner and a group."""
        owner, group = numbers or (None, None)
        attributes = asyncssh.SFTPAttrs(permissions=mode, uid=owner, gid=group)
        await self._client.setstat(path, attributes)

    async def numbers(self, rights: Rights) -> tuple[int, int] | None:
        """Return the numbers of owner and group; None where both stay as they are."""
        if not rights.owner and not rights.group:
            return None
        own = await self._client.stat(".")
        owner = await self._number(rights.owner, "/etc/passwd", own.uid)
        return owner, await self._number(rights.group, "/etc/group", own.gid)

    async def _number(self, name: str, file: str, own: int | None) -> int:
        if not name:
            return own or 0
        if name.isdecimal():
            return int(name)
        try:
            async with self._client.open(file, "r", errors="replace") as content:
                lines = str(await content.read()).splitlines()
        except asyncssh.SFTPError:
            lines = []
        for line in lines:
            fields = line.split(":")
            if fields[0] == name and len(fields) > 2 and fields[2].isdecimal():
                return int(fields[2])
        raise UnknownNameError(f"the server does not say who '{name}' is")

    async def remove(self, path: str) -> None:
        """Remove a file, a link or a folder with all in it; it is no error where there is none."""
        try:
            if not await self._is_folder(path):
                await self._client.remove(path)
                return
            if self._shell is not None:
                await self._shell.remove_folder(str(await self._client.realpath(path)))
            if await self._is_folder(path):
                await self._client.rmtree(path)
        except NOT_THERE:
            return

    async def _is_folder(self, path: str) -> bool:
        return (await self._client.lstat(path)).type == FILEXFER_TYPE_DIRECTORY

    async def all(self, work: Iterable[Awaitable[Any]]) -> None:
        """Do many things, several at once; the first error stops the others."""

        async def one(act: Awaitable[Any]) -> None:
            async with self._turns:
                await act

        tasks = [asyncio.ensure_future(one(act)) for act in work]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
