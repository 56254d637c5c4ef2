"""Values of a frame as a plot reads them: numbers, places in time, words."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
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
    series = _column(frame, name)
    missing = series.isna().tolist()
    return [None if gone else v for v, gone in zip(series.tolist(), missing, strict=True)]


def count_missing(frame: pd.DataFrame, name: str) -> int:
    """Return how many values of a column are missing."""
    return int(_column(frame, name).isna().sum())


def places_of(frame: pd.DataFrame, name: str, zone: ZoneInfo) -> np.ndarray[Any, Any]:
    """Return where the times of a column stand, NaN where they have no place: all at once."""
    column = _column(frame, name)
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_convert(zone).dt.tz_localize(None)
    if not isinstance(column.dtype, np.dtype) or column.dtype.kind != "M":
        values = values_of(frame, name)
        return np.array([NAN if value is None else wall_clock(value, zone) for value in values])
    instants = column.dt.as_unit("us").astype("int64") / 1000
    return np.where(column.notna(), instants, NAN)


def numbers_of(frame: pd.DataFrame, name: str) -> np.ndarray[Any, Any]:
    """Return the numbers of a column, as `number` does: all at once."""
    column = _column(frame, name)
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf":
        return column.to_numpy(dtype="float64")
    return np.array([number(value) for value in values_of(frame, name)], dtype="float64")


def is_numeric(frame: pd.DataFrame, name: str) -> bool:
    """Tell whether a column holds numbers or durations, or would if it held anything."""
    dtype = _column(frame, name).dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "iufm":
        return True
    present = [value for value in values_of(frame, name) if value is not None]
    if present:
        return all(
            issubclass(type_, timedelta) or _of_numbers(type_) for type_ in set(map(type, present))
        )
    return bool(pd.api.types.is_numeric_dtype(dtype)) or str(dtype) == "object"


def kind_of(values: Sequence[Any]) -> XKind:
    """Return what kind of x axis the values make."""
    types = {type(value) for value in values if value is not None}
    if types and all(issubclass(type_, date) for type_ in types):
        return "time"
    return "number" if types and all(map(_of_numbers, types)) else "category"


def kind_in(frame: pd.DataFrame, name: str) -> XKind:
    """Return what kind of x axis a column makes."""
    column = _column(frame, name)
    is_of_times = isinstance(column.dtype, pd.DatetimeTZDtype) or column.dtype.kind == "M"
    if is_of_times and column.notna().any():
        return "time"
    return kind_of(values_of(frame, name))


def number(value: object) -> float:
    """Return a value as it is drawn: durations in seconds, NaN where there is no number."""
    if type(value) is float:
        return value
    if isinstance(value, timedelta):
        return value.total_seconds()
    return float(value) if isinstance(value, Real | Decimal) else NAN


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


def _column(frame: pd.DataFrame, name: str) -> pd.Series[Any]:
    return frame.iloc[:, [str(label) for label in frame.columns].index(name)]


def _of_numbers(type_: type) -> bool:
    return issubclass(type_, Real | Decimal) and not issubclass(type_, bool)
