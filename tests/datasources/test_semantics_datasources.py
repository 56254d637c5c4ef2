"""What datasources of KPI Reporter's configurations answer, line by line, against servers."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from answering import Reply
from configurations import mistakes, run, values
from service_apis import XAPI, GoogleAPI, Hit, JenkinsAPI, Post, build, folder, job
from sql_servers import PASSWORD, USER

from kpisite.archive.store import Archive
from kpisite.datasources import googleanalytics, twitter

if TYPE_CHECKING:
    from pathlib import Path

    from answering import Answering
    from sql_servers import SQLServer

    from kpisite.model.edition import EditionRecord

NEW_YORK = ZoneInfo("America/New_York")
MONDAY = datetime(2024, 2, 5, 12, tzinfo=NEW_YORK)
WEEK = [MONDAY + timedelta(days=n) for n in range(7)]


@pytest.fixture(autouse=True)
def _addresses(server: Answering, monkeypatch: pytest.MonkeyPatch, pauses: list[float]) -> None:
    monkeypatch.setattr(twitter, "ADDRESS", f"{server.url}/2")
    monkeypatch.setattr(googleanalytics, "ADDRESS", f"{server.url}/v1beta")


def frame(folder: Path, record: EditionRecord, number: int = 0) -> pd.DataFrame:
    """Return what was answered, as it was recorded."""
    archive = Archive(str(folder / "archive"))
    edition = archive.edition(record.report, record.period.label)
    assert edition is not None
    return edition.frame(record.frames[number])


# sql

SIGNUPS = """\
title: Sign-ups
datasources:
  db:
    plugin: mysql
    args:
      host: 127.0.0.1
      port: {port}
      user: {user}
      passwd: ${{DB_PASSWORD}}
      charset: utf8mb4
views:
  total:
    plugin: plot
    title: All accounts
    description: |
      How many there are.
    args:
      datasource: db
      query: |
        select at as time, count(*) over (order by at)
          + (select count(*) from shop.signups where at < {{from}}) as total
        from shop.signups where at >= {{from}} and at < {{to}}
  daily:
    plugin: plot
    cols: 4
    args:
      kind: bar
      datasource: db
      query: |
        select date_format(at, '%%Y-%%m-%%d') as day, count(*) as n from shop.signups
        where at >= {{from}} and at < {{to}} and name like 'a%%' group by 1
      query_args: {{parse_dates: [day]}}
  change:
    plugin: single_stat
    cols: 2
    args:
      datasource: db
      query: select count(*) from shop.signups where at >= {{from}} and at < {{to}}
      comparison_query: |
        select count(*) from shop.signups
        where at >= date_sub({{from}}, {{interval}}) and at < {{from}}
      comparison_type: percent
