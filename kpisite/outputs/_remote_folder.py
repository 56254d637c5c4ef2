"""A folder on an SFTP server whose content is replaced in one step.

The published folder is a link to a hidden folder beside it, one for each release. A new release
is uploaded, and the link is then replaced by one rename: no reader ever meets half a site. Two may
do so at once: each has folders of its own, and none removes what the other has published.
"""

from __future__ import annotations

import json
import re
import secrets
from typing import TYPE_CHECKING

import asyncssh

from kpisite.outputs._counter import Counter
from kpisite.outputs._remote_files import NOT_THERE, RemoteFiles, Rights

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from kpisite.outputs._remote_shell import RemoteShell
    from kpisite.plugins import Progress

MANIFEST = ".kpisite.json"
"""File in a release: its rights, path and SHA-256 of each of its files. Written last."""

_RELEASE = re.compile(r"[0-9a-f]{16}(-[0-9a-f]{8})?")
_LEFT = re.compile(r"link(-[0-9a-f]{8})?|(gone-)?[0-9a-f]{16}(-[0-9a-f]{8})?")


class DisturbedError(Exception):
    """Another publish has removed what this one was making."""


class OccupiedError(Exception):
    """Something stands in the folder's place that is not ours to replace."""


class RemoteFolder:
    """The folder; errors are those of asyncssh."""

    def __init__(
        self,
        client: asyncssh.SFTPClient,
        path: str,
        rights: Rights,
        parallel: int,
        shell: RemoteShell | None,
    ) -> None:
        """Name a folder.

        Args:
            client: An open connection.
            path: The folder: absolute, or below the user's own.
            rights: What its files and folders get.
            parallel: How many requests are on their way at once.
            shell: What runs commands; None where there is nothing.
        """
        self._client = client
        self._shell = shell
        self._files = RemoteFiles(client, parallel, shell)
        self._path = path
        parent, _, self._name = path.rpartition("/")
        self._parent = parent or ("/" if path.startswith("/") else ".")
        self._rights = rights

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
        """Return the name of the release that readers see; None where there is none of ours."""
        if not await self._client.islink(self._path):
            return None
        goal = str(await self._client.readlink(self._path)).rpartition("/")[2]
        release = goal.removeprefix(self._beside(""))
        return release if goal != release and _RELEASE.fullmatch(release) else None

    async def shows(self, release: str) -> bool:
        """Tell whether readers see a release."""
        return (await self.published() or "").partition("-")[0] == release

    async def published_files(self) -> dict[str, str]:
        """Return the digest of each file that readers see; none where that is not known."""
        return (await self._manifest(await self.published()))[1]

    async def _manifest(self, release: str | None) -> tuple[str, dict[str, str]]:
        """Return rights and files of a release; nothing where they are not known."""
        if release is None:
            return "", {}
        try:
            async with self._client.open(f"{self._folder(release)}/{MANIFEST}", "rb") as file:
                found = json.loads(await file.read())
            return str(found["rights"]), {str(p): str(d) for p, d in found["files"].items()}
        except NOT_THERE:
            return "", {}
        except (ValueError, TypeError, KeyError, AttributeError):
            return "", {}  # it is damaged

    async def replace(
        self,
        release: str,
        source: Path,
        wanted: Mapping[str, str],
        progress: Progress,
    ) -> None:
        """Make a release beside the published one, and let readers see it.

        What the published release has is linked by the server: no data moves.

        Args:
            release: Its name, 16 hexadecimal digits.
            source: Folder with its files.
            wanted: Path and digest of each.
            progress: Told how many of the others are through.

        Raises:
            DisturbedError: Another publish was faster, and has swept this one away.
        """
        name = f"{release}-{secrets.token_hex(4)}"
        folder = self._folder(name)
        await self._client.makedirs(self._parent, exist_ok=True)
        try:
            await self._upload(folder, source, wanted, progress)
            await self._publish(name)
        except (*NOT_THERE, asyncssh.SFTPFailure) as error:
            if await self._client.lexists(f"{folder}/{MANIFEST}"):
                raise
            if not isinstance(error, NOT_THERE) and await self._client.lexists(folder):
                raise
            raise DisturbedError("another publish was at it at the same time") from error

    async def _upload(
        self,
        folder: str,
        source: Path,
        wanted: Mapping[str, str],
        progress: Progress,
    ) -> None:
        numbers = await self._files.numbers(self._rights)
        before = await self.published()
        rights, files = await self._manifest(before)  # of this very release, whatever comes next
        same_rights = rights == self._rights.text
        equal = {path for path in wanted if wanted[path] == files.get(path)}
        counter = Counter(progress, len(wanted) - len(equal))
        old = self._folder(before) if before else ""
        folders, there = set[str](), set[str]()
        if old and equal and same_rights:
            folders, there = await self._linked(old, folder, wanted, equal)
        new_folders = [path for path in _folders(wanted) if path not in folders]
        await self._files.make_folders(folder, new_folders, made=bool(there))

        async def bring(path: str) -> None:
            new = f"{folder}/{path}"
            linked = bool(old) and path in equal and await self._files.link(f"{old}/{path}", new)
            if not linked:
                await self._files.write(new, source / path)
            if not (linked and same_rights):
                await self._files.give(new, self._rights.files, numbers)
            if path not in equal:
                counter.step()

        await self._files.all(bring(path) for path in wanted if path not in there)
        manifest = {"rights": self._rights.text, "files": dict(sorted(wanted.items()))}
        text = json.dumps(manifest).encode()
        await self._files.write_bytes(f"{folder}/{MANIFEST}", text)
        await self._files.give(f"{folder}/{MANIFEST}", self._rights.files, numbers)
        paths = [folder, *(f"{folder}/{path}" for path in new_folders)]
        await self._files.all(
            self._files.give(path, self._rights.folders, numbers) for path in paths
        )

    async def _linked(
        self, old: str, new: str, wanted: Mapping[str, str], equal: Collection[str]
    ) -> tuple[set[str], set[str]]:
        """Link all files of a release at once, where the server runs commands.

        Returns:
            Folders and files that are there; none where each is still to be made.
        """
        if self._shell is None:
            return set(), set()
        root = str(await self._client.realpath(self._parent)).rstrip("/")
        paths = [f"{root}/{path.rpartition('/')[2]}" for path in (old, new)]
        found = None
        if await self._shell.link_folder(*paths):
            found = await self._shell.list_folder(paths[1])
        folders, files = found or (set[str](), set[str]())
        needed = set(_folders(wanted))
        there = files & set(equal)
        if not there or not await self._client.lexists(f"{new}/{MANIFEST}"):
            await self._files.remove(new)
            return set(), set()
        # A linked file is the published one: what differs is removed before it is written anew.
        await self._files.all(self._client.remove(f"{new}/{path}") for path in files - there)
        for path in sorted(folders - needed, reverse=True):
            await self._client.rmdir(f"{new}/{path}")
        return folders & needed, there

    async def _publish(self, name: str) -> None:
        """Let readers see a release: one rename of a link."""
        link = f"{self._parent}/{self._beside(f'link-{secrets.token_hex(4)}')}"
        await self._client.stat(f"{self._folder(name)}/{MANIFEST}")
        await self._client.symlink(self._beside(name), link)
        if not await self._client.islink(self._path) and await self._client.isdir(self._path):
            await self._client.rmdir(self._path)  # it is empty: `check` has seen it
        try:
            await self._client.posix_rename(link, self._path)
        except NOT_THERE as error:
            raise DisturbedError("another publish was at it at the same time") from error

    async def clean(self) -> None:
        """Remove all releases but the published one, and what broken tries have left."""
        for name in map(str, await self._client.listdir(self._parent)):
            rest = name.removeprefix(self._beside(""))
            if name == rest or not _LEFT.fullmatch(rest) or rest == await self.published():
                continue
            left = f"{self._parent}/{name}"
            if not _RELEASE.fullmatch(rest):
                await self._files.remove(left)
                continue
            aside = f"{self._parent}/{self._beside(f'gone-{rest}')}"
            try:
                await self._client.posix_rename(left, aside)
            except NOT_THERE:
                continue  # another publish cleans up too
            if await self.published() == rest:  # it was published that very moment
                await self._client.posix_rename(aside, left)
            else:
                await self._files.remove(aside)

    def _beside(self, what: str) -> str:
        return f".{self._name}.kpisite-{what}"

    def _folder(self, release: str) -> str:
        return f"{self._parent}/{self._beside(release)}"


def _folders(paths: Iterable[str]) -> list[str]:
    """Return the folders that hold files, and those that hold them, sorted."""
    found = set()
    for path in paths:
        parts = path.split("/")
        found |= {"/".join(parts[:count]) for count in range(1, len(parts))}
    return sorted(found)
