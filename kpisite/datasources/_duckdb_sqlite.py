"""Tables of SQLite files for `duckdb`, read by Python: DuckDB would fetch an extension for it."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from kpisite.errors import DatasourceError
from kpisite.plugins.arrow import table_of_rows

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

_HEADER = b"SQLite format 3\0"


def is_sqlite(path: Path) -> bool:
    """Tell whether a file is a database of SQLite."""
    with path.open("rb") as file:
        return file.read(len(_HEADER)) == _HEADER


class SQLiteTables:
    """A SQLite file as a schema of DuckDB; a table is read when a query names it."""

    def __init__(self, name: str, path: Path) -> None:
        """Keep where it is.

        Args:
            name: Of the schema.
            path: Of the file.
        """
        self.name = name
        self.path = path
        self._read: set[str] = set()

    def read(self, connection: duckdb.DuckDBPyConnection, query: str) -> None:
        """Read the tables that a query names, and that were not read before.

        Raises:
            DatasourceError: SQLite cannot read the file, or a column mixes kinds of values.
        """
        words = {word.lower() for word in re.findall(r"\w+", query)}
        if self.name.lower() not in words:
            return
        try:
            with closing(sqlite3.connect(f"{self.path.as_uri()}?mode=ro", uri=True)) as source:
                listed = source.execute(
                    "select name from sqlite_master where type in ('table', 'view')"
                ).fetchall()
                for (table,) in listed:
                    if table.lower() in words and table not in self._read:
                        self._copy(source, connection, table)
                        self._read.add(table)
        except sqlite3.Error as error:
            raise DatasourceError(f"SQLite cannot read {self.path.name}: {error}") from None

    def _copy(
        self, source: sqlite3.Connection, connection: duckdb.DuckDBPyConnection, table: str
    ) -> None:
        rows = source.execute(f"select * from {_name(table)}")  # noqa: S608 - it is quoted
        names = [column[0] for column in rows.description]
        connection.register("_kpisite_rows", table_of_rows(names, rows.fetchall()))
        target = f"{_name(self.name)}.main.{_name(table)}"
        connection.execute(f"CREATE TABLE {target} AS FROM _kpisite_rows")
        connection.unregister("_kpisite_rows")


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
