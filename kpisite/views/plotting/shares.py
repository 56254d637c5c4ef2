"""Shares of the total in each place, instead of the values themselves."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from kpisite.errors import ViewError
from kpisite.plugins import NumberFormat

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kpisite.views.plotting.data import PlotData

SHARE = NumberFormat(style="percent", precision=1)
"""How shares are shown."""


def check_shares(values: Iterable[float]) -> None:
    """Refuse numbers that have no share of a total.

    Raises:
        ViewError: One is below 0.
    """
    below = min((value for value in values if value < 0), default=0)
    if below:
        raise ViewError(
            f"stacked: percent needs numbers from 0 on, not {below:g}",
            hint="Use 'stacked: true', which draws them below the axis.",
        )


def shares(data: PlotData) -> PlotData:
    """Return each value as a share of all in its place; 0 where they are all 0.

    Args:
        data: Each series has one value per place, from 0 on.
    """
    columns = zip(*(series.values for series in data.series), strict=True)
    totals = [math.fsum(value for value in column if not math.isnan(value)) for column in columns]
    return replace(
        data,
        series=tuple(
            replace(
                series,
                values=tuple(
                    value / total if total else 0.0
                    for value, total in zip(series.values, totals, strict=True)
                ),
            )
            for series in data.series
        ),
    )
