"""The datasource `sql` before real PostgreSQL and MariaDB servers, and when they fail."""

from __future__ import annotations

import threading
import traceback
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
import sqlalchemy as sa
from cutting_proxy import CuttingProxy, SilentServer, refusing_port
from docs_examples import GUIDE, examples
from guide_page import told
from pydantic import SecretStr
from sql_servers import DATABASE, PASSWORD, USER

from kpisite.datasources import _sql_dialects, _sql_mysql, sql
from kpisite.datasources._sql_trouble import trouble_of
from kpisite.datasources.sql import SQL
from kpisite.errors import DatasourceError
from kpisite.plugins import DatasourceContext, Period
from kpisite.testing import PLAIN_TEXT, DatasourceContract

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sql_servers import SQLServer

    from kpisite.testing import Row
    from tests.conftest import ProjectFiles

NEW_YORK = ZoneInfo("America/New_York")
WEEK = Period.containing(date(2013, 3, 10), "week", NEW_YORK)
KINDS = ["postgresql", "mariadb"]

made: list[SQL] = []


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    while made:
        made.pop().close()


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "FIRST_PAUSE", 0.001)


def make(folder: Path, url: sa.URL, **options: Any) -> SQL:
    text = SecretStr(url.render_as_string(hide_password=False))
    made.append(SQL(SQL.Options(url=text, **options), DatasourceContext("here", folder)))
    return made[-1]


class ServerContract(DatasourceContract):
    table = "rows_of_contract"
    query = "select time, value from rows_of_contract where time >= {from} and time < {to}"
    bad_query = "select nope from rows"
    text_query = f"select '{PLAIN_TEXT}' as text -- {{from}}"
    secret = PASSWORD
    fixture: ClassVar[str]
    type: ClassVar[str]
    zoned: ClassVar[str] = "select 1"
    """Sets the zone in which rows are written."""

    @pytest.fixture(autouse=True)
    def _server(self, request: pytest.FixtureRequest) -> None:
        self.server: SQLServer = request.getfixturevalue(self.fixture)

    def make(self, folder: Path, rows: Sequence[Row]) -> SQL:
        found = [{"time": self.written(row), "value": row[1]} for row in rows]
        create = f"create table {self.table} (time {self.type}, value integer)"
        insert = f"insert into {self.table} values (:time, :value)"
        zone, clear = self.zoned, f"drop table if exists {self.table}"
        self.server.ask(zone, clear, create, insert, rows=found, shop=True)
        return make(folder, self.server.url)

    def make_unreachable(self, folder: Path) -> SQL:
        return make(folder, self.server.url.set(port=refusing_port()))

    def written(self, row: Row) -> Any:
        return row[0].astimezone(NEW_YORK).replace(tzinfo=None)


class TestPostgreSQLContract(ServerContract):
    """Instants."""

    fixture = "postgresql_server"
    type = "timestamptz"

    def written(self, row: Row) -> Any:
        return row[0]


class TestPostgreSQLLocalTimes(ServerContract):
    fixture = "postgresql_server"
    type = "timestamp"


class TestMariaDBContract(ServerContract):
    """Instants."""

    fixture = "mariadb_server"
    type = "timestamp null"
    zoned = "set time_zone = '+00:00'"

    def written(self, row: Row) -> Any:
        return row[0].replace(tzinfo=None)


class TestMariaDBLocalTimes(ServerContract):
    fixture = "mariadb_server"
    type = "datetime"


