"""The datasource `prometheus` against a real server, and against one that does what that cannot."""

from __future__ import annotations

import math
import re
import traceback
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from answering import Answering, Reply, refusing
from docs_examples import GUIDE, examples
from prometheus_server import PASSWORD, USER, PrometheusServer, prometheus
from pydantic import ValidationError

from kpisite.archive.frames import from_parquet, to_parquet
from kpisite.datasources.prometheus import MOST_POINTS, Prometheus
from kpisite.errors import DatasourceError
from kpisite.plugins import DatasourceContext, Period
from kpisite.testing import ROWS, DatasourceContract

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from kpisite.testing import Row
    from tests.conftest import ProjectFiles

__all__ = ["prometheus"]

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
WEEK = Period.containing(date(2013, 3, 6), "week", NEW_YORK)
LONG_WEEK = Period.containing(date(2013, 10, 27), "week", BERLIN)
"""Of 169 hours."""
RANGE, INSTANT = "/api/v1/query_range", "/api/v1/query"
made: list[Prometheus] = []


@pytest.fixture(autouse=True)
def _close(pauses: list[float]) -> Iterator[None]:
    yield
    while made:
        made.pop().close()


def make(host: str, folder: Path, **options: Any) -> Prometheus:
    chosen = Prometheus.Options.model_validate({"host": host, **options})
    made.append(Prometheus(chosen, DatasourceContext("metrics", folder)))
    return made[-1]


def reader(server: PrometheusServer, folder: Path, **options: Any) -> Prometheus:
    user = {"username": USER, "password": PASSWORD}
    return make(server.address, folder, basic_auth=user, **options)


@pytest.fixture
def source(prometheus: PrometheusServer, tmp_path: Path) -> Prometheus:
    return reader(prometheus, tmp_path)


def failure(source: Prometheus, query: str = "rows", **args: Any) -> DatasourceError:
    """Return the error of a query; nothing of it, nor of what it comes from, has the password."""
    with pytest.raises(DatasourceError) as caught:
        source.query(query, WEEK, **args)
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))
    assert caught.value.where == "datasource 'metrics'"
    return caught.value


