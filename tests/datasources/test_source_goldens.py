"""What every built-in datasource answers to one query over one period; compared with goldens."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from github_api import GitHubAPI, Repository, issue
from golden import check, strays
from prometheus_server import PASSWORD, USER, PrometheusServer, prometheus
from service_apis import XAPI, GoogleAPI, Hit, JenkinsAPI, Post, build, folder, job

from kpisite.datasources import googleanalytics, twitter
from kpisite.plugins import DatasourceContext, Period
from kpisite.plugins.registry import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from answering import Answering

__all__ = ["prometheus"]

NEW_YORK = ZoneInfo("America/New_York")
WEEK = Period.containing(date(2013, 3, 10), "week", NEW_YORK)
"""Its Sunday has 23 hours."""
TIMES = [WEEK.start - timedelta(hours=1), *(WEEK.start + timedelta(days=n) for n in (0, 2, 6))]
"""The first one is of the week before."""
SERVICE = "https://service.example.org"
"""What the goldens call the server that answers."""


@dataclass(frozen=True)
class Asked:
    """How a datasource is made, and what it is asked."""

    options: dict[str, Any]
    query: str
    args: dict[str, Any] = field(default_factory=dict)
    period: Period = WEEK


def ask_duckdb(request: pytest.FixtureRequest) -> Asked:
    rows = "2013-03-03 23:00,East,1.5,1\n2013-03-04 00:00,East,2.5,\n2013-03-10 03:30,West,40,0\n"
    _folder(request).joinpath("sales.csv").write_text(f"time,shop,amount,paid\n{rows}")
    query = """
        select time, time::timestamptz as moment, time::date as day, shop, amount,
          length(shop) as letters, paid::bool as paid, amount::decimal(9, 2) as exact
        from sales where time >= {from} and time < {to} order by time
    """
    return Asked({"files": {"sales": "sales.csv"}}, query)


def ask_sql(request: pytest.FixtureRequest) -> Asked:
    with closing(sqlite3.connect(_folder(request) / "sales.db")) as connection, connection:
        connection.execute("create table sales (time text, shop text, amount real, count integer)")
        rows = [
            ("2013-03-03 23:00:00", "East", 1.5, 1),
            ("2013-03-04 00:00:00", "East", 2.5, None),
            ("2013-03-10 03:30:00", None, 40, 7),
        ]
        connection.executemany("insert into sales values (?, ?, ?, ?)", rows)
    query = "select * from sales where time >= {from} and time < {to} order by time"
    return Asked({"url": "sqlite:///sales.db"}, query)


def ask_http(request: pytest.FixtureRequest) -> Asked:
    rows = [
        {"placed": f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", "total": f"{n}0.50", "by": name}
        for n, (time, name) in enumerate(zip(TIMES[1:], ("Ann", "<b>", None), strict=True))
    ]
    server = _server(request)
    server.routes["/orders"] = {"orders": rows}
    args = {
        "select": "orders[*].{placed: placed, total: to_number(total), by: by}",
        "parse_dates": ["placed"],
    }
    return Asked({"url": server.url}, "orders?from={from}&to={to}", args)


def ask_github(request: pytest.FixtureRequest) -> Asked:
    server = _server(request)
    before, first, second, third = TIMES
    issues = [issue(1, before), issue(2, before, second), issue(3, first, third), issue(4, second)]
    GitHubAPI(server).repositories["octo/shop"] = Repository(issues=issues)
    return Asked({"api_url": server.url, "repositories": ["octo/shop"]}, "issues")


def ask_python(request: pytest.FixtureRequest) -> Asked:
    code = """
        import pandas as pd

        def weekly(period, query, factor):
            days = pd.date_range(period.start, period.end, freq="D", inclusive="left", unit="us")
            numbers = [factor * n for n in range(len(days))]
            return pd.DataFrame({"time": days, "query": query, "number": numbers})
    """
    _folder(request).joinpath("kpis.py").write_text("if True:" + code)
    return Asked({"function": "kpis.py:weekly"}, "anything", {"factor": 1.5})


def ask_prometheus(request: pytest.FixtureRequest) -> Asked:
    server: PrometheusServer = request.getfixturevalue("prometheus")
    user = {"username": USER, "password": PASSWORD}
    period = Period.containing(date(2025, 1, 8), "week", NEW_YORK)
    asked = "sum by (code) (http_requests_total)"
    return Asked({"host": server.address, "basic_auth": user}, asked, {"step": "2d"}, period)


def ask_jenkins(request: pytest.FixtureRequest) -> Asked:
    server = _server(request)
    results = ("SUCCESS", "FAILURE", "UNSTABLE", None)
    builds = [build(n, time, results[n]) for n, time in enumerate(TIMES)]
    JenkinsAPI(server, folder("web", job("main", builds, 80)), job("new"), token="t0k3n")
    options = {"host": server.url, "user": "reader", "api_token": "t0k3n"}
    return Asked(options, "get_builds")


def ask_twitter(request: pytest.FixtureRequest) -> Asked:
    posts = [Post(time, n, n + 1, n * n, 10 - n, f"<Post> & {n}") for n, time in enumerate(TIMES)]
    XAPI(_server(request), posts, datetime(2013, 12, 1, tzinfo=UTC))
    return Asked({"bearer_token": "t0k3n"}, "tweets", {"username": "example"})


def ask_googleanalytics(request: pytest.FixtureRequest) -> Asked:
    countries = ("Germany", "France", "Germany", "Germany")
    hits = [
        Hit(time, n + 1, country)
        for n, (time, country) in enumerate(zip(TIMES, countries, strict=True))
    ]
    GoogleAPI(_server(request), hits, NEW_YORK).write_key(_folder(request) / "key.json")
    args = {"dimensions": ["date", "country"], "metrics": ["eventCount", "bounceRate"]}
    return Asked({"key_file": "key.json", "property": 123}, "report", args)


ASKS: dict[str, Callable[[pytest.FixtureRequest], Asked]] = {
    "duckdb": ask_duckdb,
    "github": ask_github,
    "googleanalytics": ask_googleanalytics,
    "http": ask_http,
    "jenkins": ask_jenkins,
    "prometheus": ask_prometheus,
    "python": ask_python,
    "sql": ask_sql,
    "twitter": ask_twitter,
}


def _folder(request: pytest.FixtureRequest) -> Path:
    path: Path = request.getfixturevalue("tmp_path")
    return path


def _server(request: pytest.FixtureRequest) -> Answering:
    server: Answering = request.getfixturevalue("server")
    return server


def shown(value: Any) -> str:
    """Return a value with its type plain to see: texts have quotes, times their offset."""
    if pd.isna(value):
        return "–"
    return repr(value) if isinstance(value, str) else str(value)


def text_of(frame: pd.DataFrame) -> str:
    """Return a frame as text: the dtype of each column, then a line for each row."""
    columns = [f"{name}: {dtype}" for name, dtype in frame.dtypes.items()]
    values = [frame.iloc[:, position] for position in range(frame.shape[1])]
    rows = [" | ".join(map(shown, row)) for row in zip(*values, strict=True)]
    return "\n".join([*columns, "", *rows]) + "\n"


@pytest.mark.parametrize("name", ASKS)
def test_a_datasource_answers_as_its_golden_says(
    name: str,
    server: Answering,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(twitter, "ADDRESS", f"{server.url}/2")
    monkeypatch.setattr(googleanalytics, "ADDRESS", f"{server.url}/v1beta")
    asked = ASKS[name](request)
    plugin = load("datasources", name)
    options = plugin.options.model_validate(asked.options)
    source = plugin.cls(options, DatasourceContext("source", tmp_path))
    try:
        frame = source.query(asked.query, asked.period, **asked.args)
    finally:
        source.close()
    check(f"datasources/{name}.txt", text_of(frame).replace(server.url, SERVICE))


def test_every_golden_belongs_to_a_datasource() -> None:
    assert strays("datasources", {f"{name}.txt" for name in ASKS}) == set()


def test_every_built_in_datasource_has_a_golden() -> None:
    points = entry_points(group="kpisite.datasources")
    built_in = {point.name for point in points if point.value.startswith("kpisite.")}
    classes = {load("datasources", name).cls for name in ASKS}
    assert {load("datasources", name).cls for name in built_in} == classes  # `mysql` is `sql`
