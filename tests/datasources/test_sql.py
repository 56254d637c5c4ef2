from __future__ import annotations

import re
import sqlite3
import traceback
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
import sqlalchemy as sa
from docs_examples import GUIDE, examples
from guide_page import GuidePage, told
from pydantic import SecretStr, ValidationError
from sqlalchemy.dialects import postgresql

from kpisite.archive.frames import from_parquet, to_parquet
from kpisite.datasources import sql
from kpisite.datasources._sql_dialects import Dialect
from kpisite.datasources.sql import SQL
from kpisite.errors import DatasourceError
from kpisite.plugins import DatasourceContext, Period
from kpisite.plugins.registry import load
from kpisite.testing import PLAIN_TEXT, DatasourceContract

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from kpisite.testing import Row
    from tests.conftest import ProjectFiles

CAST = (
    "Name what pandas has and the column can be: 'float64', 'Int64' (which may have gaps), 'str', "
    "'bool'. In the query, that is CAST."
)
READ = "A query only reads: write a SELECT."
NEW_YORK = ZoneInfo("America/New_York")
WEEK = Period.containing(date(2013, 3, 10), "week", NEW_YORK)


made: list[SQL] = []


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    while made:
        made.pop().close()


def make(folder: Path, url: str = "sqlite:///test.db") -> SQL:
    made.append(SQL(SQL.Options(url=SecretStr(url)), DatasourceContext("here", folder)))
    return made[-1]


def made_with(folder: Path, **options: Any) -> SQL:
    made.append(
        SQL(
            SQL.Options(url=SecretStr("sqlite:///test.db"), **options),
            DatasourceContext("here", folder),
        )
    )
    return made[-1]


def write(path: Path, script: str = "", rows: Sequence[tuple[Any, ...]] = ()) -> None:
    """Make a SQLite file; rows go to the first table of the script."""
    connection = sqlite3.connect(path)
    connection.executescript(script)
    if rows:
        places = ", ".join("?" * len(rows[0]))
        table = connection.execute("select name from sqlite_master").fetchone()[0]
        connection.executemany(f"insert into {table} values ({places})", rows)
    connection.commit()
    connection.close()


@pytest.fixture
def source(tmp_path: Path):
    write(tmp_path / "test.db")
    source = make(tmp_path)
    yield source
    source.close()


class TestSQLContract(DatasourceContract):
    """Times are texts with a space, local times of the report."""

    query = "select time, value from rows where time >= {from} and time < {to} order by time"
    bad_query = "select nope from rows"
    text_query = f"select '{PLAIN_TEXT}' as text -- {{from}}"
    secret = "s3cr3t-w0rd"
    form: ClassVar[str] = "%Y-%m-%d %H:%M:%S"

    def make(self, folder: Path, rows: Sequence[Row]) -> SQL:
        local = [(time.astimezone(NEW_YORK).strftime(self.form), value) for time, value in rows]
        write(folder / "test.db", "create table rows (time text, value integer)", local)
        return make(folder)

    def make_unreachable(self, folder: Path) -> SQL:
        return make(folder, f"sqlite://user:{self.secret}@/gone.db")


class TestTimesWithT(TestSQLContract):
    form = "%Y-%m-%dT%H:%M:%S"


class TestDays(TestSQLContract):
    form = "%Y-%m-%d"


@pytest.mark.parametrize(
    ("period", "length"),
    [
        (WEEK, "+7 days"),
        (Period.containing(date(2013, 3, 10), "day", NEW_YORK), "+1 days"),
        (Period.containing(date(2013, 3, 10), "month", NEW_YORK), "+1 months"),
        (Period.containing(date(2013, 11, 3), "quarter", NEW_YORK), "+3 months"),
        (Period.containing(date(2013, 11, 3), "year", NEW_YORK), "+12 months"),
        (Period.of_days(date(2013, 3, 1), date(2013, 3, 11), NEW_YORK), "+10 days"),
    ],
    ids=lambda value: value.label if isinstance(value, Period) else value,
)
def test_the_interval_is_a_modifier_of_the_date_functions(source: SQL, period: Period, length: str):
    query = """
        select {interval} as length, date({from}, {interval}) = {to} as forward,
               {previous_to} = {from} as touch, date({previous_from}, {interval}) = {from} as back
    """
    assert source.query(query, period).iloc[0].tolist() == [length, 1, 1, 1]


