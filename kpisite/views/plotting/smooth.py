"""Numbers that a plot makes of those of its query: per day or week, and means over several."""

from __future__ import annotations

import math
import statistics
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from kpisite.errors import ViewError
from kpisite.plugins import PluginOptions
from kpisite.plugins.language import gettext
from kpisite.plugins.wall_clock import wall_clock
from kpisite.views.plotting.data import PlotData, Series, XAxis, groups_of, within
from kpisite.views.plotting.values import (
    NAN,
    kind_in,
    numbers_of,
    places_of,
    time_labels,
    values_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from kpisite.plugins import Period
    from kpisite.views.plotting.data import Columns

    _Array = np.ndarray[Any, Any]

Step = Literal["minute", "hour", "day", "week", "month"]

_DAY = 86_400_000.0
_LENGTHS = {"minute": 60_000.0, "hour": 3_600_000.0, "day": _DAY, "week": 7 * _DAY}
"""In milliseconds."""
_MONDAY = -3 * _DAY
"""The one before 1970."""
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


def check_times(frame: pd.DataFrame, column: str) -> None:
    """Refuse to resample what is not over time.

    Raises:
        ViewError: The column of the x axis has no times.
    """
    if kind_in(frame, column) != "time":
        raise ViewError(
            f"resample: the column '{column}' holds no times",
            hint="Name one that does in 'time_column', or leave out 'resample'.",
        )


def resampled(
    frame: pd.DataFrame,
    columns: Columns,
    resample: Resample,
    period: Period,
    label_map: Mapping[str, str],
    *,
    earlier: bool,
) -> PlotData:
    """Return one place per step, for all steps that have a row.

    Args:
        frame: Over time, in any order. A group without a row in a step counts 0 in sums, as in
            plots of other numbers.
        columns: The parts that its columns play.
        resample: How.
        period: A step that begins before it begins with it.
        label_map: Series → the name that is shown.
        earlier: Whether times before the period have steps too.
    """
    at = places_of(frame, columns.x, period.zone)
    first = wall_clock(period.start, period.zone)
    rows = np.flatnonzero(within(at, period, earlier=earlier))
    starts = _starts(at[rows], resample.every)
    starts = np.where(at[rows] >= first, np.maximum(starts, first), starts)
    steps, found = np.unique(starts, return_inverse=True)
    places = np.zeros(len(frame), dtype="int64")
    places[rows] = found
    if columns.groupby is None:
        named = [(name, rows, numbers_of(frame, name)) for name in columns.numeric]
    else:
        values = numbers_of(frame, columns.numeric[0])
        groups = groups_of(values_of(frame, columns.groupby), rows.tolist(), by_name=True)
        named = [(name, np.array(group), values) for name, group in groups]
    none = 0.0 if columns.groupby is not None and resample.how == "sum" else NAN
    made = _HOW[resample.how]
    series = []
    for name, mine, values in named:
        parts = _parts(places[mine], values[mine], len(steps))
        numbers = tuple(made(part) if part else none for part in parts)
        series.append(Series(label_map.get(name, name), tuple(range(len(steps))), numbers))
    labels = tuple(time_labels(steps.tolist()))
    return PlotData(XAxis("time", columns.x, tuple(steps.tolist()), labels), tuple(series))


def rolled(data: PlotData, count: int) -> PlotData:
    """Return the mean of each value and those before it, so many in all.

    Args:
        data: Each series has one value per place.
        count: Where fewer places are before it, there is a gap. A gap among them does not count.
    """
    return replace(
        data, series=tuple(replace(one, values=_means(one, count)) for one in data.series)
    )


def begun(data: PlotData, period: Period) -> PlotData:
    """Return data over time from the start of the period on; all of other data."""
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


def _parts(places: _Array, values: _Array, count: int) -> list[list[float]]:
    """Return the numbers of each of so many places."""
    known = np.isfinite(values)
    order = np.argsort(places[known], kind="stable")
    ends = np.searchsorted(places[known][order], np.arange(count + 1)).tolist()
    ordered = values[known][order].tolist()
    return [ordered[start:end] for start, end in pairwise(ends)]


def _starts(at: _Array, every: Step) -> _Array:
    """Return when the steps begin that times are in, all in milliseconds of the wall clock."""
    if every == "month":
        months = np.floor(at).astype("int64").astype("datetime64[ms]").astype("datetime64[M]")
        return months.astype("datetime64[ms]").astype("float64")
    shift = _MONDAY if every == "week" else 0.0
    return np.floor((at - shift) / _LENGTHS[every]) * _LENGTHS[every] + shift
