from __future__ import annotations

import sqlite3
import sys
import traceback
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import duckdb
import fsspec
import pandas as pd
import pytest
from pydantic import ValidationError
from s3_server import SECRET

from kpisite.archive.frames import from_parquet, to_parquet
from kpisite.datasources.duckdb import DuckDB
from kpisite.errors import DatasourceError
from kpisite.plugins import DatasourceContext, Period
from kpisite.testing import PLAIN_TEXT, DatasourceContract

if TYPE_CHECKING:
    from collections.abc import Sequence

    from s3_server import S3Server

    from kpisite.testing import Row

NEW_YORK = ZoneInfo("America/New_York")
WEEK = Period.containing(date(2013, 3, 10), "week", NEW_YORK)


def make(folder: Path, **options: Any) -> DuckDB:
    return DuckDB(DuckDB.Options(**options), DatasourceContext("here", folder))


def first(frame: pd.DataFrame) -> Any:
    return frame.iloc[0, 0]


def write(path: Path, select: str) -> Path:
    """Write the answer to a SELECT, in the format that the path ends in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    connection.execute(
        f"set TimeZone = 'UTC'; copy ({select}) to '{str(path).replace(chr(39), chr(39) * 2)}'"
    )
    connection.close()
    return path


class TestDuckDBContract(DatasourceContract):
    query = "select time, value from rows where time >= {from} and time < {to} order by time"
    bad_query = "select nope from rows"
    text_query = f"select '{PLAIN_TEXT}' as text -- {{from}}"

    def make(self, folder: Path, rows: Sequence[Row]) -> DuckDB:
        frame = pd.DataFrame(rows, columns=["time", "value"])
        frame.to_parquet(folder / "rows.parquet")
        return make(folder, files={"rows": "rows.parquet"})

    def make_unreachable(self, folder: Path) -> DuckDB:
        return make(folder, files={"rows": "gone.parquet"})


class TestLocalTimestamps(TestDuckDBContract):
    """Timestamps without a zone are local times of the report."""

    def make(self, folder: Path, rows: Sequence[Row]) -> DuckDB:
        local = [(time.astimezone(NEW_YORK).replace(tzinfo=None), value) for time, value in rows]
        pd.DataFrame(local, columns=["time", "value"]).to_csv(folder / "rows.csv", index=False)
        return make(folder, files={"rows": "rows.csv"})


class TestDatabase(TestDuckDBContract):
    """Days without a time, in a database file."""

    def make(self, folder: Path, rows: Sequence[Row]) -> DuckDB:
        local = [(time.astimezone(NEW_YORK).date(), value) for time, value in rows]
        frame = pd.DataFrame(local, columns=["time", "value"])  # noqa: F841 - duckdb looks it up
        connection = duckdb.connect(folder / "rows.duckdb")
        connection.execute("create table rows as select time::date as time, value from frame")
        connection.close()
        return make(folder, database="rows.duckdb")

    def make_unreachable(self, folder: Path) -> DuckDB:
        return make(folder, database="gone.duckdb")


@pytest.mark.parametrize(
    ("period", "length"),
    [
        (WEEK, "7 days"),
        (Period.containing(date(2013, 3, 10), "day", NEW_YORK), "1 day"),
        (Period.containing(date(2013, 3, 10), "month", NEW_YORK), "1 month"),
        (Period.containing(date(2013, 11, 3), "quarter", NEW_YORK), "3 months"),
        (Period.containing(date(2013, 11, 3), "year", NEW_YORK), "12 months"),
        (Period.of_days(date(2013, 3, 1), date(2013, 3, 11), NEW_YORK), "10 days"),
    ],
    ids=lambda value: value.label if isinstance(value, Period) else value,
)
def test_the_interval_leads_from_the_start_to_the_start_of_the_period_before(
    tmp_path: Path, period: Period, length: str
):
    query = f"""
        select {{from}} - {{interval}} = {{previous_from}}, {{from}} + {{interval}} = {{to}},
               {{previous_to}} = {{from}}, {{interval}} = interval '{length}'
    """
    assert make(tmp_path).query(query, period).iloc[0].all()


def test_boundaries_are_instants_in_the_zone_of_the_report(tmp_path: Path):
    frame = make(tmp_path).query("select {from} as begin, {to} as after", WEEK)
    assert frame["begin"].dtype == pd.DatetimeTZDtype("us", NEW_YORK)
    assert frame["begin"][0] == datetime(2013, 3, 4, 5, tzinfo=UTC)
    assert frame["after"][0] == datetime(2013, 3, 11, 4, tzinfo=UTC)


def test_one_instance_answers_for_periods_of_several_zones(tmp_path: Path):
    source = make(tmp_path)
    query = "select timestamp '2013-03-05 00:00' >= {from}, {from}::varchar"
    for zone, offset in (("America/New_York", "-05"), ("Asia/Kolkata", "+05:30"), ("UTC", "+00")):
        period = Period.containing(date(2013, 3, 5), "day", ZoneInfo(zone))
        answer = source.query(query, period).iloc[0].tolist()
        assert answer == [True, f"2013-03-05 00:00:00{offset}"]


def test_a_day_whose_midnight_is_skipped_holds_its_date(tmp_path: Path):
    query = """
        select count(*) from (values (date '2018-11-03'), (date '2018-11-04')) v(day)
        where day >= {from} and day < {to}
    """
    period = Period.containing(date(2018, 11, 4), "day", ZoneInfo("America/Sao_Paulo"))
    assert period.start.hour == 1
    assert first(make(tmp_path).query(query, period)) == 1


def test_tokens_in_quotes_and_comments_and_other_braces_stay(tmp_path: Path):
    query = """
        select '{from}' as a, "{to}" as b, $${from}$$ as c, {'from': 1}.from as d /* {to} ' */
        from (select 1 as "{to}") -- {interval} it's
        where {from}<{to}and true
    """
    assert make(tmp_path).query(query, WEEK).iloc[0].tolist() == ["{from}", 1, "{from}", 1]


def test_query_args_are_bound_parameters(tmp_path: Path):
    hostile = "x'; drop table rows; --"
    answer = make(tmp_path).query(
        "select $name as name, $least + 1 as n", WEEK, name=hostile, least=1
    )
    assert answer.iloc[0].tolist() == [hostile, 2]


@pytest.mark.parametrize(
    ("query", "args", "message", "hint"),
    [
        (
            "select $name",
            {"nam": 1},
            "query_args has 'nam', which the query does not use",
            "Did you mean 'name'?",
        ),
        (
            "select 1",
            {"x": 1},
            "query_args has 'x', which the query does not use",
            "Write $x where it belongs.",
        ),
        (
            "select {from}",
            {"_from": 1},
            "query_args has '_from', which the query does not use",
            "Write $_from where it belongs.",
        ),
        (
            "select $name",
            {},
            "Invalid Input Error: Values were not provided for the following parameters: name",
            "",
        ),
        ("copy (select 1) to 'out.csv'", {}, "a query is one SELECT; this is COPY", ""),
        ("select 1; select 2", {}, "a query is one SELECT; this is SELECT and SELECT", ""),
        ("attach 'x.duckdb'", {}, "a query is one SELECT; this is ATTACH", ""),
        ("set TimeZone = 'UTC'", {}, "a query is one SELECT; this is SET", ""),
        ("-- nothing", {}, "a query is one SELECT; this is empty", ""),
        (
            "pivot (select 1 a) on a using count(*)",
            {},
            "a query is one SELECT; this is MULTI",
            "A PIVOT names its columns: PIVOT … ON … IN (…).",
        ),
        ("select 1 as a, 2 as a", {}, "two columns are called 'a'", "Name each of them: … AS …."),
        (
            "select [1, 2] as a",
            {},
            "column 'a' holds lists or structs, which no view can show",
            "Ask for their parts, or cast it to text.",
        ),
        (
            "select interval '1 month' as a",
            {},
            "column 'a' is an interval with months, which have no fixed length",
            "Ask for a number of days instead.",
        ),
        ("from 's3://bucket/x.parquet'", {}, None, ""),
    ],
)
def test_what_is_no_plain_select_is_refused(
    tmp_path: Path, query: str, args: dict[str, Any], message: str | None, hint: str
):
    with pytest.raises(DatasourceError) as caught:
        make(tmp_path).query(query, WEEK, **args)
    assert caught.value.where == "datasource 'here'"
    assert message is None or (caught.value.message, caught.value.hint) == (message, hint)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "query",
    [
        "select * from (pivot (select 'a' a) on a in ('a') using count(*))",
        "from range(3)",
        "describe select 1",
        "with x as (select 1) from x",
        "values (1);",
        "select 1; -- done",
    ],
)
def test_all_that_only_reads_is_answered(tmp_path: Path, query: str):
    assert len(make(tmp_path).query(query, WEEK))


def test_no_variable_of_python_is_a_table(tmp_path: Path):
    hidden = pd.DataFrame({"secret": [1]})  # noqa: F841
    with pytest.raises(DatasourceError, match="Table with name hidden does not exist"):
        make(tmp_path).query("select * from hidden", WEEK)


def test_a_syntax_error_points_at_its_place_in_the_query_as_it_was_written(tmp_path: Path):
    query = "select 1\nwhere timestamp '2013-03-04' >= {from} and and {to} > {from}"
    with pytest.raises(DatasourceError) as caught:
        make(tmp_path).query(query, WEEK)
    message, line, caret = str(caught.value).splitlines()
    assert message == "datasource 'here': Parser Error: syntax error at or near \"and\""
    shown = line.partition(": ")[2]
    assert shown in query
    assert shown[caret.index("^") - line.index(": ") - 2 :].startswith("and {to}")


def test_a_missing_table_and_a_missing_column_are_named_with_what_is_near(tmp_path: Path):
    write(tmp_path / "sales.parquet", "select 1 as revenue")
    source = make(tmp_path, files={"sales": "sales.parquet"})
    with pytest.raises(DatasourceError) as caught:
        source.query("select revenu from sales", WEEK)
    assert (
        caught.value.message == 'Binder Error: Referenced column "revenu" not found in FROM clause!'
    )
    assert "revenue" in caught.value.hint
    with pytest.raises(DatasourceError, match="Table with name sale does not exist"):
        source.query("select revenue from sale", WEEK)


def test_a_missing_file_is_named_as_it_lies_below_the_folder(tmp_path: Path):
    write(tmp_path / "data" / "sales.parquet", "select 1 as a")
    source = make(tmp_path, files={"sales": "data/../data/sale.parquet"})
    with pytest.raises(DatasourceError) as caught:
        source.query("select 1", WEEK)
    assert str(caught.value) == (
        "datasource 'here': there is no file data/sale.parquet\n  Did you mean 'sales.parquet'?"
    )


@pytest.mark.parametrize(
    "options",
    [
        {"files": {"t": "data/*.csv"}},
        {"database": "data/x.duckdb"},
        {"files": {"t": ["a.csv", "no.csv"]}},
    ],
)
def test_any_file_that_is_not_there_is_an_error(tmp_path: Path, options: dict[str, Any]):
    write(tmp_path / "a.csv", "select 1 as a")
    with pytest.raises(DatasourceError, match=r"there is no file (data/|no\.csv)"):
        make(tmp_path, **options).query("select 1", WEEK)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("t.parquet", {"files": {"t": "t.parquet"}}, r"table 't': .*'t\.parquet'"),
        ("t.duckdb", {"database": "t.duckdb"}, "not a valid DuckDB database file"),
    ],
)
def test_a_damaged_file_is_an_error_without_the_path_to_the_folder(
    tmp_path: Path, name: str, options: dict[str, Any], message: str
):
    (tmp_path / name).write_text("this is none" * 100)
    source = make(tmp_path, **options)
    for _ in range(2):
        with pytest.raises(DatasourceError, match=message) as caught:
            source.query("select 1", WEEK)
        assert str(tmp_path) not in str(caught.value)
        assert "CREATE" not in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "t.parquet",
        "T.CSV",
        "t.csv.gz",
        "t.json.zst",
        "t.json",
        "t.ndjson",
        "a b/we[i]rd '$*.csv",
        "t.tsv",
    ],
)
def test_each_kind_of_file_is_a_table(tmp_path: Path, name: str):
    write(tmp_path / name, "select 42 as answer")
    source = make(tmp_path, files={'my "table"': name})
    assert first(source.query('select answer from "my ""table"""', WEEK)) == 42