def test_a_boundary_within_a_day_has_a_time_and_the_interval_is_exact(source: SQL):
    begin = datetime(2013, 3, 9, 12, tzinfo=NEW_YORK)
    period = Period(begin, datetime(2013, 3, 10, 18, 30, tzinfo=NEW_YORK))
    answer = source.query(
        "select {from} as a, {to} as b, datetime({from}, {interval}) as c", period
    )
    after = "2013-03-10 18:30:00"
    assert answer.iloc[0].tolist() == ["2013-03-09 12:00:00", after, after]


def test_a_day_whose_midnight_is_skipped_begins_with_its_date(source: SQL):
    period = Period.containing(date(2018, 11, 4), "day", ZoneInfo("America/Sao_Paulo"))
    assert period.start.hour == 1
    answer = source.query("select {from} as a, {to} as b", period).iloc[0].tolist()
    assert answer == ["2018-11-04", "2018-11-05"]


def test_nothing_in_a_query_has_to_be_escaped(source: SQL):
    query = r"""
        select '{from}' as "a:b", 17 % 5 as m, '%s%%' as p, '\:x \\:y' as s, 'x' like '%' as l,
               "{to}" as t /* :no {to} ' */ from (select 1 as "{to}") -- {interval} it's :no
        where {from}<{to}and true
    """
    frame = source.query(query, WEEK)
    assert frame.columns.tolist() == ["a:b", "m", "p", "s", "l", "t"]
    assert frame.iloc[0].tolist() == ["{from}", 2, "%s%%", r"\:x \\:y", 1, 1]


@pytest.mark.parametrize(
    ("period", "length"),
    [
        (WEEK, "INTERVAL '7' DAY"),
        (Period.containing(date(2013, 3, 10), "quarter", NEW_YORK), "INTERVAL '3' MONTH"),
    ],
    ids=["week", "quarter"],
)
def test_other_databases_get_aware_times_and_a_length_of_standard_sql(period: Period, length: str):
    query = "select {from}::date, {interval} from t where x >= {from} and y = ':z' and a % 2 = 0"
    statement = Dialect("", 300, 30, 1000).statement(query, period)
    compiled = statement.compile(dialect=postgresql.dialect())
    assert compiled.params == {"kpisite_from": period.start}
    assert length in str(compiled)
    assert "::date" in str(compiled)
    kinds = {name: bind.type for name, bind in compiled.binds.items()}
    assert isinstance(kinds["kpisite_from"], sa.DateTime)
    assert kinds["kpisite_from"].timezone


def test_a_query_that_takes_too_long_is_ended(tmp_path: Path):
    write(tmp_path / "test.db")
    endless = "with recursive t(a) as (select 1 union all select a + 1 from t) select max(a) from t"
    source = made_with(tmp_path, timeout=0.1)
    with pytest.raises(DatasourceError, match=r"the query took longer than 0\.1 s"):
        source.query(endless, WEEK)
    assert len(source.query("select 1", WEEK)) == 1


def test_an_answer_that_is_too_large_is_not_read_to_its_end(tmp_path: Path):
    write(tmp_path / "test.db")
    endless = "with recursive t(a) as (select 1 union all select a + 1 from t) select a from t"
    source = made_with(tmp_path, max_rows=10)
    with pytest.raises(DatasourceError, match="the answer has more than 10 rows"):
        source.query(endless, WEEK)
    assert len(source.query(f"{endless} limit 10", WEEK)) == 10


