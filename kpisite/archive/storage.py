"""The folder of an archive, on a disk or on any fsspec filesystem, and what its errors mean."""

from __future__ import annotations

import contextlib
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote

import fsspec
from fsspec.implementations.local import LocalFileSystem

from kpisite.archive.disk import Disk
from kpisite.archive.object_store import ObjectStore, defaults
from kpisite.archive.trouble import not_installed, not_opened, texts_in, trouble
from kpisite.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PASSWORD = re.compile(r"(?<=://)([^/@:]*:)([^/@]*)@")
_PART = r"(?!\.{1,2}(/|\Z))[^/\\\x00-\x1f]+"
_PATH = re.compile(f"{_PART}(/{_PART})*")
"""A path that cannot lead out of the archive."""
_READERS = 16
_AT_ONCE = 256


class _Files(Protocol):
    """What `Disk` and `ObjectStore` have alike."""

    @property
    def parallel(self) -> bool: ...
    def records(self) -> dict[str, str]: ...
    def sizes(self) -> dict[str, int]: ...
    def names(self, folder: str) -> list[str]: ...
    def version(self, path: str) -> str | None: ...
    def read(self, path: str) -> bytes: ...
    def create(self, path: str, content: bytes) -> None: ...
    def replace(self, path: str, content: bytes, expected: str | None) -> None: ...
    def remove(self, path: str) -> None: ...
    def remove_folder(self, folder: str) -> None: ...


class Storage:
    """A folder on a filesystem. Paths are relative to it, `/` between the parts."""

    def __init__(self, url: str, **options: Any) -> None:
        """Open a folder; nothing is read or made yet.

        Args:
            url: A local path or an fsspec URL.
            **options: Options of the filesystem; no text in them gets into a message.

        Raises:
            ArchiveError: No such kind of filesystem, or its package is not installed.
        """
        self.url = _PASSWORD.sub(r"\1***@", url)
        """For messages: without a password."""
        self._secrets = {*texts_in(options), *(unquote(p) for _, p in _PASSWORD.findall(url))}
        try:
            self.fs, self.root = fsspec.core.url_to_fs(url, **{**defaults(url), **options})
        except ImportError as error:
            raise not_installed(error, self.url) from error
        except (ValueError, TypeError) as error:
            raise not_opened(error, self.url, self._secrets) from error
        self.local = isinstance(self.fs, LocalFileSystem)
        self._files: _Files = Disk(self.root) if self.local else ObjectStore(self.fs, self.root)

    def where(self, path: str = "") -> str:
        """Return the place of a file for a message."""
        return f"{self.url.rstrip('/')}/{path}" if path else self.url

    def records(self) -> dict[str, str]:
        """Return the path of every `edition.json` with a stamp, which changes with the file.

        It takes one listing; an empty stamp means that the filesystem tells nothing that would
        change. There are none where the folder is absent.

        Raises:
            ArchiveError: A folder cannot be read; what is in it is not taken for absent.
        """
        with self._explained("read", ""):
            return self._files.records()

    def sizes(self) -> dict[str, int]:
        """Return the bytes of every file by its path, sorted; none where the folder is absent.

        Raises:
            ArchiveError: A folder cannot be read; what is in it is not taken for absent.
        """
        with self._explained("read", ""):
            return dict(sorted(self._files.sizes().items()))

    def read(self, path: str) -> bytes:
        """Return a file's content.

        Raises:
            FileNotFoundError: There is no such file.
            ArchiveError: It cannot be read.
        """
        self._check(path)
        with self._explained("read", path, FileNotFoundError):
            return self._files.read(path)

    def read_all(self, paths: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        """Yield files with their content in the order of their paths, None for one that is gone.

        Raises:
            ArchiveError: One cannot be read.
        """
        paths = list(paths)
        if not self._files.parallel or len(paths) < 2:
            yield from zip(paths, map(self._read_or_none, paths), strict=True)
            return
        with ThreadPoolExecutor(_READERS, thread_name_prefix="archive") as executor:
            for first in range(0, len(paths), _AT_ONCE):
                some = paths[first : first + _AT_ONCE]
                yield from zip(some, executor.map(self._read_or_none, some), strict=True)

    def version(self, path: str) -> str | None:
        """Return what `replace` compares; None where there is no such file.

        Raises:
            ArchiveError: The filesystem cannot say.
        """
        self._check(path)
        with self._explained("read", path):
            return self._files.version(path)

    def create(self, path: str, content: bytes) -> None:
        """Write a new file, whole or not at all.

        Raises:
            FileExistsError: There is one already; it is left as it is.
            ArchiveError: It cannot be written.
        """
        self._check(path)
        with self._explained("written", path, FileExistsError):
            self._files.create(path, content)

    def replace(self, path: str, content: bytes, expected: str | None = None) -> None:
        """Write a file, whole or not at all, in place of an older one if there is one.

        Args:
            path: The file.
            content: All of it.
            expected: The version that is replaced, else none; without it, whichever is there.

        Raises:
            FileExistsError: The older one is not the expected version; it is left as it is.
            ArchiveError: It cannot be written; the older one is left as it is.
        """
        self._check(path)
        with self._explained("written", path, *((FileExistsError,) if expected else ())):
            self._files.replace(path, content, expected)

    def remove(self, path: str) -> None:
        """Remove a file; it is no error where there is none.

        Raises:
            ArchiveError: It is there and cannot be removed.
        """
        self._check(path)
        with (
            contextlib.suppress(FileNotFoundError),
            self._explained("removed", path, FileNotFoundError),
        ):
            self._files.remove(path)

    def remove_folder(self, folder: str) -> None:
        """Remove a folder with all that is in it; it is no error where there is none.

        Raises:
            ArchiveError: It is there and cannot be removed.
        """
        self._check(folder)
        with (
            contextlib.suppress(FileNotFoundError),
            self._explained("removed", folder, FileNotFoundError),
        ):
            self._files.remove_folder(folder)

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder, sorted; none where it is absent.

        Raises:
            ArchiveError: It cannot be read.
        """
        self._check(folder)
        with (
            contextlib.suppress(FileNotFoundError),
            self._explained("read", folder, FileNotFoundError),
        ):
            return sorted(self._files.names(folder))
        return []

    def _check(self, path: str) -> None:
        if not _PATH.fullmatch(path):
            raise ArchiveError(f"'{path}' is no path within the archive", where=self.url)

    def _read_or_none(self, path: str) -> bytes | None:
        with contextlib.suppress(FileNotFoundError):
            return self.read(path)
        return None

    def _trouble(self, error: Exception, done: str, path: str) -> ArchiveError:
        return trouble(error, done, self.where(path), local=self.local, secrets=self._secrets)

    @contextlib.contextmanager
    def _explained(self, done: str, path: str, *passed: type[OSError]) -> Iterator[None]:
        """Turn what the filesystem raises into an ArchiveError, but for what is passed on."""
        try:
            yield
        except passed:
            raise
        except ArchiveError:
            raise
        except Exception as error:
            if self.local and not isinstance(error, OSError):
                raise  # a bug; remote filesystems have exceptions of their own
            raise self._trouble(error, done, path) from error