def test_patterns_and_lists_of_files_are_one_table_by_column_names(tmp_path: Path):
    write(tmp_path / "year" / "2012.csv", "select 1 as a, 'x' as b")
    write(tmp_path / "year" / "2013.csv", "select 'y' as b, 2 as a, true as c")
    write(tmp_path / "more.csv", "select 3 as a, 'z' as b")
    files = {"t": ["year/*.csv", str(tmp_path / "more.csv")]}
    frame = make(tmp_path, files=files).query("select a, b, c from t order by a", WEEK)
    assert frame["a"].tolist() == [1, 2, 3]
    assert frame["b"].tolist() == ["x", "y", "z"]


def test_a_path_may_lead_out_of_the_folder_of_the_report(tmp_path: Path):
    write(tmp_path / "data" / "t.parquet", "select 1 as a")
    source = make(tmp_path / "content" / "report", files={"t": "../../data/*.parquet"})
    (tmp_path / "content" / "report").mkdir(parents=True)
    assert first(source.query("select a from t", WEEK)) == 1


def test_a_database_is_not_written_to_and_takes_tables_from_files(tmp_path: Path):
    connection = duckdb.connect(tmp_path / "x.duckdb")
    connection.execute("create table t as select 1 as a")
    connection.close()
    before = (tmp_path / "x.duckdb").read_bytes()
    write(tmp_path / "u.parquet", "select 2 as a")
    source = make(tmp_path, database="x.duckdb", files={"u": "u.parquet"})
    assert first(source.query("select t.a + u.a from t, u", WEEK)) == 3
    with pytest.raises(DatasourceError, match="read-only"):
        source.query("with x as (insert into t values (9) returning a) select * from x", WEEK)
    source.close()
    assert (tmp_path / "x.duckdb").read_bytes() == before


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"t": "t.xlsx"}, "table 't': 't.xlsx' does not end in .parquet, .csv"),
        ({"t": "data/*"}, "does not end in"),
        ({"t": ["a.csv", "b.parquet"]}, "table 't' needs at least one file, and all of one kind"),
        ({"t": []}, "table 't' needs at least one file"),
    ],
)
def test_files_that_no_reader_takes_are_mistakes_of_the_definition(
    tmp_path: Path, files: dict[str, Any], message: str
):
    with pytest.raises(ValidationError, match=message.replace("*", r"\*")):
        make(tmp_path, files=files)


