"""The finished pages of editions on disk: one file holds all that an edition adds to a site.

A cache may be deleted at any time. Whatever is wrong with it costs time and nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import pyarrow as pa
from pydantic import Field

from kpisite.model.base import StrictModel

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


_PART = r"(?:[^/\\.][^/\\]*|\.[^/\\.][^/\\]*|\.\.[^/\\]+)"
"""Of a path: not empty, not `.`, not `..`."""
SitePath = Annotated[str, Field(pattern=rf"^{_PART}(?:/{_PART})*$")]
"""A path below the site that cannot lead out of it."""

_MAGIC = b"kpisite pages 1"
_CODEC = "zstd"
_LAYOUTS = 3
"""Of how many different sites pages are kept: `mkdocs build`, `mkdocs serve`, and another."""


class CachedPage(StrictModel):
    """A finished page, and what the rest of a build needs to know of it."""

    uri: SitePath
    """The Markdown file that it was made from."""
    path: SitePath
    """The HTML file below the site."""
    title: str
    size: int = Field(ge=0)
    search: tuple[dict[str, Any], ...] = ()
    """Its entries of the search index."""
    targets: dict[str, str | None] = Field(default_factory=dict)
    """File that it links to → the address that this had, None where there was no such file."""
    anchors: tuple[str, ...] = ()
    """Places in it that others may link to."""
    anchored: dict[str, dict[str, str]] = Field(default_factory=dict)
    """File that it links to → place in that file → the link as it was written."""


class CachedFile(StrictModel):
    """A file that is no page."""

    path: SitePath
    size: int = Field(ge=0)


class Manifest(StrictModel):
    """What the file of an edition holds, in this order."""

    navigation: str
    """Digest of the navigation that stands around the pages."""
    pages: tuple[CachedPage, ...]
    files: tuple[CachedFile, ...]

    @property
    def members(self) -> tuple[CachedPage | CachedFile, ...]:
        """All files of the site that it holds."""
        return (*self.pages, *self.files)


@dataclass(frozen=True)
class CacheUse:
    """How much room a cache takes."""

    files: int
    bytes: int


class PageCache:
    """A folder with one file for each edition; several builds may use it at once."""

    def __init__(self, folder: Path, layout: str) -> None:
        """Open a cache; the folder is made when something is put in it.

        Args:
            folder: Holds nothing else.
            layout: Digest of what stands around the pages of all editions: names a subfolder.
        """
        self._all = folder
        self._folder = folder / layout[:32]
        self._used: set[str] = set()

    def manifest(self, key: str) -> Manifest | None:
        """Return what is kept under a key; None where there is nothing readable."""
        try:
            with (self._folder / key).open("rb") as file:
                head = _head(file.readline())
                text = file.read(head.length)
            if _digest(text) != head.manifest:
                return None
            return Manifest.model_validate_json(text)
        except (OSError, ValueError):
            return None

    def unpack(self, key: str, site: Path) -> bool:
        """Write what is kept under a key into a site; False where it is gone or damaged."""
        try:
            line, rest = (self._folder / key).read_bytes().split(b"\n", 1)
            head = _head(line)
            text, body = rest[: head.length], rest[head.length :]
            if _digest(text) != head.manifest or _digest(body) != head.body:
                return False
            manifest = Manifest.model_validate_json(text)
            size = sum(member.size for member in manifest.members)
            content = memoryview(pa.decompress(body, size, codec=_CODEC))
        except (OSError, ValueError, pa.ArrowException):
            return False
        start, folders = 0, set()
        for member in manifest.members:
            target = site / member.path
            if target.parent not in folders:
                target.parent.mkdir(parents=True, exist_ok=True)
                folders.add(target.parent)
            target.write_bytes(content[start : start + member.size])
            start += member.size
        self._used.add(key)
        return True

    def use(self, key: str) -> None:
        """Keep what is there under a key: the site has it as it is."""
        self._used.add(key)

    def store(self, key: str, manifest: Manifest, contents: Iterable[bytes]) -> None:
        """Keep the pages and files of an edition, whole or not at all.

        Args:
            key: Their name.
            manifest: What they are.
            contents: Their bytes, in the order of the manifest's members.
        """
        text = manifest.model_dump_json(exclude_defaults=True).encode()
        body = pa.compress(b"".join(contents), codec=_CODEC, asbytes=True)
        head = b" ".join(
            [_MAGIC, _digest(text).encode(), _digest(body).encode(), str(len(text)).encode()]
        )
        beside = self._folder / f"{key}.{secrets.token_hex(4)}"
        self._used.add(key)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(b"".join([head, b"\n", text, body]))
            beside.replace(self._folder / key)
        except OSError:  # no room, no right, or another build has pruned
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)

    def prune(self) -> None:
        """Remove what this build did not use, and the pages of sites that are long gone."""
        with contextlib.suppress(OSError):
            os.utime(self._folder)
            for path in self._folder.iterdir():
                if path.name not in self._used:
                    with contextlib.suppress(OSError):
                        path.unlink()
            for old in _by_age(self._all)[_LAYOUTS:]:
                shutil.rmtree(old, ignore_errors=True)


def cache_use(folder: Path) -> CacheUse:
    """Return how much room a folder of the cache takes, with all below it."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return CacheUse(len(sizes), sum(sizes))


def prune_pages(folder: Path) -> None:
    """Remove the pages of all sites but the one that was built last.

    Args:
        folder: That of the page caches.
    """
    for old in _by_age(folder)[1:]:
        shutil.rmtree(old, ignore_errors=True)


@dataclass(frozen=True)
class _Head:
    manifest: str
    body: str
    length: int


def _head(line: bytes) -> _Head:
    """Return what the first line says.

    Raises:
        ValueError: The file is not one of ours, or is damaged.
    """
    if not line.startswith(_MAGIC + b" "):
        raise ValueError("no pages of kpisite")
    manifest, body, length = line[len(_MAGIC) :].split()
    return _Head(manifest.decode("ascii"), body.decode("ascii"), int(length))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _by_age(folder: Path) -> list[Path]:
    """Return the subfolders, the one used last first."""
    found = [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
    return sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)