@dataclass
class Target:
    """A server, and the words that its database has for the same things."""

    kind: str
    server: SQLServer
    folder: Path

    def source(self, *, url: sa.URL | None = None, **options: Any) -> SQL:
        return make(self.folder, url or self.server.url, **options)

    def of(self, **words: str) -> str:
        return words[self.kind]

    @property
    def connection(self) -> str:
        """A query for the number of the connection."""
        function = self.of(postgresql="pg_backend_pid()", mariadb="connection_id()")
        return f"select {function} as number"

    @property
    def sleep(self) -> str:
        """A query that takes a second."""
        return (
            f"select 1 as one, {self.of(postgresql='pg_sleep(1)::text', mariadb='sleep(1)')} as x"
        )

    def running(self) -> bool:
        """Tell whether the query that sleeps is running."""
        table = self.of(
            postgresql="pg_stat_activity where wait_event = 'PgSleep'",
            mariadb="information_schema.processlist where state = 'User sleep'",
        )
        engine = sa.create_engine(self.server.administrator, poolclass=sa.NullPool)
        with engine.connect() as connection:
            return bool(connection.execute(sa.text(f"select count(*) from {table}")).scalar())


@pytest.fixture(params=KINDS)
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Target:
    server: SQLServer = request.getfixturevalue(f"{request.param}_server")
    return Target(request.param, server, tmp_path)


def failure(source: SQL, query: str = "select 1 as one") -> DatasourceError:
    with pytest.raises(DatasourceError) as caught:
        source.query(query, WEEK)
    error = caught.value
    assert error.where == "datasource 'here'"
    assert error.__cause__ is None
    assert error.__context__ is None
    told = "".join(traceback.format_exception(error))
    for secret in (PASSWORD, "s3cr3t", "sqlalche.me"):
        assert secret not in told.replace(__file__, "")
    return error


def test_one_connection_answers_for_all_periods(target: Target):
    source = target.source()
    numbers = {source.query(target.connection, p)["number"][0] for p in (WEEK, WEEK.previous())}
    assert len(numbers) == 1


def test_a_dropped_connection_is_tried_again(target: Target):
    source = target.source()
    first = source.query(target.connection, WEEK)["number"][0]
    target.server.kill_others()
    assert source.query(target.connection, WEEK)["number"][0] != first


def test_a_query_whose_connection_is_dropped_in_the_middle_is_asked_again(target: Target):
    killed, answered = threading.Event(), threading.Event()

    def kill() -> None:
        while not (answered.is_set() or killed.is_set()):
            if target.running():
                target.server.kill_others()
                killed.set()

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        frame = target.source().query(target.sleep, WEEK)
    finally:
        answered.set()
        thread.join()
    assert frame["one"].tolist() == [1]
    assert killed.is_set()


def test_a_server_that_comes_up_late_is_waited_for(target: Target, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sql, "FIRST_PAUSE", 0.5)
    target.server.stop()
    thread = threading.Thread(target=target.server.start)
    source = target.source(tries=20)
    once, asked = source._once, []

    def counted(query: str, period: Period) -> Any:
        asked.append(query)
        if len(asked) == 2:
            thread.start()
        return once(query, period)

    monkeypatch.setattr(source, "_once", counted)
    assert source.query("select 1 as one", WEEK)["one"].tolist() == [1]
    thread.join()
    assert len(asked) > 1


def test_a_server_that_nobody_started_is_asked_as_often_as_the_report_says(target: Target):
    port = refusing_port()
    error = failure(target.source(url=target.server.url.set(port=port), tries=3))
    assert "refused" in error.message
    assert f"127.0.0.1:{port}" in error.message or "127.0.0.1" in error.message
    assert error.message.endswith("(asked 3 times)")
    assert error.hint == (
        "Is the server running, and may this machine reach it? Check host and port."
    )


def test_a_host_that_is_not_there_is_not_asked_again(target: Target):
    error = failure(target.source(url=target.server.url.set(host="db.invalid")))
    assert "db.invalid" in error.message
    assert "asked" not in error.message
    assert error.hint == "Check the name of the host."


