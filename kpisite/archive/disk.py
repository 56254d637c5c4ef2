"""Files of an archive on a local disk."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from kpisite.archive.records import NAME, PATH

if TYPE_CHECKING:
    from collections.abc import Iterator

try:
    import fcntl
except ImportError:  # Windows has no such locks
    fcntl = None  # type: ignore[assignment]

_DELIVERIES = "deliveries"


class Disk:
    """A folder; paths are relative to it. Errors are those of the operating system."""

    parallel = False
    """Whether reading many files at once is faster than one after the other."""

    def __init__(self, root: str) -> None:
        """Name a folder, which need not be there yet."""
        self.root = Path(root)

    def records(self) -> dict[str, str]:
        """Return the path of every record with its stamp: inode, time of change, size.

        What lies beside a record is not looked at: a folder costs one look, an edition another.
        """
        found: dict[str, str] = {}
        folders = [""]
        while folders:
            folder = folders.pop()
            below, revisions = [], 0
            for name in self._subfolders(folder):
                path = f"{folder}/{name}" if folder else name
                record = f"{path}/{NAME}"
                stamp = self.version(record) if PATH.fullmatch(record) else None
                if stamp is None:
                    below.append(path)
                else:
                    found[record] = stamp
                    revisions += 1
            folders += [p for p in below if not (revisions and p.endswith(f"/{_DELIVERIES}"))]
        return found

    def sizes(self) -> dict[str, int]:
        """Return the path of every file with its size in bytes."""
        sizes: dict[str, int] = {}
        for folder, _, names in os.walk(self.root, onerror=_unless_it_went):
            for name in names:
                path = Path(folder, name)
                with contextlib.suppress(FileNotFoundError):
                    sizes[path.relative_to(self.root).as_posix()] = path.stat().st_size
        return sizes

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder."""
        return os.listdir(self.root / folder)  # noqa: PTH208 - names, not paths

    def version(self, path: str) -> str | None:
        """Return what changes whenever a file is written; None where there is none."""
        try:
            found = (self.root / path).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        if not stat.S_ISREG(found.st_mode):
            return None
        return f"{found.st_ino:x}-{found.st_mtime_ns:x}-{found.st_size:x}"

    def read(self, path: str) -> bytes:
        """Return a file's content."""
        return (self.root / path).read_bytes()

    def create(self, path: str, content: bytes) -> None:
        """Write a file that is not there yet, else raise FileExistsError."""
        with self._written(path, content) as (file, beside):
            file.hardlink_to(beside)  # fails where the file exists, unlike a rename

    def replace(self, path: str, content: bytes, expected: str | None) -> None:
        """Write a file in place of an older one.

        With `expected`, FileExistsError is raised unless the older one has that version.
        """
        with self._written(path, content) as (file, beside):
            if expected is None:
                beside.replace(file)
                return
            with _locked(file.parent):
                if self.version(path) != expected:
                    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
                beside.replace(file)

    def remove(self, path: str) -> None:
        """Remove a file."""
        (self.root / path).unlink()

    def remove_folder(self, folder: str) -> None:
        """Remove a folder with all that is in it."""
        shutil.rmtree(self.root / folder)

    def _subfolders(self, folder: str) -> list[str]:
        try:
            with os.scandir(self.root / folder) as entries:
                return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
        except FileNotFoundError:
            return []  # it went meanwhile, or nothing was written yet

    @contextlib.contextmanager
    def _written(self, path: str, content: bytes) -> Iterator[tuple[Path, Path]]:
        """Yield a file's path, and that of its content beside it, whole and on the disk."""
        file = self.root / path
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:  # not to be taken for the file that is written
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from error
        beside = file.with_name(f".{file.name}.{secrets.token_hex(4)}.tmp")
        try:
            with beside.open("xb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            yield file, beside
        finally:
            beside.unlink(missing_ok=True)


def _unless_it_went(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one process after the other compare and replace a file of a folder.

    The lock goes with the process that holds it. Where the system has none, nobody waits.
    """
    if fcntl is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network disks have no locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
