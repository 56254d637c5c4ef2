"""The starter's workflow, run step by step on this machine against a bare repository.

Its `run` steps are real, but for `pip install`: the kpisite of this environment takes its place.
What GitHub's own actions do is played by `github_runner`.
"""

from __future__ import annotations

import json
import shutil
import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from github_runner import BASE_URL, GitHub, git

from kpisite.starter import write_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MONDAY, NEXT_MONDAY = "2026-03-02T05:17", "2026-03-09T05:17"
REPORT = "content/sales/report.yml"
SITE = "Publish the site to the branch gh-pages"
TELL = "Tell people"
LAST = "Save the archive, whatever failed"
OWNED = "notify_on_error: '${CHAT_URL}', body: {text: '{{ title }} {{ url }} {{ text }}'}"
DEPLOY = "actions/deploy-pages"
VIEWS = ("revenue", "orders", "conversion", "returns", "summary", "revenue_a_day", "shops")


def create(folder: Path) -> GitHub:
    """Make a repository of a starter project whose report begins three weeks ago."""
    write_project(folder / "project", date(2026, 3, 2))
    report = folder / "project" / REPORT
    report.write_text(report.read_text().replace("since: 2025-12-08", "since: 2026-02-16"))
    github = GitHub(folder)
    github.create(folder / "project")
    return github


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> GitHub:
    """The repository after the first run of the workflow."""
    github = create(tmp_path_factory.mktemp("github"))
    run = github.run(MONDAY, "push")
    assert not run.failed, run.said()
    return github


@pytest.fixture
def github(first: GitHub, tmp_path: Path) -> GitHub:
    """A copy of it, for a test of its own."""
    folder = tmp_path / "github"
    shutil.copytree(first.folder, folder, ignore=shutil.ignore_patterns("run-*", "project"))
    return GitHub(folder)


def labels(github: GitHub, branch: str = "kpi-archive") -> set[str]:
    """Return the periods of the editions that a branch has."""
    found = (path for path in github.files(branch) if path.endswith("/edition.json"))
    return {path.split("/")[1] for path in found}


def served(github: GitHub) -> dict[str, bytes]:
    root = github.served
    found = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


def test_the_first_run_is_one_commit_with_the_whole_site(first: GitHub) -> None:
    assert first.commits("gh-pages") == 1
    weeks = {"2026-W08", "2026-W09", "2026-W10"}
    assert labels(first) == labels(first, "gh-pages") == weeks
    site = first.folder / "run-1" / "kpis" / "site"
    built = {p.relative_to(site).as_posix() for p in site.rglob("*") if p.is_file()}
    assert first.files("gh-pages") == built | {".kpisite", ".nojekyll"}
    assert set(served(first)) == first.files("gh-pages")
    assert served(first)["index.html"] == (site / "index.html").read_bytes()
    assert f"{BASE_URL}/sales/2026-W09/" in first.read("gh-pages", "sitemap.xml")
    assert first.commits("main") == 1


def test_the_archive_was_pushed_before_the_site_and_the_deliveries_after_it(
    first: GitHub,
) -> None:
    assert first.commits("kpi-archive") == 2
    assert first.changed("kpi-archive") == {
        "sales/2026-W08/deliveries/pages.json",
        "sales/2026-W09/deliveries/pages.json",
    }
    assert "index.parquet" not in first.files("kpi-archive")
    author = git(first.remote, "log", "-1", "--format=%an <%ae>", "kpi-archive")
    assert author == "kpisite <kpisite@localhost>\n"


