"""What becomes of a report when Jenkins, X or Google Analytics fails, and what is written of it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from answering import Reply, refusing
from service_apis import XAPI, GoogleAPI, Hit, JenkinsAPI, Post, build, job

from kpisite.datasources import googleanalytics, twitter
from kpisite.errors import DefinitionError
from kpisite.render.templates import Templates
from kpisite.site.archive_site import ArchiveSite
from kpisite.site.urls import Urls

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from answering import Answering

    from tests.conftest import ProjectFiles

MONDAY = datetime(2024, 1, 1, 12, tzinfo=UTC)
SECRET = "s3cr3t-w0rd/+="
HEAD = """\
title: Services
schedule: weekly
since: 2024-01-01
until: 2024-01-08
datasources:
  there: {plugin: PLUGIN, args: ARGS}
views:
  shown: {plugin: table, args: {datasource: there, query: QUERY}}
"""
ARGS = {
    "jenkins": "{host: '${ADDRESS}', user: reader, api_token: '${SECRET}', timeout: 20}",
    "twitter": "{bearer_token: '${SECRET}', timeout: 20}",
    "googleanalytics": "{key_file: key.json, property: 123, timeout: 20}",
}
QUERIES = {
    "jenkins": "get_builds",
    "twitter": "tweets, query_args: {username: example}",
    "googleanalytics": "report",
}
BAD = {"jenkins": "get_job_info gone", "twitter": "toots", "googleanalytics": "reports"}
WRONG_KEY = Reply({"error": "invalid_grant", "error_description": "Invalid JWT Signature."}, 400)
WRONG = {"jenkins": Reply("no", 401), "twitter": Reply({"title": "Unauthorized"}, 401)}
PAGE = "<html><head><title>Log in to the proxy</title></head></html>"
TOO_LARGE = Reply({}, headers={"Content-Length": "100000001"}, fault="cut chunk")
SERVICES = pytest.mark.parametrize("name", list(ARGS))


class Setting:
    """A project with one report of one service."""

    def __init__(
        self, name: str, server: Answering, project: ProjectFiles, patch: pytest.MonkeyPatch
    ) -> None:
        self.name, self.server, self.project = name, server, project
        self._patch = patch
        self.secret = SECRET
        self.answer()
        self.at(server.url)
        self.write(QUERIES[name])

    def write(self, query: str, args: str = "") -> None:
        text = HEAD.replace("PLUGIN", self.name).replace("ARGS", args or ARGS[self.name])
        self.project.write(text.replace("QUERY", query))

    def at(self, address: str) -> None:
        """Let the service be at an address."""
        self.project.environment |= {"ADDRESS": address, "SECRET": SECRET}
        self._patch.setattr(twitter, "ADDRESS", f"{address}/2")
        self._patch.setattr(googleanalytics, "ADDRESS", f"{address}/v1beta")

    def answer(self) -> None:
        """Let the service answer as it should."""
        self.server.routes.clear()
        self.server.otherwise = Reply("nothing here", 404)
        if self.name == "jenkins":
            JenkinsAPI(self.server, job("web", [build(1, MONDAY)]), token=SECRET)
        elif self.name == "twitter":
            XAPI(self.server, [Post(MONDAY)], MONDAY + timedelta(days=30))
        else:
            api = GoogleAPI(self.server, [Hit(MONDAY)], ZoneInfo("UTC"))
            key = api.write_key(self.project.content / "sales" / "key.json")
            self.secret = key.splitlines()[3]

    def fail(self, reply: Reply | Callable[[object], object]) -> None:
        """Let the service answer everything by that; tokens are still given away."""
        token = self.server.routes.get("/token")
        self.server.routes.clear()
        self.server.otherwise = reply
        if token:
            self.server.routes["/token"] = token

    def run(self, caplog: pytest.LogCaptureFixture) -> list[str]:
        """Run what is due, and return what it says; nothing that is written has the secret."""
        with caplog.at_level(logging.DEBUG):
            outcomes = self.project.run()
        told = [str(problem) for outcome in outcomes for problem in outcome.problems]
        archived = self.project.archived()
        site = ArchiveSite(self.project.archive.editions(), Templates(), Urls(), "code")
        pages = [page.text for edition in site.editions() for page in edition.content().pages]
        assert pages
        written = [*archived.values(), *(text.encode() for text in (caplog.text, *told, *pages))]
        for secret in (SECRET, "s3cr3t-w0rd%2F%2B%3D", self.secret, "t0k3n-1"):
            assert not any(secret.encode() in content for content in written)
        assert any(name.endswith("/edition.json") for name in archived)
        return told

    @property
    def status(self) -> str:
        [edition] = self.project.archive.editions()
        return str(edition.status)


@pytest.fixture
def setting(
    name: str,
    server: Answering,
    project: ProjectFiles,
    monkeypatch: pytest.MonkeyPatch,
    pauses: list[float],
) -> Setting:
    return Setting(name, server, project, monkeypatch)


@SERVICES
def test_a_service_that_answers_is_in_a_sealed_edition(
    setting: Setting, caplog: pytest.LogCaptureFixture
):
    assert setting.run(caplog) == []
    assert setting.status == "sealed"


@SERVICES
@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(fault="hang"), "did not answer within"),
        (Reply("busy", 503), "answered 503: busy, asked 4 times"),
        (Reply("x" * 1000, fault="cut"), "broke the connection before the whole answer came"),
        (Reply(fault="reset"), "broke the connection before the whole answer came"),
        (TOO_LARGE, "answered more than 100 MB"),
        (Reply("hello"), "where JSON is expected"),
        (Reply(PAGE), "answered a page, “Log in to the proxy”, where JSON is expected"),
        (lambda asked: [], " answer"),
        (Reply("{'half': "), "where JSON is expected"),
    ],
    ids=["hang", "busy", "cut", "reset", "large", "text", "page", "list", "half"],
)
def test_a_failure_is_told_with_its_place_and_the_next_run_mends_it(
    setting: Setting, reply: Reply, words: str, caplog: pytest.LogCaptureFixture
):
    if reply == Reply(fault="hang"):
        setting.write(QUERIES[setting.name], ARGS[setting.name].replace("20", "0.5"))
    setting.fail(reply)
    [told] = setting.run(caplog)
    for place in ("'sales'", "'2024-W01'", "'shown'", "datasource 'there': "):
        assert place in told
    assert words in told
    assert setting.status == "preliminary"
    setting.write(QUERIES[setting.name])
    setting.answer()
    assert setting.run(caplog) == []
    assert setting.status == "sealed"


@SERVICES
def test_a_service_that_is_not_there_is_told(setting: Setting, caplog: pytest.LogCaptureFixture):
    setting.at(refusing())
    [told] = setting.run(caplog)
    assert "refuses the connection, asked 4 times" in told
    assert setting.status == "preliminary"


@SERVICES
def test_a_wrong_password_is_told_and_not_tried_again(
    setting: Setting, caplog: pytest.LogCaptureFixture
):
    if setting.name == "googleanalytics":
        setting.server.routes["/token"] = WRONG_KEY
    else:
        setting.fail(WRONG[setting.name])
    [told] = setting.run(caplog)
    assert "is refused" in told if setting.name == "googleanalytics" else "answered 401" in told
    assert len(setting.server.asked) == 1


@SERVICES
def test_a_bad_query_is_told(setting: Setting, caplog: pytest.LogCaptureFixture):
    setting.write(BAD[setting.name])
    [told] = setting.run(caplog)
    assert "datasource 'there': " in told
    assert BAD[setting.name].split()[-1] in told


@SERVICES
def test_an_empty_answer_is_no_failure(setting: Setting, caplog: pytest.LogCaptureFixture):
    empty = {
        "jenkins": {"jobs": []},
        "twitter": {"data": {"id": "42"}, "meta": {"result_count": 0}},
        "googleanalytics": {"rowCount": 0},
    }
    setting.fail(Reply(empty[setting.name]))
    if setting.name == "twitter":
        setting.server.routes["/2/users/42/tweets"] = Reply({"meta": {"result_count": 0}})
    assert setting.run(caplog) == []
    assert setting.status == "sealed"
    edition = setting.project.archive.edition("sales", "2024-W01")
    assert edition
    assert [frame.rows for frame in edition.record.frames] == [0]


@pytest.mark.parametrize("name", ["googleanalytics"])
def test_what_google_says_of_its_numbers_is_a_warning_of_the_edition(
    setting: Setting, caplog: pytest.LogCaptureFixture
):
    api = GoogleAPI(setting.server, [Hit(MONDAY)], ZoneInfo("UTC"))
    api.metadata = {"subjectToThresholding": True}
    [told] = setting.run(caplog)
    assert "Google Analytics: rows of few users are left out" in told
    assert "'warning'" in told
    assert setting.status == "sealed"
    edition = setting.project.archive.edition("sales", "2024-W01")
    assert edition
    assert len(edition.record.views[0].warnings) == 1


@SERVICES
def test_a_secret_that_is_not_there_is_a_mistake_of_the_definition(
    setting: Setting, tmp_path: Path
):
    if setting.name == "googleanalytics":
        setting.write("report", "{property: 123}")
    else:
        del setting.project.environment["SECRET"]
    with pytest.raises(DefinitionError, match=r"SECRET|key_file"):
        setting.project.load()


KPI_REPORTER = """\
title: Builds and tweets
schedule: weekly
since: 2024-01-01
until: 2024-01-08
datasources:
  jenkins:
    plugin: jenkins
    args: {host: "${ADDRESS}", user: reader, api_token: "${SECRET}"}
  twitter:
    plugin: twitter
    args:
      consumer_key: "${SECRET}"
      consumer_secret: "${SECRET}"
      access_token_key: "${SECRET}"
      access_token_secret: "${SECRET}"
      pagination_delay_s: 5
