"""The datasource `http` against a real server: addresses, formats, and what goes wrong."""

from __future__ import annotations

import io
import json
import re
import traceback
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from answering import Answering, Asked, Reply, refusing
from docs_examples import GUIDE, examples
from guide_page import GuidePage, told
from pydantic import ValidationError

from kpisite.archive.frames import from_parquet, to_parquet
from kpisite.datasources import _http_kept
from kpisite.datasources.http import _FORMS, HTTP
from kpisite.errors import DatasourceError
from kpisite.plugins import DatasourceContext, Period
from kpisite.testing import DatasourceContract

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kpisite.pipeline.run import Outcome
    from kpisite.testing import Row
    from tests.conftest import ProjectFiles

NEW_YORK = ZoneInfo("America/New_York")
WEEK = Period.containing(date(2013, 3, 10), "week", NEW_YORK)
SECRET = "s3cr3t/w0rd"
made: list[HTTP] = []


@pytest.fixture(autouse=True)
def _close(pauses: list[float]) -> Iterator[None]:
    yield
    while made:
        made.pop().close()


def make(url: str, **options: Any) -> HTTP:
    options = HTTP.Options.model_validate({"url": url, **options})
    made.append(HTTP(options, DatasourceContext("shop", Path())))
    return made[-1]


def failure(source: HTTP, query: str = "/a", **args: Any) -> DatasourceError:
    """Return the error of a query; nothing of it has the secret."""
    with pytest.raises(DatasourceError) as caught:
        source.query(query, WEEK, **args)
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert caught.value.where == "datasource 'shop'"
    return caught.value


def frame_of(server: Answering, reply: Any, **args: Any) -> pd.DataFrame:
    """Return the frame that is made of an answer; the archive gives it back as it is."""
    server.routes["/a"] = reply
    frame = make(server.url).query("a", WEEK, **args)
    pd.testing.assert_frame_equal(from_parquet(to_parquet(frame)), frame)
    return frame


