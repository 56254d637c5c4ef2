from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from answering import refusing
from pydantic import ValidationError
from service_apis import JenkinsAPI, build, folder, job

from kpisite.archive.frames import to_parquet
from kpisite.datasources.jenkins import Jenkins
from kpisite.errors import DatasourceError
from kpisite.plugins import DatasourceContext, Period
from kpisite.testing import DatasourceContract
from kpisite.testing.datasource import ROWS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from answering import Answering

    from kpisite.testing.datasource import Row

NEW_YORK = ZoneInfo("America/New_York")
WEEK = Period.containing(date(2013, 3, 10), "week", NEW_YORK)
TOKEN = "t0k3n-0f-jenkins"
DTYPES = {
    "fullname": "str",
    "job_url": "str",
    "score": "Int64",
    "number": "Int64",
    "url": "str",
    "time": "datetime64[ms, America/New_York]",
    "duration": "timedelta64[ms]",
    "result": "str",
}


def builds(count: int, last: datetime = WEEK.end, hours: int = 1) -> list[dict[str, Any]]:
    """Return builds that began so many hours apart, the last one that long before an instant."""
    return [build(n, last - timedelta(hours=hours * (count - n + 1))) for n in range(1, count + 1)]


@pytest.fixture
def source(server: Answering, tmp_path: Path) -> Iterator[Jenkins]:
    made = jenkins_at(server.url, tmp_path)
    yield made
    made.close()


def jenkins_at(host: str, folder: Path) -> Jenkins:
    options = {"host": host, "user": "reader", "api_token": TOKEN}
    return Jenkins(Jenkins.Options.model_validate(options), DatasourceContext("ci", folder))


def ask(source: Jenkins, query: str, period: Period = WEEK, **args: Any) -> pd.DataFrame:
    """Return an answer that can be recorded."""
    frame = source.query(query, period, **args)
    assert to_parquet(frame)
    return frame


class TestJenkinsContract(DatasourceContract):
    """Jenkins answers the last builds of a job, not all of a period: three tests say it so."""

    text_query = None
    query = "get_builds"
    bad_query = "get_everything"
    secret = TOKEN

    @pytest.fixture(autouse=True)
    def _server(self, server: Answering, pauses: list[float]) -> None:
        self.server = server

    def make(self, folder: Path, rows: Sequence[Row]) -> Jenkins:
        found = [build(number, instant) for number, (instant, _) in enumerate(rows, 1)]
        JenkinsAPI(self.server, job("web", found), token=TOKEN)
        return jenkins_at(self.server.url, folder)

    def make_unreachable(self, folder: Path) -> Jenkins:
        return jenkins_at(refusing(), folder)

    def test_adjoining_periods_count_each_row_once(self, datasource: Jenkins) -> None:
        """The last ten builds before the end of each period, and none of the next."""
        for day in (10, 11):
            period = Period.containing(date(2013, 11, day), "day", NEW_YORK)
            before = [instant for instant, _ in ROWS if instant < period.end]
            found = datasource.query(self.query, period)["time"]
            assert [time.to_pydatetime() for time in found] == sorted(before)[-10:]

    def test_an_answer_without_rows_has_its_columns(self, datasource: Jenkins) -> None:
        early = datasource.query(self.query, Period.containing(date(1999, 1, 1), "day", NEW_YORK))
        assert {name: str(dtype) for name, dtype in early.dtypes.items()} == DTYPES
        assert early["number"].isna().all()

    def test_a_refused_query_is_an_error_and_the_next_one_is_answered(
        self, datasource: Jenkins
    ) -> None:
        with pytest.raises(DatasourceError, match="get_everything"):
            datasource.query(self.bad_query, WEEK)
        day = Period.containing(date(2013, 11, 11), "day", NEW_YORK)
        assert len(datasource.query(self.query, day)) == 10


def test_all_jobs_of_folders_in_folders_are_one_request(server: Answering, source: Jenkins):
    api = JenkinsAPI(
        server,
        job("web"),
        folder("team", job("a b"), folder("empty"), folder("repo", job("main"), job("x%2Fy"))),
        token=TOKEN,
    )
    frame = ask(source, "get_all_jobs")
    names = ["team/a b", "team/repo/main", "team/repo/x%2Fy", "web"]
    assert frame["fullname"].tolist() == names
    assert frame["url"].tolist()[-1] == f"{server.url}/job/web/"
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        "fullname": "str",
        "url": "str",
    }
    assert api.asked == [""]


