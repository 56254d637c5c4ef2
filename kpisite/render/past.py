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
    from kpisite.model.period import Unit


class History:
    """The metrics of all editions of a report, oldest first."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Read the metrics.

        Args:
            entries: The editions of one report, oldest first.
        """
        self._positions: dict[str, list[int]] = {}
        self._points: dict[str, list[Point]] = {}
        self._units: list[Unit] = []
        running = hashlib.sha256()
        self._digests = [running.hexdigest()]
        for position, entry in enumerate(entries):
            self._units.append(entry.period.unit)
            values = {name: metric.value for name, metric in entry.metrics.items()}
            for name, value in values.items():
                self._positions.setdefault(name, []).append(position)
                self._points.setdefault(name, []).append(Point(entry.period, value))
            text = json.dumps([entry.label, entry.period.start.isoformat(), values])
            running.update(text.encode() + b"\n")
            self._digests.append(running.hexdigest())

    def before(self, position: int) -> Past:
        """Return what the edition at a position may know of those before it.

        One that would follow the newest is of the same unit.
        """
        return Past(self, position, self._units[min(position, len(self._units) - 1)])

    def points(self, metric: str, end: int, unit: Unit) -> list[Point]:
        """Return a metric in the editions before a position that have it, oldest first.

        Args:
            metric: Its name.
            end: The position.
            unit: Of the periods: a month is nothing that a week can be compared with.
        """
        positions = self._positions.get(metric, [])
        points = self._points.get(metric, [])[: bisect_left(positions, end)]
        return [point for point in points if point.period.unit == unit]

    def digest(self, end: int) -> str:
        """Return what changes with anything that `points` can return for this end."""
        return self._digests[end]


@dataclass(frozen=True)
class Past:
    """The metrics of the editions before one edition."""

    history: History
    position: int
    """Of the edition in its report, from 0."""
    unit: Unit
    """Of its period."""

    def points(self, metric: str) -> list[Point]:
        """Return a metric in the editions that have it, over periods of one unit, oldest first."""
        return self.history.points(metric, self.position, self.unit)

    @property
    def digest(self) -> str:
        """Changes with anything that `points` can return."""
        return self.history.digest(self.position)
