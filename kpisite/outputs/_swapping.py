"""Folders that are replaced whole: made beside their place, and renamed into it."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no such locks
    fcntl = None  # type: ignore[assignment]

MARKER = ".kpisite"
"""File that says that a folder was made by this driver, and of what."""
_NEW, _OLD = ".kpisite-new", ".kpisite-old"
_HERE = -100
"""AT_FDCWD of Linux: paths are as for any other call."""
_EXCHANGE = 2
"""RENAME_EXCHANGE of Linux."""


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let one publish after the other write a folder, from whatever processes and threads.

    The lock goes with the process that holds it. Where the system has none, nobody waits.
    """
    if fcntl is None:
        yield
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    path = folder.with_name(f".{folder.name}.kpisite-lock")
    handle = _locked(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def _locked(path: Path) -> int:
    """Return a handle of a file that nobody else has locked, and that is still there."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        with contextlib.suppress(OSError):  # some network disks have no locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), path.stat()):
                return handle
        os.close(handle)  # who had it has removed it: another may have made it anew


def swap(new: Path, folder: Path) -> None:
    """Put the new folder in its place, where the machine can in one step.

    Else by two renames; the old folder is put back if the second one fails.
    """
    if exchange(new, folder):
        shutil.rmtree(new, ignore_errors=True)  # it is the old one now
        return
    old = aside(folder)
    if folder.exists():
        folder.rename(old)
    try:
        new.rename(folder)
    except BaseException:
        if old.exists():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def exchange(one: Path, other: Path) -> bool:
    """Let two folders change places in one step; tell whether that was done.

    Linux can, but not on each filesystem. Nothing has happened where it was not done.
    """
    if sys.platform != "linux":
        return False
    import ctypes

    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    paths = os.fsencode(one), os.fsencode(other)
    return rename is not None and rename(_HERE, paths[0], _HERE, paths[1], _EXCHANGE) == 0


def recover(folder: Path) -> None:
    """Undo what a crash left: the old folder goes back if the new one is not in place."""
    old = aside(folder)
    if old.exists() and not folder.exists():
        old.rename(folder)
    for leftover in (old, beside(folder)):
        if leftover.exists():
            shutil.rmtree(leftover)


def remove(folder: Path) -> None:
    """Remove a folder: it is gone at once, or still there; what is half removed never returns.

    The marker goes last, so that the next run knows what a crash left as one of ours.
    """
    gone = beside(folder)
    folder.rename(gone)
    for path in gone.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != MARKER:
            path.unlink()
    shutil.rmtree(gone)


def is_strange(folder: Path) -> bool:
    """Tell whether a folder holds what nobody of us has put there."""
    return folder.exists() and any(folder.iterdir()) and not (folder / MARKER).is_file()


def beside(folder: Path) -> Path:
    """Return where the new folder is made."""
    return folder.with_name(f".{folder.name}{_NEW}")


def aside(folder: Path) -> Path:
    """Return where the old folder is, until the new one is in its place."""
    return folder.with_name(f".{folder.name}{_OLD}")


def original(path: Path) -> str:
    """Return the name of the folder that a path is of, itself or one of the two above."""
    for ending in (_NEW, _OLD):
        if path.name.startswith(".") and path.name.endswith(ending):
            return path.name[1:].removesuffix(ending)
    return path.name


def reason(error: OSError) -> str:
    """Return why something could not be done, without paths."""
    return error.strerror or str(error) or type(error).__name__
