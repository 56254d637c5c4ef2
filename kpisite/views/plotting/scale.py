"""Where values stand on their axis: at themselves, or on a log scale at their logarithms."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from kpisite.plugins.ticks import Ticks, number_ticks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kpisite.plugins import NumberFormat

Scale = Literal["linear", "log"]

_MOST_TICKS = 7
_LARGEST = 308
"""The largest power of ten that a float can be."""


def placed(values: Iterable[float], scale: Scale) -> list[float]:
    """Return where values stand on the axis; on a log scale, what is not above 0 has no place."""
    if scale == "linear":
        return list(values)
    return [math.log10(value) if value > 0 else math.nan for value in values]


def value_ticks(
    values: Sequence[float],
    number_format: NumberFormat,
    scale: Scale = "linear",
    *,
    from_zero: bool = False,
) -> Ticks:
    """Return the axis of the values, in places as `placed` returns them.

    Args:
        values: Finite numbers, as they are.
        number_format: How the labels are shown.
        scale: How values become places.
        from_zero: Whether a linear axis begins at 0.
    """
    if scale == "linear":
        return number_ticks(values, number_format, from_zero=from_zero)
    logarithms = [place for place in placed(values, scale) if not math.isnan(place)]
    at = _log_places(min(logarithms, default=0.0), max(logarithms, default=1.0))
    labels = [_label(place, number_format) for place in at]
    if number_format.unit:
        labels[-1] = f"{labels[-1]} {number_format.unit}"
    return Ticks(at[0], at[-1], tuple(at), tuple(labels))


def _log_places(low: float, high: float) -> list[float]:
    """Return the logarithms of 1, 2, 5, 10 … around an extent, fewer where it is long."""
    for factors in ((1, 2, 5), (1, 3), (1,)):
        places = [
            decade + math.log10(factor)
            for decade in range(math.floor(low), math.ceil(high) + 1)
            for factor in factors
        ]
        first = max(i for i, place in enumerate(places) if place <= low + 1e-9)
        last = min(i for i, place in enumerate(places) if place >= high - 1e-9)
        kept = places[first : last + 1]
        if len(kept) == 1:
            kept = [kept[0], kept[0] + 1]
        if len(kept) <= _MOST_TICKS:
            return kept
    step = math.ceil((len(kept) - 1) / (_MOST_TICKS - 1))
    return [kept[0] + step * count for count in range(math.ceil((len(kept) - 1) / step) + 1)]


def _label(place: float, number_format: NumberFormat) -> str:
    """Return a tick's number without its unit, with the digits that it needs."""
    shown = place + (2 if number_format.style == "percent" else 0)
    digits = min(max(0, -math.floor(shown + 1e-9)), 12)
    value = 10.0 ** min(place, _LARGEST)
    exact = float(f"{value:.3g}")
    return number_format.model_copy(update={"precision": digits, "unit": ""}).text(exact)
