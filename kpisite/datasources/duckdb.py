"""Queries Parquet, CSV and JSON files, DuckDB databases and SQLite files in DuckDB's SQL."""

from __future__ import annotations

import glob
import re
import tempfile
import threading
import uuid
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
from pydantic import Field, field_validator

from kpisite.datasources._duckdb_remote import is_remote, remote_files, without_secrets
from kpisite.datasources._duckdb_sqlite import SQLiteTables, is_sqlite
from kpisite.errors import DatasourceError, nearest
from kpisite.plugins import (
    TOKENS,
    Datasource,
    DatasourceContext,
    PluginOptions,
    Token,
    split_tokens,
)
from kpisite.plugins.arrow import plain_frame
from kpisite.plugins.files import existing_file, shown_paths
from kpisite.plugins.tokens import calendar_length, replace_tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from kpisite.plugins import Period

Paths = str | tuple[str, ...]

_ENDING = re.compile(r"\.(parquet|csv|tsv|json|jsonl|ndjson)(?:\.gz|\.zst)?$", re.IGNORECASE)
_READERS = {"parquet": "read_parquet", "csv": "read_csv", "tsv": "read_csv"}
_PARAMETER = re.compile(rf"\$_({'|'.join(TOKENS)})\b")
_PART = 10_000
"""Rows that are fetched at once."""
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,  # nothing is fetched from the network
    "python_enable_replacements": False,  # no Python variable is a table
}


class DuckDBOptions(PluginOptions):
    """Where the tables are; a query may also name files itself."""

    files: dict[str, Paths] = Field(default_factory=dict)
    """Name of a table → path of a Parquet, CSV or JSON file, a pattern such as `data/*.parquet`,
    or a list of them; relative to the report's folder, or `s3://bucket/*.parquet`."""
    database: str | None = None
    """Path of a DuckDB database, relative to the report's folder; opened read-only."""
    attach: dict[str, str] = Field(default_factory=dict)
    """Name → path of another DuckDB database or of a SQLite file; read-only."""
    storage_options: dict[str, Any] = Field(default_factory=dict, repr=False)
    """Options of the filesystem of files elsewhere, as fsspec takes them."""
    memory_limit: str = Field(default="", pattern=r"^(\d+(\.\d+)? ?([KMGT]i?B|%))?$")
    """Memory that DuckDB may use, `2GB`; else 80 % of the machine's."""
    threads: int | None = Field(default=None, ge=1)
    """How many threads DuckDB may use; else as many as there are processors."""
    timeout: float = Field(default=300, gt=0)
    """Seconds that a query may take."""
    max_rows: int = Field(default=1_000_000, ge=1)
    """Rows that an answer may have."""

    @field_validator("files")
    @classmethod
    def _readable(cls, files: dict[str, Paths]) -> dict[str, Paths]:
        for table, paths in files.items():
            _reader(table, paths)
        return files


