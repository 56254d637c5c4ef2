"""Whether data have changed while a preview runs: files that `watch` of `mkdocs.yml` names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    State = frozenset[tuple[str, int, int]]
    """Path, time of the last change in nanoseconds, and size of each file."""


class Watched:
    """The files of a preview that are neither pages nor definitions."""

    def __init__(self) -> None:
        self._at_start: State | None = None
        self._before: State | None = None
        self.is_changed = False
        """Whether a file is not what it was when the preview began."""
        self.is_just_changed = False
        """Whether a file has changed since the build before; so it is in the first build."""

    def look(self, paths: Iterable[str]) -> None:
        """Look at the files again, once for each build.

        Args:
            paths: Files and folders; one that is not there has no files.
        """
        state = frozenset(_state(file) for path in paths for file in _files(path))
        if self._at_start is None:
            self._at_start = state
        self.is_changed = self.is_changed or state != self._at_start
        self.is_just_changed = state != self._before
        self._before = state


def _files(path: str) -> Iterator[Path]:
    if not Path(path).is_dir():
        yield Path(path)
    for folder, _, names in os.walk(path):
        yield from (Path(folder, name) for name in names)


def _state(file: Path) -> tuple[str, int, int]:
    try:
        stat = file.stat()
    except OSError:
        return str(file), 0, 0
    return str(file), stat.st_mtime_ns, stat.st_size
