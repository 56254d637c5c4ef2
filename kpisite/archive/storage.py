"""Files of an archive on any fsspec filesystem: read whole, written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from kpisite.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PASSWORD = re.compile(r"(://[^/@:]*:)[^/@]*(@)")
_PART = r"(?!\.{1,2}(/|\Z))[^/\\\x00-\x1f]+"
_PATH = re.compile(f"{_PART}(/{_PART})*")
"""A path that cannot lead out of the archive."""


class Storage:
    """A folder on a filesystem. Paths are relative to it, `/` between the parts."""

    def __init__(self, url: str, **options: Any) -> None:
        """Open a folder; nothing is read or made yet.

        Args:
            url: A local path or an fsspec URL.
            **options: Options of the filesystem.

        Raises:
            ArchiveError: No such kind of filesystem, or its package is not installed.
        """
        self.url = _PASSWORD.sub(r"\1***\2", url)
        """For messages: without a password."""
        try:
            self.fs, self.root = fsspec.core.url_to_fs(url, **options)
        except (ImportError, ValueError) as error:
            raise ArchiveError(str(error), where=self.url) from error
        self.local = isinstance(self.fs, LocalFileSystem)

    def where(self, path: str = "") -> str:
        """Return the place of a file for a message."""
        return f"{self.url.rstrip('/')}/{path}" if path else self.url

    def find(self, name: str) -> list[str]:
        """Return the paths of all files with this name, sorted; none where the folder is absent.

        Raises:
            ArchiveError: A folder cannot be read; what is in it is not taken for absent.
        """
        with self._explained("read", ""):
            found = _find_local(self.root) if self.local else self._find_remote()
        paths = (path[len(self.root) :].lstrip("/") for path in found)
        return sorted(path for path in paths if path.rsplit("/", 1)[-1] == name)

    def read(self, path: str) -> bytes:
        """Return a file's content.

        Raises:
            FileNotFoundError: There is no such file.
            ArchiveError: It cannot be read.
        """
        with self._explained("read", path, FileNotFoundError):
            content: bytes = self.fs.cat_file(self._full(path))
        return content

    def create(self, path: str, content: bytes) -> None:
        """Write a new file, whole or not at all.

        Raises:
            FileExistsError: There is one already; it is left as it is.
            ArchiveError: It cannot be written.
        """
        self._write(path, content, replace=False)

    def replace(self, path: str, content: bytes) -> None:
        """Write a file, whole or not at all, in place of an older one if there is one.

        Raises:
            ArchiveError: It cannot be written; the older one is left as it is.
        """
        self._write(path, content, replace=True)

    def remove(self, path: str) -> None:
        """Remove a file; it is no error where there is none.

        Raises:
            ArchiveError: It is there and cannot be removed.
        """
        with (
            contextlib.suppress(FileNotFoundError),
            self._explained("removed", path, FileNotFoundError),
        ):
            self.fs.rm_file(self._full(path))

    def remove_folder(self, folder: str) -> None:
        """Remove a folder with all that is in it; it is no error where there is none.

        Raises:
            ArchiveError: It is there and cannot be removed.
        """
        with (
            contextlib.suppress(FileNotFoundError),
            self._explained("removed", folder, FileNotFoundError),
        ):
            self.fs.rm(self._full(folder), recursive=True)

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder, sorted; none where it is absent.

        Raises:
            ArchiveError: It cannot be read.
        """
        with (
            contextlib.suppress(FileNotFoundError),
            self._explained("read", folder, FileNotFoundError),
        ):
            self.fs.invalidate_cache()  # others write there too
            entries = self.fs.ls(self._full(folder), detail=False)
            return sorted(str(entry).rstrip("/").rsplit("/", 1)[-1] for entry in entries)
        return []

    def _full(self, path: str) -> str:
        if not _PATH.fullmatch(path):
            raise ArchiveError(f"'{path}' is no path within the archive", where=self.url)
        return f"{self.root}/{path}"

    def _find_remote(self) -> list[str]:
        self.fs.invalidate_cache()  # others write there too
        return [str(path) for path in self.fs.find(self.root)]

    def _write(self, path: str, content: bytes, *, replace: bool) -> None:
        full = self._full(path)
        with self._explained("written", path, *(() if replace else (FileExistsError,))):
            if self.local:
                _write_local(Path(full), content, replace=replace)
            else:
                self.fs.pipe_file(full, content, mode="overwrite" if replace else "create")

    @contextlib.contextmanager
    def _explained(self, done: str, path: str, *passed: type[OSError]) -> Iterator[None]:
        """Turn what the filesystem raises into an ArchiveError, but for what is passed on."""
        try:
            yield
        except passed:
            raise
        except OSError as error:
            hint = "Check that the folder exists, is yours, and that the disk has room."
            raise ArchiveError(
                f"cannot be {done}: {error.strerror or str(error) or type(error).__name__}",
                where=self.where(path),
                hint="" if done == "read" else hint,
            ) from error


def _find_local(root: str) -> list[str]:
    """Return the paths of all files below a folder; files that come and go meanwhile are fine."""

    def refuse(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            raise error

    return [
        f"{folder}/{file}" for folder, _, files in os.walk(root, onerror=refuse) for file in files
    ]


def _write_local(path: Path, content: bytes, *, replace: bool) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:  # not to be taken for the file that is written
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from error
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            beside.replace(path)
        else:
            path.hardlink_to(beside)  # fails where the file exists, unlike a rename
    finally:
        beside.unlink(missing_ok=True)
