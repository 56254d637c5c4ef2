"""What a template of the view `text` sees of frames, metrics and the period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kpisite.errors import ViewError, nearest
from kpisite.model.words import period_span, period_title
from kpisite.plugins import Metric

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from kpisite.plugins import Period


@dataclass(frozen=True)
class PeriodWords:
    """The edition's period."""

    label: str
    """`2013-W06`."""
    title: str
    """`Week 6, 2013`."""
    span: str
    """`4 – 10 February 2013`."""
    start: datetime
    end: datetime
    """The first instant that no longer belongs to it."""

    @classmethod
    def of(cls, period: Period) -> PeriodWords:
        """Return the words for a period."""
        return cls(
            period.label, period_title(period), period_span(period), period.start, period.end
        )

    @classmethod
    def sample(cls) -> PeriodWords:
        """Return some period, to try a text with."""
        start, end = datetime(2000, 1, 1, tzinfo=UTC), datetime(2000, 1, 2, tzinfo=UTC)
        return cls("2000-01-01", "1 January 2000", "1 January 2000", start, end)


@dataclass(frozen=True)
class MetricWords:
    """A metric: prints as its formatted text, and has its numbers."""

    text: str
    value: float | None
    change: float | None
    change_text: str
    change_direction: str
    comparison: float | None
    comparison_title: str
    target: float | None
    target_met: bool | None
    target_text: str

    def __str__(self) -> str:
        return self.text

    @classmethod
    def of(cls, metric: Metric) -> MetricWords:
        """Return what a template sees of a metric."""
        return cls(
            text=metric.text,
            value=metric.value,
            change=metric.change,
            change_text=metric.change_text,
            change_direction=metric.change_direction,
            comparison=metric.comparison,
            comparison_title=metric.comparison_text,
            target=metric.target,
            target_met=metric.target_met,
            target_text=metric.target_text,
        )


class Metrics:
    """The metrics of an edition by name, and nothing else: no method hides a name."""

    def __init__(self, metrics: Mapping[str, Metric]) -> None:
        self._metrics = metrics

    def __getitem__(self, name: str) -> MetricWords:
        if name not in self._metrics:
            raise ViewError(f"there is no metric '{name}'", hint=nearest(name, self._metrics))
        return MetricWords.of(self._metrics[name])


class AnyMetrics:
    """Has every metric, to try a text before the edition's metrics are known."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> MetricWords:
        self.asked.add(name)
        return MetricWords.of(
            Metric(name=name, title=name, value=1.0, comparison=0.5, target=0.75, good="up")
        )


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows as mappings from column to value; None where there is none."""
    names = [str(name) for name in frame.columns]
    columns = [
        [
            None if missing else value
            for value, missing in zip(series.tolist(), series.isna().tolist(), strict=True)
        ]
        for series in (frame.iloc[:, position] for position in range(len(names)))
    ]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]