outputs: {{}}
"""


def test_a_report_on_mysql_runs_as_it_is_percent_signs_doubled(
    mariadb_server: SQLServer, tmp_path: Path
):
    mariadb_server.ask(
        "drop table if exists signups", "create table signups (at datetime, name text)", shop=True
    )
    week = [{"at": f"2024-02-{5 + n % 7:02} 10:00", "name": f"a{n}"} for n in range(9)]
    before = [{"at": "2024-01-30 10:00", "name": "a"} for _ in range(6)]
    mariadb_server.ask("insert into signups values (:at, :name)", rows=[*week, *before], shop=True)
    text = SIGNUPS.format(port=mariadb_server.port, user=USER)
    record, outcome = run(tmp_path, text, environment={"DB_PASSWORD": PASSWORD})
    assert outcome.problems == ()
    [metric] = record.views[2].metrics
    assert (metric.value, metric.comparison, metric.change) == (9, 6, 0.5)
    total = frame(tmp_path, record, 0)
    assert total["total"].max() == 15
    daily = frame(tmp_path, record, 1)
    assert str(daily["day"].iloc[0].date()) == "2024-02-05"
    assert sorted(daily["n"]) == [1, 1, 1, 1, 1, 2, 2]


SQLITE = "datasources: {db: {plugin: sql, args: {driver: sqlite, database: shop.db}}}\n"


def shop(folder: Path) -> None:
    with sqlite3.connect(folder / "shop.db") as database:
        database.execute("create table sales (day text, amount integer)")
        days = [(str(date(2024, 1, 1) + timedelta(days=n)), n + 1) for n in range(60)]
        database.executemany("insert into sales values (?, ?)", days)
    database.close()


def view(query: str, plugin: str = "single_stat", more: str = "") -> str:
    return (
        f"views:\n  shown:\n    plugin: {plugin}\n    args:\n      datasource: db\n{more}"
        f"      query: |\n        {query}\n"
    )


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("select sum(amount) from sales where day >= {from} and day < {to}", 273),
        ("select length('{from} {other} {}')", 17),
        ("select count(*) from sales where strftime('%m', day) = '02' and day like '2024-%'", 29),
        ("select 17 % 5", 2),
    ],
)
def test_tokens_are_bound_other_braces_and_percent_signs_stay(
    tmp_path: Path, query: str, value: int
):
    shop(tmp_path)
    record, outcome = run(tmp_path, SQLITE + view(query))
    assert outcome.problems == ()
    assert values(record) == {"shown": value}


def test_percent_signs_of_other_databases_than_mysql_are_left_alone(tmp_path: Path):
    shop(tmp_path)
    record, _ = run(tmp_path, SQLITE + view("select length(strftime('%%Y', '2024-01-01'))"))
    assert values(record) == {"shown": 2}


def test_parse_dates_makes_times_on_the_reports_clock(tmp_path: Path):
    shop(tmp_path)
    query = "select day, amount from sales where day >= {from} and day < {to}"
    more = "      query_args: {parse_dates: [day]}\n"
    record, _ = run(tmp_path, SQLITE + view(query, "table", more))
    days = frame(tmp_path, record)["day"]
    assert days.iloc[0] == pd.Timestamp(2024, 2, 5)


# prometheus

PROMETHEUS = """\
datasources:
  prom:
    plugin: prometheus
    args: {{host: "{host}", basic_auth: {{username: reader, password: pw}}}}
views:
  load: {{plugin: plot, args: {{datasource: prom, query: "rate(load[5m])", query_args: {args}}}}}
"""


def matrix(*series: dict[str, Any]) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": "matrix", "result": list(series)}}


@pytest.mark.parametrize(("args", "step"), [("{}", 3600), ("{step: 30m}", 1800)])
def test_prometheus_is_asked_for_a_range_of_the_window_in_steps_of_an_hour(
    server: Answering, tmp_path: Path, args: str, step: int
):
    at = WEEK[0].timestamp()
    metric = {"__name__": "load", "hostname": "a"}
    server.routes["/api/v1/query_range"] = matrix({"metric": metric, "values": [[at, "1.5"]]})
    host = server.url.removeprefix("http://")
    record, outcome = run(tmp_path, PROMETHEUS.format(host=host, args=args))
    assert outcome.problems == () or all("hostname" in str(p) for p in outcome.problems)
    asked = server.asked[-1]
    given = {name: found[0] for name, found in asked.params.items()}
    if not given:
        given = dict(part.split("=", 1) for part in asked.body.decode().split("&"))
    assert float(given["step"].rstrip("s")) == step
    assert float(given["start"]) == datetime(2024, 2, 5, tzinfo=NEW_YORK).timestamp()
    assert asked.headers["Authorization"].startswith("Basic ")
    answer = frame(tmp_path, record)
    assert answer["time"].iloc[0] == WEEK[0]
    assert str(answer["time"].dt.tz) == "America/New_York"
    assert answer["value"].tolist() == [1.5]
    assert answer["hostname"].tolist() == ["a"]


def test_an_empty_answer_of_prometheus_has_time_and_value(server: Answering, tmp_path: Path):
    server.routes["/api/v1/query_range"] = matrix()
    host = server.url.removeprefix("http://")
    record, outcome = run(tmp_path, PROMETHEUS.format(host=host, args="{}"))
    assert outcome.problems == ()
    assert record.frames[0].columns[:2] == ("time", "value")


ALERTS = """\
datasources:
  prometheus: {{plugin: prometheus, args: {{host: "{host}"}}}}