DTYPES = {
    "1::tinyint": ("int64", 1),
    "sum(i)": ("int64", 3),
    "sum(i * 1.5)": ("float64", 4.5),
    "avg(i)": ("float64", 1.0),
    "sum(9223372036854775807::hugeint)": ("float64", 3 * 9223372036854775807.0),
    "1.25::decimal(38, 2)": ("float64", 1.25),
    "5::decimal(9, 0)": ("int64", 5),
    "0.5::float": ("float64", 0.5),
    "true": ("bool", True),
    "'a'": ("str", "a"),
    "'a'::enum('a', 'b')": ("str", "a"),
    "date '2013-03-04'": ("datetime64[us]", pd.Timestamp(2013, 3, 4)),
    "timestamp '2013-03-04 01:00'": ("datetime64[us]", pd.Timestamp(2013, 3, 4, 1)),
    "timestamptz '2013-03-04 01:00+00'": (
        "datetime64[us, America/New_York]",
        pd.Timestamp(2013, 3, 4, 1, tz="UTC"),
    ),
    "{to} - {from}": ("timedelta64[us]", pd.Timedelta(days=7)),
    "{interval}": ("timedelta64[us]", pd.Timedelta(days=7)),
}


@pytest.mark.parametrize("expression", DTYPES)
def test_columns_come_in_plain_dtypes_that_can_be_recorded(tmp_path: Path, expression: str):
    dtype, value = DTYPES[expression]
    query = f"select {expression} as x from range(3) r(i) limit 1"
    frame = make(tmp_path).query(query, WEEK)
    assert str(frame["x"].dtype) == dtype
    assert first(frame) == value
    pd.testing.assert_frame_equal(from_parquet(to_parquet(frame)), frame)


