"""The datasource `github` against a server that answers as GitHub's REST API does."""

from __future__ import annotations

import re
import traceback
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from answering import Answering, Asked, Reply, answering, refusing
from docs_examples import GUIDE
from github_api import GitHubAPI, Repository, at, issue, pull, release, run, star
from guide_page import GuidePage, told
from pydantic import ValidationError

from kpisite.archive.frames import from_parquet, to_parquet
from kpisite.datasources._github_rows import COLUMNS
from kpisite.datasources.github import GitHub
from kpisite.errors import DatasourceError, DefinitionError
from kpisite.pipeline.loading import load_report
from kpisite.plugins import DatasourceContext, Period
from kpisite.testing import DatasourceContract

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kpisite.pipeline.run import Outcome
    from kpisite.testing import Row
    from tests.conftest import ProjectFiles

NEW_YORK = ZoneInfo("America/New_York")
WEEK = Period.containing(date(2013, 3, 10), "week", NEW_YORK)
START, END = (moment.astimezone(UTC) for moment in (WEEK.start, WEEK.end))
HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
SECRET = "ghp_s3cr3tw0rd"
QUERIES = list(COLUMNS)
made: list[GitHub] = []


@pytest.fixture(autouse=True)
def _close(pauses: list[float]) -> Iterator[None]:
    yield
    while made:
        made.pop().close()


@pytest.fixture
def api(server: Answering) -> GitHubAPI:
    """GitHub with one empty repository, `octo/shop`."""
    api = GitHubAPI(server, SECRET)
    api.repositories["octo/shop"] = Repository()
    return api


@pytest.fixture
def shop(api: GitHubAPI) -> Repository:
    return api.repositories["octo/shop"]


def make(url: str, **options: Any) -> GitHub:
    given = {"api_url": url, "repositories": ["octo/shop"], **options}
    made.append(GitHub(GitHub.Options.model_validate(given), DatasourceContext("code", Path())))
    return made[-1]


def ask(server: Answering, query: str, **args: Any) -> pd.DataFrame:
    """Return the frame of the week; the archive gives it back as it is."""
    frame = make(server.url, token=SECRET).query(query, WEEK, **args)
    pd.testing.assert_frame_equal(from_parquet(to_parquet(frame)), frame)
    return frame


def failure(source: GitHub, query: str = "issues", **args: Any) -> DatasourceError:
    """Return the error of a query; nothing of it has the secret."""
    with pytest.raises(DatasourceError) as caught:
        source.query(query, WEEK, **args)
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert caught.value.where == "datasource 'code'"
    return caught.value


class TestIssuesContract(DatasourceContract):
    """What happened when is a row; the value is in a column of text or of numbers."""

    text_query = None
    query = "issues"
    bad_query = "isues"
    secret = SECRET
    sql: ClassVar[str] = "select comments as value from answer"
    api: GitHubAPI
    url: str

    @pytest.fixture(autouse=True)
    def _serve(self, server: Answering, api: GitHubAPI) -> None:
        type(self).api, type(self).url = api, server.url

    def make(self, folder: Path, rows: Sequence[Row]) -> GitHub:
        self.fill(self.api.repositories["octo/shop"], rows)
        sql = self.sql

        class Asking(GitHub):
            def query(self, query: str, period: Period, **_: Any) -> pd.DataFrame:
                return super().query(query, period, sql=sql)

        options = GitHub.Options(api_url=self.url, repositories=("octo/shop",))
        made.append(Asking(options, DatasourceContext("code", folder)))
        return made[-1]

    def fill(self, shop: Repository, rows: Sequence[Row]) -> None:
        shop.issues = [issue(n, t, comments=v) for n, (t, v) in enumerate(rows)]

    def make_unreachable(self, folder: Path) -> GitHub:
        return make(refusing(), token=self.secret)


class TestPullRequestsContract(TestIssuesContract):
    query = "pull_requests"
    sql = "select cast(title as integer) as value from answer"

    def fill(self, shop: Repository, rows: Sequence[Row]) -> None:
        shop.pulls = [pull(n, t, title=str(v)) for n, (t, v) in enumerate(rows)]


class TestWorkflowRunsContract(TestIssuesContract):
    query = "workflow_runs"
    sql = "select cast(branch as integer) as value from answer"

    def fill(self, shop: Repository, rows: Sequence[Row]) -> None:
        shop.runs = [run(n, t, head_branch=str(v)) for n, (t, v) in enumerate(rows)]


