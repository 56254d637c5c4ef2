"""What the editions of a report say of its metrics, for the editions after them."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from kpisite.plugins.view import Point

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kpisite.model.edition import EditionRecord


class Past:
    """The metrics of a report's editions, oldest first; it grows by one edition at a time."""

    def __init__(self, records: Iterable[EditionRecord] = ()) -> None:
        """Begin with the editions that are known."""
        self._points: dict[str, list[Point]] = {}
        self._digest = hashlib.sha256()
        for record in records:
            self.add(record)

    def add(self, record: EditionRecord) -> None:
        """Add an edition that is newer than all that are in it."""
        period, values = record.period.period(), {}
        for metric in record.metrics.values():
            values[metric.name] = metric.value
            self._points.setdefault(metric.name, []).append(Point(period, metric.value))
        text = json.dumps([record.period.model_dump(mode="json"), values])
        self._digest.update(text.encode() + b"\n")

    def points(self, metric: str) -> list[Point]:
        """Return a metric in the editions that have it, oldest first."""
        return list(self._points.get(metric, ()))

    @property
    def digest(self) -> str:
        """Changes with anything that `points` can return."""
        return self._digest.hexdigest()
