"""Values of a frame as a plot reads them: numbers, places in time, words."""

from __future__ import annotations

import math
from datetime import date, timedelta
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from kpisite.model.number import MISSING, plain
from kpisite.plugins.wall_clock import day_in_full, wall_clock, wall_time

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

XKind = Literal["time", "number", "category"]

NAN = float("nan")


def values_of(frame: pd.DataFrame, name: str) -> list[Any]:
    """Return the column of that name as plain Python values, None where one is missing."""
    series = frame.iloc[:, [str(label) for label in frame.columns].index(name)]
    missing = series.isna().tolist()
    return [None if gone else v for v, gone in zip(series.tolist(), missing, strict=True)]


def is_numeric(frame: pd.DataFrame, name: str) -> bool:
    """Tell whether a column holds numbers or durations, or would if it held anything."""
    present = [value for value in values_of(frame, name) if value is not None]
    if present:
        return all(
            issubclass(type_, timedelta) or _of_numbers(type_) for type_ in set(map(type, present))
        )
    dtype = frame.dtypes.iloc[[str(label) for label in frame.columns].index(name)]
    return bool(pd.api.types.is_numeric_dtype(dtype)) or str(dtype) == "object"


def kind_of(values: Sequence[Any]) -> XKind:
    """Return what kind of x axis the values make."""
    types = {type(value) for value in values if value is not None}
    if types and all(issubclass(type_, date) for type_ in types):
        return "time"
    return "number" if types and all(map(_of_numbers, types)) else "category"


def number(value: object) -> float:
    """Return a value as it is drawn: durations in seconds, NaN where there is no number."""
    if type(value) is float:
        return value
    if isinstance(value, timedelta):
        return value.total_seconds()
    return float(value) if isinstance(value, Real | Decimal) else NAN


def position(value: Any, kind: XKind, zone: ZoneInfo) -> float:
    """Return where a value stands on a time or number axis; NaN where it has no place."""
    if value is None:
        return NAN
    at = wall_clock(value, zone) if kind == "time" else float(value)
    return at if math.isfinite(at) else NAN


def time_labels(at: Sequence[float]) -> list[str]:
    """Return "Mon 4 Feb 2013", with the time of day where one of them is not midnight."""
    moments = [wall_time(x) for x in at]
    whole = all((m.hour, m.minute, m.second) == (0, 0, 0) for m in moments)
    return [day_in_full(m) + ("" if whole else f", {m:%H:%M}") for m in moments]


def word(value: Any) -> str:
    """Return a value in words, on one line."""
    if value is None:
        return MISSING
    if _of_numbers(type(value)):
        return plain(value if isinstance(value, int | Decimal) else float(value))
    return " ".join(str(value).split())


def _of_numbers(type_: type) -> bool:
    return issubclass(type_, Real | Decimal) and not issubclass(type_, bool)
