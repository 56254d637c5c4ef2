"""What a plot draws: an x axis, and places and numbers of each series."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from kpisite.errors import ViewError, nearest
from kpisite.plugins.wall_clock import wall_clock
from kpisite.views.plotting.values import (
    NAN,
    XKind,
    is_numeric,
    kind_in,
    kind_of,
    number,
    numbers_of,
    places_of,
    time_labels,
    values_of,
    word,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from kpisite.plugins import Period
    from kpisite.views.plotting.frame import Kind

    _Array = np.ndarray[Any, Any]


Shared = Literal["place", "value", "row"]


@dataclass(frozen=True)
class Columns:
    """Which column of a frame plays which part."""

    x: str
    groupby: str | None
    numeric: tuple[str, ...]
    texts: tuple[str, ...]
    """Neither x, nor the group, nor numbers."""


@dataclass(frozen=True)
class XAxis:
    """The places on the x axis, in order."""

    kind: XKind
    name: str
    """The column's name."""
    at: tuple[float, ...]
    """Times in milliseconds of the report's wall clock, numbers, or 0, 1, 2 … of categories."""
    labels: tuple[str, ...]
    """What each place is called."""


@dataclass(frozen=True)
class Series:
    """One line, one set of bars, or one cloud of points."""

    name: str
    places: tuple[int, ...]
    """Index into `XAxis.at` of each value; in a scatter in any order, else 0, 1, 2 …"""
    values: tuple[float, ...]
    """NaN where there is no number to draw."""
    texts: tuple[tuple[str, ...], ...] = ()
    """Of each point of a scatter: what stands in the text columns."""


@dataclass(frozen=True)
class PlotData:
    """A frame as it is drawn."""

    x: XAxis
    series: tuple[Series, ...]

    @property
    def numbers(self) -> list[float]:
        """All numbers of all series."""
        return [v for series in self.series for v in series.values if not math.isnan(v)]


def columns_of(frame: pd.DataFrame, time_column: str, groupby: str | None) -> Columns:
    """Return the parts that the columns play.

    Raises:
        ViewError: The column to group by is not there, or no column holds numbers.
    """
    names = [str(name) for name in frame.columns]
    there = f"The query has: {', '.join(names)}."
    if groupby is not None and groupby not in names:
        hint = nearest(groupby, names)
        hint = f"{hint} {there}" if hint.startswith("Did") else there
        raise ViewError(f"groupby: there is no column '{groupby}'", hint=hint)
    others = [name for name in names if name != groupby]
    x = time_column if time_column in others else others[0] if others else ""
    rest = [name for name in others if name != x]
    numeric = tuple(name for name in rest if is_numeric(frame, name))
    if not numeric:
        raise ViewError(
            f"there is no column of numbers to plot over '{x}'",
            hint=f"{there} A plot needs one column for x and at least one of numbers.",
        )
    return Columns(x, groupby, numeric, tuple(name for name in rest if name not in numeric))


def check_unique(frame: pd.DataFrame, columns: Columns) -> None:
    """Refuse two numbers for one place of a line or a bar.

    Raises:
        ViewError: Two rows of a group have the same x.
    """
    if columns.groupby is None:
        return
    seen = set()
    pairs = zip(values_of(frame, columns.x), values_of(frame, columns.groupby), strict=True)
    for x, group in pairs:
        if (x, group) in seen:
            raise ViewError(
                f"two rows have {columns.x} = {word(x)} and {columns.groupby} = {word(group)}",
                hint=f"Group the query by {columns.x} and {columns.groupby}.",
            )
        seen.add((x, group))


