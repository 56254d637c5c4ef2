"""The `query_args` that several datasources take: `parse_dates`, and `sql` over their answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from kpisite.datasources.duckdb import DuckDB, DuckDBOptions
from kpisite.errors import DatasourceError, nearest
from kpisite.plugins.dates import parse_dates

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb
    import pandas as pd

    from kpisite.plugins import DatasourceContext, Period

TABLE = "answer"
"""What the answer is called in `sql`."""


def check_args(args: Mapping[str, Any], valid: Iterable[str], texts: Iterable[str] = ()) -> None:
    """Refuse arguments that nobody reads.

    Args:
        args: The view's `query_args`.
        valid: What there may be.
        texts: Those of them that are text.

    Raises:
        DatasourceError: One is unknown, or is no text.
    """
    names = set(valid)
    for name in args:
        if name not in names:
            hint = nearest(name, names)
            raise DatasourceError(f"query_args has '{name}', which is unknown", hint=hint)
        if name in texts and not isinstance(args[name], str):
            raise DatasourceError(f"query_args: {name} is {args[name]!r}", hint="It is a text.")


def finished(
    frame: pd.DataFrame, args: Mapping[str, Any], period: Period, context: DatasourceContext
) -> pd.DataFrame:
    """Return an answer as the view wants it: its times read, then asked by `sql`.

    Args:
        frame: What a service answered, in plain dtypes.
        args: The view's `query_args`; `parse_dates` and `sql` are looked at.
        period: What tokens in `sql` stand for.
        context: The datasource's.

    Raises:
        DatasourceError: One of them does not fit the answer.
    """
    frame = parse_dates(frame, args.get("parse_dates", []), period.zone)
    if "sql" not in args:
        return frame
    database = _OverFrame(DuckDBOptions(), context)
    database.table = _table(frame)
    try:
        return database.query(args["sql"], period)
    except DatasourceError as error:
        raise DatasourceError(f"query_args: sql: {error.message}", hint=error.hint) from None
    finally:
        database.close()


class _OverFrame(DuckDB):
    """Answers SQL over one table in memory."""

    table: pa.Table

    def _open(self) -> duckdb.DuckDBPyConnection:
        connection = super()._open()
        connection.register(TABLE, self.table)
        return connection


def _table(frame: pd.DataFrame) -> pa.Table:
    """Return a frame as a table; a column without any value fits into any expression."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    for place, name in enumerate(frame.columns):
        if pa.types.is_floating(table.schema.field(place).type) and frame[name].isna().all():
            table = table.set_column(place, name, pa.nulls(len(frame)))
    return table