def test_a_locked_file_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sql, "FIRST_PAUSE", 0.001)
    write(tmp_path / "test.db", "create table t (a)", [(1,)])
    holder = sqlite3.connect(tmp_path / "test.db", isolation_level=None)
    holder.execute("begin exclusive")
    source = made_with(tmp_path, tries=2, connect_args={"timeout": 0.01})
    with pytest.raises(DatasourceError, match=r"database is locked \(asked 2 times\)"):
        source.query("select a from t", WEEK)
    holder.close()
    assert len(source.query("select a from t", WEEK)) == 1


@pytest.mark.parametrize(
    ("args", "url"),
    [
        ({"driver": "sqlite", "database": "shop.db"}, "sqlite:///shop.db"),
        (
            {"driver": "mysql", "host": "db", "user": "u", "passwd": "p@:", "database": "shop"},
            "mysql+pymysql://u:p%40%3A@db/shop",
        ),
        ({"host": "db", "port": 3307, "database": "shop"}, "mysql+pymysql://db:3307/shop"),
        ({"database": "shop"}, "mysql+pymysql://localhost/shop"),
        ({"driver": "postgresql", "host": "db"}, "postgresql+psycopg://db"),
        ({"url": "mariadb://u@h/x?charset=utf8mb4"}, "mariadb+pymysql://u@h/x?charset=utf8mb4"),
        ({"url": "mysql+mysqldb://u@h/x"}, "mysql+mysqldb://u@h/x"),
    ],
)
def test_the_arguments_of_the_reference_stand_for_a_url(args: dict[str, Any], url: str):
    made = SQL.Options.model_validate(args).address()
    assert made.render_as_string(hide_password=False) == url


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({}, "name the database: by 'url', or by 'driver', 'host' and 'database'"),
        ({"driver": "sqlite"}, "name the database"),
        ({"driver": "sqlite", "host": "x"}, "name the file of the database: 'database'"),
        (
            {"url": "sqlite:///a.db", "host": "db", "passwd": "x"},
            "name either 'url' or 'host': it is part of 'url'",
        ),
        ({"driver": "oracle", "host": "db"}, "driver"),
    ],
)
def test_a_database_is_named_in_one_way(args: dict[str, Any], message: str):
    with pytest.raises(ValidationError, match=message):
        SQL.Options.model_validate(args)


def test_mysql_is_an_alias():
    assert load("datasources", "mysql").cls is load("datasources", "sql").cls is SQL


def test_columns_come_in_plain_dtypes_that_can_be_recorded(source: SQL):
    query = """
        select 1 as whole, 9007199254740993 as big, 1.5 as real, 'a' as text, null as none, 1 as mix
        union all select null, null, null, null, null, 2.5
    """
    frame = source.query(query, WEEK)
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        "whole": "Int64",
        "big": "Int64",
        "real": "float64",
        "text": "str",
        "none": "float64",
        "mix": "float64",
    }
    assert frame["big"][0] == 9007199254740993
    assert str(source.query("select 1 as a", WEEK)["a"].dtype) == "int64"
    pd.testing.assert_frame_equal(from_parquet(to_parquet(frame)), frame)


def test_dates_are_parsed_on_demand(tmp_path: Path):
    rows = [("2013-03-04", 1362373200), ("2013-03-05T10:30:00", 1362459600), (None, None)]
    write(tmp_path / "test.db", "create table t (day text, seen integer)", rows)
    args = {"parse_dates": {"day": None, "seen": {"unit": "s", "utc": True}}}
    frame = make(tmp_path).query("select * from t", WEEK, **args)
    assert frame["day"][1] == pd.Timestamp(2013, 3, 5, 10, 30)
    assert frame["seen"].dtype == pd.DatetimeTZDtype("us", NEW_YORK)
    assert frame["seen"][0] == WEEK.start
    assert frame.isna().sum().tolist() == [1, 1]