@pytest.mark.parametrize(
    ("expression", "dtype"),
    [
        ("i", "Int64"),
        ("i > 0", "boolean"),
        ("i * 0.5", "float64"),
        ("i::varchar", "str"),
        ("date '2013-03-04' + i::int", "datetime64[us]"),
        ("null", "float64"),
        ("to_days(i::int)", "timedelta64[us]"),
    ],
)
def test_a_null_is_a_gap_and_whole_numbers_stay_whole(tmp_path: Path, expression: str, dtype: str):
    frame = make(tmp_path).query(f"select {expression} as x from (values (1), (null)) v(i)", WEEK)
    assert str(frame["x"].dtype) == dtype
    assert frame["x"].isna().tolist() == [expression == "null", True]
    pd.testing.assert_frame_equal(from_parquet(to_parquet(frame)), frame)


def test_rows_keep_the_order_of_the_query(tmp_path: Path):
    frame = make(tmp_path).query("select i from range(100000) r(i) order by i % 7, i desc", WEEK)
    assert frame["i"].tolist() == sorted(range(100000), key=lambda i: (i % 7, -i))


def test_a_column_without_a_name_is_called_by_its_expression_as_it_was_written(tmp_path: Path):
    frame = make(tmp_path).query("select 1 from range(1) where {from} < {to}", WEEK)
    assert frame.columns.tolist() == ["1"]
    assert make(tmp_path).query("select {to}", WEEK).columns.tolist() == ["{to}"]


