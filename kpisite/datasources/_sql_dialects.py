"""What `sql` does in each database's own way: sessions, limits of time, and the form of tokens."""

from __future__ import annotations

import math
import re
import sqlite3
import threading
import time
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kpisite.datasources._sql_cutting import cut_after
from kpisite.errors import DatasourceError
from kpisite.model.period import midnight
from kpisite.plugins import Token, split_tokens
from kpisite.plugins.tokens import calendar_length, replace_tokens, statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from kpisite.plugins import Period

    Rows = Sequence[sa.Row[Any]]
    Answer = tuple[list[str], Iterator[Rows]]

GRACE = 10.0
"""Seconds that a server has, after the time of a query is over, to say so itself."""
PART = 10_000
"""Rows that are fetched at once."""
DECLARE = "DECLARE kpisite NO SCROLL CURSOR FOR\n"
"""What PostgreSQL reads before a query, on a line of its own."""
_FETCH = sa.text(f"FETCH FORWARD {PART} FROM kpisite")
_SQLITE_STEPS = 10_000
"""Instructions of SQLite between two looks at the clock."""
_SELECT = re.compile(
    r"(?:\s|\(|--[^\n]*(?:\n|$)|/\*.*?\*/)*(?:select|with|values|table)\b",
    re.IGNORECASE | re.DOTALL,
)
_CONNECT_TIMEOUTS = {
    "mysqlconnector": "connection_timeout",
    "mysqldb": "connect_timeout",
    "psycopg": "connect_timeout",
    "psycopg2": "connect_timeout",
    "pymysql": "connect_timeout",
}
"""Driver → argument that limits how long connecting takes, in whole seconds."""


class Dialect:
    """Any database that SQLAlchemy knows: it gets instants, and intervals of standard SQL."""

    is_mysql = False
    """Whether texts of a query may have backslashes, and `#` begins a comment."""

    def __init__(self, driver: str, timeout: float, connect_timeout: float, max_rows: int) -> None:
        """Keep what is asked.

        Args:
            driver: SQLAlchemy's name of the driver, `psycopg`.
            timeout: Seconds that a query may take.
            connect_timeout: Seconds that connecting may take.
            max_rows: Rows that an answer may have; one more may be read.
        """
        self.driver = driver
        self.timeout = timeout
        self.connect_timeout = connect_timeout
        self.max_rows = max_rows

    def connect_args(self) -> dict[str, Any]:
        """Return what the driver's connect() is given, where the report says nothing else."""
        name = _CONNECT_TIMEOUTS.get(self.driver)
        return {name: math.ceil(self.connect_timeout)} if name else {}

    @contextmanager
    def connected(self, engine: sa.Engine) -> Iterator[sa.Connection]:
        """Lend a connection of an engine; a new one first asks the server about itself."""
        with engine.connect() as connection:
            yield connection

    def let_in(self, raw: Any, limits: Mapping[str, Any]) -> None:
        """Set up a connection of the driver as soon as it is made.

        Args:
            raw: The driver's connection.
            limits: Those of `connect_args` that the report has not set itself.
        """

    def execution_options(self) -> dict[str, Any]:
        """Return how SQLAlchemy's connections work: an answer comes in parts where it can."""
        return {"stream_results": True}

    @contextmanager
    def session(self, connection: sa.Connection, query: str, period: Period) -> Iterator[None]:
        """Have the connection in the period's zone, read-only, with a limit of time."""
        yield

    def statement(self, query: str, period: Period, before: str = "") -> sa.TextClause:
        """Return a query with bound parameters; no other colon of it is one.

        Args:
            query: The query as it was written.
            period: What its tokens stand for.
            before: Text of our own that is put before it.
        """
        found = split_tokens(query, mysql=self.is_mysql)
        text = replace_tokens(
            query,
            lambda token: self.placeholder(token, period),
            lambda text: text.replace(":", r"\:"),
            mysql=self.is_mysql,
        )
        bound = [self.parameter(t, period) for t in set(found) if isinstance(t, Token)]
        return sa.text(before + text).bindparams(*(one for one in bound if one is not None))

    def answer(self, connection: sa.Connection, query: str, period: Period) -> Answer:
        """Ask, and return the names of columns and the rows in parts; no names, no answer."""
        result = connection.execute(self.statement(query, period))
        if not result.returns_rows:
            return [], iter(())
        return list(result.keys()), iter(result.partitions(PART))

    def placeholder(self, token: Token, period: Period) -> str:
        """Return what stands for a token in the text of a query."""
        if token.name == "interval":
            count, unit = length(period)
            return f"INTERVAL '{count}' {unit}"
        return f":{name_of(token)}"

    def parameter(self, token: Token, period: Period) -> sa.BindParameter[Any] | None:
        """Return what is bound for a token; None where nothing is."""
        if token.name == "interval":
            return None
        return sa.bindparam(name_of(token), token.boundary(period), sa.DateTime(timezone=True))