class TestReleasesContract(TestIssuesContract):
    query = "releases"
    sql = "select downloads as value from answer"

    def fill(self, shop: Repository, rows: Sequence[Row]) -> None:
        shop.releases = [release(f"v{n}", t, v) for n, (t, v) in enumerate(rows)]


class TestStarsContract(TestIssuesContract):
    query = "stars"
    sql = "select cast(user as integer) as value from answer"

    def fill(self, shop: Repository, rows: Sequence[Row]) -> None:
        shop.stargazers = [star(str(v), t) for t, v in rows]


@pytest.mark.parametrize("query", QUERIES)
def test_a_frame_has_its_columns_and_dtypes_with_rows_and_without(
    server: Answering, shop: Repository, query: str
):
    dtypes = {
        name: "datetime64[us, America/New_York]" if dtype == "time" else dtype
        for name, dtype in COLUMNS[query].items()
    }
    for _ in range(2):
        frame = ask(server, query)
        assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == dtypes
        shop.issues = [issue(1, START, user=None)]
        shop.pulls = [pull(1, START)]
        shop.runs = [run(1, START, actor=None, conclusion=None)]
        shop.releases = [release("v1", START)]
        shop.stargazers = [star("mona", START)]
    assert len(frame) == 1


def test_issues_are_those_that_were_opened_or_closed(server: Answering, shop: Repository):
    shop.issues = [
        issue(1, START - SECOND),
        issue(2, START),
        issue(3, START - DAY, START - SECOND, updated_at=at(END)),
        issue(4, START - DAY, START),
        issue(5, START + HOUR, END - SECOND, comments=7),
        issue(6, START + 2 * HOUR, END),
        issue(7, END),
        issue(8, START, pull_request={"url": "…"}),
    ]
    frame = ask(server, "issues")
    columns = ["number", "opened", "closed", "state"]
    assert frame[columns].values.tolist() == [
        [4, 0, 1, "closed"],
        [2, 1, 0, "open"],
        [5, 1, 1, "closed"],
        [6, 1, 0, "closed"],
    ]
    assert frame["hours"].tolist()[::2] == [24, 7 * 24 - 2 - 1 / 3600]  # the clock goes forward
    assert frame.loc[2].to_dict() | {"hours": 0} == {
        "repository": "octo/shop",
        "number": 5,
        "title": "Issue 5",
        "author": "mona",
        "state": "closed",
        "labels": "bug, high, very",
        "comments": 7,
        "created_at": START + HOUR,
        "closed_at": END - SECOND,
        "opened": 1,
        "closed": 1,
        "hours": 0,
        "url": "https://github.example/octo/shop/issues/5",
    }


def test_pull_requests_are_opened_closed_or_merged(server: Answering, shop: Repository):
    shop.pulls = [
        pull(1, START - DAY, merged=START),
        pull(2, START, closed=START + HOUR),
        pull(3, START, merged=END, draft=True),
        pull(4, START - DAY, merged=START - SECOND, updated_at=at(END)),
        pull(5, END),
    ]
    columns = ["number", "state", "opened", "closed", "merged", "draft"]
    assert ask(server, "pull_requests")[columns].values.tolist() == [
        [1, "merged", 0, 1, 1, False],
        [2, "closed", 1, 1, 0, False],
        [3, "merged", 1, 0, 0, True],
    ]


def test_a_run_has_its_minutes_when_it_is_over(server: Answering, shop: Repository):
    started = at(START + HOUR)
    shop.runs = [
        run(1, START, conclusion="failure", run_attempt=2, run_started_at=started, minutes=75),
        run(2, START + HOUR, status="in_progress", conclusion=None),
        run(3, END),
    ]
    frame = ask(server, "workflow_runs")
    assert frame["minutes"].fillna(-1).tolist() == [15, -1]
    assert frame["conclusion"].fillna("-").tolist() == ["failure", "-"]


def test_drafts_of_releases_are_left_out_and_downloads_are_added_up(
    server: Answering, shop: Repository
):
    shop.releases = [
        release("v1", None),
        release("v2", START, downloads=3, created_at=at(START - 300 * DAY)),
        release("v3", END - SECOND, assets=[{"download_count": 2}, {"download_count": 5}]),
    ]
    assert ask(server, "releases")[["tag", "downloads"]].values.tolist() == [["v2", 3], ["v3", 7]]