@pytest.mark.parametrize(
    ("change", "words", "hint"),
    [
        (
            {"password": "s3cr3t-but-wrong"},
            {
                "postgresql": 'FATAL:  password authentication failed for user "reader"',
                "mariadb": "Access denied for user 'reader'@'127.0.0.1' (using password: YES)",
            },
            "Check the user and the password.",
        ),
        (
            {"database": "shpo"},
            {
                "postgresql": 'FATAL:  database "shpo" does not exist',
                "mariadb": "Unknown database 'shpo'",
            },
            "Check the name of the database.",
        ),
    ],
    ids=["password", "database"],
)
def test_who_is_not_let_in_is_told_why_and_does_not_knock_again(
    target: Target, change: dict[str, str], words: dict[str, str], hint: str
):
    with CuttingProxy(target.server.port) as proxy:
        error = failure(target.source(url=target.server.url.set(port=proxy.port, **change)))
        assert proxy.connections == 1
    assert error.message.endswith(words[target.kind])
    assert error.hint == hint


def silent_at_once(port: int) -> SilentServer:
    return SilentServer()


def silent_after_the_greeting(port: int) -> CuttingProxy:
    return CuttingProxy(port, 1, silent=True)


@pytest.mark.parametrize("silence", [silent_at_once, silent_after_the_greeting])
def test_a_server_that_does_not_let_us_in_is_given_up_long_before_a_query_would_be(
    target: Target, silence: Callable[[int], Any]
):
    with silence(target.server.port) as silent:
        url = target.server.url.set(port=silent.port)
        error = failure(target.source(url=url, connect_timeout=1, timeout=3600, tries=2))
    said = {
        "postgresql": "connection timeout expired (asked 2 times)",
        "mariadb": "the server did not let us in within 1 s (asked 2 times)",
    }
    assert error.message == said[target.kind]
    assert error.hint.startswith("Is the server running, and may this machine reach it?")


@pytest.mark.parametrize("share", [0.4, 0.6])
def test_a_server_that_lets_us_in_and_then_falls_silent_is_given_up(
    target: Target, monkeypatch: pytest.MonkeyPatch, share: float
):
    """SQLAlchemy asks a server about itself before the first query."""
    for module in (_sql_dialects, _sql_mysql):
        monkeypatch.setattr(module, "GRACE", 0.3)
    with CuttingProxy(target.server.port, silent=True) as proxy:
        url = target.server.url.set(port=proxy.port)
        target.source(url=url).query("select 1 as one", WEEK)
        proxy.limit = round(proxy.sent * share)
        error = failure(target.source(url=url, connect_timeout=1, timeout=0.2, tries=1))
    said = ("the server did not let us in within 1 s", "the query took longer than 0.2 s")
    assert error.message in said


