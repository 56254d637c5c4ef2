"""Asks GitHub for issues, pull requests, workflow runs, releases and stars of repositories."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, SecretStr, StringConstraints

from kpisite.datasources import _github_rows as rows
from kpisite.datasources._github_pages import PAGE_SIZE, STARS, Pages, last_page, pause_of
from kpisite.datasources._http import Client, RefusedError
from kpisite.datasources._http_kept import KeptAnswers
from kpisite.datasources._query_args import check_args, finished
from kpisite.errors import DatasourceError, nearest
from kpisite.plugins import Datasource, DatasourceContext, PluginOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import pandas as pd

    from kpisite.datasources._github_rows import Item, Row
    from kpisite.plugins import Period

_ARGS = ("repositories", "sql")
_MOST_RUNS = 1000
"""How many runs GitHub lists for one span of time."""
_MOST_PAGES = 400
"""How many pages of stars GitHub has."""
_SECOND = timedelta(seconds=1)

Repository = Annotated[
    str, StringConstraints(pattern=r"^[\w.-]+/[\w.-]+$"), Field(examples=["octo/shop"])
]


class GitHubOptions(PluginOptions):
    """Which repositories are asked about, and as whom."""

    repositories: tuple[Repository, ...] = Field(default=(), examples=[["octo/shop"]])
    """`owner/name` of each; `query_args` may name others."""
    token: SecretStr = SecretStr("")
    """A token that may read them; without one GitHub answers 60 requests an hour, about public
    repositories."""
    api_url: str = Field(
        default="https://api.github.com",
        pattern=r"^https?://[^/?#@]+(/[^?#]*)?$",
        examples=["https://github.example.org/api/v3"],
    )
    """Of GitHub Enterprise Server: `https://github.example.org/api/v3`."""
    timeout: float = Field(default=300, gt=0)
    """Seconds that a query may take, with all pages, tries and pauses."""


class GitHub(Datasource):
    """Answers with what happened in repositories within the period."""

    Options = GitHubOptions
    options: GitHubOptions

    def __init__(self, options: PluginOptions, context: DatasourceContext) -> None:
        super().__init__(options, context)
        token = self.options.token.get_secret_value()
        self._client = Client(
            self.options.api_url, bearer=token, timeout=self.options.timeout, pause_of=pause_of
        )
        self._pages = Pages(KeptAnswers(self._client))
        self._queries: dict[str, Callable[[str, Period], Iterator[Row]]] = {
            "issues": self._issues,
            "pull_requests": self._pull_requests,
            "workflow_runs": self._workflow_runs,
            "releases": self._releases,
            "stars": self._stars,
        }

    def query(self, query: str, period: Period, **args: Any) -> pd.DataFrame:
        """Answer `issues`, `pull_requests`, `workflow_runs`, `releases` or `stars`."""
        try:
            check_args(args, _ARGS, texts={"sql"})
            name = query.strip()
            if name not in self._queries:
                hint = nearest(name, self._queries)
                raise DatasourceError(f"there is no query '{name}'", hint=hint)
            self._client.begin()
            found = [row for each in self._named(args) for row in self._rows(name, each, period)]
            frame = rows.frame_of(found, name, period.zone)
            return finished(frame, args, period, self.context)
        except DatasourceError as error:
            where, hint = f"datasource '{self.context.id}'", error.hint
            if "rate limit" in error.message and not self.options.token.get_secret_value():
                hint += "\nWith a token it allows more."
            raise DatasourceError(error.message, where=where, hint=hint) from None

    def close(self) -> None:
        """Give back the connections, if there are any."""
        self._client.close()

    def _named(self, args: Mapping[str, Any]) -> Sequence[str]:
        """Return the repositories that are asked about."""
        wanted = args.get("repositories", self.options.repositories)
        wanted = [wanted] if isinstance(wanted, str) else list(wanted)
        if not wanted:
            raise DatasourceError(
                "no repository is named", hint="Write repositories: [owner/name] into args."
            )
        for name in wanted:
            if not isinstance(name, str) or name.count("/") != 1 or set(name) & set("?#% "):
                raise DatasourceError(f"'{name}' is no repository", hint="Write owner/name.")
        return list(dict.fromkeys(wanted))

    def _rows(self, query: str, repository: str, period: Period) -> Iterable[Row]:
        """Return the rows of one repository, in the order in which they began."""
        began = rows.BEGAN[query]
        try:
            found = self._queries[query](repository, period)
            listed = [{"repository": repository, **row} for row in found]
            if query not in ("issues", "pull_requests"):  # those may have been closed in the period
                listed = [row for row in listed if period.contains(row[began])]
            return sorted(listed, key=lambda row: (row[began], row.get("number", 0)))
        except RefusedError as error:
            raise DatasourceError(
                error.message, hint=self._hint(error.answer.status, repository) or error.hint
            ) from None
        except (LookupError, TypeError, ValueError, AttributeError):
            raise DatasourceError(
                f"{self.options.api_url} answered what is no list of {query} of {repository}",
                hint="Check api_url: it is that of GitHub's REST API.",
            ) from None

    def _hint(self, status: int, repository: str) -> str:
        if status == 401:
            return "The token is wrong, or has expired."
        if status == 404 and not self.options.token.get_secret_value():
            return f"There is no {repository}, or it is private and wants a token."
        if status == 404:
            return f"There is no {repository}, or the token may not read it."
        if status == 403:
            return f"Check what the token may do in {repository}."
        return ""

    def _issues(self, repository: str, period: Period) -> Iterator[Row]:
        """Yield what was opened or closed; what has changed since the start is listed."""
        since = _text(_utc(period.start) - _SECOND)
        params = {"state": "all", "since": since, "sort": "created", "direction": "asc"}
        items = self._pages.items(f"/repos/{repository}/issues", params)
        until = takewhile(lambda item: _time(item["created_at"]) < period.end, items)
        issues = (item for item in until if "pull_request" not in item)
        yield from _moved(issues, rows.issue, period)

    def _pull_requests(self, repository: str, period: Period) -> Iterator[Row]:
        """Yield what was opened or closed; the list begins with what has changed last."""
        params = {"state": "all", "sort": "updated", "direction": "desc"}
        items = self._pages.items(f"/repos/{repository}/pulls", params)
        since = takewhile(lambda item: _time(item["updated_at"]) >= period.start, items)
        yield from _moved(since, rows.pull_request, period)

    def _workflow_runs(self, repository: str, period: Period) -> Iterator[Row]:
        items = self._runs(repository, _utc(period.start), _utc(period.end) - _SECOND)
        return (rows.workflow_run(item) for item in items)

    def _runs(self, repository: str, first: datetime, last: datetime) -> Iterator[Item]:
        """Yield the runs of a span of time, in halves where they are more than GitHub lists."""
        params = {"created": f"{_text(first)}..{_text(last)}", "exclude_pull_requests": "true"}
        pages = self._pages.all(f"/repos/{repository}/actions/runs", params)
        for number, page in enumerate(pages):
            if number == 0 and page["total_count"] > _MOST_RUNS and last - first >= _SECOND:
                middle = first + (last - first) // 2
                yield from self._runs(repository, first, middle)
                yield from self._runs(repository, middle + _SECOND, last)
                return
            yield from page["workflow_runs"]

    def _releases(self, repository: str, period: Period) -> Iterator[Row]:
        """Yield what was published; drafts were not."""
        items = self._pages.items(f"/repos/{repository}/releases", {})
        return (rows.release(item) for item in items if item["published_at"])

    def _stars(self, repository: str, period: Period) -> Iterator[Row]:
        """Yield stars, the newest pages first: GitHub begins with the oldest."""
        path = f"/repos/{repository}/stargazers"
        first = self._pages.get(path, {}, STARS)
        for number in range(last_page(first), 0, -1):
            answer = first if number == 1 else self._pages.get(path, {"page": number}, STARS)
            stars = [rows.star(item) for item in answer.json()]
            if number == _MOST_PAGES and len(stars) == PAGE_SIZE and _is_cut(stars, period):
                most = _MOST_PAGES * PAGE_SIZE
                raise DatasourceError(f"{repository} has more stars than GitHub lists, {most:,}")
            yield from stars
            if stars and stars[0]["starred_at"] < period.start:
                return


def _moved(
    items: Iterable[Item], row_of: Callable[[Item, Period], Row], period: Period
) -> Iterator[Row]:
    """Yield what was opened or closed in the period.

    Once each: what changes while pages are read moves to another one.
    """
    seen = set()
    for item in items:
        row = row_of(item, period)
        if (row["opened"] or row["closed"]) and row["number"] not in seen:
            seen.add(row["number"])
            yield row


def _is_cut(stars: Sequence[Row], period: Period) -> bool:
    return bool(stars[-1]["starred_at"] < period.end)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


def _text(at: datetime) -> str:
    """Return a time in UTC as the API takes it, in whole seconds."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