def test_folders_that_are_too_deep_for_one_request_are_asked_by_themselves(
    server: Answering, source: Jenkins
):
    deep = folder("f7 ü", job("deep"))
    for level in range(6, 0, -1):
        deep = folder(f"f{level}", deep, job(f"j{level}"))
    api = JenkinsAPI(server, deep, token=TOKEN)
    names = ask(source, "get_all_jobs")["fullname"].tolist()
    assert len(names) == 7
    assert "f1/f2/f3/f4/f5/f6/f7 ü/deep" in names
    assert len(api.asked) == 2


def test_without_jobs_the_answers_have_their_columns(server: Answering, source: Jenkins):
    JenkinsAPI(server, folder("empty"), token=TOKEN)
    assert list(ask(source, "get_all_jobs")) == ["fullname", "url"]
    frame = ask(source, "get_builds")
    assert len(frame) == 0
    assert list(frame) == list(DTYPES)


def test_the_last_builds_of_all_jobs_are_one_request(server: Answering, source: Jenkins):
    made = [*builds(11), build(12, WEEK.end - timedelta(minutes=1), None)]
    api = JenkinsAPI(server, job("web", made, 80), folder("new", job("x")), token=TOKEN)
    frame = ask(source, "get_builds")
    assert api.asked == [""]
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == DTYPES
    none, *ten = frame.to_dict("records")
    assert none["fullname"] == "new/x"
    assert frame.iloc[0].isna().sum() == 6
    assert [row["number"] for row in ten] == list(range(3, 13))
    assert ten[0] | {"time": 0} == {
        "fullname": "web",
        "job_url": f"{server.url}/job/web/",
        "score": 80,
        "number": 3,
        "url": f"{server.url}/job/web/3/",
        "time": 0,
        "duration": pd.Timedelta(seconds=90),
        "result": "SUCCESS",
    }
    assert ten[0]["time"] == WEEK.end - timedelta(hours=9)
    assert ten[-1]["result"] == "RUNNING"
    assert pd.isna(ten[-1]["duration"])


@pytest.mark.parametrize(
    ("args", "found"),
    [
        ({}, ["lib", "web/main", "web/next"]),
        ({"name": "^web/"}, ["web/main", "web/next"]),
        ({"name": ["^web/", "n$"]}, ["web/main"]),
        ({"name": ["^web/", "n$"], "invert": True}, ["lib", "web/next"]),
        ({"invert": True}, []),
    ],
)
def test_jobs_are_those_whose_full_name_matches_all_patterns(
    server: Answering, source: Jenkins, args: dict[str, Any], found: list[str]
):
    JenkinsAPI(server, job("lib"), folder("web", job("main"), job("next")), token=TOKEN)
    assert ask(source, "get_builds", **args)["fullname"].tolist() == found


def test_builds_of_one_job_are_asked_by_its_full_name(server: Answering, source: Jenkins):
    branch = job("fix%2Fa b", builds(3), 100)
    api = JenkinsAPI(server, folder("team", folder("repo", branch)), token=TOKEN)
    frame = ask(source, "get_job_info team/repo/fix%2Fa b")
    assert frame["number"].tolist() == [1, 2, 3]
    assert set(frame["fullname"]) == {"team/repo/fix%2Fa b"}
    assert api.asked == ["team/repo/fix%2Fa b"]
    assert "/job/fix%252Fa%20b/api/json" in server.asked[0].target


def test_a_job_without_builds_or_score_is_a_row(server: Answering, source: Jenkins):
    JenkinsAPI(server, {"name": "new"}, token=TOKEN)
    frame = ask(source, "get_job_info new")
    assert frame["fullname"].tolist() == ["new"]
    assert frame[["score", "number", "time"]].isna().all(axis=None)


def test_builds_that_began_after_the_period_are_not_of_it(server: Answering, source: Jenkins):
    made = builds(40, WEEK.end + timedelta(hours=30))
    api = JenkinsAPI(server, job("web", made), token=TOKEN)
    frame = ask(source, "get_job_info web")
    assert frame["number"].tolist() == list(range(1, 11))
    assert frame["time"].max() < WEEK.end
    assert api.asked == ["web", "web"]
    assert source.take_notes() == ()


def test_where_jenkins_lists_only_later_builds_that_is_noted(server: Answering, source: Jenkins):
    made = builds(120, WEEK.end + timedelta(hours=150))
    JenkinsAPI(server, job("busy", made), job("calm", builds(2)), token=TOKEN)
    frame = ask(source, "get_builds")
    assert frame["number"].isna().tolist() == [True, False, False]
    [note] = source.take_notes()
    assert note.endswith("began before the end of the period: busy")


