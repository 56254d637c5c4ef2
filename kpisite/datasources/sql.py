"""Queries any database that SQLAlchemy knows, in the database's own SQL."""

from __future__ import annotations

import math
import re
import time
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, quote_plus

import sqlalchemy as sa
from pydantic import Field, SecretStr, field_validator, model_validator
from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from kpisite.datasources._sql_dialects import Dialect, PostgreSQL, SQLite
from kpisite.datasources._sql_mysql import MySQL
from kpisite.datasources._sql_reader import as_asked, check_args
from kpisite.datasources._sql_trouble import trouble_of
from kpisite.errors import DatasourceError
from kpisite.plugins import Datasource, DatasourceContext, PluginOptions
from kpisite.plugins.arrow import plain_frame, table_of_rows
from kpisite.plugins.files import existing_file

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from kpisite.plugins import Period

_SECRET = re.compile(r"pass|pwd|secret|token|key", re.IGNORECASE)
"""Names of arguments that no message shows the values of."""
FIRST_PAUSE = 0.5
"""Seconds that the first pause may take; each further one may take twice as long."""
LONGEST_PAUSE = 20.0
_CONNECT = (
    *("autocommit", "bind_address", "client_flag", "collation", "init_command"),
    *("local_infile", "max_allowed_packet", "program_name", "read_default_file"),
    *("read_default_group", "read_timeout", "sql_mode", "use_unicode"),
    *("ssl", "ssl_ca", "ssl_cert", "ssl_disabled", "ssl_key", "ssl_verify_cert"),
    *("ssl_verify_identity", "write_timeout"),
    *("cached_statements", "check_same_thread", "detect_types", "isolation_level", "uri"),
)
"""Further arguments of PyMySQL and of Python's sqlite3."""
_DRIVERS = {
    "mariadb": "mariadb+pymysql",
    "mysql": "mysql+pymysql",
    "postgresql": "postgresql+psycopg",
}
"""Databases with the driver that our extra brings, where the URL names none."""
_DIALECTS: dict[str, type[Dialect]] = {
    "mariadb": MySQL,
    "mysql": MySQL,
    "postgresql": PostgreSQL,
    "sqlite": SQLite,
}
_APART = frozenset(
    (
        *("driver", "host", "port", "user", "passwd", "password", "database", "db"),
        *("unix_socket", "charset"),
    )
)
"""Options that stand in place of `url`."""
_PACKAGES = {
    "MySQLdb": "mysqlclient",
    "mysql": "mysql-connector-python",
    "psycopg": "kpisite[postgres]",
    "psycopg2": "psycopg2-binary",
    "pymysql": "kpisite[mysql]",
}
"""Module of a driver → package to install, where they are not called the same."""