def test_a_week_later_one_commit_has_the_new_edition_and_what_it_must_change(
    github: GitHub,
) -> None:
    before = github.files("gh-pages")
    run = github.run(NEXT_MONDAY)
    assert not run.failed, run.said()
    assert "1 sealed, 1 preliminary" in run.said("Run what is due")
    assert github.commits("gh-pages") == 2
    assert labels(github) == {"2026-W08", "2026-W09", "2026-W10", "2026-W11"}
    changed = github.changed("gh-pages")
    assert github.files("gh-pages") - before == {p for p in changed if "/2026-W11/" in p}
    assert not before - github.files("gh-pages")
    # The week that began is new; the one that ended is sealed now. No older one is touched.
    assert not [p for p in changed if "/2026-W08/" in p or "/2026-W09/" in p]
    sealed = {p.removeprefix("sales/2026-W10/") for p in changed if "/2026-W10/" in p}
    pages = {"index.html", *(f"{view}/index.html" for view in (*VIEWS, "conversion_a_day"))}
    assert pages <= sealed <= pages | {"edition.json", "preview.png"}
    kpis = {f"sales/kpis/{view}/index.html" for view in VIEWS[:4]}
    rest = {path for path in changed if "/2026-W1" not in path} - {"preview.png"}
    assert rest == {
        *(".kpisite", "index.html", "index.json", "feed.xml"),
        *("sitemap.xml", "sitemap.xml.gz", "search/search_index.json"),
        *("sales/index.html", "sales/archive/index.html", "sales/index.json", "sales/feed.xml"),
        *("sales/compare/index.html", "sales/compare/metrics.json", *kpis),
    }
    assert set(served(github)) == github.files("gh-pages")


def test_where_nothing_is_new_nothing_is_committed(github: GitHub) -> None:
    text = github.read("main", REPORT).replace("until: 2026-05-25", "until: 2026-03-09")
    github.change(REPORT, text)
    assert not github.run(NEXT_MONDAY, "push").failed
    commits = [github.commits(branch) for branch in ("gh-pages", "kpi-archive")]
    run = github.run("2026-03-10T05:17")
    assert not run.failed, run.said()
    assert "Nothing is due." in run.said("Run what is due")
    assert "Nothing is new in the archive." in run.said(LAST)
    assert [github.commits(branch) for branch in ("gh-pages", "kpi-archive")] == commits


def test_a_pull_request_is_built_and_nothing_is_run_pushed_or_served(github: GitHub) -> None:
    before = [git(github.remote, "for-each-ref"), served(github)]
    run = github.run(NEXT_MONDAY, "pull_request")
    assert not run.failed, run.said()
    assert "no mistakes" in run.said("Check the definitions")
    assert (run.workspace / "site/sales/2026-W10/index.html").is_file()
    assert not (run.workspace / "site/sales/2026-W11").exists()
    assert not (run.workspace / "archive/sales/2026-W11").exists()
    assert [git(github.remote, "for-each-ref"), served(github)] == before


def test_a_pull_request_before_the_first_edition_is_built_too(tmp_path: Path) -> None:
    github = create(tmp_path)
    run = github.run(MONDAY, "pull_request")
    assert not run.failed, run.said()
    assert git(github.remote, "branch", "--list").split() == ["*", "main"]


@pytest.mark.parametrize("broken", [SITE, DEPLOY])
def test_where_a_later_step_fails_the_archive_is_pushed_and_the_next_run_goes_on(
    github: GitHub, broken: str
) -> None:
    old = served(github)
    run = github.run(NEXT_MONDAY, broken=broken)
    assert run.outcome(broken) == "failure"
    assert run.outcome(TELL) == "skipped"
    assert run.outcome(LAST) == "success"
    assert "2026-W11" in labels(github)
    assert github.commits("gh-pages") == (1 if broken == SITE else 2)
    assert served(github) == old
    assert not github.run(NEXT_MONDAY).failed
    assert github.read("kpi-archive", "sales/2026-W10/deliveries/pages.json").count("time") == 1
    assert set(served(github)) == github.files("gh-pages")
    assert "sales/2026-W11/index.html" in served(github)


def test_an_archive_that_could_not_be_fetched_is_not_pushed(github: GitHub) -> None:
    before = git(github.remote, "for-each-ref")
    run = github.run(NEXT_MONDAY, broken="Restore the archive")
    assert run.outcome(LAST) == "skipped"
    assert git(github.remote, "for-each-ref") == before


