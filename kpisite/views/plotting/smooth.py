"""Numbers that a plot makes of those of its query: per day or week, and means over several."""

from __future__ import annotations

import math
import statistics
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from kpisite.errors import ViewError
from kpisite.plugins import PluginOptions
from kpisite.plugins.language import gettext
from kpisite.plugins.wall_clock import wall_clock, wall_time
from kpisite.views.plotting.data import PlotData
from kpisite.views.plotting.values import NAN, kind_of, time_labels

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kpisite.plugins import Period
    from kpisite.views.plotting.data import Series

Step = Literal["minute", "hour", "day", "week", "month"]

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the wall clock
_HOW: dict[str, Callable[[Sequence[float]], float]] = {
    "sum": math.fsum,
    "mean": statistics.fmean,
    "median": statistics.median,
    "min": min,
    "max": max,
}


class Resample(PluginOptions):
    """Makes one number of all that fall into a step of time."""

    every: Step
    """minute, hour, day, week (from Monday) or month, by the report's clock."""
    how: Literal["sum", "mean", "median", "min", "max"]
    """What is made of the numbers of a step."""


def check_times(values: Sequence[Any], column: str) -> None:
    """Refuse to resample what is not over time.

    Raises:
        ViewError: The column of the x axis has no times.
    """
    if kind_of(values) != "time":
        raise ViewError(
            f"resample: the column '{column}' holds no times",
            hint="Name one that does in 'time_column', or leave out 'resample'.",
        )


def resampled(data: PlotData, resample: Resample, period: Period, *, grouped: bool) -> PlotData:
    """Return one place per step, for all steps that have a row.

    Args:
        data: Over time; a series may have several values in a place, or none.
        resample: How.
        period: A step that begins before it begins with it.
        grouped: A group without a row in a step counts 0 in sums, as in plots of other numbers.
    """
    first = wall_clock(period.start, period.zone)
    starts = [
        max(start, first) if at >= first else start
        for at, start in ((at, _start(at, resample.every)) for at in data.x.at)
    ]
    steps = sorted(set(starts))
    position = {start: place for place, start in enumerate(steps)}
    series = []
    for one in data.series:
        values: dict[int, list[float]] = {}
        for place, value in zip(one.places, one.values, strict=True):
            if not math.isnan(value):
                values.setdefault(position[starts[place]], []).append(value)
        none = 0.0 if grouped and resample.how == "sum" else NAN
        made = [_HOW[resample.how](values[p]) if p in values else none for p in range(len(steps))]
        series.append(replace(one, places=tuple(range(len(steps))), values=tuple(made)))
    labels = tuple(time_labels(steps))
    return PlotData(replace(data.x, at=tuple(steps), labels=labels), tuple(series))


def rolled(data: PlotData, count: int) -> PlotData:
    """Return the mean of each value and those before it, so many in all.

    Args:
        data: Each series has one value per place.
        count: Where fewer places are before it, there is a gap. A gap among them does not count.
    """
    return replace(
        data, series=tuple(replace(one, values=_means(one, count)) for one in data.series)
    )


def within(data: PlotData, period: Period) -> PlotData:
    """Return what is in the period, of data over time; all of other data."""
    if data.x.kind != "time":
        return data
    first = wall_clock(period.start, period.zone)
    start = sum(at < first for at in data.x.at)
    x = replace(data.x, at=data.x.at[start:], labels=data.x.labels[start:])
    places = tuple(range(len(x.at)))
    series = tuple(replace(one, places=places, values=one.values[start:]) for one in data.series)
    return PlotData(x, series)


def made_of(resample: Resample | None, rolling: int | None) -> str:
    """Return what the numbers are, for the reader; "" where they are the query's own."""
    parts = []
    if resample is not None:
        parts.append(_step_words(resample))
    if rolling is not None:
        said = gettext("Each value is the mean of {count}: itself and those before.")
        parts.append(said.format(count=rolling))
    return " ".join(parts)


def _step_words(resample: Resample) -> str:
    """Return "Sum per day."."""
    what = {
        "sum": gettext("Sum"),
        "mean": gettext("Mean"),
        "median": gettext("Median"),
        "min": gettext("Lowest"),
        "max": gettext("Highest"),
    }[resample.how]
    every = {
        "minute": gettext("minute"),
        "hour": gettext("hour"),
        "day": gettext("day"),
        "week": gettext("week"),
        "month": gettext("month"),
    }[resample.every]
    return gettext("{what} per {step}.").format(what=what, step=every)


def _means(series: Series, count: int) -> tuple[float, ...]:
    means = []
    for end in range(1, len(series.values) + 1):
        window = series.values[max(0, end - count) : end]
        known = [value for value in window if not math.isnan(value)]
        means.append(statistics.fmean(known) if len(window) == count and known else NAN)
    return tuple(means)


def _start(at: float, every: Step) -> float:
    """Return when the step begins that a time is in, both in milliseconds of the wall clock."""
    moment = wall_time(at)
    match every:
        case "minute":
            start = moment.replace(second=0, microsecond=0)
        case "hour":
            start = moment.replace(minute=0, second=0, microsecond=0)
        case _:
            start = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if every == "week":
        start -= timedelta(days=start.weekday())
    elif every == "month":
        start = start.replace(day=1)
    return (start - _EPOCH) / timedelta(milliseconds=1)