def test_without_a_user_jenkins_is_asked_as_anyone(server: Answering, tmp_path: Path):
    JenkinsAPI(server, job("web"))
    options = Jenkins.Options(host=server.url.removeprefix("http://"))
    source = Jenkins(options, DatasourceContext("ci", tmp_path))
    assert len(ask(source, "get_all_jobs")) == 1
    assert "Authorization" not in server.asked[0].headers
    source.close()


def test_jenkins_may_stand_below_a_path(server: Answering, tmp_path: Path):
    server.routes["/ci/api/json"] = {"jobs": [{"name": "web"}]}
    options = Jenkins.Options(host=f"{server.url}/ci/")
    source = Jenkins(options, DatasourceContext("ci", tmp_path))
    assert ask(source, "get_all_jobs")["fullname"].tolist() == ["web"]
    source.close()


@pytest.mark.parametrize(
    ("query", "args", "message", "hint"),
    [
        ("get_jobs", {}, "there is no query 'get_jobs'", "Did you mean 'get_all_jobs'?"),
        ("get_job_info", {}, "'get_job_info' lacks the name of a job", "get_job_info folder/job"),
        ("get_all_jobs web", {}, "'get_all_jobs' takes no job", "get_job_info folder/job"),
        ("get_builds", {"names": "x"}, "query_args has 'names', which is unknown", "'name'"),
        ("get_all_jobs", {"name": "x"}, "query_args has 'name', which is unknown", ""),
        ("get_builds", {"name": "(x"}, "'name' has what is no regular expression", ""),
        ("get_builds", {"name": 5}, "'name' is one regular expression or a list of them", ""),
        ("get_builds", {"name": [5]}, "'name' has what is no regular expression", ""),
        ("get_builds", {"invert": "yes"}, "'invert' true or false", ""),
        ("get_job_info gone", {}, "Jenkins has no job 'gone'", "get_all_jobs"),
        ("get_job_info team", {}, "'team' is a folder", "the name of a job in it"),
    ],
)
def test_a_query_that_cannot_be_answered_is_told(
    server: Answering, source: Jenkins, query: str, args: dict[str, Any], message: str, hint: str
):
    JenkinsAPI(server, folder("team", job("web")), token=TOKEN)
    with pytest.raises(DatasourceError) as caught:
        source.query(query, WEEK, **args)
    assert caught.value.where == "datasource 'ci'"
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {"unexpected": True},
        {"jobs": 5},
        {"jobs": [5]},
        {"jobs": [{"fullName": 5}]},
        {"jobs": [{}]},
        {"jobs": [{"name": "a", "jobs": {"b": 1}}]},
        {"jobs": [{"name": "a", "builds": "x"}]},
        {"jobs": [{"name": "a", "builds": [5]}]},
        {"jobs": [{"name": "a", "builds": [{"timestamp": "x"}]}]},
        {"jobs": [{"name": "a", "builds": [{"timestamp": 10**18, "number": 1}]}]},
        {"jobs": [{"name": "a", "builds": [{"timestamp": 1, "number": 10**30}]}]},
        {"jobs": [{"name": "a", "builds": [{"timestamp": 1, "number": 1, "duration": [1]}]}]},
        {"jobs": [{"name": "a", "healthReport": [{"score": "good"}]}]},
        {"jobs": [{"name": "a", "healthReport": 5}]},
    ],
)
def test_an_answer_that_is_not_of_jenkins_is_told(
    server: Answering, source: Jenkins, answer: object
):
    server.routes["/api/json"] = answer if isinstance(answer, dict) else lambda asked: answer
    with pytest.raises(DatasourceError) as caught:
        source.query("get_builds", WEEK)
    assert caught.value.hint == "Is 'host' the address of a Jenkins?"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"host": ""}, "this is no address"),
        ({"host": "ci example.org"}, "this is no address"),
        ({"host": "ftp://ci"}, "this is no address"),
        ({"host": "http://ci/?x=1"}, "this is no address"),
        ({"host": "http://u:s3cr3t@ci"}, "go into 'user' and 'api_token'"),
        ({"host": "ci", "user": "u"}, "'user' and 'api_token' need each other"),
        ({"host": "ci", "api_token": "s3cr3t"}, "'user' and 'api_token' need each other"),
        ({"host": "ci", "timeout": 0}, "greater than 0"),
        ({"host": "ci", "no_such_option": 1}, "no_such_option"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], message: str):
    with pytest.raises(ValidationError, match=message) as caught:
        Jenkins.Options.model_validate(options)
    assert "s3cr3t" not in "".join(error["msg"] for error in caught.value.errors())
