"""What `sql` does in MySQL and MariaDB: sessions in the report's zone, also without its tables."""

from __future__ import annotations

import math
import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kpisite.datasources._sql_dialects import GRACE, Dialect, length, local_text, name_of
from kpisite.errors import DatasourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kpisite.plugins import Period, Token

_UNKNOWN_ZONE = 1298
_TIMESTAMPS = sa.text(
    "select distinct column_name from information_schema.columns where data_type = 'timestamp'"
    " and table_schema not in ('information_schema', 'mysql', 'performance_schema', 'sys')"
)
_LIMITED = ("mysqlconnector", "mysqldb", "pymysql")
"""Drivers that give up a server that falls silent."""


class MySQL(Dialect):
    """It compares texts of local time with columns of every type, once it knows the zone."""

    is_mysql = True

    def connect_args(self) -> dict[str, Any]:
        """Return limits of time for connecting, and for a server that falls silent.

        PyMySQL's own limit for connecting ends before the server's first word: while it lets us
        in, that of a read is the same, and `let_in` makes it longer.
        """
        limits = super().connect_args()
        if self.driver in _LIMITED:
            limits |= dict.fromkeys(("read_timeout", "write_timeout"), self._silence)
        if self.driver == "pymysql":
            limits["read_timeout"] = limits["connect_timeout"]
        return limits

    def let_in(self, raw: Any, limits: Mapping[str, Any]) -> None:
        """Give a server that has let us in the time of a query."""
        if self.driver == "pymysql" and "read_timeout" in limits:  # it has no setter
            raw._read_timeout = self._silence

    @property
    def _silence(self) -> int:
        return math.ceil(self.timeout + GRACE)

    def execution_options(self) -> dict[str, Any]:
        """Return nothing: the server itself ends an answer that is too large."""
        return {}

    @contextmanager
    def session(self, connection: sa.Connection, query: str, period: Period) -> Iterator[None]:
        """Set up a connection that is new, and its zone where that is another one."""
        if not connection.info.get("kpisite_limited"):
            connection.execute(sa.text("SET SESSION TRANSACTION READ ONLY"))
            limits = f"sql_select_limit = {self.max_rows + 1}, {self._limit(connection)}"
            connection.execute(sa.text(f"SET SESSION {limits}"))
            connection.info["kpisite_limited"] = True
        zone = period.zone.key
        if connection.info.get("kpisite_zone") != zone:
            connection.info["kpisite_zone"] = zone if _set_zone(connection, zone) else None
        if connection.info["kpisite_zone"] is None:
            _set_offset(connection, query, period)
        yield

    def placeholder(self, token: Token, period: Period) -> str:
        """Return a parameter; a length is MySQL's own INTERVAL, with one for its number."""
        name = f":{name_of(token)}"
        return f"INTERVAL {name} {length(period)[1]}" if token.name == "interval" else name

    def parameter(self, token: Token, period: Period) -> sa.BindParameter[Any]:
        """Return local time as text, or the number of a length."""
        if token.name == "interval":
            return sa.bindparam(name_of(token), length(period)[0], sa.Integer())
        return sa.bindparam(name_of(token), local_text(token, period), sa.String())

    def _limit(self, connection: sa.Connection) -> str:
        if getattr(connection.dialect, "is_mariadb", False):
            return f"max_statement_time = {self.timeout:f}"
        return f"max_execution_time = {math.ceil(self.timeout * 1000)}"


def _set_zone(connection: sa.Connection, zone: str) -> bool:
    """Set the session's zone; tell whether the server knows it."""
    try:
        connection.execute(sa.text("SET time_zone = :zone"), {"zone": zone})
    except sa.exc.DBAPIError as error:
        if error.orig is None or error.orig.args[0] != _UNKNOWN_ZONE:
            raise
        return False
    return True


def _set_offset(connection: sa.Connection, query: str, period: Period) -> None:
    """Set the session's zone to the offset that the report's has in the period.

    A column without a zone does not care. One of instants (TIMESTAMP) does: where the offset
    changes within the period, no text of local time would be right for both kinds.

    Raises:
        DatasourceError: The offset changes, and the query names a column of instants.
    """
    if _offset_changes(query, period):
        names = {str(name).lower() for (name,) in connection.execute(_TIMESTAMPS)}
        named = sorted(names & {word.lower() for word in re.findall(r"\w+", query)})
        if named:
            raise DatasourceError(
                f"the server does not know the time zone '{period.zone.key}', and the clock changes"
                f" in this period: it would cut the TIMESTAMP column '{named[0]}' an hour off",
                hint="Tell it about zones:\n"
                "mariadb-tzinfo-to-sql /usr/share/zoneinfo | mariadb mysql",
            )
    minutes = round((period.start.utcoffset() or timedelta()) / timedelta(minutes=1))
    sign = "-" if minutes < 0 else "+"
    offset = f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    connection.execute(sa.text("SET time_zone = :offset"), {"offset": offset})


def _offset_changes(query: str, period: Period) -> bool:
    """Tell whether the clock changes within the period, or within what is asked for before it."""
    reaches_back = "{previous_" in query or "{interval}" in query
    first = (period.previous() if reaches_back else period).start.astimezone(UTC)
    hours = (period.end.astimezone(UTC) - first) // timedelta(hours=1)
    moments = (first + timedelta(hours=hour) for hour in range(hours + 1))
    return len({_offset(moment, period) for moment in (*moments, period.end)}) > 1


def _offset(moment: datetime, period: Period) -> timedelta | None:
    return moment.astimezone(period.zone).utcoffset()