class SQLOptions(PluginOptions):
    """Which database is asked: by its URL, or by the arguments of its connection."""

    url: SecretStr | None = None
    """SQLAlchemy's URL of the database: `sqlite:///data/shop.db`,
    `postgresql://reader:${PASSWORD}@host/shop`. The path of a SQLite file is relative to the
    report's folder; the file is opened read-only."""
    driver: Literal["", "mysql", "postgresql", "sqlite"] = ""
    """Kind of the database, instead of `url`; else `mysql`."""
    host: str = ""
    """Name or address of the server."""
    port: int | None = Field(default=None, ge=1, le=65535)
    """Port of the server; else the usual one."""
    user: str = ""
    """Who asks."""
    passwd: SecretStr = SecretStr("")
    """The user's password."""
    database: str = ""
    """Name of the database; for SQLite the path of its file."""
    unix_socket: str = ""
    """Path of the socket of MariaDB or MySQL on this machine."""
    charset: str = ""
    """What MariaDB or MySQL encodes texts with; else `utf8mb4`."""
    password: SecretStr = SecretStr("")
    """Same as `passwd`."""
    db: str = ""
    """Same as `database`."""
    connect_args: dict[str, Any] = Field(default_factory=dict, repr=False)
    """More arguments of the driver's connect(), such as `ssl_ca`. Those that KPI Reporter's
    drivers know may also stand beside `host`."""
    connect_timeout: float = Field(default=30, gt=0)
    """Seconds until a server that does not let us in is given up."""
    timeout: float = Field(default=300, gt=0)
    """Seconds that a query may take."""
    tries: int = Field(default=4, ge=1, le=20)
    """How often a server is asked that cannot be reached, or whose connection breaks."""
    max_rows: int = Field(default=1_000_000, ge=1)
    """Rows that an answer may have."""

    @model_validator(mode="before")
    @classmethod
    def _lower(cls, data: Any) -> Any:
        """Take what KPI Reporter gave to connect() to its place."""
        if not isinstance(data, dict):
            return data
        own = {name: value for name, value in data.items() if name not in _CONNECT}
        more = {name: value for name, value in data.items() if name in _CONNECT}
        given = own.get("connect_args", {})
        if more and isinstance(given, dict):
            own["connect_args"] = {**more, **given}
        return own

    @field_validator("url")
    @classmethod
    def _readable(cls, url: SecretStr | None) -> SecretStr | None:
        try:
            read = sa.make_url(url.get_secret_value() if url else "sqlite://")
        except (SQLAlchemyError, ValueError):
            raise ValueError(
                "this is no database URL; write it like sqlite:///data/shop.db or "
                "postgresql://user:password@host/database"
            ) from None
        # Part of the password is then taken for the host, which messages name.
        if read.username and "@" in f"{read.host}{read.database}":
            raise ValueError("write '@' and '/' in a password as '%40' and '%2F'")
        return url

    @model_validator(mode="after")
    def _one_database(self) -> SQLOptions:
        apart = _APART & self.model_fields_set
        if self.url is not None and apart:
            raise ValueError(f"name either 'url' or '{min(apart)}': it is part of 'url'")
        named = self.host or self.unix_socket or self._name or self.user or self.connect_args
        if self.url is None and not named:
            raise ValueError("name the database: by 'url', or by 'driver', 'host' and 'database'")
        if self.driver == "sqlite" and not self._name:
            raise ValueError("name the file of the database: 'database'")
        return self

    @property
    def _name(self) -> str:
        return self.database or self.db

    def arguments(self) -> dict[str, Any]:
        """Return what the driver's connect() is given beside the address."""
        own = {"unix_socket": self.unix_socket, "charset": self.charset}
        return {name: value for name, value in own.items() if value} | self.connect_args

    def address(self) -> sa.URL:
        """Return where the database is, with the driver that it is asked by."""
        if self.url is not None:
            url = sa.make_url(self.url.get_secret_value())
            return url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
        driver = self.driver or "mysql"
        if driver == "sqlite":
            return sa.URL.create(driver, database=self._name)
        return sa.URL.create(
            _DRIVERS.get(driver, driver),
            self.user or None,
            self.passwd.get_secret_value() or self.password.get_secret_value() or None,
            self.host or "localhost",
            self.port,
            self._name or None,
        )