def packed(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()


class TestHTTPContract(DatasourceContract):
    """A service that knows when things happened, and is asked from when to when."""

    text_query = None
    query = "rows?from={from}&to={to}"
    bad_query = "rows?from={from}"
    secret = SECRET
    form: ClassVar[str] = "iso"
    server: Answering

    @pytest.fixture(autouse=True)
    def _serve(self, server: Answering) -> None:
        type(self).server = server

    def make(self, folder: Path, rows: Sequence[Row]) -> HTTP:
        def route(asked: Asked) -> Any:
            if "to" not in asked.params:
                return Reply({"error": "no end"}, 400)
            start, end = (datetime.fromisoformat(asked.params[n][0]) for n in ("from", "to"))
            found = [(time, value) for time, value in rows if start <= time < end]
            return self.answer(found)

        self.server.routes["/api/rows"] = route
        return make(f"{self.server.url}/api/", time_format=self.form)

    def make_unreachable(self, folder: Path) -> HTTP:
        return make(refusing(), token=self.secret, params={"key": self.secret})

    def answer(self, rows: list[Row]) -> Any:
        frame = pd.DataFrame(rows, columns=["time", "value"])
        return Reply(packed(frame), headers={"Content-Type": "application/vnd.apache.parquet"})


class TestCSVContract(TestHTTPContract):
    form = "utc"

    def answer(self, rows: list[Row]) -> Any:
        lines = [f"{time.isoformat()},{value}\n" for time, value in rows]
        return Reply("".join(["time,value\n", *lines]), headers={"Content-Type": "text/csv"})


class TestJSONContract(DatasourceContract):
    """A service that gives all it has; `select` names the columns, `sql` takes the period."""

    text_query = None
    query = "rows.json"
    bad_query = "rwos.json"
    server: Answering

    @pytest.fixture(autouse=True)
    def _serve(self, server: Answering) -> None:
        type(self).server = server

    def make(self, folder: Path, rows: Sequence[Row]) -> HTTP:
        args = {
            "select": "rows[*].{time: at, value: n}",
            "parse_dates": ["time"],
            "sql": "select time, value from answer where time >= {from} and time < {to}",
        }

        class Asking(HTTP):
            def query(self, query: str, period: Period, **_: Any) -> pd.DataFrame:
                return super().query(query, period, **args)

        found = [{"at": time.isoformat(), "n": value} for time, value in rows]
        self.server.routes["/rows.json"] = {"rows": found}
        source = Asking(HTTP.Options(url=self.server.url), DatasourceContext("shop", folder))
        made.append(source)
        return source

    def make_unreachable(self, folder: Path) -> HTTP:
        return make(refusing())


@pytest.mark.parametrize(
    ("form", "start", "length"),
    [
        ("iso", "2013-03-04T00%3A00%3A00-05%3A00", "P7D"),
        ("utc", "2013-03-04T05%3A00%3A00Z", "P7D"),
        ("date", "2013-03-04", "P7D"),
        ("seconds", "1362373200", str(167 * 3600)),
        ("milliseconds", "1362373200000", str(167 * 3600 * 1000)),
        ("%d/%m/%Y %H", "04%2F03%2F2013%2000", "P7D"),
    ],
)
def test_tokens_are_written_as_the_service_reads_them_and_encoded(
    server: Answering, form: str, start: str, length: str
):
    server.otherwise = []
    source = make(f"{server.url}/v1", time_format=form)
    source.query("/days/{from}?x={interval}&y=a b&z={other}&p={previous_to}", WEEK)
    (asked,) = server.asked
    assert asked.target == f"/v1/days/{start}?x={length}&y=a%20b&z=%7Bother%7D&p={start}"


@pytest.mark.parametrize(
    ("period", "length"),
    [
        (Period.containing(date(2013, 3, 10), "month", NEW_YORK), "P1M"),
        (Period.containing(date(2013, 3, 10), "year", NEW_YORK), "P12M"),
        (
            Period(datetime(2013, 3, 1, tzinfo=NEW_YORK), datetime(2013, 3, 2, 6, tzinfo=NEW_YORK)),
            "PT108000S",
        ),
    ],
)
def test_an_interval_is_a_duration(server: Answering, period: Period, length: str):
    server.otherwise = []
    make(server.url).query("?x={interval}", period)
    assert server.asked[0].params["x"] == [length]


@pytest.mark.parametrize(
    ("url", "query", "target"),
    [
        ("", "", "/"),
        ("/a.csv", "", "/a.csv"),
        ("/a", "?b=1", "/a?b=1"),
        ("/a/", "b?c=http://d", "/a/b?c=http://d"),
        ("/a", "/b", "/a/b"),
        ("/a", " b\n", "/a/b"),
    ],
)
def test_a_query_is_what_stands_behind_the_address(
    server: Answering, url: str, query: str, target: str
):
    server.otherwise = []
    make(f"{server.url}{url}").query(query, WEEK)
    assert server.asked[0].target == target


def test_another_service_is_another_datasource(server: Answering):
    error = failure(make(server.url), "https://elsewhere.example/a?b")
    assert error.message == "the query 'https://elsewhere.example/a?b' is a whole address"
    assert server.asked == []


@pytest.mark.parametrize(
    ("options", "headers"),
    [
        ({"token": SECRET}, {"Authorization": f"Bearer {SECRET}"}),
        ({"user": "me", "password": SECRET}, {"Authorization": "Basic bWU6czNjcjN0L3cwcmQ="}),
        ({"headers": {"X-Key": SECRET, "Accept": "text/csv"}}, {"X-Key": SECRET}),
    ],
)
def test_who_asks_is_in_the_headers(
    server: Answering, options: dict[str, Any], headers: dict[str, str]
):
    server.otherwise = []
    make(server.url, **options).query("", WEEK)
    assert headers.items() <= dict(server.asked[0].headers).items()


def test_a_secret_parameter_is_sent_and_said_nowhere(server: Answering):
    server.routes["/a"] = lambda asked: Reply(f"bad key {asked.params['key'][0]}", 401)
    source = make(server.url, params={"key": SECRET})
    assert failure(source, "a?x=1").message == f"{server.url}/a answered 401: bad key ***"
    assert server.asked[0].params == {"x": ["1"], "key": [SECRET]}
    assert SECRET not in repr(source.options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"url": "shop.example"}, "it must begin with https:// or http://"),
        ({"url": "ftp://shop.example"}, "it must begin with https:// or http://"),
        ({"url": f"https://x.example?key={SECRET}"}, "secret ones into 'params'"),
        ({"url": "https://me:s3cr3t@x.example"}, "into 'user' and 'password'"),
        ({"time_format": "isoo"}, "'isoo' is none of iso, utc,"),
        ({"user": "me"}, "'user' and 'password' need each other"),
        ({"user": "me", "password": "x", "token": "y"}, "'user' and 'token' exclude each other"),
        ({"timeout": 0}, "greater than 0"),
    ],
)
def test_options_that_cannot_be_meant_are_mistakes(options: dict[str, Any], message: str):
    with pytest.raises(ValidationError, match=message) as caught:
        HTTP.Options.model_validate({"url": "https://x.example", **options})
    assert "s3cr3t" not in caught.value.errors()[0]["msg"]


