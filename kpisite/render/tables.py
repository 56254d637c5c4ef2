"""A frame as an HTML table that reads well: aligned numbers, whole dates, everything escaped."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any

import pandas as pd

from kpisite.errors import ViewError, nearest
from kpisite.model.language import gettext
from kpisite.model.number import MISSING, NumberFormat, grouped
from kpisite.model.words import moment_text, rows_text
from kpisite.plugins.markup import escape_html
from kpisite.plugins.sparks import spark_numbers
from kpisite.render.sparkline import sparkline_svg
from kpisite.render.table_totals import total_text, totals_row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kpisite.plugins.limits import Limits, Verdict
    from kpisite.plugins.view import Total

_DURATION = NumberFormat(style="duration")
_LONG_TEXT, _LONG_HEADER = 24, 16
"""Characters from which on a cell or a header may break its line."""


@dataclass(frozen=True)
class _Column:
    """What the cells of a column have in common."""

    name: str
    kind: str
    """Class of its cells: `kpi-num`, `kpi-time`, `kpi-long` for long text, or none."""
    cells: tuple[str, ...]
    """HTML of each cell."""
    values: tuple[str, ...]
    """Attribute of each cell with what it is sorted by, "" where that is what it shows."""


@dataclass(frozen=True)
class _Shared:
    """How the columns of a table are shown."""

    formats: Mapping[str, NumberFormat]
    bars: Sequence[str]
    limits: Mapping[str, Limits]
    sparklines: Sequence[str]
    digits: int
    sortable: bool

    def column(self, series: pd.Series[Any], name: str) -> _Column:
        """Return a column with all of its cells."""
        if name in self.sparklines:
            return _sparklines(series, name)
        return _column(
            series,
            name,
            self.formats.get(name),
            name in self.bars,
            self.limits.get(name),
            self.digits,
            self.sortable,
        )


def table_html(
    frame: pd.DataFrame,
    *,
    max_rows: int | None = None,
    formats: Mapping[str, NumberFormat] | None = None,
    bars: Sequence[str] = (),
    totals: Mapping[str, Total] | None = None,
    limits: Mapping[str, Limits] | None = None,
    sparklines: Sequence[str] = (),
    digits: int = 2,
    sortable: bool = False,
) -> str:
    """Return HTML of a table: numbers aligned, a missing value as an en dash, all escaped.

    Args:
        frame: The index is not shown.
        max_rows: Show that many, and say "10 of 25 rows"; None shows all.
        formats: Column → how its numbers are shown; otherwise integers as they are and other
            numbers with as many digits as the column needs, at most `digits`.
        bars: Columns whose numbers get a bar in the cell, as long as their share of the largest.
        totals: Column → what a last row says of all its numbers.
        limits: Column → which of its numbers are marked as good or bad.
        sparklines: Columns with several numbers in a text, which become a small line.
        digits: The most digits after the point for numbers without a format.
        sortable: Whether `reader.js` lets a reader sort it by any column.

    Raises:
        ViewError: A column that is named is not there, or does not hold what is made of it.
    """
    formats, totals, limits = formats or {}, totals or {}, limits or {}
    names = [str(name) for name in frame.columns]
    for wanted in (*formats, *bars, *totals, *limits, *sparklines):
        if wanted not in names:
            raise ViewError(f"there is no column '{wanted}'", hint=nearest(wanted, names))
    shown = frame if max_rows is None or len(frame) <= max_rows else frame.head(max_rows)
    shared = _Shared(formats, bars, limits, sparklines, digits, sortable)
    columns = [shared.column(shown.iloc[:, at], name) for at, name in enumerate(names)]
    sums = {
        name: _total(frame.iloc[:, at], name, totals[name], formats.get(name), digits)
        for at, name in enumerate(names)
        if name in totals
    }
    kinds = [column.kind for column in columns]
    head = "".join(_header(column) for column in columns)
    rows = [_row(columns, row) for row in range(len(shown))]
    name = escape_html(gettext("Table"))
    return "\n".join(
        [
            f'<div class="kpi-table" role="group" aria-label="{name}" tabindex="0">',
            f'<table class="kpi-rows{" kpi-sortable" if sortable else ""}">',
            _caption(len(shown), len(frame)),
            f"<thead><tr>{head}</tr></thead>",
            "<tbody>",
            *rows,
            "</tbody>",
            *([totals_row(names, kinds, sums, len(frame))] if sums else []),
            "</table>",
            "</div>",
        ]
    )


def _row(columns: Sequence[_Column], row: int) -> str:
    cells = (f"<td{_class(c.kind)}{c.values[row]}>{c.cells[row]}</td>" for c in columns)
    return f"<tr>{''.join(cells)}</tr>"


def _caption(shown: int, rows: int) -> str:
    if shown < rows:
        said = gettext("{shown} of {rows} rows")
        text = said.format(shown=grouped(shown, 0), rows=grouped(rows, 0))
        return f"<caption>{escape_html(text)}</caption>"
    return f'<caption class="kpi-hidden">{escape_html(rows_text(rows))}</caption>'


def _header(column: _Column) -> str:
    name = column.name.replace("_", " ")
    name = name[:1].upper() + name[1:]
    kinds = [column.kind if column.kind == "kpi-num" else ""]
    kinds += ["kpi-long"] if len(name) > _LONG_HEADER else []
    return f'<th scope="col"{_class(*kinds)}>{escape_html(name)}</th>'


def _class(*kinds: str) -> str:
    names = " ".join(kind for kind in kinds if kind)
    return f' class="{names}"' if names else ""


def _column(
    series: pd.Series[Any],
    name: str,
    number_format: NumberFormat | None,
    bar: bool,
    limits: Limits | None,
    digits: int,
    sortable: bool,
) -> _Column:
    values = _values(series)
    present = [value for value in values if value is not None]
    if present:
        numeric = all(_is_number(value) or isinstance(value, timedelta) for value in present)
    else:
        numeric = pd.api.types.is_numeric_dtype(series.dtype)
    text = _numbers(present, number_format, digits) if numeric else _texts(present)
    largest = max((_amount(value) for value in present), default=0.0) if numeric and bar else 0.0
    cells = [f'<span class="kpi-missing">{MISSING}</span>'] * len(values)
    attributes = [""] * len(values)
    for row, value in enumerate(values):
        if value is not None:
            shown = text(value)
            cells[row] = escape_html(shown)
            if numeric and limits is not None:
                cells[row] = _marked(cells[row], limits.verdict(_amount(value)))
            if sortable and numeric:
                attributes[row] = _sorted_by(value, shown)
        if largest > 0:
            share = _amount(value) / largest if value is not None else 0.0
            cells[row] = f"<span>{cells[row]}</span>{_bar(share)}"
    kind = "kpi-num" if numeric else _kind(present)
    return _Column(name, kind, tuple(cells), tuple(attributes))


def _values(series: pd.Series[Any]) -> list[Any]:
    """Return plain values, None for those that are missing."""
    missing = series.isna().tolist()
    return [None if none else value for value, none in zip(series.tolist(), missing, strict=True)]


def _marked(cell: str, verdict: Verdict) -> str:
    """Return a cell with its verdict, in colour and as a sign."""
    if not verdict:
        return cell
    sign, word = ("✓", gettext("good")) if verdict == "good" else ("!", gettext("bad"))
    return (
        f'<span class="kpi-mark-{verdict}">{cell} <span title="{escape_html(word)}">{sign}</span>'
        "</span>"
    )


def _sparklines(series: pd.Series[Any], name: str) -> _Column:
    """Return a column of small lines, each with its first and last number in words."""
    cells = []
    rows = [spark_numbers(value, name) for value in _values(series)]
    shown = [number for numbers in rows for number in _ends(numbers)]
    number_format = NumberFormat(precision=_digits(shown, 2))
    for numbers in rows:
        line = sparkline_svg(numbers)
        words = " → ".join(map(number_format.text, _ends(numbers)))
        hidden = f'<span class="kpi-spark-words">{escape_html(words)}</span>'
        cells.append(f"{line}{hidden}" if line else escape_html(words or MISSING))
    return _Column(name, "", tuple(cells), ("",) * len(cells))


def _ends(numbers: list[float]) -> list[float]:
    """Return the first and the last of several numbers."""
    return [numbers[0], numbers[-1]] if len(numbers) > 1 else numbers


def _total(
    series: pd.Series[Any],
    name: str,
    how: Total,
    number_format: NumberFormat | None,
    digits: int,
) -> str:
    present = [value for value in _values(series) if value is not None]
    if how != "count" and not all(_is_number(v) or isinstance(v, timedelta) for v in present):
        raise ViewError(
            f"totals: the column '{name}' has other things than numbers",
            hint="Only 'count' is for those.",
        )
    text = _numbers(present, number_format, digits) if how != "count" else str
    return total_text(how, present, text)


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


def _numbers(
    present: Sequence[Any], given: NumberFormat | None, digits: int
) -> Callable[[Any], str]:
    """Return how a column of numbers or durations is shown."""
    if any(isinstance(value, timedelta) for value in present):
        duration = given or _DURATION
        return lambda value: duration.text(_amount(value))
    number_format = given or NumberFormat(precision=_digits(present, digits))
    return number_format.text


def _texts(present: Sequence[Any]) -> Callable[[Any], str]:
    """Return how a column of anything else is shown; times only where one is not midnight."""
    with_time = any(isinstance(v, datetime) and v.time() != time(0) for v in present)

    def text(value: Any) -> str:
        if isinstance(value, bool):
            return gettext("yes") if value else gettext("no")
        if isinstance(value, date | time):
            return moment_text(value, with_time=with_time)
        return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)

    return text


def _kind(present: Sequence[Any]) -> str:
    """Return the class of a column that holds no numbers."""
    if present and all(isinstance(value, date | time) for value in present):
        return "kpi-time"
    return "kpi-long" if any(len(str(value)) > _LONG_TEXT for value in present) else ""


def _digits(present: Sequence[Any], most: int) -> int:
    """Return the fewest digits, at most `most`, that show all numbers as well as that many."""
    parts = {
        round(value * 10**most)
        for value in present
        if not isinstance(value, int) and math.isfinite(value)
    }
    fewest = most
    while fewest and all(part % 10 ** (most - fewest + 1) == 0 for part in parts):
        fewest -= 1
    return fewest


def _is_number(value: object) -> bool:
    return isinstance(value, Real | Decimal) and not isinstance(value, bool)


def _amount(value: Any) -> float:
    """Return what a bar stands for; an infinity has none."""
    amount = value.total_seconds() if isinstance(value, timedelta) else float(value)
    return amount if math.isfinite(amount) else 0.0


def _bar(share: float) -> str:
    width = f"{max(share, 0.0) * 100:.1f}"
    return f'<span class="kpi-bar" aria-hidden="true"><i style="width:{width}%"></i></span>'
