"""What the editions of a report say of its metrics, for the editions after them."""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kpisite.plugins.view import Point

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kpisite.archive.index import Entry


class History:
    """The metrics of all editions of a report, oldest first."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Read the metrics.

        Args:
            entries: The editions of one report, oldest first.
        """
        self._positions: dict[str, list[int]] = {}
        self._points: dict[str, list[Point]] = {}
        running = hashlib.sha256()
        self._digests = [running.hexdigest()]
        for position, entry in enumerate(entries):
            values = {name: metric.value for name, metric in entry.metrics.items()}
            for name, value in values.items():
                self._positions.setdefault(name, []).append(position)
                self._points.setdefault(name, []).append(Point(entry.period, value))
            text = json.dumps([entry.label, entry.period.start.isoformat(), values])
            running.update(text.encode() + b"\n")
            self._digests.append(running.hexdigest())

    def before(self, position: int) -> Past:
        """Return what the edition at a position may know of those before it."""
        return Past(self, position)

    def points(self, metric: str, end: int) -> list[Point]:
        """Return a metric in the editions before a position that have it, oldest first."""
        positions = self._positions.get(metric, [])
        return self._points.get(metric, [])[: bisect_left(positions, end)]

    def digest(self, end: int) -> str:
        """Return what changes with anything that `points` can return for this end."""
        return self._digests[end]


@dataclass(frozen=True)
class Past:
    """The metrics of the editions before one edition."""

    history: History
    position: int
    """Of the edition in its report, from 0."""

    def points(self, metric: str) -> list[Point]:
        """Return a metric in the editions that have it, oldest first."""
        return self.history.points(metric, self.position)

    @property
    def digest(self) -> str:
        """Changes with anything that `points` can return."""
        return self.history.digest(self.position)