def test_a_server_that_falls_silent_after_its_answer_is_given_up(
    postgresql_server: SQLServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(_sql_dialects, "GRACE", 0.3)
    with CuttingProxy(postgresql_server.port, silent=True) as proxy:
        source = make(tmp_path, postgresql_server.url.set(port=proxy.port), timeout=0.2, tries=1)
        source.query("select 1 as one", WEEK)
        before = proxy.sent
        source.query("select 1 as one", WEEK)
        proxy.limit = proxy.sent - before - 10  # without the whole ROLLBACK
        assert failure(source, "select 1 as one").message == "the query took longer than 0.2 s"


@pytest.mark.parametrize("driver", ["mysqlconnector", "mysqldb", "pymysql"])
def test_every_driver_of_mysql_is_told_how_long_to_wait_for_a_server(driver: str):
    limits = _sql_mysql.MySQL(driver, 60, 5, 10).connect_args()
    connecting = {"mysqlconnector": "connection_timeout"}.get(driver, "connect_timeout")
    assert limits[connecting] == 5
    assert limits["write_timeout"] == 70
    assert limits["read_timeout"] == (5 if driver == "pymysql" else 70)


def test_a_connection_that_breaks_when_the_time_is_over_is_not_asked_again():
    """The driver mysqlclient calls a server that falls silent a broken connection."""
    broken = sa.exc.OperationalError("select 1", {}, Exception(2013, "Lost connection"))
    assert trouble_of(broken, 60, 5, seconds=59).passes
    late = trouble_of(broken, 60, 5, seconds=61)
    assert late.message == "the query took longer than 60 s"
    assert not late.passes


def test_a_query_may_take_longer_than_connecting(target: Target):
    source = target.source(connect_timeout=1, timeout=60)
    assert len(source.query(target.sleep.replace("(1)", "(2)"), WEEK)) == 1


def test_a_read_timeout_of_the_reports_own_is_kept(mariadb_server: SQLServer, tmp_path: Path):
    source = make(tmp_path, mariadb_server.url, connect_args={"read_timeout": 1}, tries=1)
    assert source.query("select 1 as one", WEEK)["one"].tolist() == [1]
    assert "took longer" in failure(source, "select sleep(3) as x").message


def test_a_query_that_takes_too_long_is_ended_by_the_server(target: Target):
    source = target.source(timeout=0.2)
    error = failure(source, target.sleep)
    assert error.message == "the query took longer than 0.2 s"
    assert error.hint == "Ask for less, or give it more time: 'timeout'."
    assert source.query("select 1 as one", WEEK)["one"].tolist() == [1]


def test_a_server_that_falls_silent_is_given_up(target: Target, monkeypatch: pytest.MonkeyPatch):
    for module in (_sql_dialects, _sql_mysql):
        monkeypatch.setattr(module, "GRACE", 0.3)
    with CuttingProxy(target.server.port, silent=True) as proxy:
        source = target.source(url=target.server.url.set(port=proxy.port), timeout=0.2)
        source.query("select 1 as one", WEEK)
        proxy.limit = 0
        assert failure(source).message == "the query took longer than 0.2 s"


def test_an_answer_that_breaks_off_is_asked_for_again_and_then_told(target: Target):
    with CuttingProxy(target.server.port) as proxy:
        source = target.source(url=target.server.url.set(port=proxy.port), tries=2)
        source.query("select 1 as one", WEEK)
        proxy.limit = 10
        error = failure(source)
    assert error.message.endswith("(asked 2 times)")


@pytest.mark.parametrize(
    ("query", "words", "hint"),
    [
        (
            "select nope from nothing where {from} < {to}",
            {
                "postgresql": 'relation "nothing" does not exist',
                "mariadb": "Table 'shop.nothing' doesn't exist",
            },
            {
                "postgresql": "LINE 1: select nope from nothing where %(kpisite_from)s < …",
                "mariadb": "",
            },
        ),
        (
            "selec 1",
            {"postgresql": 'syntax error at or near "selec"', "mariadb": "You have an error in"},
            {"postgresql": "LINE 1: selec 1\n        ^", "mariadb": ""},
        ),
        (
            "select 1 as one\nwhere and",
            {"postgresql": 'syntax error at or near "and"', "mariadb": "You have an error in"},
            {"postgresql": "LINE 2: where and\n              ^", "mariadb": ""},
        ),
    ],
)
def test_a_bad_query_is_told_in_the_words_of_the_database_and_not_asked_again(
    target: Target, query: str, words: dict[str, str], hint: dict[str, str]
):
    source = target.source()
    error = failure(source, query)
    assert error.message.startswith(words[target.kind])
    assert "asked" not in error.message
    if "…" not in hint[target.kind]:
        assert error.hint == hint[target.kind]
    assert len(source.query(target.connection, WEEK)) == 1


WRITES = {
    "postgresql": [
        "insert into kept values (2)",
        "with x as (insert into kept values (2) returning a) select a from x",
        "drop table kept",
        "create table other (a int)",
        "select nextval('counted')",
        "update kept set a = 2",
        "select 1; commit; update kept set a = 2",
        "show x; commit; update kept set a = 2",
    ],
    "mariadb": [
        "insert into kept values (2)",
        "drop table kept",
        "create table other (a int)",
        "truncate kept",
        "update kept set a = 2",
        "insert into kept values (2) returning a",
        "select 1; commit; update kept set a = 2",
    ],
}


@pytest.mark.parametrize(
    ("kind", "query"), [(kind, query) for kind, queries in WRITES.items() for query in queries]
)
def test_the_server_refuses_to_write(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, query: str
):
    server: SQLServer = request.getfixturevalue(f"{kind}_server")
    counted = ["create sequence if not exists counted"] if kind == "postgresql" else []
    create = ["drop table if exists kept", "create table kept (a int)"]
    grants = [f"grant all on table kept to {USER}"] if kind == "postgresql" else []
    if counted:
        grants += [f"grant all on sequence counted to {USER}"]
    server.ask(*counted, *create, *grants, "insert into kept values (1)", shop=True)
    source = make(tmp_path, server.url)
    error = failure(source, query)
    refusals = ("read-only", "READ ONLY", "data-modifying statements", "one SELECT", "SQL syntax")
    assert any(words in error.message for words in refusals)
    assert source.query("select a from kept", WEEK)["a"].tolist() == [1]


def test_a_statement_that_answers_nothing_is_told_to_be_a_select(target: Target):
    error = failure(target.source(), target.of(postgresql="set x.y = 'z'", mariadb="set @x = 1"))
    assert (error.message, error.hint) == ("the query answers nothing", "Write a SELECT.")


def test_an_answer_that_is_too_large_is_not_read_to_its_end(target: Target):
    table = target.of(
        postgresql="(select generate_series(1, 1000000000) as seq) as t",
        mariadb="seq_1_to_1000000000 as t",
    )
    source = target.source(max_rows=20_000)
    error = failure(source, f"select seq from {table}")
    assert error.message == "the answer has more than 20,000 rows"
    assert error.hint == "Let the database add up, or allow more: 'max_rows'."
    frame = source.query(f"select seq from {table} limit 20000", WEEK)
    assert frame["seq"].tolist() == list(range(1, 20_001))


def test_an_empty_answer_has_its_columns(target: Target):
    frame = target.source().query("select 1 as a, 'x' as b where {from} > {to}", WEEK)
    assert frame.columns.tolist() == ["a", "b"]
    assert frame.empty


def test_nothing_in_a_query_has_to_be_escaped(target: Target):
    special = target.of(
        postgresql="'{\"a\": 1}'::jsonb->>'a' as j, '12:30'::time::text as t, e'it\\'s {to}' as e",
        mariadb="json_value('{\"a\": 1}', '$.a') as j, '12:30' as t, 'it\\'s {to}' as e",
    )
    comment = target.of(postgresql="-- it's {from}", mariadb="# it's {from}\n -- {to}")
    query = f"""
        select {special}, 17 % 5 as m, 'x%y' like 'x%%' as l, '%(a)s' as p {comment}
        where {{from}}<{{to}}and true
    """
    values = target.source().query(query, WEEK).iloc[0].tolist()
    assert values == [
        "1",
        "12:30" + target.of(postgresql=":00", mariadb=""),
        "it's {to}",
        2,
        1,
        "%(a)s",
    ]


@pytest.mark.parametrize(
    ("period", "length"),
    [
        (WEEK, "7 day"),
        (Period.containing(date(2013, 3, 10), "day", NEW_YORK), "1 day"),
        (Period.containing(date(2013, 3, 10), "month", NEW_YORK), "1 month"),
        (Period.containing(date(2013, 11, 3), "quarter", NEW_YORK), "3 month"),
        (Period.containing(date(2013, 11, 3), "year", NEW_YORK), "12 month"),
        (Period.of_days(date(2013, 3, 1), date(2013, 3, 11), NEW_YORK), "10 day"),
    ],
    ids=lambda value: value.label if isinstance(value, Period) else value,
)
def test_the_interval_is_the_databases_own(target: Target, period: Period, length: str):
    text = target.of(postgresql=f"interval '{length}'", mariadb=f"interval {length}")
    query = f"""
        select {{from}} - {{interval}} = {{previous_from}} as a,
               {{from}} + {{interval}} = {{to}} as b,
               {{previous_to}} = {{from}} as c, {{to}} - {text} = {{from}} as d
    """
    assert target.source().query(query, period).iloc[0].all()


def test_columns_come_in_plain_dtypes(target: Target):
    query = """
        select 1 as whole, 1.5 as real_, 'a' as text_, null as none,
               cast('2013-03-04' as date) as day,
               cast(12 as decimal(10, 2)) as money, cast('2013-03-04 10:30:00' as {}) as moment
    """.replace("{}", target.of(postgresql="timestamp", mariadb="datetime"))
    frame = target.source().query(query, WEEK)
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        "whole": "int64",
        "real_": "float64",
        "text_": "str",
        "none": "float64",
        "day": "datetime64[us]",
        "money": "float64",
        "moment": "datetime64[us]",
    }
    assert frame["moment"][0] == pd.Timestamp(2013, 3, 4, 10, 30)