RECORDS = [
    {"id": 1, "share": 0.5, "shop": {"name": "Leeds", "at": {"n": 3}}, "tags": ["a", "ü"]},
    {"id": 2, "share": 1, "shop": {"name": "York", "at": None}, "open": True},
]


def test_json_records_become_rows_and_what_is_in_them_columns(server: Answering):
    frame = frame_of(server, RECORDS)
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        "id": "int64",
        "share": "float64",
        "shop.name": "str",
        "shop.at.n": "Int64",
        "tags": "str",
        "shop.at": "float64",
        "open": "boolean",
    }
    assert frame["shop.name"].tolist() == ["Leeds", "York"]
    assert frame["tags"][0] == '["a", "ü"]'


@pytest.mark.parametrize(
    ("body", "select", "rows"),
    [
        ({"a": 1, "b": {"c": "x"}}, "", [{"a": 1, "b.c": "x"}]),
        (42, "", [{"value": 42}]),
        ([1, 2], "", [{"value": 1}, {"value": 2}]),
        ({"a": {"b": 7}}, "a.b", [{"value": 7}]),
        (RECORDS, "[?share > `0.6`].{shop: shop.name}", [{"shop": "York"}]),
        (RECORDS, "length(@)", [{"value": 2}]),
        ([[1, "x"], [2, "y"]], "[*].{n: [0], t: [1]}", [{"n": 1, "t": "x"}, {"n": 2, "t": "y"}]),
        (RECORDS, "[*].{s: shop} | [0]", [{"s.name": "Leeds", "s.at.n": 3}]),
    ],
)
def test_what_is_selected_of_json_becomes_rows(
    server: Answering, body: Any, select: str, rows: list[dict[str, Any]]
):
    args = {"select": select} if select else {}
    assert frame_of(server, body, **args).to_dict("records") == rows


@pytest.mark.parametrize(
    "select",
    [
        "items[*].{time: t, value: v}",
        "items[?v > `1`].{time: t, value: v}",
        "items[].{time: t, value: v}",
        "items[*] | [*].{time: t, value: v}",
        "items | sort_by(@, &t)[*].{time: t, value: v}",
    ],
)
def test_an_empty_list_has_the_columns_that_select_names(server: Answering, select: str):
    frame = frame_of(server, {"items": []}, select=select, parse_dates=["time"])
    assert frame.columns.tolist() == ["time", "value"]
    assert len(frame) == 0
    assert str(frame["time"].dtype) == "datetime64[us]"


def test_times_are_read_where_they_are_named(server: Answering):
    rows = [{"day": "04.03.2013", "seen": 1362373200, "at": "2013-03-04T05:00:00Z"}]
    args = {"parse_dates": {"day": "%d.%m.%Y", "seen": {"unit": "s", "utc": True}, "at": None}}
    frame = frame_of(server, rows, **args)
    assert frame["day"][0] == pd.Timestamp(2013, 3, 4)
    assert frame["seen"][0] == frame["at"][0] == WEEK.start
    assert frame["at"].dtype == pd.DatetimeTZDtype("us", NEW_YORK)


