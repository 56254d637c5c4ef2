"""Answers of services in which one value is wrong: an error that says so, or rows."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from github_api import GitHubAPI, Repository, issue, pull, release, run, star
from service_apis import XAPI, GoogleAPI, Hit, JenkinsAPI, Post, build, folder, job

from kpisite.archive.frames import to_parquet
from kpisite.datasources import _google_key, googleanalytics, twitter
from kpisite.datasources._http import Client
from kpisite.errors import DatasourceError
from kpisite.plugins import DatasourceContext, Period
from kpisite.plugins.registry import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from answering import Answering

    from kpisite.datasources._http import Answer

MONDAY = datetime(2024, 1, 1, 12, tzinfo=UTC)
WEEK = Period.containing(date(2024, 1, 1), "week", ZoneInfo("Europe/Berlin"))
WRONG = (None, True, -1, 10**30, float("nan"), "", "\ud800x", ["x"], {"x": 1})
SERIES = {"metric": {"job": "shop"}, "values": [[MONDAY.timestamp(), "1"]]}


def prometheus(server: Answering, folder: Path, patch: pytest.MonkeyPatch) -> tuple[Any, ...]:
    data = {"resultType": "matrix", "result": [SERIES, {**SERIES, "metric": {"job": "web"}}]}
    server.otherwise = {"status": "success", "data": data, "warnings": ["one is missing"]}
    return {"host": server.url}, ("up",), {}


def jenkins(server: Answering, folder_: Path, patch: pytest.MonkeyPatch) -> tuple[Any, ...]:
    JenkinsAPI(server, job("web", [build(1, MONDAY)], 80), folder("a", job("b")))
    return {"host": server.url}, ("get_builds", "get_all_jobs", "get_job_info web"), {}


def twitter_(server: Answering, folder: Path, patch: pytest.MonkeyPatch) -> tuple[Any, ...]:
    patch.setattr(twitter, "ADDRESS", f"{server.url}/2")
    api = XAPI(server, [Post(MONDAY), Post(MONDAY)], datetime(2024, 2, 1, tzinfo=UTC))
    api.page = 1
    return {"bearer_token": "t"}, ("tweets",), {"username": "example"}


def googleanalytics_(server: Answering, folder: Path, patch: pytest.MonkeyPatch) -> tuple[Any, ...]:
    patch.setattr(googleanalytics, "ADDRESS", f"{server.url}/v1beta")
    GoogleAPI(server, [Hit(MONDAY)], ZoneInfo("UTC")).write_key(folder / "key.json")
    patch.setattr(_google_key, "_signed", _once(_google_key._signed))  # it takes 50 ms
    args = {"dimensions": ["dateHour", "country"], "metrics": ["eventCount", "bounceRate"]}
    return {"key_file": "key.json", "property": 123}, ("report",), args


def github(server: Answering, folder: Path, patch: pytest.MonkeyPatch) -> tuple[Any, ...]:
    GitHubAPI(server).repositories["octo/shop"] = Repository(
        issues=[issue(1, MONDAY)],
        pulls=[pull(2, MONDAY)],
        runs=[run(3, MONDAY)],
        releases=[release("v1", MONDAY)],
        stargazers=[star("ann", MONDAY)],
    )
    queries = ("issues", "pull_requests", "workflow_runs", "releases", "stars")
    return {"api_url": server.url, "repositories": ["octo/shop"]}, queries, {}


def http(server: Answering, folder: Path, patch: pytest.MonkeyPatch) -> tuple[Any, ...]:
    server.otherwise = {"rows": [{"a": 1, "b": {"c": "x"}, "d": [1]}, {"a": 2.5, "b": None}]}
    return {"url": server.url}, ("rows",), {"select": "rows"}


@pytest.mark.parametrize(
    "service",
    [github, googleanalytics_, http, jenkins, prometheus, twitter_],
    ids=lambda f: f.__name__,
)
def test_a_value_that_is_not_what_it_should_be_is_an_error_that_says_so_or_a_row(
    server: Answering, service: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    args, queries, query_args = service(server, tmp_path, monkeypatch)
    plugin = load("datasources", service.__name__.strip("_"))
    options = plugin.options.model_validate(args)

    def ask(query: str) -> None:
        source: Any = plugin.cls(options, DatasourceContext("there", tmp_path))
        try:
            assert len(to_parquet(source.query(query, WEEK, **query_args)))
        finally:
            source.close()

    slipped = []
    for query in queries:
        answers: list[Answer] = []
        with monkeypatch.context() as patch:
            _record(answers, patch)
            ask(query)
        for position, answer in enumerate(answers):
            for place, body in _changed(json.loads(answer.body)):
                given = [*answers]
                given[position] = replace(answer, body=json.dumps(body).encode())
                with monkeypatch.context() as patch:
                    _replay(given, patch)
                    if raised := _slipped(ask, query):
                        slipped.append(f"{query}, {place}: {raised}")
    assert not slipped, "\n".join(slipped).encode("ascii", "backslashreplace").decode()


def _slipped(ask: Callable[[str], None], query: str) -> str:
    """Return the error that is not one of the datasource; "" where there is none."""
    try:
        ask(query)
    except DatasourceError as error:
        return "" if error.where == "datasource 'there'" else f"without its source: {error}"
    except Exception as error:  # noqa: BLE001 - that is the question
        return f"{type(error).__name__}: {error}"
    return ""


def _once(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that is called once and then answers the same."""
    made: list[Any] = []

    def call(*args: Any) -> Any:
        if not made:
            made.append(function(*args))
        return made[0]

    return call


def _record(answers: list[Answer], patch: pytest.MonkeyPatch) -> None:
    real = Client._ask

    def ask(self: Client, *args: Any, **kwargs: Any) -> Answer:
        answers.append(real(self, *args, **kwargs))
        return answers[-1]

    patch.setattr(Client, "_ask", ask)


def _replay(answers: Sequence[Answer], patch: pytest.MonkeyPatch) -> None:
    """Give answers in their order; what asks on and on is told that its time is over."""
    left = [*answers, *[answers[-1]] * 20]

    def ask(self: Client, *args: Any, **kwargs: Any) -> Answer:
        if not left:
            raise DatasourceError("late")
        return left.pop(0)

    patch.setattr(Client, "_ask", ask)


def _changed(body: Any) -> Iterator[tuple[str, Any]]:
    """Yield the body with each of its parts changed into each wrong value, or left out."""
    for path in _paths(body):
        for wrong in WRONG:
            changed = copy.deepcopy(body)
            if not path:
                yield f"all is {wrong!r}", wrong
                continue
            part = changed
            for key in path[:-1]:
                part = part[key]
            part[path[-1]] = wrong
            yield f"{'.'.join(map(str, path))} is {wrong!r}", changed
        if path and isinstance(path[-1], str):
            changed = copy.deepcopy(body)
            part = changed
            for key in path[:-1]:
                part = part[key]
            del part[path[-1]]
            yield f"{'.'.join(map(str, path))} is not there", changed


def _paths(part: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield above
    inner = (
        part.items()
        if isinstance(part, dict)
        else enumerate(part if isinstance(part, list) else ())
    )
    for key, value in inner:
        yield from _paths(value, (*above, key))