ENDLESS = (
    "with recursive t(a) as (select 1 union all select a + 1 from t) select max(a) as a from t"
)


def test_a_query_that_takes_too_long_is_ended_and_the_next_one_is_answered(tmp_path: Path):
    source = make(tmp_path, timeout=0.1)
    with pytest.raises(DatasourceError) as caught:
        source.query(ENDLESS, WEEK)
    assert caught.value.message == "the query took longer than 0.1 s"
    assert caught.value.hint == "Ask for less, or give it more time: 'timeout'."
    assert first(source.query("select 1", WEEK)) == 1


def test_an_answer_that_begins_in_time_and_does_not_end_is_ended(tmp_path: Path):
    source = make(tmp_path, timeout=2)
    with pytest.raises(DatasourceError, match="the query took longer than 2 s"):
        source.query(
            "select i from range(100000000000) r(i) where i < 30000 and {from} < {to}", WEEK
        )
    assert first(source.query("select 1", WEEK)) == 1


def test_an_error_in_the_midst_of_an_answer_is_told_as_any_other(tmp_path: Path):
    source = make(tmp_path)
    with pytest.raises(DatasourceError) as caught:
        source.query(
            "select (case i when 90000 then 'x' else '1' end)::int from range(1e5::int) r(i)", WEEK
        )
    assert caught.value.message == "Conversion Error: Could not convert string 'x' to INT32"
    assert caught.value.where == "datasource 'here'"
    assert first(source.query("select 1", WEEK)) == 1


def test_an_answer_that_is_too_large_is_not_read_to_its_end(tmp_path: Path):
    source = make(tmp_path, max_rows=10)
    with pytest.raises(DatasourceError) as kept:  # as the run keeps what went wrong
        source.query("select i from range(100000000000) r(i)", WEEK)
    assert kept.value.message == "the answer has more than 10 rows"
    assert len(source.query("select i from range(10) r(i)", WEEK)) == 10


def test_memory_and_threads_have_limits(tmp_path: Path):
    settings = """
        select value from duckdb_settings() where name in ('memory_limit', 'threads') order by name
    """
    source = make(tmp_path, memory_limit="200MB", threads=1)
    assert source.query(settings, WEEK)["value"].tolist() == ["190.7 MiB", "1"]
    with pytest.raises(DatasourceError, match="Out of Memory"):
        make(tmp_path, memory_limit="20MB", threads=1).query(
            "select list(i) = [1] as x from range(50000000) r(i)", WEEK
        )


def test_what_does_not_fit_into_memory_is_put_into_a_folder_that_goes_away(tmp_path: Path):
    connection = duckdb.connect(tmp_path / "x.duckdb")
    connection.execute("create table t as select i from range(3000000) r(i)")
    connection.close()
    asked = "select count(*) from (select distinct i, i::varchar from t)"
    source = make(tmp_path, database="x.duckdb", memory_limit="60MB", threads=1)
    assert first(source.query(asked, WEEK)) == 3_000_000
    setting = "select value from duckdb_settings() where name = 'temp_directory'"
    scratch = Path(first(source.query(setting, WEEK)))
    assert scratch.exists()
    source.close()
    assert not scratch.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["x.duckdb"]


@pytest.mark.parametrize(
    "options", [{"memory_limit": "lots"}, {"threads": 0}, {"timeout": 0}, {"max_rows": 0}]
)
def test_limits_that_are_none_are_mistakes_of_the_definition(
    tmp_path: Path, options: dict[str, Any]
):
    with pytest.raises(ValidationError):
        make(tmp_path, **options)


