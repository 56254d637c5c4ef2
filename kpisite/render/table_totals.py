"""The last row of a table: what all rows come to, also those that are not shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kpisite.errors import ViewError
from kpisite.model.language import gettext
from kpisite.model.number import MISSING, grouped
from kpisite.model.words import rows_text
from kpisite.plugins.markup import escape_html
from kpisite.render.table_values import are_numbers, number_text, plain_values

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from kpisite.model.number import NumberFormat
    from kpisite.plugins.view import Total


def column_total(
    series: pd.Series[Any],
    name: str,
    how: Total,
    number_format: NumberFormat | None,
    digits: int,
) -> str:
    """Return HTML of the total of a column.

    Args:
        series: All of its values.
        name: Of the column.
        how: What is made of the values.
        number_format: How they are shown; None for as many digits as the column needs.
        digits: The most digits after the point for numbers without a format.

    Raises:
        ViewError: It has other things than numbers, and they are to be more than counted.
    """
    present = [value for value in plain_values(series) if value is not None]
    if how != "count" and not are_numbers(present):
        raise ViewError(
            f"totals: the column '{name}' has other things than numbers",
            hint="Only 'count' is for those.",
        )
    text = number_text(present, number_format, digits) if how != "count" else str
    return _total(how, present, text)


def totals_row(
    names: Sequence[str], kinds: Sequence[str], totals: Mapping[str, str], rows: int
) -> str:
    """Return the row.

    Args:
        names: Of the columns.
        kinds: Class of their cells.
        totals: Column → HTML of its total.
        rows: How many rows there are in all.
    """
    label = next((position for position, name in enumerate(names) if name not in totals), None)
    cells = []
    for position, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        said = gettext("All {rows}").format(rows=rows_text(rows))
        shown = escape_html(said) if position == label else totals.get(name, "")
        cells.append(f'<td class="{kind}">{shown}</td>' if kind else f"<td>{shown}</td>")
    return f"<tfoot><tr>{''.join(cells)}</tr></tfoot>"


def _total(how: Total, values: Sequence[Any], text: Callable[[Any], str]) -> str:
    """Return HTML of what is made of values, of which none is missing."""
    if how == "count":
        return _named(gettext("count"), grouped(len(values), 0))
    if not values:
        return MISSING
    match how:
        case "sum":
            return escape_html(text(_sum(values)))
        case "mean":
            return _named(gettext("mean"), text(_sum(values) / len(values)))
        case "min":
            return _named(gettext("min"), text(min(values)))
        case "max":
            return _named(gettext("max"), text(max(values)))


def _sum(values: Sequence[Any]) -> Any:
    total = values[0]
    for value in values[1:]:
        total += value
    return total


def _named(name: str, text: str) -> str:
    return f'<span class="kpi-muted">{escape_html(name)}</span> {escape_html(text)}'
