from __future__ import annotations

import re
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from pydantic import ValidationError

from kpisite.errors import ViewError
from kpisite.testing import MemoryPage, ViewContract
from kpisite.views._links import web_address
from kpisite.views.jenkins_build_summary import JenkinsBuildSummary

ZONE = ZoneInfo("America/New_York")
CI = "https://ci.example.org/job"


def rows(*jobs: tuple[str, int | None, str]) -> pd.DataFrame:
    """Return what the datasource answers: name, score, and a letter for each build."""
    words = {"S": "SUCCESS", "U": "UNSTABLE", "F": "FAILURE", "A": "ABORTED", "N": "NOT_BUILT"}
    words |= {"R": "RUNNING", "X": "SOMETHING_NEW"}
    made = []
    for name, score, builds in jobs:
        url = f"{CI}/{name.replace('/', '/job/')}/"
        for number, letter in enumerate(builds, start=1):
            time = pd.Timestamp(datetime(2013, 2, 4, 12, number, tzinfo=ZONE))
            length = pd.Timedelta(seconds=90)
            made.append((name, url, score, number, f"{url}{number}/", time, length, words[letter]))
        if not builds:
            made.append((name, url, score, None, None, None, None, None))
    names = ["fullname", "job_url", "score", "number", "url", "time", "duration", "result"]
    frame = pd.DataFrame(made, columns=names)
    dtypes = {"score": "Int64", "number": "Int64", "time": pd.DatetimeTZDtype("us", ZONE)}
    return frame.astype({**dtypes, "duration": "timedelta64[us]"})


def view(**options: object) -> JenkinsBuildSummary:
    made = JenkinsBuildSummary.Options.model_validate(options)
    return JenkinsBuildSummary("builds", "Builds", made)


def render(frame: pd.DataFrame) -> str:
    shown = view()
    shown.check({"main": frame})
    return str(shown.render_md({"main": frame}, MemoryPage(shown, ViewContract.period)))


class TestJenkinsBuildSummaryContract(ViewContract):
    view = JenkinsBuildSummary
    options: ClassVar = {"filters": {"name": "web"}}
    frames: ClassVar = {"main": rows(("web/main", 85, "SUFANRX"), ("web/old", None, ""))}


def test_one_query_asks_for_the_builds_of_all_jobs_that_fit() -> None:
    asked = view(datasource="ci", filters={"name": ["^web/", "main"], "invert": True}).queries()
    assert list(asked) == ["main"]
    assert (asked["main"].datasource, asked["main"].text) == ("ci", "get_builds")
    assert asked["main"].args == {"name": ["^web/", "main"], "invert": True}
    assert view(filters={"name": "web"}).queries()["main"].args == {"name": ["web"]}
    assert view().queries()["main"].args == {}


def test_builds_are_squares_from_the_oldest_to_the_newest_with_a_mark_each() -> None:
    html = render(rows(("web/main", 85, "SUFANRX")))
    squares = re.findall(r'<a class="kpi-build kpi-build-(\w+)" href="([^"]+)".*?>(.)</a>', html)
    kinds = ["good", "poor", "bad", "none", "none", "running", "none"]
    assert [kind for kind, _, _ in squares] == kinds
    assert [url for _, url, _ in squares] == [f"{CI}/web/job/main/{n}/" for n in range(1, 8)]
    assert [mark for _, _, mark in squares] == ["✓", "!", "✕", "–", "○", "…", "?"]
    assert 'aria-label="#1, succeeded, Mon 4 Feb 2013, 12:01, 1 min 30 s"' in html
    assert 'aria-label="#6, running, Mon 4 Feb 2013, 12:06"' in html
    assert 'aria-label="#7, something new, ' in html


def test_only_what_is_shown_is_explained() -> None:
    legend = render(rows(("a", 100, "SF"))).partition("kpi-legend")[2]
    assert re.findall(r"</b> ([\w ]+)<", legend) == ["succeeded", "failed"]
    assert "kpi-legend" not in render(rows(("a", 100, "")))


@pytest.mark.parametrize(
    ("score", "sign", "words"),
    [
        (100, "☀", "sunny"),
        (80, "☀", "sunny"),
        (79, "☀☁", "partly cloudy"),
        (60, "☀☁", "partly cloudy"),
        (59, "☁", "cloudy"),
        (40, "☁", "cloudy"),
        (39, "☂", "rain"),
        (20, "☂", "rain"),
        (19, "⚡", "thunderstorm"),
        (0, "⚡", "thunderstorm"),
    ],
)
def test_health_is_weather_in_bands_of_twenty(score: int, sign: str, words: str) -> None:
    html = render(rows(("a", score, "S")))
    assert f'<span aria-hidden="true">{sign}</span> {score} %' in html
    assert f'<span class="kpi-hidden">, {words}</span>' in html


def test_a_job_without_builds_or_health_is_a_row() -> None:
    html = render(rows(("new", None, ""), ("web", 100, "S")))
    assert html.count("<tr ") == 3
    assert "no builds" in html
    assert '<td class="kpi-health" role="cell"><span class="kpi-missing">–</span></td>' in html


def test_an_address_that_could_run_a_script_is_no_link() -> None:
    frame = rows(("web", 100, "S")).assign(url="javascript:alert(1)", job_url="//example.org")
    html = render(frame)
    assert "href" not in html
    assert '<span class="kpi-build kpi-build-good" role="img"' in html


@pytest.mark.parametrize(
    ("value", "link"),
    [
        ("https://ci.example.org/job/a%20b/1/", True),
        ("http://ci:8080/", True),
        ("HTTPS://ci/", True),
        ("javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("https://ci/ x", False),
        ("https:\\\\ci", False),
        ("https://", False),
        ("http://[x", False),
        ("//ci/", False),
        ("/job/a", False),
        ("data:text/html,x", False),
        ("", False),
        (None, False),
    ],
)
def test_only_whole_addresses_of_http_are_links(value: object, link: bool) -> None:
    assert web_address(value) == (value if link else "")


def test_no_job_is_a_quiet_sentence_and_a_note() -> None:
    frame = rows().head(0)
    assert "kpi-empty" in render(frame)
    assert view().check({"main": frame}) == ["there is no job, or none whose name fits 'filters'"]


def test_an_answer_of_another_datasource_is_refused() -> None:
    with pytest.raises(ViewError, match=r"there is no column 'fullname'\n.*'plugin: jenkins'"):
        view().check({"main": pd.DataFrame({"n": [1]})})


@pytest.mark.parametrize("name", ["(web", ["web", "*"]])
def test_a_pattern_that_is_none_is_a_mistake_of_the_definition(name: object) -> None:
    with pytest.raises(ValidationError, match="is no regular expression"):
        view(filters={"name": name})