def test_what_pandas_has_no_kind_for_is_text_or_a_number(target: Target):
    query = target.of(
        postgresql="select gen_random_uuid() as id, inet '10.0.0.1' as ip,"
        " numeric 'Infinity' as most",
        mariadb="select uuid() as id, inet6_ntoa(inet6_aton('10.0.0.1')) as ip,"
        " cast(18446744073709551615 as unsigned) as most",
    )
    frame = target.source().query(query, WEEK)
    assert [str(dtype) for dtype in frame.dtypes] == ["str", "str", "float64"]
    assert (len(frame["id"][0]), frame["ip"][0]) == (36, "10.0.0.1")
    assert frame["most"][0] >= 2.0**64


@pytest.mark.parametrize("moment", ["timestamptz 'infinity'", "date '0044-03-15 BC'"])
def test_a_time_that_python_does_not_have_is_told_with_what_to_do(
    postgresql_server: SQLServer, tmp_path: Path, moment: str
):
    error = failure(make(tmp_path, postgresql_server.url), f"select {moment} as until")
    assert " too " in error.message
    assert error.hint == "Make it a gap in the query, or text: CAST(… AS text)."


REPORT = """\
title: Shop, weekly
schedule: weekly
since: 2013-03-04
until: 2013-03-11
timezone: America/New_York
datasources:
  shop:
    plugin: {plugin}
    args: {args}
views:
  one:
    plugin: table
    args: {{datasource: shop, query: "select 1 as one where {{from}} < {{to}}"}}
  bad:
    plugin: table
    args: {{datasource: shop, query: select nope from nothing}}
"""