def test_several_repositories_are_one_frame_and_a_view_may_name_its_own(
    server: Answering, api: GitHubAPI
):
    for name in ("octo/shop", "octo/till", "octo/site"):
        api.repositories[name] = Repository(stargazers=[star("mona", START)])
    source = make(server.url, repositories=["octo/till", "octo/shop", "octo/till"])
    assert source.query("stars", WEEK)["repository"].tolist() == ["octo/till", "octo/shop"]
    for wanted in ("octo/site", ["octo/site"]):
        frame = source.query(" stars\n", WEEK, repositories=wanted)
        assert frame["repository"].tolist() == ["octo/site"]


def test_sql_makes_a_number_of_the_frame(server: Answering, shop: Repository):
    shop.pulls = [pull(n, START, merged=START + n * HOUR) for n in (1, 2, 30)]
    sql = "select median(hours) as hours from answer where merged = 1"
    assert ask(server, "pull_requests", sql=sql)["hours"].tolist() == [2]


def test_few_pages_are_asked_for(server: Answering, shop: Repository):
    old = [START - timedelta(hours=n) for n in range(1, 1500)]
    new = [START + timedelta(minutes=n) for n in range(150)]
    later = [END + timedelta(hours=n) for n in range(250)]
    shop.issues = [issue(n, moment) for n, moment in enumerate(old + new + later)]
    shop.pulls = [pull(n, moment) for n, moment in enumerate(old + new)]
    shop.runs = [run(n, moment) for n, moment in enumerate(old + new + later)]
    shop.stargazers = [star(str(n), moment) for n, moment in enumerate(old + new)]
    asked = {}
    for query in ("issues", "pull_requests", "workflow_runs", "stars"):
        server.asked.clear()
        assert len(ask(server, query)) == 150
        asked[query] = len(server.asked)
    assert asked == {"issues": 2, "pull_requests": 2, "workflow_runs": 2, "stars": 4}


def test_more_runs_than_github_lists_are_asked_for_in_parts(server: Answering, shop: Repository):
    shop.runs = [run(n, START + n * timedelta(minutes=2)) for n in range(3500)]
    frame = ask(server, "workflow_runs")
    assert frame["number"].tolist() == list(range(3500))
    assert len(server.asked) < 60


def test_what_moves_to_another_page_while_it_is_read_counts_once(
    server: Answering, api: GitHubAPI, shop: Repository
):
    shop.pulls = [pull(n, START, updated_at=at(END + n * SECOND)) for n in range(150)]
    answer = server.otherwise

    def route(asked: Asked) -> Reply:
        if "page" in asked.params:  # number 150 has come to the first page meanwhile
            shop.pulls.append(pull(150, START, updated_at=at(END + HOUR)))
        return answer(asked)

    server.otherwise = route
    assert ask(server, "pull_requests")["number"].tolist() == list(range(150))


def test_a_page_that_has_not_changed_is_not_sent_again(server: Answering, shop: Repository):
    shop.releases = [release(f"v{n}", START - n * DAY) for n in range(120)]
    source = make(server.url)
    for period in (WEEK, WEEK.previous(), WEEK):
        assert len(source.query("releases", period)) == (1 if period == WEEK else 7)
    known = [asked.headers["If-None-Match"] is not None for asked in server.asked]
    assert known == [False, False, True, True, True, True]


