"""Files of an archive on any fsspec filesystem: read whole, written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from kpisite.errors import ArchiveError


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
        self.url = url
        try:
            self.fs, self.root = fsspec.core.url_to_fs(url, **options)
        except (ImportError, ValueError) as error:
            raise ArchiveError(str(error), where=url) from error
        self.local = isinstance(self.fs, LocalFileSystem)

    def where(self, path: str = "") -> str:
        """Return the place of a file for a message."""
        return f"{self.url.rstrip('/')}/{path}" if path else self.url

    def find(self, name: str) -> list[str]:
        """Return the paths of all files with this name, sorted; none where the folder is absent."""
        try:
            found = self.fs.glob(f"{self.root}/**/{name}")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ArchiveError(f"cannot be read: {_reason(error)}", where=self.url) from error
        return sorted(str(path)[len(self.root) :].lstrip("/") for path in found)

    def read(self, path: str) -> bytes:
        """Return a file's content.

        Raises:
            FileNotFoundError: There is no such file.
            ArchiveError: It cannot be read.
        """
        try:
            content: bytes = self.fs.cat_file(self._full(path))
        except FileNotFoundError:
            raise
        except OSError as error:
            raise ArchiveError(
                f"cannot be read: {_reason(error)}", where=self.where(path)
            ) from error
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

    def exists(self, path: str) -> bool:
        """Tell whether there is such a file."""
        return bool(self.fs.exists(self._full(path)))

    def remove(self, path: str) -> None:
        """Remove a file; it is no error where there is none."""
        with contextlib.suppress(FileNotFoundError):
            self.fs.rm_file(self._full(path))

    def remove_folder(self, folder: str) -> None:
        """Remove a folder with all that is in it."""
        with contextlib.suppress(FileNotFoundError):
            self.fs.rm(self._full(folder), recursive=True)

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder, sorted; none where it is absent."""
        with contextlib.suppress(FileNotFoundError):
            entries = self.fs.ls(self._full(folder), detail=False)
            return sorted(str(entry).rstrip("/").rsplit("/", 1)[-1] for entry in entries)
        return []

    def _full(self, path: str) -> str:
        return f"{self.root}/{path}" if path else self.root

    def _write(self, path: str, content: bytes, *, replace: bool) -> None:
        try:
            if self.local:
                _write_local(Path(self._full(path)), content, replace=replace)
            elif replace:
                self.fs.pipe_file(self._full(path), content)
            else:
                self.fs.pipe_file(self._full(path), content, mode="create")
        except FileExistsError:
            raise
        except OSError as error:
            raise ArchiveError(
                f"cannot be written: {_reason(error)}",
                where=self.where(path),
                hint="Check that the folder exists, is yours, and that the disk has room.",
            ) from error


def _write_local(path: Path, content: bytes, *, replace: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
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


def _reason(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
