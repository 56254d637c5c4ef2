"""The values of a table's column: which are numbers, and how each is said in words."""

from __future__ import annotations

import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any

from kpisite.model.language import gettext
from kpisite.model.number import NumberFormat
from kpisite.model.words import moment_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pandas as pd

_DURATION = NumberFormat(style="duration")
_WHOLE = 1e200
"""A float as large has no digits after the point, and times a power of ten is none any more."""


def plain_values(series: pd.Series[Any]) -> list[Any]:
    """Return plain values, None for those that are missing."""
    missing = series.isna().tolist()
    return [None if none else value for value, none in zip(series.tolist(), missing, strict=True)]


def are_numbers(values: Iterable[Any]) -> bool:
    """Tell whether all values are numbers or durations."""
    return all(_is_number(value) or isinstance(value, timedelta) for value in values)


def amount(value: Any) -> float:
    """Return a number, or a duration in seconds, as a bar shows it: of an infinity it has none."""
    number = value.total_seconds() if isinstance(value, timedelta) else float(value)
    return number if math.isfinite(number) else 0.0


def number_text(
    present: Sequence[Any], given: NumberFormat | None, digits: int
) -> Callable[[Any], str]:
    """Return how a column of numbers or durations is shown."""
    if any(isinstance(value, timedelta) for value in present):
        duration = given or _DURATION
        return lambda value: duration.text(amount(value))
    number_format = given or NumberFormat(precision=fewest_digits(present, digits))
    return number_format.text


def other_text(present: Sequence[Any]) -> Callable[[Any], str]:
    """Return how a column of anything else is shown; times only where one is not midnight."""
    with_time = any(isinstance(v, datetime) and v.time() != time(0) for v in present)

    def text(value: Any) -> str:
        if isinstance(value, bool):
            return gettext("yes") if value else gettext("no")
        if isinstance(value, date | time):
            return moment_text(value, with_time=with_time)
        return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)

    return text


def fewest_digits(present: Sequence[Any], most: int) -> int:
    """Return the fewest digits, at most `most`, that show all numbers as well as that many."""
    parts = {
        round(value * 10**most)
        for value in present
        if not isinstance(value, int) and math.isfinite(value) and abs(value) < _WHOLE
    }
    fewest = most
    while fewest and all(part % 10 ** (most - fewest + 1) == 0 for part in parts):
        fewest -= 1
    return fewest


def _is_number(value: object) -> bool:
    return isinstance(value, Real | Decimal) and not isinstance(value, bool)