@pytest.mark.parametrize(
    ("wanted", "kinds", "first"),
    [
        ({"zip": "str"}, {"zip": "str", "n": "float64"}, "4103"),
        ({"zip": "float64"}, {"zip": "float64", "n": "float64"}, 4103.0),
        ({"n": "Int64", "zip": "category"}, {"zip": "int64", "n": "Int64"}, 4103),
        ("str", {"zip": "str", "n": "str"}, "4103"),
        ({}, {"zip": "int64", "n": "float64"}, 4103),
    ],
)
def test_columns_are_of_the_kinds_that_dtype_names_and_fit_the_archive(
    tmp_path: Path, wanted: Any, kinds: dict[str, str], first: object
):
    write(tmp_path / "test.db", "create table t (zip integer, n real)", [(4103, 1.0), (80331, 2.0)])
    frame = make(tmp_path).query("select * from t", WEEK, dtype=wanted)
    expected = {name: kind.replace("Int64", "int64") for name, kind in kinds.items()}
    assert {name: str(frame[name].dtype) for name in frame.columns} == expected
    assert frame["zip"][0] == first
    pd.testing.assert_frame_equal(from_parquet(to_parquet(frame)), frame)


def test_a_gap_of_a_column_stays_one_whatever_its_kind(tmp_path: Path):
    write(tmp_path / "test.db", "create table t (n integer)", [(1,), (None,)])
    for kind in ("Int64", "float64", "str"):
        frame = make(tmp_path).query("select n from t", WEEK, dtype={"n": kind})
        assert frame["n"].isna().tolist() == [False, True]


@pytest.mark.parametrize("wanted", ["day", ["day"]])
def test_index_col_comes_first_and_stays_a_column(tmp_path: Path, wanted: Any):
    write(tmp_path / "test.db", "create table t (n integer, day text)", [(7, "2013-03-04")])
    args = {"index_col": wanted, "parse_dates": ["day"], "dtype": {"n": "float64"}}
    frame = make(tmp_path).query("select n, day from t", WEEK, **args)
    assert list(frame.columns) == ["day", "n"]
    assert frame.index.tolist() == [0]
    assert frame["day"][0] == pd.Timestamp(2013, 3, 4)


@pytest.mark.parametrize(
    ("query", "args", "message", "hint"),
    [
        (
            "select 1 as a",
            {"params": [1]},
            "query_args has 'params', which is unknown",
            "Write the values into the query; {from}, {to} and other tokens are bound by "
            "themselves.",
        ),
        (
            "select 1 as a",
            {"index_col": ["a", "b"]},
            "index_col is ['a', 'b']",
            "It is the name of the column that comes first.",
        ),
        (
            "select 1 as day",
            {"index_col": "dya"},
            "index_col: there is no column 'dya'",
            "Did you mean 'day'?",
        ),
        (
            "select 1 as day",
            {"dtype": {"dya": "str"}},
            "dtype: there is no column 'dya'",
            "Did you mean 'day'?",
        ),
        (
            "select 'x' as a",
            {"dtype": {"a": "float64"}},
            "dtype: column 'a': could not convert string to float: 'x'",
            CAST,
        ),
        (
            f"select '{10**30}' as a",
            {"dtype": {"a": "int64"}},
            "dtype: column 'a': Python int too large to convert to C long",
            CAST,
        ),
        (
            "select 1 as a",
            {"dtype": {"a": "flaot"}},
            "dtype: column 'a': data type 'flaot' not understood",
            CAST,
        ),
        (
            'select 1 as "a b"',
            {"dtype": {"a b": "complex128"}},
            "dtype: column 'a b': no view can show complex128",
            CAST,
        ),
        ("select * form t", {}, 'near "form": syntax error', ""),
        ("select * from nope", {}, "no such table: nope", ""),
        ("select nope from t", {}, "no such column: nope", ""),
        ("select 1; select 2", {}, "You can only execute one statement at a time.", ""),
        ("", {}, "the query answers nothing", "Write a SELECT."),
        ("insert into t values (1)", {}, "attempt to write a readonly database", READ),
        ("drop table t", {}, "attempt to write a readonly database", READ),
        ("select 1 as a, 2 as a", {}, "two columns are called 'a'", "Name each of them: … AS …."),
        (
            "select 1 as a union all select 'x'",
            {},
            "column 'a' holds int and str, which do not fit into one column",
            "Make it one kind in the query: CAST(a AS …).",
        ),
        (
            "select 1",
            {"parse_date": ["a"]},
            "query_args has 'parse_date', which is unknown",
            "Did you mean 'parse_dates'?",
        ),
        (
            "select '2013' as day",
            {"parse_dates": ["dya"]},
            "parse_dates: there is no column 'dya'",
            "Did you mean 'day'?",
        ),
    ],
)
def test_what_cannot_be_answered_is_told_in_the_words_of_the_database(
    tmp_path: Path, query: str, args: dict[str, Any], message: str, hint: str
):
    write(tmp_path / "test.db", "create table t (a)")
    before = (tmp_path / "test.db").read_bytes()
    with pytest.raises(DatasourceError) as caught:
        make(tmp_path).query(query, WEEK, **args)
    error = caught.value
    assert (error.where, error.message, error.hint) == ("datasource 'here'", message, hint)
    assert (tmp_path / "test.db").read_bytes() == before


