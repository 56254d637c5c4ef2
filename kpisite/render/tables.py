"""A frame as an HTML table that reads well: aligned numbers, whole dates, everything escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kpisite.errors import ViewError, nearest
from kpisite.model.language import gettext
from kpisite.model.number import grouped
from kpisite.model.words import rows_text
from kpisite.plugins.markup import escape_html
from kpisite.render.table_cells import Column, sparkline_column, value_column
from kpisite.render.table_totals import column_total, totals_row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from kpisite.model.number import NumberFormat
    from kpisite.plugins.limits import Limits
    from kpisite.plugins.view import Total

_LONG_HEADER = 16
"""Characters from which on a header may break its line."""


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
    columns = [
        sparkline_column(shown.iloc[:, at], name)
        if name in sparklines
        else value_column(
            shown.iloc[:, at],
            name,
            number_format=formats.get(name),
            bar=name in bars,
            limits=limits.get(name),
            digits=digits,
            sortable=sortable,
        )
        for at, name in enumerate(names)
    ]
    sums = {
        name: column_total(frame.iloc[:, at], name, totals[name], formats.get(name), digits)
        for at, name in enumerate(names)
        if name in totals
    }
    foot = [totals_row(names, [c.kind for c in columns], sums, len(frame))] if sums else []
    name = escape_html(gettext("Table"))
    return "\n".join(
        [
            f'<div class="kpi-table" role="group" aria-label="{name}" tabindex="0">',
            f'<table class="kpi-rows{" kpi-sortable" if sortable else ""}">',
            _caption(len(shown), len(frame)),
            f"<thead><tr>{''.join(map(_header, columns))}</tr></thead>",
            "<tbody>",
            *(_row(columns, row) for row in range(len(shown))),
            "</tbody>",
            *foot,
            "</table>",
            "</div>",
        ]
    )


def _row(columns: Sequence[Column], row: int) -> str:
    cells = (f"<td{_class(c.kind)}{c.values[row]}>{c.cells[row]}</td>" for c in columns)
    return f"<tr>{''.join(cells)}</tr>"


def _caption(shown: int, rows: int) -> str:
    if shown < rows:
        said = gettext("{shown} of {rows} rows")
        text = said.format(shown=grouped(shown, 0), rows=grouped(rows, 0))
        return f"<caption>{escape_html(text)}</caption>"
    return f'<caption class="kpi-hidden">{escape_html(rows_text(rows))}</caption>'


def _header(column: Column) -> str:
    name = column.name.replace("_", " ")
    name = name[:1].upper() + name[1:]
    kinds = [column.kind if column.kind == "kpi-num" else ""]
    kinds += ["kpi-long"] if len(name) > _LONG_HEADER else []
    return f'<th scope="col"{_class(*kinds)}>{escape_html(name)}</th>'


def _class(*kinds: str) -> str:
    names = " ".join(kind for kind in kinds if kind)
    return f' class="{names}"' if names else ""