def test_csv_comes_in_plain_dtypes(server: Answering):
    text = (
        "day,at,id,share,shop,open,none\n"
        '2013-03-04,2013-03-04T05:00:00Z,1,0.5,"Leeds, ""old""\nmill",true,\n'
        "2013-03-05,2013-03-05T05:00:00Z,2,,Yörk,false,\n"
    )
    frame = frame_of(server, Reply(text, headers={"Content-Type": "text/csv; header=present"}))
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        "day": "datetime64[us]",
        "at": "datetime64[s, America/New_York]",
        "id": "int64",
        "share": "float64",
        "shop": "str",
        "open": "bool",
        "none": "float64",
    }
    assert frame["at"][0] == WEEK.start
    assert frame["shop"].tolist() == ['Leeds, "old"\nmill', "Yörk"]


def test_the_type_of_a_column_of_csv_is_that_of_all_its_rows(server: Answering):
    text = "code\n" + "1\n" * 1_500_000 + "A7\n"
    frame = frame_of(server, text, format="csv")
    assert frame["code"].tolist()[-2:] == ["1", "A7"]


@pytest.mark.parametrize(
    ("kind", "text", "args"),
    [
        ("text/tab-separated-values", "a\tb\n1\t2\n", {}),
        ("text/plain", "a;b\n1;2\n", {"format": "csv", "delimiter": ";"}),
        ("application/csv; charset=utf-16", "a,b\n1,2\n".encode("utf-16"), {}),
        ("application/octet-stream", "\ufeffa,b\n1,2\n", {"format": "csv"}),
        ("application/vnd.api+json", '{"a": 1, "b": 2}', {}),
        ("text/plain", '\ufeff{"a": 1, "b": 2}', {"format": "json"}),
        ("application/octet-stream", packed(pd.DataFrame({"a": [1], "b": [2]})), {}),
    ],
)
def test_the_format_is_that_of_the_type_or_the_one_that_is_named(
    server: Answering, kind: str, text: Any, args: dict[str, str]
):
    reply = Reply(text, headers={"Content-Type": kind})
    assert frame_of(server, reply, **args).to_dict("records") == [{"a": 1, "b": 2}]


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_the_ending_of_the_address_tells_where_the_type_does_not(server: Answering, ending: str):
    text = {"csv": "a\n1\n", "json": '[{"a": 1}]'}[ending]
    server.routes[f"/x.{ending}"] = text
    assert make(server.url).query(f"x.{ending}?y.zip", WEEK)["a"].tolist() == [1]


def test_sql_asks_the_answer(server: Answering):
    rows = [{"day": f"2013-03-{day:02}", "n": day, "gap": None} for day in range(1, 31)]
    sql = """
        select count(*) as days, sum(n) as n, '{from}' as text, coalesce(sum(gap), 0) as gap
        from answer where day >= {from} and day < {to}
    """
    frame = frame_of(server, rows, sql=sql, parse_dates=["day"])
    assert frame.to_dict("records") == [
        {"days": 7, "n": sum(range(4, 11)), "text": "{from}", "gap": 0}
    ]


def test_sql_takes_an_answer_without_rows(server: Answering):
    sql = "select count(*) as n, sum(v) as v from answer where t = 'x' and v > 1"
    frame = frame_of(server, [], select="[*].{t: t, v: v}", sql=sql)
    assert frame["n"].tolist() == [0]


def test_what_has_not_changed_is_not_sent_again(server: Answering):
    def route(asked: Asked) -> Any:
        if asked.headers["If-None-Match"] == '"1"':
            return Reply(status=304)
        return Reply([1, 2], headers={"ETag": '"1"'})

    server.routes["/a"] = server.routes["/b"] = route
    source = make(server.url)
    for _ in range(3):
        assert source.query("a", WEEK)["value"].tolist() == [1, 2]
    assert source.query("b", WEEK.previous())["value"].tolist() == [1, 2]
    assert [asked.headers["If-None-Match"] for asked in server.asked] == [
        None,
        '"1"',
        '"1"',
        None,
    ]


