"""Queries any database that SQLAlchemy knows, in the database's own SQL."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import sqlalchemy as sa
from pydantic import SecretStr, field_validator
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError

from kpisite.errors import DatasourceError, nearest
from kpisite.model.period import midnight
from kpisite.plugins import (
    Datasource,
    DatasourceContext,
    PluginOptions,
    Token,
    split_tokens,
)
from kpisite.plugins.arrow import plain_frame, table_of_rows
from kpisite.plugins.dates import parse_dates
from kpisite.plugins.files import existing_file
from kpisite.plugins.tokens import calendar_length, replace_tokens

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    import pandas as pd
    import pyarrow as pa

    from kpisite.plugins import Period

_PACKAGES = {
    "MySQLdb": "mysqlclient",
    "mysql": "mysql-connector-python",
    "psycopg": "psycopg[binary]",
    "psycopg2": "psycopg2-binary",
}
"""Module of a driver → package to install, where they are not called the same."""


class SQLOptions(PluginOptions):
    """Which database is asked."""

    url: SecretStr
    """SQLAlchemy's URL of the database: `sqlite:///data/shop.db`,
    `postgresql://reader:${PASSWORD}@host/shop`. The path of a SQLite file is relative to the
    report's folder; the file is opened read-only."""

    @field_validator("url")
    @classmethod
    def _readable(cls, url: SecretStr) -> SecretStr:
        try:
            sa.make_url(url.get_secret_value())
        except (SQLAlchemyError, ValueError):
            raise ValueError(
                "this is no database URL; write it like sqlite:///data/shop.db or "
                "postgresql://user:password@host/database"
            ) from None
        return url


class SQL(Datasource):
    """Answers with any database that SQLAlchemy knows."""

    Options = SQLOptions
    options: SQLOptions

    def __init__(self, options: PluginOptions, context: DatasourceContext) -> None:
        super().__init__(options, context)
        self._engine: sa.Engine | None = None

    def query(self, query: str, period: Period, **args: Any) -> pd.DataFrame:
        """Answer a SELECT; `query_args` may have `parse_dates`, as in pandas' reader."""
        try:
            for name in sorted(args.keys() - {"parse_dates"}):
                hint = nearest(name, ["parse_dates"])
                raise DatasourceError(f"query_args has '{name}', which is unknown", hint=hint)
            frame = plain_frame(self._ask(query, period), period.zone)
            return parse_dates(frame, args.get("parse_dates", []), period.zone)
        except DatasourceError as error:
            where = f"datasource '{self.context.id}'"
            raise DatasourceError(error.message, where=where, hint=error.hint) from None

    def close(self) -> None:
        """Give back the connections, if there are any."""
        if self._engine is not None:
            self._engine.dispose()
        self._engine = None

    def _ask(self, query: str, period: Period) -> pa.Table:
        engine = self._engine = self._engine or self._open()
        statement = _statement(query, period, engine.dialect.name)
        try:
            with engine.connect() as connection:
                result = connection.execute(statement)
                if not result.returns_rows:
                    raise DatasourceError("the query answers nothing", hint="Write a SELECT.")
                return table_of_rows(list(result.keys()), result.all())
        except (SQLAlchemyError, OSError, TypeError, ValueError) as error:
            raise self._failure(error) from None  # what it comes from may hold the password

    def _open(self) -> sa.Engine:
        url = sa.make_url(self.options.url.get_secret_value())
        dialect = url.get_backend_name()
        if dialect == "sqlite" and url.database and not url.database.startswith(("file:", ":")):
            path = existing_file(self.context.folder, url.database)
            query = {**url.query, "mode": "ro", "uri": "true"}
            url = url.set(database=path.as_uri(), query=query)
        options = {"postgresql_readonly": True} if dialect == "postgresql" else {}
        try:
            return sa.create_engine(url, execution_options=options)
        except NoSuchModuleError:
            raise DatasourceError(
                f"SQLAlchemy does not know the database '{url.drivername}'",
                hint="Correct the URL, or install the package that brings its dialect.",
            ) from None
        except ModuleNotFoundError as error:
            module = (error.name or "").split(".")[0]
            raise DatasourceError(
                f"the database '{url.drivername}' needs the driver '{module}'",
                hint=f"pip install '{_PACKAGES.get(module, module)}'",
            ) from None
        except (SQLAlchemyError, TypeError, ValueError) as error:
            raise self._failure(error) from None

    def _failure(self, error: Exception) -> DatasourceError:
        """Return the database's own words, without SQLAlchemy's and without the password."""
        if isinstance(error, DBAPIError):
            text = str(error.orig)
        else:
            text = str(error.args[0]) if error.args else type(error).__name__
        url = sa.make_url(self.options.url.get_secret_value())
        values = [str(url.password or ""), *(str(v) for k, v in url.query.items() if "pass" in k)]
        for value in filter(None, values):
            for secret in (value, quote(value, safe=""), quote_plus(value)):
                text = text.replace(secret, "***")
        message, _, rest = text.strip().partition("\n")
        return DatasourceError(message, hint=rest)


def _statement(query: str, period: Period, dialect: str) -> sa.TextClause:
    """Return a query with bound parameters; no other colon of it is one."""
    tokens = {part for part in split_tokens(query) if isinstance(part, Token)}
    text = replace_tokens(query, lambda t: f":{_name(t)}", lambda text: text.replace(":", r"\:"))
    return sa.text(text).bindparams(*(_parameter(token, period, dialect) for token in tokens))


def _name(token: Token) -> str:
    return f"kpisite_{token.name}"


def _parameter(token: Token, period: Period, dialect: str) -> sa.BindParameter[Any]:
    """Return a token's value in the form that a database compares and calculates with."""
    if dialect == "sqlite":  # it has no dates but texts
        is_interval = token.name == "interval"
        value = (
            _modifier(period) if is_interval else _local_text(token.boundary(period), period.zone)
        )
        return sa.bindparam(_name(token), value, sa.String())
    if token.name == "interval":
        return sa.bindparam(_name(token), timedelta(days=period.days), sa.Interval())
    return sa.bindparam(_name(token), token.boundary(period), sa.DateTime(timezone=True))


def _local_text(instant: datetime, zone: ZoneInfo) -> str:
    """Return local time as text; where a day begins the date alone.

    It sorts before all times of its day, whether they are written with a space or with a T.
    """
    if instant == midnight(instant.date(), zone):
        return instant.date().isoformat()
    return instant.replace(tzinfo=None).isoformat(sep=" ")


def _modifier(period: Period) -> str:
    """Return the period's length as SQLite's date functions take it, `+7 days`."""
    months, rest = calendar_length(period)
    if months:
        return f"+{months} months"
    if rest % timedelta(days=1):
        return f"+{rest.total_seconds():.6f} seconds"
    return f"+{rest.days} days"