@pytest.mark.parametrize("form", ["url", "arguments"])
@pytest.mark.parametrize("reached", [True, False])
def test_no_file_of_an_edition_holds_the_password(
    target: Target, project: ProjectFiles, form: str, reached: bool
):
    port = target.server.port if reached else refusing_port()
    project.environment |= {
        "SHOP_URL": target.server.url.set(port=port).render_as_string(hide_password=False),
        "SHOP_PASSWORD": PASSWORD,
    }
    driver = target.of(postgresql="postgresql", mariadb="mysql")
    args = {
        "url": '{url: "${SHOP_URL}"}',
        "arguments": f"{{driver: {driver}, host: 127.0.0.1, port: {port}, user: {USER}, "
        f'passwd: "${{SHOP_PASSWORD}}", database: {DATABASE}}}',
    }[form]
    plugin = target.of(postgresql="sql", mariadb="mysql")
    project.write(REPORT.format(plugin=plugin, args=args))
    (outcome,) = project.run()
    assert [problem.view for problem in outcome.problems] == (
        ["bad"] if reached else ["one", "bad"]
    )
    assert "view 'bad': datasource 'shop': " in told(outcome)[-1]
    written = b"\n".join(project.archived().values())
    said = "\n".join(told(outcome))
    in_url = target.server.address.partition(f"{USER}:")[2].partition("@127")[0]
    for secret in (PASSWORD, in_url):
        assert secret.encode() not in written
        assert secret not in said