def matrix(*series: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return an answer to a range query."""
    return {"status": "success", "data": {"resultType": "matrix", "result": list(series)}, **more}


class TestPrometheusContract(DatasourceContract):
    text_query = None
    query = "sum(rows)"
    bad_query = "sum(rows"
    secret = PASSWORD

    @pytest.fixture(autouse=True)
    def _server(self, prometheus: PrometheusServer) -> None:
        self.server = prometheus

    def make(self, folder: Path, rows: Sequence[Row]) -> Prometheus:
        assert rows == ROWS  # they are in its storage
        return reader(self.server, folder)

    def make_unreachable(self, folder: Path) -> Prometheus:
        return make(refusing(), folder, basic_auth={"username": USER, "password": PASSWORD})


class TestAtTheEnd(TestPrometheusContract):
    """One number over the whole period, by a range that is as long as the period."""

    query = "sum(sum_over_time(rows[{interval}]))"
    bad_query = "sum(sum_over_time(rows))"

    def make(self, folder: Path, rows: Sequence[Row]) -> Prometheus:
        source = super().make(folder, rows)
        asked = source.query
        source.query = lambda query, period: asked(query, period, instant=True)  # type: ignore
        return source

    def test_an_answer_without_rows_has_its_columns(self, datasource: Prometheus) -> None:  # type: ignore[override]
        assert len(datasource.query(self.query, WEEK)) == 1
        none = Period.containing(date(1999, 1, 1), "day", self.zone)
        assert list(datasource.query(self.query, none).columns) == ["time", "value"]

    def test_a_refused_query_is_an_error_and_the_next_one_is_answered(
        self, datasource: Prometheus
    ) -> None:
        with pytest.raises(DatasourceError, match="expected type range vector"):
            datasource.query(self.bad_query, WEEK)
        assert len(datasource.query(self.query, WEEK)) == 1


def test_a_range_begins_at_the_start_and_leaves_out_the_end(source: Prometheus):
    frame = source.query("time()", LONG_WEEK)
    assert len(frame) == 169
    assert frame["time"].iloc[0] == LONG_WEEK.start
    assert frame["time"].iloc[-1] == LONG_WEEK.end.astimezone(UTC) - timedelta(hours=1)
    after = source.query("time()", Period.containing(date(2013, 10, 28), "week", BERLIN))
    assert after["time"].iloc[0] == LONG_WEEK.end


def test_a_step_that_does_not_divide_the_period_stops_before_its_end(source: Prometheus):
    day = Period.containing(date(2013, 10, 27), "day", BERLIN)
    frame = source.query("time()", day, step="7h")
    hours = [(t - day.start.astimezone(UTC)) / timedelta(hours=1) for t in frame["time"]]
    assert hours == [0, 7, 14, 21]


@pytest.mark.parametrize(("step", "points"), [(900, 672), ("15m", 672), ("1h30m", 112), ("1d", 7)])
def test_the_step_is_a_length_of_time_or_a_number_of_seconds(
    source: Prometheus, step: Any, points: int
):
    period = Period.containing(date(2013, 10, 9), "week", BERLIN)
    assert len(source.query("time()", period, step=step)) == points


def test_times_are_in_the_zone_of_the_report_and_values_are_floats(source: Prometheus):
    frame = source.query("rows", WEEK)
    assert list(frame.columns) == ["time", "value", "__name__"]
    assert frame["time"].dtype == pd.DatetimeTZDtype("us", NEW_YORK)
    assert frame["value"].dtype == float
    assert frame["__name__"].dtype == "str"
    assert frame["time"].iloc[0] == datetime(2013, 3, 4, 5, tzinfo=UTC)


def test_each_label_is_a_column_and_one_that_a_series_lacks_is_missing(source: Prometheus):
    query = """
        label_replace(vector(1), "room", "b", "", "")
        or label_replace(label_replace(vector(2), "room", "a", "", ""), "floor", "7", "", "")
    """
    frame = source.query(query, WEEK, step="3d")
    assert list(frame.columns) == ["time", "value", "floor", "room"]
    assert frame["room"].tolist() == ["a", "a", "a", "b", "b", "b"]
    assert frame["floor"].isna().tolist() == [False] * 3 + [True] * 3
    assert frame["value"].tolist() == [2.0] * 3 + [1.0] * 3
    pd.testing.assert_frame_equal(from_parquet(to_parquet(frame)), frame)


def test_a_label_that_is_called_like_a_column_is_still_there(source: Prometheus):
    query = (
        'label_replace(label_replace(vector(1), "value", "high", "", ""), "time", "now", "", "")'
    )
    frame = source.query(query, WEEK, instant=True)
    assert frame.columns.tolist() == ["time", "value", "exported_time", "exported_value"]
    assert frame.iloc[0, 1:].tolist() == [1.0, "now", "high"]


def test_a_number_that_is_none_and_infinite_ones_are_kept(source: Prometheus):
    query = "vector(0) / 0 or label_replace(vector(1) / 0, 'x', 'a', '', '')"
    values = source.query(f"{query} or label_replace(-1 / vector(0), 'x', 'b', '', '')", WEEK)
    assert set(values["value"].tail(2 * 167)) == {math.inf, -math.inf}
    assert values["value"].head(167).isna().all()
    assert to_parquet(values)


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("3", [3.0]),
        ("vector(3)", [3.0]),
        ("count(rows @ {from})", [1.0]),
        ("nope", []),
        ("rows[2h]", [6, 7]),
    ],
)
def test_a_moment_answers_scalars_vectors_and_ranges(
    source: Prometheus, query: str, values: list[float]
):
    utc = ZoneInfo("UTC")
    night = Period(datetime(2013, 3, 3, tzinfo=utc), datetime(2013, 3, 3, 5, tzinfo=utc))
    frame = source.query(query, night, instant=True)
    assert frame["value"].tolist() == values
    assert frame["value"].dtype == float


def test_more_points_than_the_server_answers_at_once_are_asked_in_parts(source: Prometheus):
    month = Period.containing(date(2013, 10, 9), "month", BERLIN)
    frame = source.query("time()", month, step="15s")
    assert len(frame) == 745 * 240 > 16 * MOST_POINTS
    seconds = frame["time"].astype("int64") // 1_000_000
    assert (seconds == frame["value"]).all()
    assert frame["time"].is_unique
    assert frame["time"].is_monotonic_increasing


def test_the_server_is_asked_for_no_more_points_than_it_answers(server: Answering, tmp_path: Path):
    server.routes[RANGE] = matrix()
    make(server.url, tmp_path).query("x", WEEK, step="30s")
    asked = [
        {name: float(v[0]) for name, v in a.params.items() if name != "query"} for a in server.asked
    ]
    points = [(a["end"] - a["start"]) / a["step"] + 1 for a in asked]
    assert points == [MOST_POINTS, 167 * 120 - MOST_POINTS]
    assert asked[1]["start"] == asked[0]["end"] + 30
    assert asked[1]["end"] == WEEK.end.timestamp() - 30


def test_a_series_that_begins_in_a_later_part_is_whole(server: Answering, tmp_path: Path):
    a, b = {"metric": {"x": "b"}}, {"metric": {"x": "a"}}
    server.routes[RANGE] = [
        Reply(matrix({**a, "values": [[10, "1"]]})),
        Reply(matrix({**a, "values": [[20, "2"]]}, {**b, "values": [[20.5, "3"]]})),
    ]
    frame = make(server.url, tmp_path).query("x", WEEK, step="30s")
    assert frame["x"].tolist() == ["a", "b", "b"]
    assert frame["value"].tolist() == [3, 1, 2]
    assert frame["time"].iloc[0] == datetime(1970, 1, 1, 0, 0, 20, 500_000, tzinfo=UTC)


def test_the_day_before_one_without_a_midnight_is_asked_at_its_end(
    server: Answering, tmp_path: Path
):
    day = Period.containing(date(2018, 11, 3), "day", ZoneInfo("America/Sao_Paulo"))
    server.routes[INSTANT] = {"status": "success", "data": {"resultType": "vector", "result": []}}
    make(server.url, tmp_path).query("x[{interval}]", day, instant=True)
    assert server.asked[0].params["query"] == ["x[86400s]"]
    assert server.asked[0].params["time"] == [f"{day.start.timestamp() + 86400 - 0.001:.3f}"]


def test_an_answer_that_is_too_large_is_refused(prometheus: PrometheusServer, tmp_path: Path):
    error = failure(reader(prometheus, tmp_path, max_mb=0.001), "time()")
    assert error.message.endswith("answered more than 0.001 MB")
    assert "raise max_mb" in error.hint


def test_tokens_are_seconds_and_durations_and_stay_in_text_and_comments(
    source: Prometheus, server: Answering, tmp_path: Path
):
    query = (
        "{from} + {to} - {previous_from} * {previous_to} # {to}\n"
        ' + rows{a=\'{to}\',b="\\"{to}"}[{interval}]'
    )
    server.routes[INSTANT] = {"status": "success", "data": {"resultType": "vector", "result": []}}
    make(server.url, tmp_path).query(query, LONG_WEEK, instant=True)
    start, end = 1382306400, 1382914800
    assert server.asked[0].params["query"] == [
        f"{start} + {end} - {start - 7 * 86400} * {start} # {{to}}\n"
        ' + rows{a=\'{to}\',b="\\"{to}"}[608400s]'
    ]
    assert server.asked[0].params["time"] == ["1382914799.999"]
    first = source.query("rows @ {from} > 0", WEEK, instant=True)
    assert first["value"].tolist() == [dict(ROWS)[WEEK.start.astimezone(UTC)]]


@pytest.mark.parametrize(
    ("query", "args", "message"),
    [
        ("sum(rows", {}, "1:9: parse error: unclosed left parenthesis"),
        ("", {}, "no expression found in input"),
        (
            "rows[1h]",
            {},
            'invalid expression type "range vector" for range query',
        ),
        (
            '"text"',
            {},
            'invalid expression type "string" for range query, must be Scalar or instant Vector',
        ),
        ('"text"', {"instant": True}, "the query answers text"),
        ("rows * on (x) group_left nope", {"step": "1s", "instant": False}, None),
        (
            "count_over_time(vector(1)[30d:10s])",
            {"step": "12h"},
            "query processing would load too many samples into memory in query execution",
        ),
        ("rows", {"stp": "1h"}, "query_args has 'stp', which is unknown"),
        (
            "rows",
            {"step": "1 fortnight"},
            "query_args: step: '1 fortnight' is no length of time; write it like 15m, 1h or 1h30m",
        ),
        (
            "rows",
            {"step": 0},
            "query_args: step: '0' is no length of time; write it like 15m, 1h or 1h30m",
        ),
        ("rows", {"instant": "yes"}, "query_args: instant is 'yes'"),
        ("rows", {"instant": True, "step": "1h"}, "query_args: 'step' is not for 'instant'"),
    ],
)
def test_a_query_that_is_refused_says_so_in_the_words_of_the_server(
    source: Prometheus, query: str, args: dict[str, Any], message: str | None
):
    if message is None:
        assert source.query(query, WEEK, **args).empty
    else:
        assert message in failure(source, query, **args).message


def test_a_wrong_password_is_not_tried_again(
    prometheus: PrometheusServer, tmp_path: Path, pauses: list[float]
):
    wrong = {"username": USER, "password": f"not-{PASSWORD}"}
    error = failure(make(prometheus.address, tmp_path, basic_auth=wrong))
    assert error.message == f"{prometheus.address}{RANGE} answered 401: Unauthorized"
    assert error.hint == "Check user, password or token."
    assert not pauses


def test_a_token_is_sent_as_bearer_and_a_path_before_the_api_is_kept(
    server: Answering, tmp_path: Path
):
    server.routes[f"/metrics{RANGE}"] = matrix()
    make(f"{server.url}/metrics/", tmp_path, bearer_token=PASSWORD).query("x", WEEK)
    assert server.asked[0].headers["Authorization"] == f"Bearer {PASSWORD}"


HISTOGRAM = {"metric": {}, "histograms": [[1, {"count": "3", "sum": "4"}]]}


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply(status=404), "answered 404"),
        (Reply(fault="reset"), "broke the connection before the whole answer came, asked 4 times"),
        (
            Reply(matrix(), fault="cut"),
            "broke the connection before the whole answer came, asked 4 times",
        ),
        (
            Reply("<html><title>Sign in</title></html>"),
            "answered a page, “Sign in”, where JSON is expected",
        ),
        (Reply(""), "answered nothing (status 200) where JSON is expected"),
        (Reply({"ok": True}), "answered JSON that is not Prometheus's"),
        (Reply([]), "answered JSON that is not Prometheus's"),
        (Reply({"status": "success"}), "the answer is not what Prometheus answers"),
        (Reply({"status": "success", "data": {"resultType": "matrix", "result": {}}}), None),
        (Reply(matrix({"metric": {}})), "the answer is not what Prometheus answers"),
        (Reply(matrix({"metric": [], "values": []})), "the answer is not what Prometheus answers"),
        (
            Reply(matrix({"metric": {}, "values": [[1]]})),
            "the answer is not what Prometheus answers",
        ),
        (
            Reply(matrix({"metric": {}, "values": [[1, "x"]]})),
            "the answer is not what Prometheus answers",
        ),
        (Reply(matrix({"metric": {}, "values": 1})), "the answer is not what Prometheus answers"),
        (Reply(matrix(HISTOGRAM)), "the answer holds native histograms, which are no numbers"),
        (
            Reply({"status": "error", "errorType": "timeout", "error": "query timed out"}, 503),
            "answered 503: query timed out, asked 4 times",
        ),
        (
            Reply({"status": "error", "errorType": "execution", "error": "too many"}, 422),
            "too many",
        ),
    ],
)
def test_each_failure_is_told_and_nothing_of_the_password(
    server: Answering, tmp_path: Path, reply: Reply, message: str | None
):
    server.otherwise = reply
    source = make(server.url, tmp_path, basic_auth={"username": USER, "password": PASSWORD})
    if message is None:
        assert source.query("x", WEEK).empty
    else:
        assert failure(source).message.endswith(message)


def test_an_address_with_too_long_a_path_is_told(server: Answering, tmp_path: Path):
    server.otherwise = Reply("404 page not found", 404)
    error = failure(make(f"{server.url}/api/v1", tmp_path))
    assert error.message.endswith("/api/v1/api/v1/query_range answered 404: 404 page not found")
    assert error.hint == "Check the address: it is that of the server, without /api/v1."


def test_nobody_there_and_a_server_that_hangs_are_told(server: Answering, tmp_path: Path):
    assert failure(make(refusing(), tmp_path)).message.endswith(
        "refuses the connection, asked 4 times"
    )
    server.otherwise = Reply(fault="hang")
    told = failure(make(server.url, tmp_path, timeout=0.3)).message
    assert re.search(r"(did not answer within|took longer than) 0\.\d+ s", told)


def test_a_server_that_is_down_for_a_moment_is_asked_again(
    server: Answering, tmp_path: Path, pauses: list[float]
):
    server.routes[RANGE] = [Reply(status=503), Reply(matrix({"metric": {}, "values": [[1, "2"]]}))]
    assert make(server.url, tmp_path).query("x", WEEK)["value"].tolist() == [2]
    assert len(pauses) == 1


def test_what_the_server_warns_of_is_noted_once(server: Answering, tmp_path: Path):
    server.routes[RANGE] = matrix(warnings=["one replica is down"], infos=["no counter"])
    source = make(server.url, tmp_path)
    source.query("x", WEEK, step="30s")
    assert len(server.asked) == 2
    assert source.take_notes() == ("datasource 'metrics': one replica is down",)
    assert source.take_notes() == ()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"host": "ftp://x"}, "this is no address"),
        ({"host": ""}, "this is no address"),
        ({"host": "prometheus 9090"}, "this is no address"),
        ({"host": "x:port"}, "this is no address"),
        ({"host": "http://x/?a=b"}, "this is no address"),
        ({"host": "http://me:pw@x"}, "use 'basic_auth'"),
        ({"host": "x", "basic_auth": {"username": "a"}}, "Field required"),
        (
            {"host": "x", "basic_auth": {"username": "a", "password": "b"}, "bearer_token": "c"},
            "exclude",
        ),
        ({"host": "x", "timeout": 0}, "greater than 0"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], message: str):
    with pytest.raises(ValidationError, match=message):
        Prometheus.Options.model_validate(options)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("prometheus:9090", "http://prometheus:9090"),
        ("https://example.org/prometheus/", "https://example.org/prometheus"),
        ("[::1]:9090", "http://[::1]:9090"),
    ],
)
def test_a_host_without_a_scheme_is_asked_over_http(host: str, url: str):
    assert Prometheus.Options(host=host).host == url


def test_the_example_of_the_guide_counts_the_requests_of_its_week(
    prometheus: PrometheusServer, project: ProjectFiles
):
    example = next(e for e in examples(GUIDE / "datasources" / "prometheus.md") if e.is_report)
    host = prometheus.address.removeprefix("http://")
    project = replace(
        project,
        now=datetime(2025, 2, 1, tzinfo=UTC),
        environment={"PROMETHEUS_PASSWORD": PASSWORD},
        folder=project.folder / "example",
    )
    project.write(example.text.replace("prometheus.example.org:9090", host), "shop")
    assert [outcome.problems for outcome in project.run()] == [()]
    [edition] = project.archive.editions()
    metrics = edition.load().record.metrics
    assert metrics["requests"].value == pytest.approx(7 * 288 * 31, rel=1e-3)
    assert metrics["alerts"].value == 2
    assert not [name for name, data in project.archived().items() if PASSWORD.encode() in data]


def test_a_warning_of_the_server_is_one_of_the_view_and_a_server_that_is_down_fails_it_alone(
    server: Answering, project: ProjectFiles
):
    server.routes[RANGE] = matrix(
        {"metric": {}, "values": [[1, "2"]]}, warnings=["half is missing"]
    )
    project.write(
        f"""\
        title: Two servers
        schedule: weekly
        since: 2024-01-01
        until: 2024-01-08
        datasources:
          up: {{plugin: prometheus, args: {{host: "{server.url}"}}}}
          down: {{plugin: prometheus, args: {{host: "{refusing()}"}}}}
        views:
          seen: {{plugin: table, args: {{datasource: up, query: x}}}}
          also_seen: {{plugin: table, args: {{datasource: up, query: x}}}}
          not_seen: {{plugin: table, args: {{datasource: down, query: x}}}}
        """
    )
    [outcome] = project.run()
    told = [(p.severity, p.view, p.message.partition("http")[0]) for p in outcome.problems]
    assert told == [
        ("warning", "seen", "datasource 'up': half is missing"),
        ("warning", "also_seen", "datasource 'up': half is missing"),
        ("error", "not_seen", "datasource 'down': "),
    ]
    [edition] = project.archive.editions()
    assert edition.load().record.status == "preliminary"
