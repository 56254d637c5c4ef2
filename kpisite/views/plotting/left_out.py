"""What a plot does not show of its frame, or not as one would think, for whoever runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kpisite.errors import ViewError
from kpisite.views.plotting.values import count_missing, kind_in, numbers_of

if TYPE_CHECKING:
    import pandas as pd

    from kpisite.views.plotting.data import Columns
    from kpisite.views.plotting.options import PlotOptions

    _Array = np.ndarray[Any, Any]

MOST_POINTS = 100_000
_LARGEST = 1e300


def left_out(
    frame: pd.DataFrame, columns: Columns, values: _Array, options: PlotOptions
) -> list[str]:
    """Return notes on rows and numbers that have no place in the chart.

    Args:
        frame: At least one row.
        columns: The parts that its columns play.
        values: All numbers that are drawn, NaN for gaps.
        options: What is drawn of them.
    """
    notes = []
    if "time_column" in options.model_fields_set and columns.x != options.time_column:
        notes.append(f"time_column: there is no '{options.time_column}'; x is '{columns.x}'")
    lost = count_missing(frame, columns.x)
    if lost and kind_in(frame, columns.x) != "category":
        notes.append(f"rows without '{columns.x}' are not drawn: {lost}")
    if lost := int(np.isinf(values).sum()):
        notes.append(f"infinite numbers are not drawn: {lost}")
    if options.scale == "log" and (lost := int((values <= 0).sum())):
        notes.append(f"values that are not above 0 have no place on a log scale: {lost}")
    several = columns.groupby is not None or len(columns.numeric) > 1
    both_sides = bool((values < 0).any() and (values > 0).any())
    if options.drawn == "line" and options.stacks and several and both_sides:
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


def check_size(values: _Array, options: PlotOptions) -> None:
    """Refuse numbers whose sums and differences are no numbers any more.

    Raises:
        ViewError: They are too large.
    """
    marks = [line.at for line in options.lines]
    marks += [end for band in options.bands for end in (band.low, band.high) if end is not None]
    all_ = np.abs(np.concatenate([values[np.isfinite(values)], marks]))
    with np.errstate(over="ignore"):
        is_too_large = all_.sum() > _LARGEST
    if is_too_large:
        raise ViewError(
            f"numbers as large as {all_.max():g} cannot be drawn",
            hint="Is a missing number written as the largest there is? Make it a gap.",
        )


def drawn_numbers(frame: pd.DataFrame, columns: Columns) -> _Array:
    """Return all numbers that are drawn, NaN for gaps."""
    drawn = columns.numeric if columns.groupby is None else columns.numeric[:1]
    return np.concatenate([numbers_of(frame, name) for name in drawn])