def plot_data(
    frame: pd.DataFrame,
    columns: Columns,
    period: Period,
    label_map: Mapping[str, str],
    kind: Kind,
    *,
    earlier: bool = False,
) -> PlotData:
    """Return what is drawn. Rows without a place on the axis, or outside the period, are not.

    Args:
        frame: At least one row.
        columns: The parts that its columns play.
        period: What a time axis spans.
        label_map: Series → the name that is shown.
        kind: Points and boxes may have several values in a place, or none. Rows of cells keep the
            order of the query, and a missing one is a gap.
        earlier: Whether times before the period have a place too.
    """
    several, cells = kind in ("scatter", "box"), kind == "heatmap"
    shared: Shared = "place" if several else "row" if columns.groupby is None else "value"
    axis, places = _axis(frame, columns.x, period, shared, earlier=earlier)
    rows = sorted(places, key=lambda row: places[row])
    if columns.groupby is None:
        named = [(name, rows, values_of(frame, name)) for name in columns.numeric]
    else:
        values = values_of(frame, columns.numeric[0])
        named = [
            (name, group, values)
            for name, group in groups_of(values_of(frame, columns.groupby), rows, by_name=not cells)
        ]
    texts = [values_of(frame, name) for name in columns.texts] if kind == "scatter" else []
    series = []
    for name, mine, values in named:
        label = label_map.get(name, name)
        if columns.groupby is not None and not several:
            found = {places[row]: _drawable(values[row]) for row in mine}
            empty = NAN if cells else 0.0
            filled = tuple(found.get(place, empty) for place in range(len(axis.at)))
            series.append(Series(label, tuple(range(len(axis.at))), filled))
            continue
        pairs = [(row, _drawable(values[row])) for row in mine]
        drawn = {row: value for row, value in pairs if not (several and math.isnan(value))}
        series.append(
            Series(
                label,
                tuple(places[row] for row in drawn),
                tuple(drawn.values()),
                tuple(tuple(word(column[row]) for column in texts) for row in drawn),
            )
        )
    return PlotData(axis, tuple(series))


def _axis(
    frame: pd.DataFrame, name: str, period: Period, shared: Shared, *, earlier: bool
) -> tuple[XAxis, dict[int, int]]:
    """Return the x axis, and the place on it of each row that has one.

    Args:
        frame: At least one row.
        name: The column's name.
        period: Times outside of it have no place.
        shared: Which rows share a place: those that stand at the same one, those with the same
            value, or none. In the hour that a clock repeats, two values stand at one place.
        earlier: Whether times before the period have a place after all.
    """
    kind = kind_in(frame, name)
    raw = values_of(frame, name) if kind == "category" or shared == "value" else []
    if kind == "category":
        keys: dict[int, Any] = {row: word(value) for row, value in enumerate(raw)}
    else:
        is_time = kind == "time"
        at = places_of(frame, name, period.zone) if is_time else numbers_of(frame, name)
        has_place = within(at, period, earlier=earlier) if is_time else np.isfinite(at)
        rows = np.flatnonzero(has_place)
        rows = rows[np.argsort(at[rows], kind="stable")]
        keys = dict(zip(rows.tolist(), at[rows].tolist(), strict=True))
    slots = {
        row: key if shared == "place" else raw[row] if shared == "value" else row
        for row, key in keys.items()
    }
    order = {slot: place for place, slot in enumerate(dict.fromkeys(slots.values()))}
    places = {row: order[slot] for row, slot in slots.items()}
    key_of = {place: keys[row] for row, place in places.items()}
    distinct = [key_of[place] for place in range(len(order))]
    if kind == "category":
        return XAxis(kind, name, tuple(map(float, range(len(order)))), tuple(distinct)), places
    labels = time_labels(distinct) if kind == "time" else [word(x) for x in distinct]
    return XAxis(kind, name, tuple(distinct), tuple(labels)), places


def within(at: _Array, period: Period, *, earlier: bool) -> _Array:
    """Tell of each time whether it is in the period.

    Args:
        at: By the clock on the wall, as `places_of` returns them; NaN is in none.
        period: The period.
        earlier: Whether times before it are taken for such as are in it.
    """
    first, last = (wall_clock(moment, period.zone) for moment in (period.start, period.end))
    return (at < last) & (earlier | (at >= first))


def groups_of(
    values: Sequence[Any], rows: Sequence[int], *, by_name: bool
) -> list[tuple[str, list[int]]]:
    """Return the groups with their rows: numbers and times by size.

    Args:
        values: The group of each row of the frame.
        rows: The rows that are drawn.
        by_name: Whether everything else is sorted by name, or as the query has it.
    """
    groups: dict[Any, list[int]] = {}
    for row in rows if by_name else sorted(rows):
        groups.setdefault(values[row], []).append(row)
    if kind_of(list(groups)) == "category" and not by_name:
        ordered = list(groups)
    elif kind_of(list(groups)) == "category":
        ordered = sorted(groups, key=lambda value: (value is None, word(value)))
    else:
        ordered = sorted(groups, key=lambda value: (value is None, 0 if value is None else value))
    return [(word(value), groups[value]) for value in ordered]


def _drawable(value: object) -> float:
    drawn = number(value)
    return drawn if math.isfinite(drawn) else NAN
