"""What a plot does not show of its frame, or not as one would think, for whoever runs it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kpisite.errors import ViewError
from kpisite.views.plotting.values import kind_of, number, values_of

if TYPE_CHECKING:
    import pandas as pd

    from kpisite.views.plotting.data import Columns
    from kpisite.views.plotting.options import PlotOptions

MOST_POINTS = 100_000


def left_out(frame: pd.DataFrame, columns: Columns, options: PlotOptions) -> list[str]:
    """Return notes on rows and numbers that have no place in the chart.

    Args:
        frame: At least one row.
        columns: The parts that its columns play.
        options: What is drawn of them.
    """
    values = drawn_numbers(frame, columns)
    notes = []
    if "time_column" in options.model_fields_set and columns.x != options.time_column:
        notes.append(f"time_column: there is no '{options.time_column}'; x is '{columns.x}'")
    places = values_of(frame, columns.x)
    if kind_of(places) != "category" and (lost := places.count(None)):
        notes.append(f"rows without '{columns.x}' are not drawn: {lost}")
    if lost := sum(map(math.isinf, values)):
        notes.append(f"infinite numbers are not drawn: {lost}")
    if options.scale == "log" and (lost := sum(value <= 0 for value in values)):
        notes.append(f"values that are not above 0 have no place on a log scale: {lost}")
    several = columns.groupby is not None or len(columns.numeric) > 1
    if options.drawn == "line" and options.stacks and several and _on_both_sides(values):
        notes.append("areas above and below 0 lie upon each other; use 'kind: bar' or 'line'")
    return notes


def check_points(frame: pd.DataFrame, columns: Columns, options: PlotOptions) -> None:
    """Refuse what makes a page that no browser opens: it has some 100 bytes for each point.

    Raises:
        ViewError: There are too many, and nothing makes fewer of them.
    """
    if options.kind in ("heatmap", "box") or options.top or options.resample:
        return
    points = len(frame) * (1 if columns.groupby is not None else len(columns.numeric))
    if points > MOST_POINTS:
        raise ViewError(
            f"the chart would have {points:,} points; at most {MOST_POINTS:,} fit into a page",
            hint="Add up in the query, or here: resample: {every: hour, how: mean}.",
        )


def drawn_numbers(frame: pd.DataFrame, columns: Columns) -> list[float]:
    """Return all numbers that are drawn, NaN for gaps."""
    drawn = columns.numeric if columns.groupby is None else columns.numeric[:1]
    return [number(value) for name in drawn for value in values_of(frame, name)]


def _on_both_sides(values: list[float]) -> bool:
    return any(value < 0 for value in values) and any(value > 0 for value in values)
