"""Counts what of a deploy is through, for those who look on."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kpisite.plugins import Progress


class Counter:
    """A count that never goes back; threads may share it."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0
        self._turn = Lock()
        if total:
            progress(0, total)

    def step(self) -> None:
        """One more is through."""
        with self._turn:
            self._done += 1
            self._progress(self._done, self._total)
