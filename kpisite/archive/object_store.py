"""Files of an archive in an object store, or on any other fsspec filesystem."""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kpisite.archive.records import PATH

if TYPE_CHECKING:
    from collections.abc import Mapping

_S3 = ("s3", "s3a")
_DIGESTS = ("ETag", "etag", "md5Hash", "generation")
_TIMES = ("LastModified", "last_modified", "updated", "modified", "mtime", "created")
_TRIES = 10


def defaults(url: str) -> dict[str, Any]:
    """Return the options that suit an archive; a project's own win."""
    one_request = {"max_concurrency": 1}  # s3fs else asks for the size before it reads a file
    return one_request if url.partition("://")[0] in _S3 else {}


class ObjectStore:
    """A folder of an fsspec filesystem; paths are relative to it. Errors are the filesystem's."""

    def __init__(self, fs: Any, root: str) -> None:
        """Name a folder.

        Args:
            fs: An `fsspec.AbstractFileSystem`.
            root: The folder within it.
        """
        self.fs = fs
        self.root = root
        self.parallel: bool = fs.async_impl
        """Whether reading many files at once is faster than one after the other."""
        protocols = (fs.protocol,) if isinstance(fs.protocol, str) else fs.protocol
        self._conditional = any(protocol in _S3 for protocol in protocols)

    def records(self) -> dict[str, str]:
        """Return the path of every record with its stamp; "" for one that cannot be trusted."""
        listed = self._listed()
        return {path: _stamp(listed[path]) for path in listed if PATH.fullmatch(path)}

    def sizes(self) -> dict[str, int]:
        """Return the path of every file with its size in bytes."""
        return {path: int(info.get("size") or 0) for path, info in self._listed().items()}

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder."""
        self.fs.invalidate_cache()  # others write there too
        entries = self.fs.ls(self._full(folder), detail=False)
        return [str(entry).rstrip("/").rsplit("/", 1)[-1] for entry in entries]

    def version(self, path: str) -> str | None:
        """Return what changes whenever a file is written; None where there is none."""
        self.fs.invalidate_cache()  # others write there too
        try:
            info = self.fs.info(self._full(path))
        except FileNotFoundError:
            return None
        return str(info["ETag"]) if self._conditional else _stamp(info)

    def read(self, path: str) -> bytes:
        """Return a file's content."""
        content: bytes = self.fs.cat_file(self._full(path))
        return content

    def create(self, path: str, content: bytes) -> None:
        """Write a file that is not there yet, else raise FileExistsError."""
        try:
            self._put(path, content, mode="create")
        except OSError as error:
            if error.errno != errno.ENOSYS:
                raise
            if self.version(path) is not None:  # the store cannot refuse: ask, then write
                raise _exists() from error
            self._put(path, content)

    def replace(self, path: str, content: bytes, expected: str | None) -> None:
        """Write a file in place of an older one.

        With `expected`, FileExistsError is raised unless the older one has that version. S3
        compares by itself; elsewhere another writer can come between comparing and writing.
        """
        if expected is None:
            self._put(path, content)
        elif self._conditional:
            try:
                self._put(path, content, IfMatch=expected)
            except OSError as error:
                if not isinstance(error, FileNotFoundError) and error.errno != errno.ENOSYS:
                    raise
                self._compare_and_put(path, content, expected)
        else:
            self._compare_and_put(path, content, expected)

    def remove(self, path: str) -> None:
        """Remove a file."""
        self.fs.rm_file(self._full(path))

    def remove_folder(self, folder: str) -> None:
        """Remove a folder with all that is in it."""
        self.fs.rm(self._full(folder), recursive=True)

    def _full(self, path: str) -> str:
        return f"{self.root}/{path}"

    def _listed(self) -> dict[str, Mapping[str, Any]]:
        self.fs.invalidate_cache()  # others write there too
        found = self.fs.find(self.root, detail=True)
        return {str(path)[len(self.root) :].lstrip("/"): found[path] for path in sorted(found)}

    def _compare_and_put(self, path: str, content: bytes, expected: str) -> None:
        if self.version(path) != expected:
            raise _exists()
        self._put(path, content)

    def _put(self, path: str, content: bytes, **condition: str) -> None:
        """Write a file; FileExistsError where the condition does not hold."""
        for tried in range(1, _TRIES + 1):
            try:
                self.fs.pipe_file(self._full(path), content, **condition)
            except OSError as error:
                code = _code(error)
                if code == "PreconditionFailed":
                    raise _exists() from error
                if code != "ConditionalRequestConflict" or tried == _TRIES:
                    raise
                continue  # S3 could not decide between two writers: whoever comes again is told
            return


def _stamp(info: Mapping[str, Any]) -> str:
    """Return what a listing says of a file that changes with it; "" where it says nothing."""
    for name in (*_DIGESTS, *_TIMES):
        value = info.get(name)
        if value:
            text = value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
            return f"{text}-{info.get('size')}"
    return ""


def _code(error: OSError) -> str:
    """Return what S3 calls the error that an exception was made of."""
    response = getattr(error.__cause__, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


def _exists() -> FileExistsError:
    return FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