class Chat:
    """A chat on loopback that is told of editions, and what the branch had of it then."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.logs: list[str] = []
        self.look: Callable[[], str] = str
        self.status = 204
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.said.append(json.loads(body)["text"])
                outer.logs.append(outer.look())
                if outer.status:
                    self.send_response(outer.status)
                    self.end_headers()
                else:
                    self.close_connection = True  # nobody knows what became of it

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def secrets(self) -> dict[str, str]:
        return {"CHAT_URL": f"http://127.0.0.1:{self.server.server_port}/t0ken"}


@pytest.fixture
def chat(github: GitHub) -> Iterator[Chat]:
    """A chat that the report tells of its editions, from now on."""
    team = "  team: {plugin: webhook, args: {url: '${CHAT_URL}', body: {text: '{{ url }}'}}}\n"
    github.change(REPORT, github.read("main", REPORT) + team)
    chat = Chat()
    path = "sales/2026-W10/deliveries/team.json"
    chat.look = lambda: (
        github.read("kpi-archive", path) if path in github.files("kpi-archive") else ""
    )
    yield chat
    chat.server.shutdown()
    chat.server.server_close()


def test_people_are_told_when_the_site_is_served_and_once(github: GitHub, chat: Chat) -> None:
    run = github.run(NEXT_MONDAY, environment=chat.secrets)
    assert not run.failed, run.said()
    assert chat.said == [f"{BASE_URL}/sales/2026-W10/"]
    assert "intents" in chat.logs[0]  # it was on the branch before anybody was told
    assert not github.run("2026-03-10T05:17", environment=chat.secrets).failed
    assert len(chat.said) == 1


def test_where_a_view_fails_the_edition_is_kept_owners_are_told_and_people_are_not(
    github: GitHub, chat: Chat
) -> None:
    text = github.read("main", REPORT).replace("sum(orders) from", "sum(order_) from")
    owners = text.replace("body: {text: '{{ url }}'}", OWNED)
    assert owners != text
    github.change(REPORT, owners)
    chat.look = lambda: github.read("kpi-archive", "sales/2026-W11/deliveries/team.json")
    run = github.run(NEXT_MONDAY, "push", environment=chat.secrets)
    assert run.failed
    assert run.outcome("Run what is due") == "failure"
    assert run.outcome(SITE) == "failure"
    assert run.outcome(TELL) == "skipped"
    assert run.outcome(LAST) == "success"
    assert github.commits("gh-pages") == 1
    record = json.loads(github.read("kpi-archive", "sales/2026-W11/1/edition.json"))
    assert record["status"] == "preliminary"
    [said] = chat.said
    assert "Failed: Sales" in said
    assert "notices" in chat.logs[0]  # it was on the branch before owners were told
    assert github.run("2026-03-10T05:17", environment=chat.secrets).failed
    assert len(chat.said) == 1


def test_a_runner_that_is_lost_while_it_tells_people_tells_nobody_twice(
    github: GitHub, chat: Chat
) -> None:
    chat.status = 0
    run = github.run(NEXT_MONDAY, broken=LAST, environment=chat.secrets)
    assert run.outcome(TELL) == "failure"
    chat.status = 204
    run = github.run("2026-03-10T05:17", environment=chat.secrets)
    assert run.outcome(DEPLOY) == "success"
    assert run.outcome(TELL) == "failure"
    again = "--only team --edition sales/2026-W10 --arrived"
    assert again in run.said(TELL)
    assert len(chat.said) == 1
    options = {"event": "workflow_dispatch", "options": again}
    assert not github.run("2026-03-10T08:00", environment=chat.secrets, **options).failed
    assert len(chat.said) == 1
    log = json.loads(github.read("kpi-archive", "sales/2026-W10/deliveries/team.json"))
    assert "intents" not in log