views:
  alerts:
    plugin: prometheus.alert_summary
    args:
      resolution: 30m
      labels: {{severity: critical|warning}}
      ignore_labels: {{team: test.*}}
"""


def test_alerts_are_asked_for_at_the_resolution_and_counted_in_windows(
    server: Answering, tmp_path: Path
):
    def alert(name: str, *steps: int, **labels: str) -> dict[str, Any]:
        first = datetime(2024, 2, 5, tzinfo=NEW_YORK).timestamp()
        metric = {"__name__": "ALERTS", "alertname": name, "alertstate": "firing", **labels}
        return {"metric": metric, "values": [[first + 1800 * step, "1"] for step in steps]}

    server.routes["/api/v1/query_range"] = matrix(
        alert("HostDown", 1, 2, 9, severity="critical", instance="a"),
        alert("HostDown", 2, 3, severity="critical", instance="b"),
        alert("DiskFull", 20, severity="warning"),
        alert("Slow", 30, severity="information"),
        alert("Trial", 40, severity="critical", team="test-1"),
    )
    host = server.url.removeprefix("http://")
    record, outcome = run(tmp_path, ALERTS.format(host=host))
    assert outcome.problems == ()
    assert "ALERTS" in record.frames[0].query
    found = values(record)
    assert found["alerts"] == 4  # three of HostDown, one of DiskFull
    assert found["alerts/time"] == (4 + 1) * 1800  # HostDown's overlap counts once


# jenkins

JENKINS = """\
datasources:
  jenkins: {{plugin: jenkins, args: {{host: "{host}", user: reader, api_token: t}}}}
views:
  jobs: {{plugin: table, args: {{datasource: jenkins, query: get_all_jobs}}}}
  one: {{plugin: table, args: {{datasource: jenkins, query: get_job_info team/web}}}}
  none: {{plugin: table, args: {{datasource: jenkins, query: get_job_info docs}}}}
"""


def test_jenkins_lists_leaf_jobs_and_the_last_ten_builds_of_one(server: Answering, tmp_path: Path):
    builds = [build(n, MONDAY + timedelta(hours=n)) for n in range(1, 13)]
    JenkinsAPI(server, folder("team", job("web", builds, 80)), job("docs"), token="t")
    record, outcome = run(tmp_path, JENKINS.format(host=server.url.removeprefix("http://")))
    assert outcome.problems == ()
    jobs, one, none = (frame(tmp_path, record, n) for n in range(3))
    assert sorted(jobs["fullname"]) == ["docs", "team/web"]
    assert "url" in jobs
    assert sorted(one["number"]) == list(range(3, 13))
    assert set(one["score"]) == {80}
    assert len(none) <= 1


FILTERED = """\
datasources:
  jenkins: {{plugin: jenkins, args: {{host: "{host}", user: reader, api_token: t}}}}
views:
  shown: {{plugin: jenkins.build_summary, args: {{filters: {{name: [team, b$]}}}}}}
  others: {{plugin: jenkins.build_summary, args: {{filters: {{name: web, invert: true}}}}}}
"""


def test_builds_are_of_jobs_whose_name_matches_all_patterns_or_does_not(
    server: Answering, tmp_path: Path
):
    builds = [build(n, MONDAY + timedelta(hours=n)) for n in range(1, 4)]
    JenkinsAPI(server, folder("team", job("web", builds, 80)), job("docs", builds, 0), token="t")
    record, outcome = run(tmp_path, FILTERED.format(host=server.url.removeprefix("http://")))
    assert outcome.problems == ()
    shown, others = (frame(tmp_path, record, n) for n in range(2))
    assert set(shown["fullname"]) == {"team/web"}
    assert set(others["fullname"]) == {"docs"}
    assert shown["number"].tolist() == [1, 2, 3]


# googleanalytics

ANALYTICS = """\
datasources:
  ga: {plugin: googleanalytics, args: {key_file: key.json, property: 123}}