class DuckDB(Datasource):
    """Answers with DuckDB, in the report's timezone.

    A timestamp without a zone is local time of the report, one with a zone is an instant.
    """

    Options = DuckDBOptions
    options: DuckDBOptions

    def __init__(self, options: PluginOptions, context: DatasourceContext) -> None:
        super().__init__(options, context)
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._zone = ""
        self._sqlite: list[SQLiteTables] = []

    def query(self, query: str, period: Period, **args: Any) -> pd.DataFrame:
        """Answer one SELECT; `query_args` are its `$name` parameters."""
        # A parameter is as long as its token, so that DuckDB's caret points at the right place.
        text = replace_tokens(query, lambda token: f"$_{token.name}")
        tokens = {part for part in split_tokens(query) if isinstance(part, Token)}
        values = {f"_{token.name}": _value(token, period) for token in tokens}
        try:
            connection = self._connect(period.zone.key)
            _check(connection.extract_statements(text), values, args)
            for attached in self._sqlite:
                attached.read(connection, text)
            answer = self._answer(connection, text, {**args, **values})
            named = answer.rename_columns([_written(name) for name in answer.column_names])
            return plain_frame(named, period.zone)
        except (duckdb.Error, OSError) as error:  # OSError: in the midst of an answer
            raise self._error(*self._words(error)) from None
        except DatasourceError as error:
            raise self._error(error.message, error.hint) from None

    def close(self) -> None:
        """Give back the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
        self._connection, self._zone, self._sqlite = None, "", []

    def _answer(
        self, connection: duckdb.DuckDBPyConnection, query: str, values: dict[str, Any]
    ) -> pa.Table:
        """Return the whole answer, unless it is too large or takes too long."""
        with (
            self._in_time(connection),
            # Unless it is closed, the connection answers no other query.
            closing(connection.sql(query, params=values).to_arrow_reader(_PART)) as reader,
        ):
            batches, count = [], 0
            for batch in reader:
                batches.append(batch)
                count += batch.num_rows
                if count > self.options.max_rows:
                    raise DatasourceError(
                        f"the answer has more than {self.options.max_rows:,} rows",
                        hint="Add up in the query, or allow more: 'max_rows'.",
                    )
            return pa.Table.from_batches(batches, reader.schema)

    @contextmanager
    def _in_time(self, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
        is_over = threading.Event()

        def stop() -> None:
            is_over.set()
            connection.interrupt()

        timer = threading.Timer(self.options.timeout, stop)
        timer.start()
        try:
            yield
        except (duckdb.Error, OSError):
            if not is_over.is_set():
                raise
            raise DatasourceError(
                f"the query took longer than {self.options.timeout:g} s",
                hint="Ask for less, or give it more time: 'timeout'.",
            ) from None
        finally:
            timer.cancel()
            timer.join()

    def _connect(self, zone: str) -> duckdb.DuckDBPyConnection:
        """Return the connection, its session in that zone."""
        if self._connection is None:
            self._connection = self._open()
        if zone != self._zone:
            self._connection.execute(f"SET TimeZone = {_quoted(zone)}")
            self._zone = zone
        return self._connection

    def _open(self) -> duckdb.DuckDBPyConnection:
        options = self.options
        # DuckDB makes it when memory is short, and removes it; else it were beside the database.
        scratch = Path(tempfile.gettempdir()) / f"kpisite-duckdb-{uuid.uuid4().hex}"
        config = {**_CONFIG, "temp_directory": str(scratch)}
        if options.memory_limit:
            config["memory_limit"] = options.memory_limit
        if options.threads:
            config["threads"] = options.threads
        if options.database is None:
            connection = duckdb.connect(config=config)
        else:
            path = existing_file(self._folder, options.database)
            connection = duckdb.connect(path, read_only=True, config=config)
        try:
            # Each query would read the footers anew; a file that is newer is read all the same.
            connection.execute("SET parquet_metadata_cache = true")
            self._sqlite = []
            for name, written in options.attach.items():
                self._attach(connection, name, existing_file(self._folder, written))
            for table, paths in options.files.items():
                self._make_view(connection, table, paths)
        except (duckdb.Error, DatasourceError, OSError):
            connection.close()
            raise
        return connection

    def _attach(self, connection: duckdb.DuckDBPyConnection, name: str, path: Path) -> None:
        quoted = name.replace('"', '""')
        if is_sqlite(path):
            connection.execute(f"ATTACH ':memory:' AS \"{quoted}\"")
            self._sqlite.append(SQLiteTables(name, path))
        else:
            connection.execute(f'ATTACH {_quoted(str(path))} AS "{quoted}" (READ_ONLY)')

    def _make_view(self, connection: duckdb.DuckDBPyConnection, table: str, paths: Paths) -> None:
        """Make files a table; TEMP: the database is read-only."""
        files = [_quoted(file) for path in _listed(paths) for file in self._found(connection, path)]
        name = table.replace('"', '""')
        try:
            connection.execute(
                f'CREATE TEMP VIEW "{name}" AS '  # noqa: S608 - all parts are quoted
                f"SELECT * FROM {_reader(table, paths)}([{', '.join(files)}], union_by_name = true)"
            )
        except duckdb.Error as error:
            message, _ = self._words(error)  # the rest points into a statement that nobody wrote
            is_read = not isinstance(error, duckdb.IOException)
            hint = "Is the file whole, and is it what its ending says?" if is_read else ""
            raise DatasourceError(f"table '{table}': {message}", hint=hint) from None

    def _found(self, connection: duckdb.DuckDBPyConnection, path: str) -> list[str]:
        if is_remote(path):
            return remote_files(connection, path, self.options.storage_options)
        return [str(file) for file in self._files(path)]

    def _files(self, pattern: str) -> list[Path]:
        found: list[str] = []
        if not (self._folder / pattern).is_file():
            # Unlike Path.glob, it takes absolute patterns too.
            found = sorted(glob.glob(pattern, root_dir=self._folder, recursive=True))  # noqa: PTH207
        if not found:
            return [existing_file(self._folder, pattern)]
        return [self._folder / path for path in found]

    def _words(self, error: Exception) -> tuple[str, str]:
        """Return what DuckDB says: in short, and the rest with the line and the caret."""
        text = without_secrets(_written(str(error)), self.options.storage_options)
        text = shown_paths(text, self._folder)
        first, *others = text.strip().split("\n\n")
        message, *rest = first.splitlines()
        rest += [part for part in others if part.startswith("LINE")]
        return message, "\n".join(rest)

    def _error(self, message: str, hint: str) -> DatasourceError:
        return DatasourceError(message, where=f"datasource '{self.context.id}'", hint=hint)

    @property
    def _folder(self) -> Path:
        return self.context.folder.resolve()


def _check(statements: list[duckdb.Statement], tokens: Iterable[str], args: Iterable[str]) -> None:
    """Refuse all but one SELECT, and `query_args` that it does not ask for."""
    kinds = [statement.type.name for statement in statements]
    if kinds != ["SELECT"]:
        raise DatasourceError(
            f"a query is one SELECT; this is {' and '.join(kinds) or 'empty'}",
            hint="A PIVOT names its columns: PIVOT … ON … IN (…)." if "MULTI" in kinds else "",
        )
    asked = statements[0].named_parameters - set(tokens)
    for name in args:
        if name not in asked:
            hint = nearest(name, asked) or f"Write ${name} where it belongs."
            raise DatasourceError(
                f"query_args has '{name}', which the query does not use", hint=hint
            )


def _written(text: str) -> str:
    """Return a text of DuckDB with tokens where it has our parameters."""
    return _PARAMETER.sub(r"{\1}", text)


def _value(token: Token, period: Period) -> object:
    if token.name != "interval":
        return token.boundary(period)
    months, rest = calendar_length(period)
    return duckdb.Value(f"{months} months", duckdb.sqltypes.INTERVAL) if months else rest


def _listed(paths: Paths) -> tuple[str, ...]:
    return (paths,) if isinstance(paths, str) else paths


def _reader(table: str, paths: Paths) -> str:
    """Return the function that reads all these files.

    Raises:
        ValueError: There is none, or they would need different ones.
    """
    readers = set()
    for path in _listed(paths):
        ending = _ENDING.search(path)
        if ending is None:
            raise ValueError(
                f"table '{table}': '{path}' does not end in .parquet, .csv, .tsv, .json, .jsonl "
                "or .ndjson"
            )
        readers.add(_READERS.get(ending[1].lower(), "read_json"))
    if len(readers) != 1:
        raise ValueError(f"table '{table}' needs at least one file, and all of one kind")
    return readers.pop()


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
