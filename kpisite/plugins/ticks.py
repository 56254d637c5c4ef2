"""Where the ticks of an axis stand and what they say."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from kpisite.model.number import NumberFormat, grouped
from kpisite.model.period import add_months
from kpisite.plugins.wall_clock import (
    day_of_week,
    day_of_year,
    month_name,
    wall_clock,
    wall_time,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kpisite.plugins import Period

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_CLOCK_STEPS = (
    *(1, 2, 5, 10, 15, 30),
    *(_MINUTE * n for n in (1, 2, 5, 10, 15, 30)),
    *(_HOUR * n for n in (1, 2, 3, 6, 12)),
    *(_DAY * n for n in (1, 2, 5)),
)
_DAY_STEPS = (1, 2, 3, 7, 14, 28)
_LEAST_SPAN = 1e-200  # below that, steps would be 0
_MOST_TICKS = 5
_MOST_DATES = 7


@dataclass(frozen=True)
class Ticks:
    """An axis from `start` to `end`."""

    start: float
    end: float
    at: tuple[float, ...]
    labels: tuple[str, ...]


def number_ticks(
    values: Sequence[float],
    number_format: NumberFormat,
    *,
    from_zero: bool,
    units: bool = True,
    near: float = 2 / 3,
) -> Ticks:
    """Return round steps around the values.

    Args:
        values: Finite numbers; without any, the axis goes from 0 to 1.
        number_format: How the labels are shown; they have as many digits as the step needs.
        from_zero: Bars begin at 0. A line does where its values are not all far from 0.
        units: Whether the last label says the unit.
        near: Values are not far from 0 if the nearest is up to this share of the farthest.
    """
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    near_zero = 0 <= low <= high * near or low * near <= high <= 0
    if from_zero or low == high or near_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if high - low < _LEAST_SPAN:
        high = low + 1
    whole = all(value == round(value) for value in values)
    step = _step(high - low, low, high, number_format.style, whole=whole)
    first, last = _around(low, high, step)
    at = tuple(count * step for count in range(first, last + 1))
    return Ticks(at[0], at[-1], at, _labels(at, step, number_format, units=units))


def time_ticks(period: Period, *, shift: float = 0.0) -> Ticks:
    """Return the ticks of a period: days "Mon 4", dates "4 Feb", months "Feb", or years.

    Args:
        period: The axis spans exactly this.
        shift: Milliseconds to the right of its moment that a label stands, such as half a bar.
    """
    start, end = (wall_clock(moment, period.zone) for moment in (period.start, period.end))
    first, last = wall_time(start), wall_time(end)
    days = (last - first) / timedelta(days=1)
    if days <= 2:
        moments = _steps(first, last, timedelta(hours=_hours(days)))
        labels = [f"{m:%H:%M}" if m.hour or m.minute else day_of_week(m) for m in moments]
    elif days <= 8:
        moments = _steps(first, last, timedelta(days=1))
        labels = [day_of_week(m) for m in moments]
    elif days <= 100:
        step = next(n for n in _DAY_STEPS if days / n <= _MOST_DATES)
        moments = _steps(first, last, timedelta(days=step))
        labels = [day_of_year(m) for m in moments]
    else:
        step = 1 if days <= 400 else 3 if days <= 1_200 else 12 * math.ceil(days / 365 / 10)
        moments = _months(first, last, step)
        years = len({m.year for m in moments}) > 1
        labels = [str(m.year) if years and m.month == 1 else month_name(m.month) for m in moments]
    at = [wall_clock(moment, period.zone) + shift for moment in moments]
    kept = [(x, label) for x, label in zip(at, labels, strict=True) if x <= end]
    return Ticks(start, end, tuple(x for x, _ in kept), tuple(label for _, label in kept))


def _around(low: float, high: float, step: float) -> tuple[int, int]:
    """Return the steps below and above an extent; noise of binary floats asks for none more."""
    return math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)


def _step(span: float, low: float, high: float, style: str, *, whole: bool) -> float:
    """Return the smallest round step that leaves few ticks."""

    def fits(step: float) -> bool:
        first, last = _around(low, high, step)
        return last - first <= _MOST_TICKS

    if style == "duration" and 1 <= span < 5 * _DAY * _MOST_TICKS:
        return next((step for step in map(float, _CLOCK_STEPS) if fits(step)), 10.0 * _DAY)
    power = math.floor(math.log10(span)) - 1
    if whole and style == "number":
        power = max(power, 0)
    while True:
        for factor in (1, 2, 2.5, 5) if power > 0 else (1, 2, 5):
            step = factor * 10.0**power if power < 0 else float(factor * 10**power)
            if fits(step):
                return step
        power += 1


def _labels(
    at: Sequence[float], step: float, number_format: NumberFormat, *, units: bool
) -> tuple[str, ...]:
    shown = step * 100 if number_format.style == "percent" else step
    digits = min(max(0, -math.floor(math.log10(shown) + 1e-9)), 12)
    exact = [round(value, 12) + 0.0 for value in at]
    if number_format.style == "number":
        texts = [grouped(value, digits) for value in exact]
        if units and number_format.unit:
            texts[-1] = f"{texts[-1]} {number_format.unit}"
        return tuple(texts)
    plain_format = number_format.model_copy(update={"precision": digits})
    return tuple(plain_format.text(value) for value in exact)


def _hours(days: float) -> float:
    return 6 if days > 0.5 else 3 if days > 0.25 else 1 if days > 1 / 12 else 0.25


def _steps(first: datetime, last: datetime, step: timedelta) -> list[datetime]:
    moments: list[datetime] = []
    moment = first
    while moment < last:
        moments.append(moment)
        moment += step
    return moments


def _months(first: datetime, last: datetime, step: int) -> list[datetime]:
    """Return the firsts of months that are a multiple of `step` away from January."""
    day = first.date().replace(day=1)
    moments: list[datetime] = []
    while True:
        moment = datetime(day.year, day.month, 1)  # noqa: DTZ001 - the wall clock
        if moment >= last:
            return moments
        count = day.year * 12 + day.month - 1
        if moment >= first and count % step == 0:
            moments.append(moment)
        day = add_months(day, 1)