views:
  jobs: {plugin: table, args: {datasource: jenkins, query: get_all_jobs}}
  summary: {plugin: jenkins.build_summary, args: {filters: {name: [we, b$], invert: false}}}
  engagement:
    plugin: twitter.engagement
    args: {datasource: twitter, query: tweets, link_url: https://example.org}
"""


def test_arguments_of_kpi_reporter_hold(
    server: Answering,
    project: ProjectFiles,
    monkeypatch: pytest.MonkeyPatch,
    pauses: list[float],
):
    monkeypatch.setattr(twitter, "ADDRESS", f"{server.url}/2")
    JenkinsAPI(server, job("web", [build(1, MONDAY)]), job("docs"), token=SECRET)
    posts = [Post(MONDAY + timedelta(hours=n), likes=n) for n in range(3)]
    XAPI(server, posts, MONDAY + timedelta(days=30)).page = 2
    project.environment |= {"ADDRESS": server.url.removeprefix("http://"), "SECRET": SECRET}
    project.write(KPI_REPORTER)
    [outcome] = project.run()
    assert outcome.problems == ()
    edition = project.archive.edition("sales", "2024-W01")
    assert edition is not None
    asked = {frame.query: frame.rows for frame in edition.record.frames}
    assert asked == {"get_all_jobs": 2, "get_builds": 1, "tweets": 3}
    assert pauses == [5.0]