def test_a_missing_file_is_named_and_not_made(tmp_path: Path):
    write(tmp_path / "shop.db")
    with pytest.raises(DatasourceError) as caught:
        make(tmp_path, "sqlite:///shpo.db").query("select 1", WEEK)
    assert str(caught.value) == (
        "datasource 'here': there is no file shpo.db\n  Did you mean 'shop.db'?"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["shop.db"]


@pytest.mark.parametrize("name", ["a b%20?#&'.db", "we[i]rd/ü.sqlite"])
def test_a_file_may_have_any_name(tmp_path: Path, name: str):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    write(tmp_path / name, "create table t (a)", [(42,)])
    url = sa.URL.create("sqlite", database=name).render_as_string()
    url = url if sa.make_url(url).database == name else f"sqlite:///{tmp_path / name}"
    assert make(tmp_path, url).query("select a from t", WEEK)["a"].tolist() == [42]


def test_arguments_of_the_url_reach_the_driver(tmp_path: Path):
    write(tmp_path / "test.db", "create table t (a)", [(1,)])
    source = make(tmp_path, "sqlite:///test.db?timeout=1&immutable=1")
    assert len(source.query("select a from t", WEEK)) == 1


@pytest.mark.parametrize(
    ("url", "message", "hint"),
    [
        ("foo://u:s3cr3t@h/x", "SQLAlchemy does not know the database 'foo'", "Correct the URL"),
        (
            "mysql+nodriver://u:s3cr3t@h/x",
            "SQLAlchemy does not know the database 'mysql+nodriver'",
            "Correct the URL",
        ),
        (
            "postgresql+psycopg2://u:s3cr3t@h/x",
            "the database 'postgresql+psycopg2' needs the driver 'psycopg2'",
            "pip install 'psycopg2-binary'",
        ),
        (
            "mysql+pymysql://u:s3cr3t@h/x",
            "the database 'mysql+pymysql' needs the driver 'pymysql'",
            "pip install 'kpisite[mysql]'",
        ),
        (
            "mysql://u:s3cr3t@h/x",
            "the database 'mysql+pymysql' needs the driver 'pymysql'",
            "pip install 'kpisite[mysql]'",
        ),
        (
            "postgresql://u:s3cr3t@h/x",
            "the database 'postgresql+psycopg' needs the driver 'psycopg'",
            "pip install 'kpisite[postgres]'",
        ),
    ],
)
def test_a_driver_that_is_not_there_is_named_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, message: str, hint: str
):
    for module in ("psycopg", "psycopg2", "pymysql"):
        monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(DatasourceError) as caught:
        make(tmp_path, url).query("select 1", WEEK)
    assert caught.value.message == message
    assert caught.value.hint.startswith(hint)
    assert "s3cr3t" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("url", ["nonsense", "postgresql://u:s3cr3t@h:port/x"])
