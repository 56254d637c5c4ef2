"""Editions as the index lists them, made without an archive."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from kpisite.archive.index import Entry
from kpisite.model.metric import Metric
from kpisite.model.number import NumberFormat
from kpisite.model.period import Period

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kpisite.archive.store import Archive
    from kpisite.model.edition import Status
    from kpisite.model.period import Unit

ZONE = ZoneInfo("America/New_York")


def on_time(value: float | None, **changes: Any) -> Metric:
    """Return a metric of 80 % or more, by default."""
    fields: dict[str, Any] = {
        "name": "on_time",
        "title": "On time",
        "format": NumberFormat(style="percent", precision=1),
        "change_as": "raw",
        "target": 0.8,
        "good": "up",
    }
    return Metric(value=value, **{**fields, **changes})


def listed(period: Period, *metrics: Metric, status: Status = "sealed", revision: int = 1) -> Entry:
    """Return an edition of the report `flights`."""
    return Entry(
        archive=cast("Archive", None),
        report="flights",
        label=period.label,
        title="Flights",
        period=period,
        revision=revision,
        status=status,
        started=datetime(2024, 1, 1, tzinfo=UTC),
        definition="d",
        views=("on_time",),
        plugins=("single_stat",),
        failed=False,
        digest=period.label,
        metrics={metric.name: metric for metric in metrics},
    )


def periods(first: date, unit: Unit, count: int) -> Iterator[Period]:
    """Yield neighbouring periods, oldest first."""
    period = Period.containing(first, unit, ZONE)
    for _ in range(count):
        yield period
        period = Period.containing(period.end.date(), unit, ZONE)


def weekly(*values: float | None, first: date = date(2013, 1, 7)) -> list[Entry]:
    """Return weekly editions with these values, from week 2 of 2013 on."""
    return [
        listed(period, on_time(value))
        for period, value in zip(periods(first, "week", len(values)), values, strict=True)
    ]
