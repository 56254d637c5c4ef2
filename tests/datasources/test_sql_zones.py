"""Columns of every type × zones × databases: each row belongs to one of two adjoining periods."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import pytest
from pydantic import SecretStr

from kpisite.datasources.duckdb import DuckDB
from kpisite.datasources.sql import SQL
from kpisite.errors import DatasourceError
from kpisite.plugins import DatasourceContext, Period

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sql_servers import MariaDBServer, PostgreSQLServer

    from kpisite.plugins import Datasource

SWITCHES = [
    ("UTC", date(2013, 3, 10)),
    ("Asia/Kolkata", date(2013, 3, 10)),
    ("Europe/Berlin", date(2013, 3, 31)),
    ("Europe/Berlin", date(2013, 10, 27)),
    ("America/New_York", date(2013, 3, 10)),
    ("America/New_York", date(2013, 11, 3)),
    ("America/Sao_Paulo", date(2018, 11, 4)),  # the clock skips midnight
    ("America/Sao_Paulo", date(2018, 2, 17)),  # the last hour comes twice
    ("America/Havana", date(2013, 3, 10)),  # the clock skips midnight
    ("America/Havana", date(2013, 11, 3)),  # the first hour comes twice
]
"""A zone and a day on which its clock changes."""
UNKNOWN = ("Europe/Paris", date(2013, 3, 31))
"""A zone that MariaDB has not been told about."""
UNITS: tuple[Literal["day", "week"], ...] = ("day", "week")
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Kind:
    """A type of column."""

    database: str
    column: str
    type: str
    asked: str = ""
    """How a query names it, if not by its name alone."""
    zoned: bool = False
    """Whether its times come back with a zone."""

    @property
    def expression(self) -> str:
        return self.asked or self.column


KINDS = [
    Kind("sqlite", "day", "text"),
    Kind("sqlite", "spaced", "datetime"),
    Kind("sqlite", "lettered", "text"),
    Kind("postgresql", "day", "date"),
    Kind("postgresql", "local", "timestamp"),
    Kind("postgresql", "instant", "timestamptz", zoned=True),
    Kind("postgresql", "spaced", "text", "spaced::timestamp"),
    Kind("mariadb", "day", "date"),
    Kind("mariadb", "local", "datetime"),
    Kind("mariadb", "instant", "timestamp null"),
    Kind("mariadb", "spaced", "varchar(30)"),
    Kind("mariadb", "lettered", "varchar(30)"),
    Kind("duckdb", "day", "date"),
    Kind("duckdb", "local", "timestamp"),
    Kind("duckdb", "instant", "timestamptz", zoned=True),
    Kind("duckdb", "spaced", "varchar", "spaced::timestamp"),
]
ROW = ("zone", "id", "day", "local", "instant", "spaced", "lettered")


def periods(switch: tuple[str, date], unit: Literal["day", "week"]) -> list[Period]:
    """Return the period of a day, with those beside it."""
    zone, day = switch
    period = Period.containing(day, unit, ZoneInfo(zone))
    after = Period.containing(period.end.date(), unit, ZoneInfo(zone))
    return [period.previous(), period, after]


def instants(switch: tuple[str, date]) -> list[datetime]:
    """Return the boundaries of periods around a day, and one second beside them."""
    found = {
        moment.astimezone(UTC) + beside * SECOND
        for unit in UNITS
        for period in periods(switch, unit)
        for moment in (period.start, period.end)
        for beside in (-1, 0, 1)
    }
    return [moment.astimezone(ZoneInfo(switch[0])) for moment in sorted(found)]


def rows() -> list[dict[str, Any]]:
    return [
        {
            "zone": zone,
            "id": number,
            "day": moment.date().isoformat(),
            "local": moment.replace(tzinfo=None).isoformat(" "),
            "instant": moment.astimezone(UTC).replace(tzinfo=None).isoformat(" "),
            "spaced": moment.replace(tzinfo=None).isoformat(" "),
            "lettered": moment.replace(tzinfo=None).isoformat("T"),
        }
        for switch in (*SWITCHES, UNKNOWN)
        for zone in [f"{switch[0]} {switch[1]}"]
        for number, moment in enumerate(instants(switch))
    ]


def create(database: str) -> str:
    columns = {kind.column: kind.type for kind in KINDS if kind.database == database}
    others = {name: "varchar(40)" for name in ROW if name not in columns}
    types = {**others, **columns, "id": "integer"}
    return f"create table moments ({', '.join(f'{name} {types[name]}' for name in ROW)})"


def insert(place: str = ":{}") -> str:
    return f"insert into moments values ({', '.join(place.format(name) for name in ROW)})"


def made(url: str, folder: Path) -> SQL:
    return SQL(SQL.Options(url=SecretStr(url)), DatasourceContext("here", folder))


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Datasource]:
    folder = tmp_path_factory.mktemp("sqlite")
    connection = sqlite3.connect(folder / "moments.db")
    connection.execute(create("sqlite"))
    connection.executemany(insert(), rows())
    connection.commit()
    connection.close()
    source = made("sqlite:///moments.db", folder)
    yield source
    source.close()


@pytest.fixture(scope="module")
def postgresql(postgresql_server: PostgreSQLServer, tmp_path_factory: Any) -> Iterator[Datasource]:
    postgresql_server.ask(
        "drop table if exists moments",
        create("postgresql"),
        "set time zone 'UTC'",
        insert("cast(:{0} as text)")
        .replace("cast(:id as text)", ":id")
        .replace("cast(:day as text)", "cast(:day as date)")
        .replace("cast(:local as text)", "cast(:local as timestamp)")
        .replace("cast(:instant as text)", "cast(:instant as timestamptz)"),
        rows=rows(),
        shop=True,
    )
    source = made(postgresql_server.address, tmp_path_factory.mktemp("postgresql"))
    yield source
    source.close()


@pytest.fixture(scope="module")
def mariadb(mariadb_server: MariaDBServer, tmp_path_factory: Any) -> Iterator[Datasource]:
    mariadb_server.ask(
        "drop table if exists moments",
        create("mariadb"),
        "set time_zone = '+00:00'",
        insert(),
        rows=rows(),
        shop=True,
    )
    source = made(mariadb_server.address, tmp_path_factory.mktemp("mariadb"))
    yield source
    source.close()


@pytest.fixture(scope="module")
def duck(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Datasource]:
    folder = tmp_path_factory.mktemp("duckdb")
    connection = duckdb.connect(folder / "moments.duckdb")
    connection.execute("set TimeZone = 'UTC'")
    connection.execute(create("duckdb"))
    connection.executemany(insert("${}"), rows())
    connection.close()
    source = DuckDB(DuckDB.Options(database="moments.duckdb"), DatasourceContext("here", folder))
    yield source
    source.close()


@pytest.fixture
def ask(request: pytest.FixtureRequest, kind: Kind) -> Callable[[str, Period], pd.DataFrame]:
    name = "duck" if kind.database == "duckdb" else kind.database
    source: Datasource = request.getfixturevalue(name)
    return source.query


def name_of(value: object) -> str:
    if isinstance(value, Kind):
        return f"{value.database}-{value.column}"
    return "-".join(map(str, value)) if isinstance(value, tuple) else str(value)


each_kind = pytest.mark.parametrize("kind", KINDS, ids=name_of)
each_switch = pytest.mark.parametrize("switch", SWITCHES, ids=name_of)


def select(kind: Kind, switch: tuple[str, date], begin: str, end: str) -> str:
    column = kind.expression
    return (
        f"select id, {kind.column} as moment from moments where zone = '{switch[0]} {switch[1]}'"
        f" and {column} >= {begin} and {column} < {end} order by id"
    )


def expected(switch: tuple[str, date], period: Period) -> dict[int, datetime]:
    return {n: moment for n, moment in enumerate(instants(switch)) if period.contains(moment)}


@each_kind
@each_switch
def test_a_row_on_a_boundary_or_a_second_beside_it_is_in_the_period_that_it_belongs_to(
    ask: Callable[[str, Period], pd.DataFrame], kind: Kind, switch: tuple[str, date]
):
    counted = []
    for unit in UNITS:
        for period in periods(switch, unit):
            found = ask(select(kind, switch, "{from}", "{to}"), period)
            assert found["id"].tolist() == list(expected(switch, period))
            counted += found["id"].tolist()
    assert len(counted) > 20


@each_kind
@each_switch
def test_the_times_of_an_answer_are_the_reports(
    ask: Callable[[str, Period], pd.DataFrame], kind: Kind, switch: tuple[str, date]
):
    period = periods(switch, "week")[1]
    moments = list(expected(switch, period).values())
    found = ask(select(kind, switch, "{from}", "{to}"), period)["moment"]
    if kind.zoned:
        assert str(found.dtype) == f"datetime64[us, {switch[0]}]"
        assert found.dt.tz_convert("UTC").tolist() == [m.astimezone(UTC) for m in moments]
        return
    local = [moment.replace(tzinfo=None) for moment in moments]
    if kind.column == "day":
        local = [datetime.combine(moment.date(), datetime.min.time()) for moment in moments]
    assert pd.to_datetime(found).tolist() == local


@each_kind
@each_switch
def test_the_period_before_is_asked_for_by_its_tokens(
    ask: Callable[[str, Period], pd.DataFrame], kind: Kind, switch: tuple[str, date]
):
    for unit in UNITS:
        before, period, _ = periods(switch, unit)
        found = ask(select(kind, switch, "{previous_from}", "{previous_to}"), period)
        assert found["id"].tolist() == list(expected(switch, before))


@pytest.mark.parametrize("kind", [k for k in KINDS if k.database != "sqlite"], ids=name_of)
@pytest.mark.parametrize("switch", SWITCHES[:6], ids=name_of)
def test_the_interval_leads_to_the_period_before_where_each_day_has_one_midnight(
    ask: Callable[[str, Period], pd.DataFrame], kind: Kind, switch: tuple[str, date]
):
    for unit in UNITS:
        before, period, _ = periods(switch, unit)
        query = select(kind, switch, "{from} - {interval}", "{to} - {interval}")
        assert ask(query, period)["id"].tolist() == list(expected(switch, before))


@pytest.mark.parametrize("database", ["sqlite", "postgresql", "mariadb", "duckdb"])
def test_one_source_answers_for_reports_of_several_zones(
    request: pytest.FixtureRequest, database: str
):
    source = request.getfixturevalue("duck" if database == "duckdb" else database)
    kind = next(kind for kind in KINDS if kind.database == database and kind.column != "day")
    for switch in (*SWITCHES, *reversed(SWITCHES)):
        period = periods(switch, "day")[1]
        found = source.query(select(kind, switch, "{from}", "{to}"), period)
        assert found["id"].tolist() == list(expected(switch, period))


MARIADB = {kind.column: kind for kind in KINDS if kind.database == "mariadb"}


@pytest.mark.parametrize("column", MARIADB)
def test_mariadb_without_a_zones_table_is_asked_with_its_offset(mariadb: SQL, column: str):
    before, _, after = periods(UNKNOWN, "day")
    for period in (before, after):
        found = mariadb.query(select(MARIADB[column], UNKNOWN, "{from}", "{to}"), period)
        assert found["id"].tolist() == list(expected(UNKNOWN, period))


@pytest.mark.parametrize("column", [column for column in MARIADB if column != "instant"])
def test_without_the_table_columns_without_a_zone_are_right_where_the_clock_changes_too(
    mariadb: SQL, column: str
):
    for period in (periods(UNKNOWN, "day")[1], periods(UNKNOWN, "week")[1]):
        found = mariadb.query(select(MARIADB[column], UNKNOWN, "{from}", "{to}"), period)
        assert found["id"].tolist() == list(expected(UNKNOWN, period))


@pytest.mark.parametrize(
    ("begin", "day"),
    [("{from}", 31), ("{from} - {interval}", 32), ("{previous_from}", 32)],
)
def test_without_the_table_instants_are_refused_where_the_clock_changes(
    mariadb: SQL, begin: str, day: int
):
    period = Period.containing(
        date(2013, 3, 1) + timedelta(days=day - 1), "day", ZoneInfo("Europe/Paris")
    )
    query = select(MARIADB["instant"], UNKNOWN, begin, "{to}")
    with pytest.raises(DatasourceError) as caught:
        mariadb.query(query, period)
    assert str(caught.value) == (
        "datasource 'here': the server does not know the time zone 'Europe/Paris', and the clock "
        "changes in this period: it would cut the TIMESTAMP column 'instant' an hour off\n"
        "  Tell it about zones:\n"
        "  mariadb-tzinfo-to-sql /usr/share/zoneinfo | mariadb mysql"
    )


@pytest.mark.parametrize(
    "kind", [k for k in KINDS if k.column not in ("day", "lettered")], ids=name_of
)
def test_a_period_may_begin_and_end_within_a_day(
    ask: Callable[[str, Period], pd.DataFrame], kind: Kind
):
    zone = ZoneInfo("America/New_York")
    switch = ("America/New_York", date(2013, 3, 10))
    middle = datetime(2013, 3, 11, 0, 0, 1, tzinfo=zone)
    first = Period(datetime(2013, 3, 9, 12, tzinfo=zone), middle)
    second = Period(middle, datetime(2013, 3, 12, 6, 30, tzinfo=zone))
    for period in (first, second):
        found = ask(select(kind, switch, "{from}", "{to}"), period)["id"].tolist()
        assert found == list(expected(switch, period))