def test_more_stars_than_github_lists_are_an_error(
    server: Answering, shop: Repository, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("kpisite.datasources.github._MOST_PAGES", 2)
    shop.stargazers = [star(str(n), START - n * HOUR) for n in range(200)]
    error = failure(make(server.url), "stars")
    assert error.message == "octo/shop has more stars than GitHub lists, 200"
    shop.stargazers[0] = star("mona", END)  # nothing of the week can lie behind it
    assert len(make(server.url).query("stars", WEEK)) == 0


RESET = datetime(2033, 5, 18, 3, 33, 20, tzinfo=UTC)
LIMITS = [
    (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2000000007"}, "API rate limit", 7),
    (429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2000000007"}, "API rate limit", 7),
    (403, {"Retry-After": "9"}, "You have exceeded a secondary rate limit.", 9),
    (403, {}, "You have exceeded a secondary rate limit.", 60),
    (429, {}, "You have exceeded a secondary rate limit.", 60),
]


@pytest.mark.parametrize(("status", "headers", "said", "seconds"), LIMITS)
def test_a_limit_is_waited_for(
    server: Answering,
    api: GitHubAPI,
    pauses: list[float],
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    headers: dict[str, str],
    said: str,
    seconds: float,
):
    date = RESET.strftime("%a, %d %b %Y %H:%M:%S GMT")
    monkeypatch.setattr(server._server.RequestHandlerClass, "date_time_string", lambda _: date)
    api.limited = [Reply({"message": said}, status, headers)]
    assert len(ask(server, "issues")) == 0
    (waited,) = pauses
    assert seconds <= waited <= seconds + 1


def test_a_limit_that_lasts_longer_than_a_query_may_is_an_error(
    server: Answering, api: GitHubAPI, pauses: list[float]
):
    reset = int(datetime.now(UTC).timestamp()) + 2400
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(reset)}
    api.limited = [Reply({"message": "API rate limit exceeded"}, 403, headers)]
    error = failure(make(server.url))
    assert error.message.endswith("/issues answered 403: API rate limit exceeded")
    assert error.hint.startswith("It asks to wait 2,")
    assert error.hint.endswith("of the 300 s that a query may take.\nWith a token it allows more.")
    assert pauses == []


@pytest.mark.parametrize(
    ("options", "query", "args", "message", "hint"),
    [
        ({"token": "wrong"}, "issues", {}, "answered 401: Bad credentials", "The token is wrong"),
        ({}, "issues", {"repositories": "octo/no"}, "answered 404: Not Found", "There is no octo/"),
        ({}, "stars", {"repositories": "octo/own"}, "answered 404: Not Found", "There is no octo/"),
        ({}, "isues", {}, "there is no query 'isues'", "Did you mean 'issues'?"),
        ({"repositories": []}, "issues", {}, "no repository is named", "Write repositories:"),
        ({}, "issues", {"repositories": "octo"}, "'octo' is no repository", "Write owner/name."),
        ({}, "issues", {"repositories": [3]}, "'3' is no repository", "Write owner/name."),
        ({}, "issues", {"repository": []}, "query_args has 'repository', which", "Did you"),
        ({}, "issues", {"sql": "select nope from answer"}, "query_args: sql: Binder Error", ""),
    ],
)
def test_what_cannot_be_asked_is_told(
    server: Answering,
    api: GitHubAPI,
    options: dict[str, Any],
    query: str,
    args: dict[str, Any],
    message: str,
    hint: str,
):
    api.repositories["octo/own"] = Repository(is_private=True)
    error = failure(make(server.url, **options), query, **args)
    assert message in error.message
    assert error.hint.startswith(hint)


def test_a_private_repository_wants_a_token(server: Answering, api: GitHubAPI):
    api.repositories["octo/shop"].is_private = True
    error = failure(make(server.url))
    assert error.hint == "There is no octo/shop, or it is private and wants a token."
    assert len(make(server.url, token=SECRET).query("issues", WEEK)) == 0
    error = failure(make(server.url, token=SECRET), repositories="octo/none")
    assert error.hint == "There is no octo/none, or the token may not read it."
    server.otherwise = Reply({"message": "Resource protected by SAML enforcement."}, 403)
    error = failure(make(server.url, token=SECRET))
    assert error.message.endswith("answered 403: Resource protected by SAML enforcement.")
    assert error.hint == "Check what the token may do in octo/shop."


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply(fault="reset"), "broke the connection before the whole answer came, asked 4 times"),
        (Reply([1] * 99, fault="cut"), "broke the connection before the whole answer came"),
        (Reply({"message": "down"}, 503), "answered 503: down, asked 4 times"),
        (Reply("<title>Sign in</title>"), "answered a page, “Sign in”, where JSON is expected"),
        (Reply({"message": "hello"}), "answered what is no list of"),
        (Reply([{"id": 1}]), "answered what is no list of"),
        (Reply(None), "answered what is no list of"),
        (Reply([{"created_at": "now", "updated_at": "now", "published_at": "now"}]), "no list of"),
    ],
)
def test_what_goes_wrong_is_told_for_every_query(
    server: Answering, reply: Reply, message: str, query: str
):
    server.otherwise = reply
    error = failure(make(server.url, token=SECRET), query)
    assert error.message.startswith(server.url)
    assert message in error.message


def test_links_to_another_host_get_no_token(server: Answering, api: GitHubAPI):
    with answering() as other:
        other.otherwise = []
        link = {"Link": f'<{other.url}/more>; rel="next"'}
        api.limited = [Reply([], headers=link)]
        make(server.url, token=SECRET).query("issues", WEEK)
        assert server.asked[0].headers["Authorization"] == f"Bearer {SECRET}"
        assert other.asked[0].headers["Authorization"] is None


