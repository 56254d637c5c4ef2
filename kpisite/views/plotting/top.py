"""The largest series or categories of a plot, where there are too many to show."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from kpisite.plugins.language import gettext

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kpisite.views.plotting.data import PlotData


def largest(data: PlotData, count: int, *, grouped: bool) -> tuple[PlotData, str]:
    """Return a plot's data with the largest only, in the same order, and a note on the rest.

    Args:
        data: Each series has one value per place.
        count: How many stay.
        grouped: Whether series are groups, of which the largest stay; else categories do, where x
            has some.

    Returns:
        The data, and "The 5 largest of 16 are shown."; "" where nothing is left out.
    """
    by_place = data.x.kind == "category" and not grouped
    if by_place:
        places = range(len(data.x.at))
        totals = [_total(series.values[place] for series in data.series) for place in places]
    else:
        totals = [_total(series.values) for series in data.series]
    if len(totals) <= count:
        return data, ""
    kept = sorted(sorted(range(len(totals)), key=lambda one: -totals[one])[:count])
    note = gettext("The {count} largest of {total} are shown.")
    note = note.format(count=len(kept), total=len(totals))
    if by_place:
        return _at_places(data, kept), note
    return replace(data, series=tuple(data.series[position] for position in kept)), note


def _total(values: Iterable[float]) -> float:
    return math.fsum(value for value in values if not math.isnan(value))


def _at_places(data: PlotData, kept: Sequence[int]) -> PlotData:
    places = tuple(range(len(kept)))
    labels = tuple(data.x.labels[place] for place in kept)
    series = tuple(
        replace(one, places=places, values=tuple(one.values[place] for place in kept))
        for one in data.series
    )
    return replace(
        data, x=replace(data.x, at=tuple(map(float, places)), labels=labels), series=series
    )
