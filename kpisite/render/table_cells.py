"""The cells of a table's column as HTML: numbers with bars and verdicts, small lines, texts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from kpisite.model.language import gettext
from kpisite.model.number import MISSING, NumberFormat
from kpisite.plugins.markup import escape_html
from kpisite.plugins.sparks import spark_numbers
from kpisite.render.sparkline import sparkline_svg
from kpisite.render.table_values import (
    amount,
    are_numbers,
    fewest_digits,
    number_text,
    other_text,
    plain_values,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kpisite.plugins.limits import Limits, Verdict

_LONG_TEXT = 24
"""Characters from which on a cell may break its line."""


@dataclass(frozen=True)
class Column:
    """What the cells of a column have in common."""

    name: str
    kind: str
    """Class of its cells: `kpi-num`, `kpi-time`, `kpi-long` for long text, or none."""
    cells: tuple[str, ...]
    """HTML of each cell."""
    values: tuple[str, ...]
    """Attribute of each cell with what it is sorted by, "" where that is what it shows."""


def value_column(
    series: pd.Series[Any],
    name: str,
    *,
    number_format: NumberFormat | None,
    bar: bool,
    limits: Limits | None,
    digits: int,
    sortable: bool,
) -> Column:
    """Return a column of values, each in words.

    Args:
        series: The values.
        name: Of the column.
        number_format: How numbers are shown; None for as many digits as the column needs.
        bar: Whether numbers get a bar in the cell, as long as their share of the largest.
        limits: Which numbers are marked as good or bad.
        digits: The most digits after the point for numbers without a format.
        sortable: Whether cells say what they are sorted by.
    """
    values = plain_values(series)
    present = [value for value in values if value is not None]
    numeric = are_numbers(present) if present else pd.api.types.is_numeric_dtype(series.dtype)
    text = number_text(present, number_format, digits) if numeric else other_text(present)
    largest = max((amount(value) for value in present), default=0.0) if numeric and bar else 0.0
    cells = [f'<span class="kpi-missing">{MISSING}</span>'] * len(values)
    attributes = [""] * len(values)
    for row, value in enumerate(values):
        if value is not None:
            shown = text(value)
            cells[row] = escape_html(shown)
            if numeric and limits is not None:
                cells[row] = _marked(cells[row], limits.verdict(amount(value)))
            if sortable and numeric:
                attributes[row] = _sorted_by(value, shown)
        if largest > 0:
            share = amount(value) / largest if value is not None else 0.0
            cells[row] = f"<span>{cells[row]}</span>{_bar(share)}"
    kind = "kpi-num" if numeric else _kind(present)
    return Column(name, kind, tuple(cells), tuple(attributes))


def sparkline_column(series: pd.Series[Any], name: str) -> Column:
    """Return a column of small lines, each with its first and last number in words.

    Raises:
        ViewError: A value is no list of numbers.
    """
    cells = []
    rows = [spark_numbers(value, name) for value in plain_values(series)]
    shown = [number for numbers in rows for number in _ends(numbers)]
    number_format = NumberFormat(precision=fewest_digits(shown, 2))
    for numbers in rows:
        line = sparkline_svg(numbers)
        words = " → ".join(map(number_format.text, _ends(numbers)))
        hidden = f'<span class="kpi-spark-words">{escape_html(words)}</span>'
        cells.append(f"{line}{hidden}" if line else escape_html(words or MISSING))
    return Column(name, "", tuple(cells), ("",) * len(cells))


def _ends(numbers: list[float]) -> list[float]:
    """Return the first and the last of several numbers."""
    return [numbers[0], numbers[-1]] if len(numbers) > 1 else numbers


def _marked(cell: str, verdict: Verdict) -> str:
    """Return a cell with its verdict, in colour and as a sign."""
    if not verdict:
        return cell
    sign, word = ("✓", gettext("good")) if verdict == "good" else ("!", gettext("bad"))
    return (
        f'<span class="kpi-mark-{verdict}">{cell} <span title="{escape_html(word)}">{sign}</span>'
        "</span>"
    )


def _sorted_by(value: Any, shown: str) -> str:
    """Return the attribute of a cell whose number a script cannot read: rounded, in hours."""
    number = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if math.isinf(number):
        return f' data-kpi-value="{"-" if number < 0 else ""}Infinity"'
    try:
        if float(shown.replace(",", "").replace("−", "-")) == number:
            return ""
    except ValueError:
        pass
    return f' data-kpi-value="{number!r}"'


def _kind(present: Sequence[Any]) -> str:
    """Return the class of a column that holds no numbers."""
    if present and all(isinstance(value, date | time) for value in present):
        return "kpi-time"
    return "kpi-long" if any(len(str(value)) > _LONG_TEXT for value in present) else ""


def _bar(share: float) -> str:
    width = f"{max(share, 0.0) * 100:.1f}"
    return f'<span class="kpi-bar" aria-hidden="true"><i style="width:{width}%"></i></span>'