def test_folders_of_hive_partitions_are_columns(tmp_path: Path):
    for year, value in ((2012, 1), (2013, 2)):
        folder = tmp_path / "sales" / f"year={year}" / "shop=a b"
        write(folder / "t.parquet", f"select {value} as a")
    source = make(tmp_path, files={"t": "sales/**/*.parquet"})
    frame = source.query("select year, shop, a from t where year = 2013", WEEK)
    assert frame.iloc[0].tolist() == [2013, "a b", 2]


def test_sqlite_files_and_other_databases_are_attached_and_joined(tmp_path: Path):
    connection = duckdb.connect(tmp_path / "more.duckdb")
    connection.execute("create table rates as select 'York' as shop, 2 as rate")
    connection.close()
    with closing(sqlite3.connect(tmp_path / "shop.db")) as sqlite:
        sqlite.executescript("""
            create table orders (placed text, shop text, amount numeric);
            insert into orders values ('2013-03-03 23:59:59', 'York', 1),
              ('2013-03-04', 'York', 2.5), ('2013-03-10 23:59:59', 'York', 3), (null, 'York', 9);
            create table mixed (a);
            insert into mixed values (1), ('x');
            create view v as select count(*) as n from orders;
        """)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    source = make(tmp_path, attach={"shop": "shop.db", "more": "more.duckdb"})
    frame = source.query(
        """
        select sum(amount * rate) as total, any_value(n) as n
        from shop.orders o join more.rates using (shop), shop.v
        where placed::timestamp >= {from} and placed::timestamp < {to}
        """,
        WEEK,
    )
    assert frame.iloc[0].tolist() == [11, 4]
    assert len(source.query("select * from shop.orders", WEEK)) == 4
    with pytest.raises(DatasourceError, match="column 'a' holds int and str"):
        source.query("select * from shop.mixed", WEEK)
    for query in (
        "with x as (insert into more.rates values ('x', 1) returning *) select * from x",
        "insert into shop.orders values (null, null, null)",
    ):
        with pytest.raises(DatasourceError):
            source.query(query, WEEK)
    source.close()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def on_s3(server: S3Server, bucket: str, **options: Any) -> dict[str, Any]:
    return {
        "storage_options": {**server.options, **options},
        "files": {"t": f"s3://{bucket}/t/**/*.parquet"},
    }


def test_parquet_on_s3_is_read_through_fsspec(tmp_path: Path, s3: S3Server):
    bucket = s3.bucket()
    store = fsspec.filesystem("s3", **s3.options)
    for day in (3, 4, 10, 11):
        path = write(tmp_path / "t.parquet", f"select date '2013-03-{day:02}' as day, {day} as a")
        store.put(str(path), f"{bucket}/t/year=2013/{day}.parquet")
    source = make(tmp_path, **on_s3(s3, bucket))
    frame = source.query(
        "select sum(a) as a, any_value(year) as y from t where day >= {from} and day < {to}", WEEK
    )
    assert frame.iloc[0].tolist() == [14, 2013]
    one = make(
        tmp_path, **on_s3(s3, bucket) | {"files": {"t": f"s3://{bucket}/t/year=2013/3.parquet"}}
    )
    assert first(one.query("select a from t", WEEK)) == 3
    source.close()
    one.close()


def test_what_s3_does_not_have_or_does_not_give_is_told_without_the_secret(
    tmp_path: Path, s3: S3Server
):
    bucket = s3.bucket()
    nothing = make(tmp_path, **on_s3(s3, bucket))
    with pytest.raises(DatasourceError) as caught:
        nothing.query("select a from t", WEEK)
    assert str(caught.value) == (
        f"datasource 'here': there is no file s3://{bucket}/t/**/*.parquet\n"
        "  Check bucket and path."
    )
    s3.refuse = lambda request: (403, "AccessDenied")
    with pytest.raises(DatasourceError, match=r"cannot be read: .*AccessDenied") as caught:
        make(tmp_path, **on_s3(s3, bucket)).query("select a from t", WEEK)
    assert caught.value.hint == "Check the URL and 'storage_options'."
    told = "".join(traceback.format_exception(caught.value))
    assert SECRET not in told


def test_a_store_whose_package_is_missing_is_told_with_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(DatasourceError) as caught:
        make(tmp_path, files={"t": "gs://bucket/t.parquet"}).query("select 1", WEEK)
    assert caught.value.hint == "pip install 'kpisite[gcs]'"
