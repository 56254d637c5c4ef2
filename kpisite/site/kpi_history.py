"""One metric over all editions of a report: its points, and where there are gaps."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kpisite.model.words import period_title, status_text
from kpisite.plugins.wall_clock import wall_clock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kpisite.archive.index import Entry
    from kpisite.model.metric import Metric


@dataclass(frozen=True)
class KpiPoint:
    """A metric in one edition."""

    entry: Entry
    title: str
    """The edition's period in words."""
    at: float
    """When the period begins, by the clock on the wall."""
    metric: Metric
    before: KpiPoint | None
    """In the edition before it; None where the period before is missing, or has no such metric."""

    @functools.cached_property
    def value_text(self) -> str:
        """The value with its unit."""
        return self.metric.text

    @functools.cached_property
    def text(self) -> str:
        """`Week 6, 2013: 79.8 %, preliminary`."""
        status = "" if self.entry.status == "sealed" else f", {status_text(self.entry.status)}"
        return f"{self.title}: {self.value_text}{status}"

    @property
    def moved(self) -> Metric | None:
        """The metric as it compares to the edition before; None where a value is missing."""
        value = self.before and self.before.metric.value
        if value is None or self.metric.value is None:
            return None
        return self.metric.model_copy(update={"comparison": value})

    @property
    def joins(self) -> bool:
        """Whether a line leads here from the point before."""
        return self.before is not None and self.before.metric.value is not None


def kpi_histories(entries: Iterable[Entry]) -> dict[str, list[KpiPoint]]:
    """Return all metrics that were ever recorded, with their points.

    Args:
        entries: The editions of one report, oldest first.

    Returns:
        The metric's name → its points, oldest first; the metrics in the order of the newest
        edition, then those that it no longer has.
    """
    found: dict[str, list[KpiPoint]] = {}
    last: dict[str, KpiPoint] = {}
    end = None
    for entry in entries:
        if end is not None and entry.period.start > end:
            last = {}
        end = entry.period.end
        title, at = period_title(entry.period), wall_clock(entry.period.start, entry.period.zone)
        now = {
            name: KpiPoint(entry, title, at, metric, last.get(name))
            for name, metric in entry.metrics.items()
        }
        for name, point in now.items():
            found.setdefault(name, []).append(point)
        last = now
    return {name: found[name] for name in [*last, *(name for name in found if name not in last)]}
