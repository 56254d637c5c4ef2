"""A folder on an SFTP server whose content is replaced in one step.

The published folder is a link to a hidden folder beside it, one for each release. A new release
is uploaded, and the link is then replaced by one rename: no reader ever meets half a site.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncssh
from asyncssh.constants import FILEXFER_TYPE_DIRECTORY

if TYPE_CHECKING:
    from collections.abc import Awaitable, Collection, Iterable, Mapping
    from pathlib import Path

MANIFEST = ".kpisite.json"
"""File in a release: its rights, path and SHA-256 of each of its files. Written last."""

_CHUNK = 256 * 1024
_RELEASE = re.compile(r"[0-9a-f]{16}")


class OccupiedError(Exception):
    """Something stands in the folder's place that is not ours to replace."""


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


class RemoteFolder:
    """The folder; errors are those of asyncssh."""

    def __init__(
        self, client: asyncssh.SFTPClient, path: str, rights: Rights, parallel: int
    ) -> None:
        self._client = client
        self._path = path
        parent, _, self._name = path.rpartition("/")
        self._parent = parent or ("/" if path.startswith("/") else ".")
        self._rights = rights
        self._turns = asyncio.Semaphore(parallel)

    async def check(self) -> None:
        """Refuse a place that is not ours.

        Raises:
            OccupiedError: There is a file, a link that leads elsewhere, or a folder with files.
        """
        if not await self._client.lexists(self._path) or await self.published():
            return
        if await self._client.islink(self._path):
            raise OccupiedError(f"'{self._path}' is a link that kpisite did not make")
        if not await self._client.isdir(self._path):
            raise OccupiedError(f"'{self._path}' is no folder")
        if set(await self._client.listdir(self._path)) - {".", ".."}:
            raise OccupiedError(f"'{self._path}' holds files that kpisite did not put there")

    async def published(self) -> str | None:
        """Return the release that readers see; None where there is none of ours."""
        if not await self._client.islink(self._path):
            return None
        goal = str(await self._client.readlink(self._path)).rpartition("/")[2]
        release = goal.removeprefix(self._beside(""))
        return release if goal != release and _RELEASE.fullmatch(release) else None

    async def published_files(self) -> dict[str, str]:
        """Return the digest of each file that readers see; none where that is not known."""
        return (await self._manifest())[1]

    async def _manifest(self) -> tuple[str, dict[str, str]]:
        """Return rights and files of the published release; nothing where they are not known."""
        release = await self.published()
        if release is None:
            return "", {}
        try:
            async with self._client.open(f"{self._folder(release)}/{MANIFEST}", "rb") as file:
                found = json.loads(await file.read())
            return str(found["rights"]), {str(p): str(d) for p, d in found["files"].items()}
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
            return "", {}
        except (ValueError, TypeError, KeyError, AttributeError):
            return "", {}  # it is damaged

    async def upload(
        self, release: str, source: Path, wanted: Mapping[str, str], equal: Collection[str]
    ) -> None:
        """Make a release beside the published one.

        Args:
            release: Its name; what an earlier try has left of it is removed.
            source: Folder with its files.
            wanted: Path and digest of each.
            equal: Those that the published release has: the server links them, no data moves.
        """
        folder = self._folder(release)
        numbers = await self._numbers()
        await self._client.makedirs(self._parent, exist_ok=True)
        await self._remove(folder)
        await self._make_folders(folder, wanted)
        before = self._folder(await self.published() or release)

        same_rights = (await self._manifest())[0] == self._rights.text

        async def bring(path: str) -> None:
            new = f"{folder}/{path}"
            linked = path in equal and await self._link(f"{before}/{path}", new)
            if not linked:
                await self._write(new, source / path)
            if not (linked and same_rights):
                await self._give(new, self._rights.files, numbers)

        await self._all(bring(path) for path in wanted)
        files = dict(sorted(wanted.items()))
        text = json.dumps({"rights": self._rights.text, "files": files}).encode()
        await self._write_bytes(f"{folder}/{MANIFEST}", text)
        await self._give(f"{folder}/{MANIFEST}", self._rights.files, numbers)
        folders = [folder, *(f"{folder}/{path}" for path in _folders(wanted))]
        await self._all(self._give(path, self._rights.folders, numbers) for path in folders)

    async def publish(self, release: str) -> None:
        """Let readers see a release: one rename of a link."""
        link = f"{self._parent}/{self._beside('link')}"
        await self._remove(link)
        await self._client.symlink(self._beside(release), link)
        if not await self._client.islink(self._path) and await self._client.isdir(self._path):
            await self._client.rmdir(self._path)  # it is empty: `check` has seen it
        await self._client.posix_rename(link, self._path)

    async def clean(self, release: str) -> None:
        """Remove all releases but one, and what broken tries have left."""
        kept = self._beside(release)
        for name in await self._client.listdir(self._parent):
            rest = str(name).removeprefix(self._beside(""))
            if name not in (kept, rest) and (rest == "link" or _RELEASE.fullmatch(rest)):
                await self._remove(f"{self._parent}/{name}")

    def _beside(self, what: str) -> str:
        return f".{self._name}.kpisite-{what}"

    def _folder(self, release: str) -> str:
        return f"{self._parent}/{self._beside(release)}"

    async def _make_folders(self, folder: str, paths: Iterable[str]) -> None:
        """Make a folder and those within it, one level after the other."""
        await self._client.mkdir(folder)
        levels: dict[int, list[str]] = {}
        for path in _folders(paths):
            levels.setdefault(path.count("/"), []).append(path)
        for _, level in sorted(levels.items()):
            await self._all(self._client.mkdir(f"{folder}/{path}") for path in level)

    async def _link(self, old: str, new: str) -> bool:
        """Give a file a second name; tell whether the server could."""
        try:
            await self._client.link(old, new)
        except (asyncssh.SFTPOpUnsupported, asyncssh.SFTPFailure, asyncssh.SFTPNoSuchFile):
            return False
        return True

    async def _write(self, path: str, source: Path) -> None:
        async with self._client.open(path, "wb") as file:
            with source.open("rb") as content:
                while chunk := content.read(_CHUNK):
                    await file.write(chunk)

    async def _write_bytes(self, path: str, content: bytes) -> None:
        async with self._client.open(path, "wb") as file:
            await file.write(content)

    async def _give(self, path: str, mode: int, numbers: tuple[int, int] | None) -> None:
        owner, group = numbers or (None, None)
        attributes = asyncssh.SFTPAttrs(permissions=mode, uid=owner, gid=group)
        await self._client.setstat(path, attributes)

    async def _numbers(self) -> tuple[int, int] | None:
        """Return the numbers of owner and group; None where both stay as they are."""
        rights = self._rights
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

    async def _remove(self, path: str) -> None:
        """Remove a file, a link or a folder with all in it; it is no error where there is none."""
        try:
            found = await self._client.lstat(path)
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
            return
        if found.type == FILEXFER_TYPE_DIRECTORY:
            await self._client.rmtree(path)
        else:
            await self._client.remove(path)

    async def _all(self, work: Iterable[Awaitable[Any]]) -> None:
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


def _folders(paths: Iterable[str]) -> list[str]:
    """Return the folders that hold files, and those that hold them, sorted."""
    found = set()
    for path in paths:
        parts = path.split("/")
        found |= {"/".join(parts[:count]) for count in range(1, len(parts))}
    return sorted(found)