def test_the_oldest_answers_are_given_up_where_too_much_is_kept(
    server: Answering, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(_http_kept, "KEPT_BYTES", 10)  # an answer has 6
    server.otherwise = Reply([1, 2], headers={"ETag": '"1"'})
    source = make(server.url)
    for path in ("a", "a", "b", "b", "a"):
        source.query(path, WEEK)
    known = [asked.headers["If-None-Match"] for asked in server.asked]
    assert known == [None, '"1"', None, '"1"', None]


FAULTS: list[tuple[Any, dict[str, Any], str]] = [
    (Reply(fault="reset"), {}, "broke the connection before the whole answer came, asked 4 times"),
    (Reply([1] * 99, fault="cut"), {}, "broke the connection before the whole answer came"),
    (Reply(fault="hang"), {"read_timeout": 0.2}, "did not answer within 0.2 s"),
    (Reply([1] * 99, fault="trickle"), {"timeout": 0.3}, "had not answered all of the query"),
    (Reply({"message": "no"}, 401), {}, "answered 401: no"),
    (Reply({"message": "no"}, 403), {}, "answered 403: no"),
    (Reply({"message": "no such column"}, 400), {}, "answered 400: no such column"),
    (Reply("gone", 404), {}, "answered 404: gone"),
    (Reply("down", 503), {}, "answered 503: down, asked 4 times"),
    (Reply([1] * 9999), {"max_mb": 0.001}, "answered more than 0.001 MB"),
]


@pytest.mark.parametrize(("reply", "options", "message"), FAULTS)
def test_what_goes_wrong_is_told_and_the_next_query_is_answered(
    server: Answering, reply: Reply, options: dict[str, Any], message: str
):
    server.routes["/a"] = reply
    server.routes["/b"] = [3]
    source = make(server.url, token=SECRET, params={"key": SECRET}, **options)
    assert failure(source).message.startswith(f"{server.url}/a {message}")
    assert source.query("b", WEEK)["value"].tolist() == [3]


def test_a_service_that_is_not_there_is_told():
    url = refusing()
    assert failure(make(url)).message == f"{url}/a refuses the connection, asked 4 times"


LOGIN = Reply("<html><title>Sign in</title>", headers={"Content-Type": "text/html"})


@pytest.mark.parametrize(
    ("reply", "args", "message", "hint"),
    [
        ("", {"format": "json"}, "{a} answered nothing (status 200) where JSON", "Check the"),
        (
            '[{"a": 1}, {"a"',
            {"format": "json"},
            '{a} answered “[{"a": 1}, {"a"” where',
            "It breaks off, or",
        ),
        ("", {}, "{a} answered nothing (status 200)", ""),
        (LOGIN, {}, "{a} answered text/html: Sign in", "If it is the right address, say"),
        (LOGIN, {"format": "json"}, "{a} answered a page, “Sign in”, where JSON is", "Check"),
        ("x", {}, "{a} answered text/plain: x", "If it is the right address, say"),
        ([{"a": 1}, {"a": "x"}], {}, "column 'a' holds int and str", "Make it one kind in select"),
        ([{"a": 1}, 2], {}, "the answer's list holds objects and other values", "Select one"),
        ([[1, 2]], {}, "the answer is a list of lists", "Name their parts in select"),
        ({"rows": []}, {"select": "rwos"}, "select finds nothing in the answer", "There is: rows."),
        ([], {"select": "a b"}, "select: ", ""),
        ([], {"select": "abs('x')"}, "select: ", ""),
        ("null", {"format": "json"}, "the answer is null", ""),
        ("", {"format": "csv"}, "{a} answered what is no CSV: Empty CSV file", ""),
        (
            "a,b\n1,2\n3\n",
            {"format": "csv"},
            "{a} answered what is no CSV: CSV parse error",
            "Is it whole",
        ),
        ("a,a\n1,2\n", {"format": "csv"}, "two columns are called 'a'", ""),
        ("a,b\n", {"format": "csv", "delimiter": "ab"}, "{a} answered what is no CSV", ""),
        (b"PAR1\0\0PAR1", {}, "{a} answered what is no Parquet: ", ""),
        (packed(pd.DataFrame({"a": [1]}))[:-9], {}, "{a} answered what is no Parquet: ", ""),
        ([], {"format": "cvs"}, "format is 'cvs'", "Did you mean 'csv'?"),
        ("a\n1\n", {"format": "csv", "select": "a"}, "select is for JSON, and {a} answered", "Use"),
        ([], {"selct": "a"}, "query_args has 'selct', which is unknown", "Did you mean 'select'?"),
        ([], {"select": 3}, "query_args: select is 3", "It is a text."),
        ([{"a": 1}], {"parse_dates": ["b"]}, "parse_dates: there is no column 'b'", ""),
        ([{"a": 1}], {"sql": "select b from answer"}, "query_args: sql: Binder Error: ", ""),
        ([{"a": 1}], {"sql": "drop table answer"}, "query_args: sql: a query is one SELECT", ""),
    ],
)
def test_an_answer_that_makes_no_table_is_told(
    server: Answering, reply: Any, args: dict[str, Any], message: str, hint: str
):
    server.routes["/a"] = reply
    error = failure(make(server.url), **args)
    assert error.message.startswith(message.replace("{a}", f"{server.url}/a"))
    assert error.hint.startswith(hint)
    assert "\n" not in error.message
    assert len(server.asked) <= 1


class ShopPage:
    """The guide's example with its shop."""

    address = "https://shop.example.org/api"

    def __init__(self, project: ProjectFiles, server: Answering) -> None:
        self.server = server
        self.page = GuidePage("http", project)
        json_text, csv_text = (
            next(each.text for each in examples(self.page.path) if each.language == language)
            for language in ("json", "csv")
        )
        self.order = json.loads(json_text)["orders"][0]
        server.routes["/api/orders"] = self.orders
        server.routes["/api/rates.csv"] = Reply(csv_text, headers={"Content-Type": "text/csv"})
        self.project = project

    def orders(self, asked: Asked) -> Any:
        if asked.headers["Authorization"] != f"Bearer {SECRET}":
            return Reply("bad token", 401)
        start, end = (datetime.fromisoformat(asked.params[name][0]) for name in ("from", "to"))
        placed = datetime.fromisoformat(self.order["placed"])
        return {"orders": [self.order] if start <= placed < end else []}

    def run(self) -> Outcome:
        self.project.environment["SHOP_TOKEN"] = SECRET
        return self.page.run({self.address: f"{self.server.url}/api"})


@pytest.fixture
def shop(project: ProjectFiles, server: Answering) -> ShopPage:
    return ShopPage(project, server)


def test_the_example_of_the_guide_runs(shop: ShopPage):
    outcome = shop.run()
    assert (outcome.status, outcome.problems) == ("sealed", ())
    assert shop.page.metrics() == {"revenue": 30, "rate": pytest.approx(1.25)}
    (order,) = shop.page.frame("orders").to_dict("records")
    assert order["placed"] == pd.Timestamp("2025-01-06T10:30", tz="Europe/London")
    assert (order["shop"], order["total"]) == ("Leeds", 30)
    assert all(SECRET.encode() not in content for content in shop.project.archived().values())


@pytest.mark.parametrize(
    ("route", "place"),
    [
        (Reply("bad token", 401), 0),
        (LOGIN, 1),
        (Reply({"orders": []}, fault="cut"), 2),
        ({"items": []}, 3),
    ],
)
def test_the_messages_of_the_guide_are_those_that_are_given(shop: ShopPage, route: Any, place: int):
    shop.server.routes["/api/orders"] = route
    outcome = shop.run()
    assert outcome.status == "preliminary"
    assert {problem.view for problem in outcome.problems} == {"orders", "revenue"}
    said = told(outcome, f"{shop.server.url}/api", shop.address)
    assert any(shop.page.messages[place] in text for text in said), said
    assert len(shop.page.messages) == 4
    assert all(SECRET.encode() not in content for content in shop.project.archived().values())


def test_the_table_of_tokens_in_the_guide_is_what_is_sent(server: Answering):
    server.otherwise = []
    week = Period.containing(date(2025, 1, 6), "week", ZoneInfo("Europe/London"))
    text = (GUIDE / "datasources" / "http.md").read_text(encoding="utf-8")
    text = text.partition("## Tokens")[2].partition("##")[0]
    lines = [line.split("|")[1:-1] for line in text.splitlines() if line.startswith("| `")][1:]
    rows = [[re.findall(r"`(\S+)`", cell)[0] for cell in line] for line in lines]
    assert [row[0] for row in rows] == [*_FORMS, "%d.%m.%Y"]
    for form, start, end, length in rows:
        make(server.url, time_format=form).query("?a={from}&b={to}&c={interval}", week)
        assert server.asked[-1].params == {"a": [start], "b": [end], "c": [length]}