class SQL(Datasource):
    """Answers with any database that SQLAlchemy knows.

    A time without a zone is local time of the report, one with a zone is an instant.
    """

    Options = SQLOptions
    options: SQLOptions

    def __init__(self, options: PluginOptions, context: DatasourceContext) -> None:
        super().__init__(options, context)
        self._engine: sa.Engine | None = None
        self._dialect = self._spoken()

    def query(self, query: str, period: Period, **args: Any) -> pd.DataFrame:
        """Answer a SELECT; `query_args` may have `parse_dates`, `dtype` and `index_col`."""
        try:
            check_args(args)
            frame = plain_frame(self._ask(query, period), period.zone)
            return as_asked(frame, args, period.zone)
        except DatasourceError as error:
            message, hint = error.message, error.hint
        # Raised here, it is chained to none: what it comes from may hold the password.
        raise DatasourceError(message, where=f"datasource '{self.context.id}'", hint=hint)

    def close(self) -> None:
        """Give back the connections, if there are any."""
        if self._engine is not None:
            self._engine.dispose()
        self._engine = None

    def _ask(self, query: str, period: Period) -> pa.Table:
        """Ask, again where that may help: a query only reads, so that asking twice does no harm."""
        again = Retrying(
            retry=retry_if_exception_type(_PassingError),
            stop=stop_after_attempt(self.options.tries),
            wait=wait_random_exponential(multiplier=FIRST_PAUSE, max=LONGEST_PAUSE),
            reraise=True,
        )
        try:
            return again(self._once, query, period)
        except _PassingError as error:
            tries = again.statistics["attempt_number"]
            asked = f" (asked {tries} times)" if tries > 1 else ""
            raise DatasourceError(f"{error.message}{asked}", hint=error.hint) from None

    def _once(self, query: str, period: Period) -> pa.Table:
        dialect, began = self._dialect, math.inf
        try:
            engine = self._engine = self._engine or self._open(dialect)
            with dialect.connected(engine) as connection:
                began = time.monotonic()
                with dialect.session(connection, query, period):
                    return self._answer(connection, query, period, dialect)
        except (SQLAlchemyError, OSError, TypeError, ValueError) as error:
            limits = (self.options.timeout, self.options.connect_timeout)
            trouble = trouble_of(error, *limits, seconds=time.monotonic() - began)
        kind = _PassingError if trouble.passes else DatasourceError
        raise kind(self._masked(trouble.message), hint=self._masked(trouble.hint))

    def _answer(
        self, connection: sa.Connection, query: str, period: Period, dialect: Dialect
    ) -> pa.Table:
        names, parts = dialect.answer(connection, query, period)
        if not names:
            raise DatasourceError("the query answers nothing", hint="Write a SELECT.")
        rows: list[sa.Row[Any]] = []
        for part in parts:
            rows += part
            if len(rows) > self.options.max_rows:
                connection.invalidate()  # what is left of the answer is not wanted
                raise DatasourceError(
                    f"the answer has more than {self.options.max_rows:,} rows",
                    hint="Let the database add up, or allow more: 'max_rows'.",
                )
        return table_of_rows(names, rows)

    def _spoken(self) -> Dialect:
        """Return how the database is spoken to."""
        url = self.options.address()
        driver = url.drivername.partition("+")[2]
        kind = _DIALECTS.get(url.get_backend_name(), Dialect)
        options = self.options
        return kind(driver, options.timeout, options.connect_timeout, options.max_rows)

    def _open(self, dialect: Dialect) -> sa.Engine:
        url = self.options.address()
        if url.get_backend_name() == "sqlite" and not (url.database or ":").startswith(
            ("file:", ":")
        ):
            path = existing_file(self.context.folder, url.database or "")
            query = {**url.query, "mode": "ro", "uri": "true"}
            url = url.set(database=path.as_uri(), query=query)
        given = self.options.arguments()
        known = given.keys() | url.query.keys()
        limits = {k: v for k, v in dialect.connect_args().items() if k not in known}
        try:
            engine = sa.create_engine(
                url,
                connect_args={**limits, **given},
                execution_options=dialect.execution_options(),
            )
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
        # First of all who listen: then SQLAlchemy asks the server about itself.
        sa.event.listen(engine, "connect", lambda raw, _: dialect.let_in(raw, limits), insert=True)
        return engine

    def _masked(self, text: str) -> str:
        """Return a text without passwords."""
        url = self.options.address()
        given = {**url.query, **self.options.connect_args}
        values = [url.password, *(v for k, v in given.items() if _SECRET.search(k))]
        for value in map(str, filter(None, values)):
            for secret in (value, quote(value, safe=""), quote_plus(value)):
                text = text.replace(secret, "***")
        return text


class _PassingError(DatasourceError):
    """Asking again may help."""
