"""From rows and Arrow tables to DataFrames of a few plain dtypes, which every view knows."""

from __future__ import annotations

from decimal import Decimal
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pandas as pd
import pyarrow as pa

from kpisite.errors import DatasourceError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

_DAY = 86_400_000_000
"""Microseconds of a day."""
_AS_TEXT = (UUID, IPv4Address, IPv6Address, IPv4Interface, IPv6Interface)
_YEARS = range(1, 10_000)
"""What Python's calendar has, and views can write."""


def table_of_rows(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Return rows of Python values as a table.

    Args:
        names: The columns, also where there is no row.
        rows: As a database driver gives them, None for NULL.

    Raises:
        DatasourceError: A column mixes kinds that have no kind in common.
    """
    columns = []
    for position, name in enumerate(names):
        values = [row[position] for row in rows]
        kinds = {type(value) for value in values if value is not None}
        try:
            columns.append(_array(values, kinds))
        except (pa.ArrowException, TypeError, OverflowError) as error:
            found = " and ".join(sorted(kind.__name__ for kind in kinds))
            raise DatasourceError(
                f"column '{name}' holds {found}, which do not fit into one column",
                hint=f"Make it one kind in the query: CAST({name} AS …).",
            ) from error
    return pa.Table.from_arrays(columns, list(names))


def _array(values: list[Any], kinds: set[type]) -> pa.Array:
    if kinds and kinds <= set(_AS_TEXT):
        return pa.array([None if value is None else str(value) for value in values])
    if len(kinds) > 1 and kinds != {int, float}:
        raise TypeError("a column holds values of one kind")
    try:
        return pa.array(values)
    except (OverflowError, TypeError, pa.ArrowException):
        if kinds not in ({int}, {Decimal}):  # too large, or a Decimal that is none: NaN
            raise
        return pa.array([None if value is None else float(value) for value in values])


def plain_frame(table: pa.Table, zone: ZoneInfo) -> pd.DataFrame:
    """Return a table as a frame of dtypes that are fit for sums, charts and the archive.

    | Arrow | pandas |
    | --- | --- |
    | integers, decimals without places | int64; Int64 with a NULL; float64 where they do not fit |
    | floats, decimals with places, only NULLs | float64 |
    | booleans | bool; boolean with a NULL |
    | text, UUIDs, addresses of the Internet Protocol | str |
    | categories | what they are categories of |
    | dates | datetime64 at midnight, without a zone |
    | timestamps | datetime64; with a zone: in the report's |
    | durations, intervals without months | timedelta64 |
    | times of day, binary | objects |

    Args:
        table: What a database or an API answered.
        zone: The report's timezone.

    Raises:
        DatasourceError: Two columns have one name, or a column holds what no view can show: lists,
            lengths with months, times outside the years 1 to 9999.
    """
    names: list[str] = table.column_names
    for name in names:
        if names.count(name) > 1:
            raise DatasourceError(
                f"two columns are called '{name}'", hint="Name each of them: … AS …."
            )
    try:
        return pd.DataFrame({name: _series(name, table.column(name), zone) for name in names})
    except pa.ArrowException as error:
        raise DatasourceError(f"the answer does not fit into a DataFrame: {error}") from error


def _series(name: str, column: pa.ChunkedArray, zone: ZoneInfo) -> pd.Series[Any]:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_nested(column.type):
        raise DatasourceError(
            f"column '{name}' holds lists or structs, which no view can show",
            hint="Ask for their parts, or cast it to text.",
        )
    if pa.types.is_interval(column.type):
        plain = _durations(name, column)
    elif pa.types.is_date(column.type):
        try:
            plain = column.cast(pa.timestamp("us"))
        except pa.ArrowInvalid:
            raise _no_year(name) from None
    else:
        plain = _plain(column, zone)
    nullable = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
    series: pd.Series[Any] = plain.to_pandas(
        types_mapper=nullable.get if plain.null_count else None
    )
    if series.dtype.kind == "M" and not _has_years(series):
        raise _no_year(name)
    return series


def _has_years(times: pd.Series[Any]) -> bool:
    # First in UTC: pandas has no zone's time for an instant that is in no year.
    instants = times if times.dt.tz is None else times.dt.tz_convert("UTC")
    return all(
        end is pd.NaT or end.year in _YEARS
        for column in (instants, times)
        for end in (column.min(), column.max())
    )


def _no_year(name: str) -> DatasourceError:
    return DatasourceError(
        f"column '{name}' holds a time outside the years 1 to 9999",
        hint=f"Make it a gap in the query, or text: CAST({name} AS …).",
    )


def _plain(column: pa.ChunkedArray, zone: ZoneInfo) -> pa.ChunkedArray:
    kind, is_ = column.type, pa.types
    if is_.is_integer(kind) or (is_.is_decimal(kind) and kind.scale <= 0):
        try:
            return column.cast(pa.int64())
        except pa.ArrowInvalid:  # over 2**63: a sum of ids, a HUGEINT
            return column.cast(pa.float64(), safe=False)
    if is_.is_decimal(kind) or is_.is_floating(kind) or is_.is_null(kind):
        return column.cast(pa.float64())
    if is_.is_timestamp(kind) and kind.tz is not None:
        return column.cast(pa.timestamp(kind.unit, zone.key))
    return column


def _durations(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    lengths: list[int | None] = []
    for value in column.to_pylist():
        if value is not None and value.months:
            raise DatasourceError(
                f"column '{name}' is an interval with months, which have no fixed length",
                hint="Ask for a number of days instead.",
            )
        lengths.append(None if value is None else value.days * _DAY + value.nanoseconds // 1000)
    return pa.chunked_array([pa.array(lengths, pa.duration("us"))])