def test_what_is_no_url_is_a_mistake_of_the_definition(tmp_path: Path, url: str):
    with pytest.raises(ValidationError, match="this is no database URL") as caught:
        make(tmp_path, url)
    assert all("s3cr3t" not in error["msg"] for error in caught.value.errors())


@pytest.mark.parametrize("password", ["s3c@r3t", "p@s3c/r3t", "p:@s3c"])
def test_no_part_of_a_password_is_taken_for_the_host(tmp_path: Path, password: str):
    with pytest.raises(ValidationError, match="write '@' and '/' in a password as") as caught:
        make(tmp_path, f"postgresql://u:{password}@h/x")
    assert all("s3c" not in error["msg"] for error in caught.value.errors())
    assert make(tmp_path, "sqlite:////srv/a@b.db").options.address().database == "/srv/a@b.db"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+leaky://u:p%40ss%2Fword@h/x",
        "postgresql+leaky://u@h/x?password=p%40ss%2Fword",
    ],
)
def test_no_message_has_the_password_or_a_link_to_sqlalchemy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
):
    class RefusedError(Exception):
        pass

    def connect() -> None:
        raise sa.exc.OperationalError(
            "select",
            {},
            RefusedError("FATAL: no p@ss/word (p%40ss%2Fword) for u\nLINE 1: x\n        ^"),
        )

    engine = sa.create_engine("sqlite://")
    monkeypatch.setattr(engine, "connect", connect)
    monkeypatch.setattr(sa, "create_engine", lambda url, **_: engine)
    with pytest.raises(DatasourceError) as caught:
        make(tmp_path, url).query("select {from}", WEEK)
    assert caught.value.message == "FATAL: no *** (***) for u"
    assert caught.value.hint == "LINE 1: x\n        ^"
    told = "".join(traceback.format_exception(caught.value))
    assert "p@ss" not in told
    assert "sqlalche.me" not in told


def test_a_closed_source_connects_again(source: SQL):
    assert len(source.query("select 1", WEEK)) == 1
    source.close()
    assert len(source.query("select 1", WEEK)) == 1


def test_the_example_of_the_guide_is_answered_and_its_errors_are_real(project: ProjectFiles):
    page = GuidePage("sql", project)
    (script,) = [e.text for e in examples(page.path) if e.text.startswith("mkdir")]
    (project.folder / "data").mkdir()
    write(project.folder / "data" / "shop.db", script.split('"')[1])
    outcome = page.run({"amount) from": "amout) from", "[placed]": "{placed: '%d/%m/%Y'}"})
    said = " ".join(told(outcome))
    assert page.messages[0] in said
    assert not told(page.run({}))
    assert page.metrics()["revenue"] == 90
    assert len(page.frame("orders")) == 3


def test_the_urls_of_other_databases_on_the_page_are_urls(tmp_path: Path):
    text = (GUIDE / "datasources" / "sql.md").read_text(encoding="utf-8")
    table = text.partition("not tried against the real service")[2].partition("\n## ")[0]
    urls = re.findall(r"`(\w+://[^`]+)`", table)
    assert len(urls) == 5
    for url in urls:
        with pytest.raises(DatasourceError) as caught:
            make(tmp_path, url.replace("${", "").replace("}", "")).query("select {from}", WEEK)
        assert caught.value.message.startswith("SQLAlchemy does not know the database '")