def test_more_arguments_reach_the_driver_and_stay_secret(target: Target):
    args = target.of(postgresql="application_name", mariadb="program_name")
    asked = target.of(
        postgresql="select current_setting('application_name') as name",
        mariadb="select 'kpis' as name",
    )
    source = target.source(connect_args={args: "kpis"})
    assert source.query(asked, WEEK)["name"].tolist() == ["kpis"]
    url = target.server.url.set(password="")
    given = {"password": f"{PASSWORD}!"}
    failure(target.source(url=url, connect_args=given))


def test_the_example_of_the_guide_is_answered_by_the_server(target: Target, project: ProjectFiles):
    words = target.of(postgresql="PostgreSQL", mariadb="MariaDB")
    shown = examples(GUIDE / "datasources" / "sql.md")
    (script,) = [e.text for e in shown if e.text.startswith(f"-- {words}\n")]
    (report,) = [e.text for e in shown if e.text.startswith(f"title: Orders of {words},")]
    grant = [f"grant all on orders to {USER}"] if target.kind == "postgresql" else []
    statements = script.partition("\n")[2].replace(":", "\\:").strip().rstrip(";").split(";")
    target.server.ask("drop table if exists orders", *statements, *grant, shop=True)
    password = target.of(postgresql=quote(PASSWORD, safe=""), mariadb=PASSWORD)
    project.environment["SHOP_PASSWORD"] = password
    project.now = datetime(2025, 3, 1, tzinfo=UTC)
    port = target.server.port
    for part, other in (
        ("@db.example.org/", f"@127.0.0.1:{port}/"),
        ("host: db.example.org", f"host: 127.0.0.1\n      port: {port}"),
    ):
        report = report.replace(part, other)
    project.write(report)
    (outcome,) = project.run()
    assert not told(outcome)
    (edition,) = project.archive.editions()
    record = edition.load().record
    assert record.metrics["revenue"].value == 90
    (plotted,) = [view for view in record.views if view.id == "two_weeks"]
    frame = edition.load().frame(record.frames[plotted.frames["main"]])
    assert frame["revenue"].tolist() == [10, 20, 30, 40]
    days = ["2025-01-05", "2025-01-06", "2025-01-08", "2025-01-12"]
    assert frame["time"].tolist() == [pd.Timestamp(day) for day in days]


def test_the_query_of_the_guide_for_times_in_utc_is_right_in_mariadb(
    mariadb_server: SQLServer, tmp_path: Path
):
    text = (GUIDE / "datasources" / "sql.md").read_text(encoding="utf-8")
    asked = "convert_tz({from}, @@session.time_zone, '+00:00')"
    assert f"`placed >= {asked}`" in text
    source = make(tmp_path, mariadb_server.url)
    for zone in ("Europe/Berlin", "Europe/Paris"):
        week = Period.containing(date(2013, 3, 10), "week", ZoneInfo(zone))
        assert str(source.query(f"select {asked} as t", week)["t"][0]) == "2013-03-03 23:00:00"


def test_mariadb_is_asked_through_its_socket(mariadb_server: SQLServer, tmp_path: Path):
    options = SQL.Options(
        unix_socket=f"{mariadb_server.folder}/socket",
        charset="utf8mb4",
        user="root",
        database="mysql",
    )
    made.append(SQL(options, DatasourceContext("here", tmp_path)))
    asked = "select @@character_set_client as c, @@socket as s"
    found = made[-1].query(asked, WEEK).iloc[0].tolist()
    assert found == ["utf8mb4", f"{mariadb_server.folder}/socket"]