@pytest.mark.parametrize(
    "options",
    [
        {"repositories": ["shop"]},
        {"repositories": ["https://github.com/octo/shop"]},
        {"repositories": "octo/shop"},
        {"api_url": "github.example.org"},
        {"api_url": "https://me:pw@github.example.org"},
    ],
)
def test_options_that_cannot_be_meant_are_mistakes(options: dict[str, Any]):
    with pytest.raises(ValidationError):
        GitHub.Options.model_validate(options)


def test_a_repository_that_is_written_otherwise_is_told_how(project: ProjectFiles):
    file = project.write("""\
        title: Code
        datasources:
          code: {plugin: github, args: {repositories: [shop], api_url: github.example.org}}
        views:
          stars: {plugin: single_stat, args: {datasource: code, query: stars}}
        """)
    with pytest.raises(DefinitionError) as caught:
        load_report("code", [file], {})
    assert "Write it like octo/shop." in str(caught.value)
    assert "Write it like https://github.example.org/api/v3." in str(caught.value)


MONDAY = datetime(2025, 1, 6, tzinfo=UTC)
API = "https://api.github.com"


@pytest.fixture
def page(project: ProjectFiles) -> GuidePage:
    page = GuidePage("github", project, "code")
    project.environment["GITHUB_TOKEN"] = SECRET
    return page


def run_page(page: GuidePage, server: Answering) -> Outcome:
    return page.run({"args:\n      repos": f"args:\n      api_url: {server.url}\n      repos"})


def test_the_example_of_the_guide_runs(server: Answering, api: GitHubAPI, page: GuidePage):
    api.repositories["octo/till"] = Repository(
        issues=[issue(1, MONDAY), issue(2, MONDAY, MONDAY + HOUR), issue(3, MONDAY - DAY, MONDAY)],
        pulls=[pull(n, MONDAY, merged=MONDAY + n * HOUR) for n in (1, 2, 30)],
        runs=[run(n, MONDAY + n * DAY, conclusion="failure" if n else "success") for n in range(4)],
        releases=[release("v1", MONDAY, downloads=3)],
        stargazers=[star("mona", MONDAY), star("lisa", MONDAY + 7 * DAY)],
    )
    outcome = run_page(page, server)
    assert (outcome.status, outcome.problems) == ("sealed", ())
    expected = {"opened": 2, "time_to_merge": 7200, "success": 0.25, "stars": 1}
    assert expected.items() <= page.metrics().items()
    assert page.frame("runs")["runs"].tolist() == [1, 1, 1, 1]
    assert page.frame("releases")["tag"].tolist() == ["v1"]
    assert all(SECRET.encode() not in content for content in page.project.archived().values())


def test_the_example_of_the_guide_runs_where_nothing_happened(
    server: Answering, api: GitHubAPI, page: GuidePage
):
    api.repositories["octo/till"] = Repository()
    assert run_page(page, server).status == "sealed"
    assert {"opened": 0, "time_to_merge": None, "stars": 0}.items() <= page.metrics().items()


LIMIT = {"Retry-After": "2400"}


@pytest.mark.parametrize(
    ("reply", "place"),
    [
        (Reply({"message": "Bad credentials"}, 401), 0),
        (Reply({"message": "Not Found"}, 404), 1),
        (Reply({"message": "API rate limit exceeded"}, 403, LIMIT), 2),
    ],
)
def test_the_messages_of_the_guide_are_those_that_are_given(
    server: Answering, page: GuidePage, reply: Reply, place: int
):
    server.otherwise = reply
    said = told(run_page(page, server), server.url, API)
    assert any(page.messages[place] in text for text in said), said
    assert len(said) == 6
    assert len(page.messages) == 3
    assert all(SECRET.encode() not in content for content in page.project.archived().values())


def test_the_guide_names_the_columns_of_each_query():
    text = (GUIDE / "datasources" / "github.md").read_text(encoding="utf-8")
    for query, columns in COLUMNS.items():
        (cell,) = re.findall(rf"^\| `{query}` \|[^|]*\|(.*)\|$", text, re.MULTILINE)
        named = re.findall(r"`(\w+)`", re.sub(r"\(.*?\)", "", cell))
        assert ["repository", *named] == [name for name in columns if name != "url"]