class SQLite(Dialect):
    """It has no dates but texts, and no server."""

    @contextmanager
    def session(self, connection: sa.Connection, query: str, period: Period) -> Iterator[None]:
        """Have SQLite look at the clock while it works."""
        raw: Any = connection.connection.driver_connection
        end = time.monotonic() + self.timeout
        raw.set_progress_handler(lambda: time.monotonic() > end, _SQLITE_STEPS)
        try:
            yield
        finally:
            with suppress(sqlite3.ProgrammingError):  # it was closed
                raw.set_progress_handler(None, 0)

    def placeholder(self, token: Token, period: Period) -> str:
        """Return a parameter for every token."""
        return f":{name_of(token)}"

    def parameter(self, token: Token, period: Period) -> sa.BindParameter[Any]:
        """Return local time as text; a length as a modifier of SQLite's date functions."""
        is_interval = token.name == "interval"
        value = _modifier(period) if is_interval else local_text(token, period)
        return sa.bindparam(name_of(token), value, sa.String())


class PostgreSQL(Dialect):
    """It compares instants with columns of every type, once it knows the zone."""

    def __init__(self, driver: str, timeout: float, connect_timeout: float, max_rows: int) -> None:
        """Keep what is asked, as any database does."""
        super().__init__(driver, timeout, connect_timeout, max_rows)
        self._connecting = threading.local()  # several threads may

    @contextmanager
    def connected(self, engine: sa.Engine) -> Iterator[sa.Connection]:
        """Lend a connection; cut a new one whose server falls silent before it can be used.

        Raises:
            TimeoutError: It was cut.
        """
        with cut_after(self.connect_timeout + GRACE) as self._connecting.hold:
            connection = engine.connect()
        with connection:
            yield connection

    def let_in(self, raw: Any, limits: Mapping[str, Any]) -> None:
        """Have the connection cut in time."""
        self._connecting.hold(raw)

    def execution_options(self) -> dict[str, Any]:
        """Return what makes transactions that only read."""
        return {"postgresql_readonly": True}

    @contextmanager
    def session(self, connection: sa.Connection, query: str, period: Period) -> Iterator[None]:
        """Set up the transaction; cut the connection when the server does not keep the time."""
        with cut_after(self.timeout + GRACE) as hold:
            hold(connection.connection.driver_connection)
            connection.execute(
                sa.text(
                    "select set_config('TimeZone', :zone, true),"
                    " set_config('statement_timeout', :milliseconds, true),"
                    " set_config('cursor_tuple_fraction', '1', true)"
                ),
                {"zone": period.zone.key, "milliseconds": str(math.ceil(self.timeout * 1000))},
            )
            try:
                yield
            finally:
                connection.rollback()  # here, where it cannot take forever

    def answer(self, connection: sa.Connection, query: str, period: Period) -> Answer:
        """Ask through a cursor, which only a SELECT can have: the driver would read it whole.

        Raises:
            DatasourceError: There are several statements, of which a `commit` would end the
                transaction that only reads.
        """
        if statements(query) > 1:
            raise DatasourceError(
                "a query is one SELECT; these are several statements",
                hint="Leave out what comes after the semicolon.",
            )
        if not _SELECT.match(query):
            return super().answer(connection, query, period)
        connection.execute(self.statement(query, period, DECLARE))
        first = connection.execute(_FETCH)
        return list(first.keys()), self._parts(connection, first.all())

    def _parts(self, connection: sa.Connection, rows: Rows) -> Iterator[Rows]:
        yield rows
        while len(rows) == PART:
            rows = connection.execute(_FETCH).all()
            yield rows

    def placeholder(self, token: Token, period: Period) -> str:
        """Return a parameter; that of a length is a text, with months."""
        name = f":{name_of(token)}"
        return f"CAST({name} AS interval)" if token.name == "interval" else name

    def parameter(self, token: Token, period: Period) -> sa.BindParameter[Any] | None:
        """Return an instant, or a length such as `1 month`."""
        if token.name == "interval":
            count, unit = length(period)
            return sa.bindparam(name_of(token), f"{count} {unit}", sa.String())
        return super().parameter(token, period)


def local_text(token: Token, period: Period) -> str:
    """Return a boundary as local time; where a day begins the date alone.

    It sorts before all times of its day, whether they are written with a space or with a T.
    """
    instant = token.boundary(period)
    if instant == midnight(instant.date(), period.zone):
        return instant.date().isoformat()
    return instant.replace(tzinfo=None).isoformat(sep=" ")


def name_of(token: Token) -> str:
    """Return the name of a token's parameter."""
    return f"kpisite_{token.name}"


def length(period: Period) -> tuple[int, str]:
    """Return the period's length on the calendar, as a number of units of SQL."""
    months, rest = calendar_length(period)
    if months:
        return months, "MONTH"
    if rest % timedelta(days=1):
        return round(rest.total_seconds()), "SECOND"
    return rest.days, "DAY"


def _modifier(period: Period) -> str:
    """Return the period's length as SQLite's date functions take it, `+7 days`."""
    count, unit = length(period)
    return f"+{count} {unit.lower()}s"
