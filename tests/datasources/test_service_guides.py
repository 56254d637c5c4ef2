"""The examples of the guide's pages on services run, and the messages there are those that come."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from answering import Reply
from docs_examples import GUIDE, Example, examples
from service_apis import XAPI, GoogleAPI, Hit, JenkinsAPI, Post, build, folder, job

from kpisite.datasources import _ga_names, googleanalytics, twitter
from kpisite.pipeline.problems import grouped
from kpisite.render.templates import Templates
from kpisite.site.archive_site import ArchiveSite
from kpisite.site.urls import Urls

if TYPE_CHECKING:
    from pathlib import Path

    from answering import Answering

    from tests.conftest import ProjectFiles

PAGES = [
    GUIDE / "datasources" / "googleanalytics.md",
    GUIDE / "datasources" / "jenkins.md",
    GUIDE / "datasources" / "twitter.md",
    GUIDE / "views" / "jenkins_build_summary.md",
    GUIDE / "views" / "twitter_engagement.md",
]
EXAMPLES = [example for page in PAGES for example in examples(page)]
REPORTS = [example for example in EXAMPLES if example.is_report]
MESSAGES = [example.text for example in EXAMPLES if example.language == "text"]
MONDAY = datetime(2025, 1, 6, 12, tzinfo=UTC)
TOKEN = "a-JENKINS_TOKEN"
X_LIMIT = {"x-rate-limit-reset": "1738368900", "Date": "Sat, 01 Feb 2025 00:00:00 GMT"}
CI = "https://ci.example.org"


@pytest.fixture(autouse=True)
def _services(
    server: Answering, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    """Let all three services answer on loopback."""
    monkeypatch.setattr(twitter, "ADDRESS", f"{server.url}/2")
    monkeypatch.setattr(googleanalytics, "ADDRESS", f"{server.url}/v1beta")
    days = [MONDAY + timedelta(days=n) for n in range(7)]
    builds = [build(n + 1, day, "FAILURE" if n == 3 else "SUCCESS") for n, day in enumerate(days)]
    web = folder("web", job("deploy", builds, 80), job("test", builds, 40))
    JenkinsAPI(server, web, job("docs", builds), token=TOKEN, user="kpi-reader")
    XAPI(server, [Post(day, likes=n) for n, day in enumerate(days)], MONDAY + timedelta(days=30))
    hits = [Hit(day, 5, country) for day in days for country in ("France", "Germany")]
    api = GoogleAPI(server, hits, ZoneInfo("Europe/London"), property="123456789")
    api.write_key(tmp_path / "key.json")


def run(
    project: ProjectFiles, server: Answering, folder: Path, text: str, example: Example
) -> list[str]:
    """Run a report of the guide, and return the messages, as the command line says them."""
    report = example.file.split("/")[1] if example.file else "example"
    environment = {**example.environment, "GA_KEY_FILE": str(folder / "key.json")}
    project = replace(project, folder=folder / "guide", environment=environment)
    project.now = datetime(2025, 2, 1, tzinfo=UTC)
    project.write(text.replace(CI, server.url), report)
    problems = [problem for outcome in project.run() for problem in outcome.problems]
    for edition in ArchiveSite(project.archive.editions(), Templates(), Urls(), "code").editions():
        assert next(iter(edition.content().pages)).text
    return [group.text().replace(server.url, CI) for group in grouped(problems)]


@pytest.mark.parametrize("example", REPORTS, ids=lambda example: example.place)
def test_every_example_runs_and_makes_pages(
    example: Example, project: ProjectFiles, server: Answering, tmp_path: Path
):
    assert run(project, server, tmp_path, example.text, example) == []


@pytest.mark.parametrize(
    ("page", "change"),
    [
        ("jenkins", ("get_job_info web/deploy", "get_job_info web/deplyo")),
        ("jenkins", ("kpi-reader", "nobody")),
        ("twitter", ("username: example", "username: exampel")),
        ("twitter", ("bearer_token:", "timeout: 60\n      bearer_token:")),
        ("googleanalytics", ("totalUsers, eventCount", "ga:bounceRate")),
        ("googleanalytics", ("dimensions: [country]", "account_like: Shop")),
    ],
)
def test_the_messages_on_the_pages_are_those_that_come(
    page: str,
    change: tuple[str, str],
    project: ProjectFiles,
    server: Answering,
    tmp_path: Path,
):
    example = next(one for one in REPORTS if one.file and one.page.stem == page)
    if "timeout" in change[1]:
        server.routes["/2/users/42/tweets"] = Reply({"title": "Too Many Requests"}, 429, X_LIMIT)
    told = run(project, server, tmp_path, example.text.replace(*change), example)
    told = [text.replace(f"{CI}/2/", "https://api.x.com/2/") for text in told]
    shown = {" ".join(text.split()) for text in MESSAGES}
    assert any(" ".join(text.split()) in shown for text in told), told


def test_the_page_lists_the_names_that_are_mapped():
    text = (GUIDE / "datasources" / "googleanalytics.md").read_text()
    table = text.partition("| `ga:` |")[2].partition("\n\n")[0]
    pairs: dict[str, str] = {}
    for line in table.splitlines()[2:]:
        old, new = ([name.strip("` ") for name in cell.split(",")] for cell in line.split("|")[1:3])
        pairs |= dict(
            zip(old, old if new == ["the same"] else new * (len(old) // len(new)), strict=True)
        )
    assert pairs == _ga_names.DIMENSIONS | _ga_names.METRICS