views:
  all: {plugin: plot, args: {datasource: ga, query: report}}
  split:
    plugin: plot
    args:
      datasource: ga
      query: report
      query_args:
        dimensions: ['ga:date', 'ga:country']
        metrics: ['ga:users']
        filters_expression: 'ga:country=~^(Germany|France)$'
        order_bys: [{fieldName: 'ga:date', sortOrder: ASCENDING}]
      kind: bar
      groupby: ga:country
      label_map: {Germany: Deutschland, 'ga:users': People}
"""


def test_old_names_of_google_analytics_are_asked_for_and_kept(server: Answering, tmp_path: Path):
    hits = [Hit(at, 2, country) for at in WEEK for country in ("Germany", "France")]
    api = GoogleAPI(server, hits, NEW_YORK)
    api.write_key(tmp_path / "key.json")
    record, outcome = run(tmp_path, ANALYTICS)
    assert outcome.problems == ()
    days, split = frame(tmp_path, record, 0), frame(tmp_path, record, 1)
    assert days.iloc[:, -1].tolist() == [4] * 7
    assert days["time"].iloc[0] == pd.Timestamp(2024, 2, 5)
    assert set(split["country"]) == {"Germany", "France"}
    names = [metric["name"] for request in api.requests for metric in request["metrics"]]
    assert set(names) == {"totalUsers"}
    assert "dimensionFilter" in api.requests[1]


def test_what_google_analytics_4_needs_and_does_not_know_is_named(
    server: Answering, tmp_path: Path
):
    said = mistakes(ANALYTICS.replace(", property: 123", ""))
    assert "property" in said
    GoogleAPI(server, [], NEW_YORK).write_key(tmp_path / "key.json")
    for args, words in (
        ("view_like: All", "view_like"),
        ("metrics: ['ga:bounceRate']", "bounceRate"),
    ):
        text = ANALYTICS.partition("  split:")[0].replace(
            "query: report", f"query: report, query_args: {{{args}}}"
        )
        (tmp_path / args[:4]).mkdir()
        (tmp_path / args[:4] / "key.json").write_bytes((tmp_path / "key.json").read_bytes())
        _, outcome = run(tmp_path / args[:4], text)
        assert words in str(outcome.problems[0])


# twitter

KEYS = (
    "{consumer_key: a, consumer_secret: b, access_token_key: c, access_token_secret: d,"
    " pagination_delay_s: 5}"
)


def test_tweets_of_the_window_have_likes_replies_and_shares(
    server: Answering, tmp_path: Path, pauses: list[float]
):
    posts = [
        Post(at, likes=n, reposts=2, quotes=1, replies=4)
        for n, at in enumerate([*WEEK, MONDAY - timedelta(days=2), MONDAY + timedelta(days=8)])
    ]
    XAPI(server, posts, datetime(2024, 3, 1, tzinfo=UTC)).page = 3
    text = f"datasources: {{twitter: {{plugin: twitter, args: {KEYS}}}}}\n"
    text += "views: {v: {plugin: twitter.engagement, args: {query_args: {username: example}}}}\n"
    record, outcome = run(tmp_path, text)
    assert outcome.problems == ()
    answer = frame(tmp_path, record)
    assert list(answer["time"]) == WEEK
    assert answer["likes"].tolist() == list(range(7))
    assert (set(answer["shares"]), set(answer["replies"])) == ({3}, {4})
    assert pauses == [5.0, 5.0]


def test_a_service_that_is_down_leaves_the_edition_preliminary(server: Answering, tmp_path: Path):
    server.otherwise = Reply("no", 403)
    record, outcome = run(tmp_path, JENKINS.format(host=server.url))
    assert record.status == "preliminary"
    assert all("403" in str(problem) for problem in outcome.problems)
