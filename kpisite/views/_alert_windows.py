"""From samples of firing alerts to windows of time: per set of labels, and per alert."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from kpisite.errors import ViewError

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Mapping

    from kpisite.plugins import Period

NAME = "alertname"
_TIME, _VALUE = "time", "value"

Labels = tuple[tuple[str, str], ...]
"""Labels with their values; those that are empty or missing, which is the same, are left out."""
Window = tuple[int, int]
"""First and last end of a window, in steps from the start of the period."""


@dataclass(frozen=True)
class Alert:
    """All that fired under one name."""

    name: str
    count: int
    """Windows of all its sets of labels."""
    labels: tuple[Labels, ...]
    """Each set of labels that fired."""
    spans: tuple[Window, ...]
    """When any of them fired."""


@dataclass(frozen=True)
class Grid:
    """The steps that a period is looked at in."""

    period: Period
    step: timedelta

    @property
    def length(self) -> timedelta:
        """The time that passes in the period."""
        return self.period.end.astimezone(UTC) - self.period.start.astimezone(UTC)

    def seconds(self, spans: Iterable[Window]) -> float:
        """Return how long spans last within the period."""
        lengths = (self.passed(end) - self.passed(start) for start, end in spans)
        return sum(lengths, timedelta(0)).total_seconds()

    def share(self, step: int) -> float:
        """Return where the begin of a step is: 0 at the start of the period, 1 at its end."""
        return self.passed(step) / self.length

    def passed(self, step: int) -> timedelta:
        """Return the time from the start of the period to a step, its end at the latest."""
        return min(max(step * self.step, timedelta(0)), self.length)


def alerts_of(
    frame: pd.DataFrame,
    grid: Grid,
    wanted: Mapping[str, re.Pattern[str]],
    ignored: Mapping[str, re.Pattern[str]],
) -> list[Alert]:
    """Return the alerts of a frame, those that fired longest first.

    Args:
        frame: A row for each sample of a firing alert.
        grid: Times are rounded to its steps.
        wanted: Label → what its whole value has to match.
        ignored: Label → what its whole value must not match.

    Raises:
        ViewError: The frame holds no alerts.
    """
    windows: dict[str, list[Window]] = {}
    labels: dict[str, list[Labels]] = {}
    for own, steps in sorted(_steps(frame, grid).items()):
        values = dict(own)
        if not all(pattern.fullmatch(values.get(name, "")) for name, pattern in wanted.items()):
            continue
        if any(pattern.fullmatch(values.get(name, "")) for name, pattern in ignored.items()):
            continue
        name = values.get(NAME, "")
        windows.setdefault(name, []).extend(windows_of(sorted(steps)))
        labels.setdefault(name, []).append(own)
    alerts = [
        Alert(name, len(found), tuple(labels[name]), tuple(merged(found)))
        for name, found in windows.items()
    ]
    return sorted(alerts, key=lambda alert: (-grid.seconds(alert.spans), alert.name))


def windows_of(steps: Iterable[int]) -> list[Window]:
    """Return the windows of one set of labels.

    A sample opens a window of one step. The next one makes it longer if it is in the window or at
    its end, and opens another one if not.

    Args:
        steps: When there was a sample, in order.
    """
    windows: list[Window] = []
    for step in steps:
        if windows and step <= windows[-1][1]:
            windows[-1] = (windows[-1][0], step + 1)
        else:
            windows.append((step, step + 1))
    return windows


def merged(windows: Iterable[Window]) -> list[Window]:
    """Return windows of several sets of labels as spans that do not overlap, in order.

    Two windows are one span where the later one begins before the other one ends.
    """
    spans: list[Window] = []
    for start, end in sorted(windows):
        if spans and start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((start, end))
    return spans


def _steps(frame: pd.DataFrame, grid: Grid) -> dict[Labels, set[int]]:
    """Return the steps at which there was a sample, by labels."""
    names = [str(name) for name in frame.columns]
    for name in (_TIME, NAME) if len(frame) else ():
        if name not in names:
            raise ViewError(
                f"the answer has no column '{name}', so it holds no alerts",
                hint="'datasource' is the id of a Prometheus server.",
            )
    found: dict[Labels, set[int]] = {}
    if frame.empty:
        return found
    own = [name for name in names if name not in (_TIME, _VALUE)]
    steps = _rounded(frame.iloc[:, names.index(_TIME)], grid)
    for values, mine in steps.groupby([_texts(frame[name]) for name in own]):
        pairs = zip(own, (" ".join(str(value).split()) for value in values), strict=True)
        found.setdefault(tuple(pair for pair in pairs if pair[1]), set()).update(mine.tolist())
    return found


def _rounded(times: pd.Series[Any], grid: Grid) -> pd.Series[int]:
    """Return the nearest step of each time."""
    if not isinstance(times.dtype, pd.DatetimeTZDtype):
        raise ViewError("the column 'time' holds no times with a zone, so no alerts of Prometheus")
    passed = (times - pd.Timestamp(grid.period.start)) / grid.step
    return passed.round().astype("int64")


def _texts(column: pd.Series[Any]) -> pd.Series[str]:
    """Return the texts of a column; "" for one that is missing."""
    return column.astype("str").fillna("")
