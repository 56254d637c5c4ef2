"""The Jinja environment of the view `text`: what data puts into it can make no markup."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import pandas as pd
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from kpisite.errors import ViewError
from kpisite.model.number import MISSING, grouped, plain
from kpisite.model.words import day_text, moment_text
from kpisite.plugins import NumberFormat, escape_markdown
from kpisite.plugins.language import gettext

if TYPE_CHECKING:
    from collections.abc import Callable

_FRAME_NAMES = frozenset(
    {
        *("columns", "shape", "size", "empty", "head", "tail", "iloc", "loc"),
        *("sum", "mean", "median", "min", "max", "std", "count", "nunique", "idxmin", "idxmax"),
        *("abs", "round"),
    }
)
"""What a template may use of a DataFrame: nothing that writes, changes or evaluates."""


class _Words(str):
    """Text that kpisite wrote itself: digits, dates; shown without escaping."""

    __slots__ = ()


class TextEnvironment(ImmutableSandboxedEnvironment):
    """Jinja for Markdown: undefined names are errors, every value is escaped."""

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined, finalize=_shown, trim_blocks=True, lstrip_blocks=True
        )
        self.filters.update(number=_number, percent=_percent, date=_date)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Tell whether a template may read an attribute."""
        if type(obj).__module__.split(".")[0] not in ("pandas", "numpy"):
            return super().is_safe_attribute(obj, attr, value)
        if isinstance(obj, date | timedelta):
            return not attr.startswith(("_", "to_", "asm8"))
        return attr in _FRAME_NAMES or (isinstance(obj, pd.DataFrame) and attr in obj)


def _shown(value: object) -> object:
    """Return what a `{{ … }}` writes into the text."""
    if isinstance(value, _Words | StrictUndefined):
        return value
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if _is_missing(value):
        return MISSING
    if isinstance(value, Real | Decimal):
        return plain(_as_number(value))
    if isinstance(value, timedelta):
        return NumberFormat(style="duration").text(value.total_seconds())
    if isinstance(value, date | time):
        return moment_text(value)
    return escape_markdown(value)


def _number(value: object, precision: int = 0) -> _Words:
    return _formatted("number", value, lambda number: grouped(number, precision))


def _percent(value: object, precision: int = 0) -> _Words:
    percent = NumberFormat(style="percent", precision=precision)
    return _formatted("percent", value, percent.text)


def _date(value: object) -> _Words:
    if _is_missing(value):
        return _Words(MISSING)
    if not isinstance(value, date):
        raise ViewError(f"the filter 'date' needs a date, not {value!r:.40}")
    return _Words(day_text(value))


def _formatted(name: str, value: object, text: Callable[[float | Decimal], str]) -> _Words:
    if _is_missing(value):
        return _Words(MISSING)
    if isinstance(value, bool) or not isinstance(value, Real | Decimal):
        raise ViewError(f"the filter '{name}' needs a number, not {value!r:.40}")
    return _Words(text(_as_number(value)))


def _as_number(value: Real | Decimal) -> float | Decimal:
    if isinstance(value, Decimal):
        return value
    return int(value) if isinstance(value, Integral) else float(value)


def _is_missing(value: object) -> bool:
    return pd.api.types.is_scalar(value) and bool(pd.isna(value))  # type: ignore[call-overload]
