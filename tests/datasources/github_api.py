"""Answers as GitHub's REST API does, by its public documentation: lists, pages, limits, ETags."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from answering import Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from answering import Answering, Asked

MOST_RUNS = 1000


@dataclass
class Repository:
    """What a repository has; each list in any order."""

    issues: list[dict[str, Any]] = field(default_factory=list)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    releases: list[dict[str, Any]] = field(default_factory=list)
    stargazers: list[dict[str, Any]] = field(default_factory=list)
    is_private: bool = False


class GitHubAPI:
    """Routes of a server; `limited` are replies that come before all others."""

    def __init__(self, server: Answering, token: str = "") -> None:
        self.repositories: dict[str, Repository] = {}
        self.limited: list[Reply] = []
        self._server, self._token = server, token
        server.otherwise = self._answer

    def _answer(self, asked: Asked) -> Reply:
        if self.limited:
            return self.limited.pop(0)
        given = asked.headers["Authorization"]
        if given and given != f"Bearer {self._token}":
            return Reply({"message": "Bad credentials"}, 401)
        if asked.headers["Accept"] is None or asked.headers["X-GitHub-Api-Version"] is None:
            return Reply({"message": "name the version"}, 400)
        _, repos, owner, name, *rest = asked.path.split("/")
        repository = self.repositories.get(f"{owner}/{name}")
        list_: Callable[[Repository, Asked], Any] | None = _LISTS.get("/".join(rest))
        if repos != "repos" or repository is None or list_ is None:
            return Reply({"message": "Not Found"}, 404)
        if repository.is_private and not given:
            return Reply({"message": "Not Found"}, 404)
        return self._page(asked, list_(repository, asked))

    def _page(self, asked: Asked, found: Any) -> Reply:
        items = found if isinstance(found, list) else found["workflow_runs"]
        size, number = (int(_param(asked, n, d)) for n, d in (("per_page", "30"), ("page", "1")))
        assert 1 <= size <= 100
        shown = items[(number - 1) * size : number * size]
        body = shown if isinstance(found, list) else {**found, "workflow_runs": shown}
        digest = hashlib.sha256(json.dumps(body).encode()).hexdigest()
        etag = f'W/"{digest}"'
        last = max(1, -(-len(items) // size))
        links = []
        for relation, page in (("next", number + 1), ("last", last)):
            if number < last:
                params = {name: values[0] for name, values in asked.params.items()}
                address = f"{self._server.url}{asked.path}?{urlencode({**params, 'page': page})}"
                links.append(f'<{address}>; rel="{relation}"')
        headers = {"ETag": etag, "Link": ", ".join(links)} if links else {"ETag": etag}
        if asked.headers["If-None-Match"] == etag:
            return Reply(status=304, headers=headers)
        return Reply(body, headers=headers)


def _param(asked: Asked, name: str, default: str) -> str:
    return asked.params.get(name, [default])[0]


def _sorted(items: list[dict[str, Any]], asked: Asked) -> list[dict[str, Any]]:
    """Return what is open, or all, newest first unless something else is asked for."""
    if _param(asked, "state", "open") != "all":
        items = [item for item in items if item["state"] == "open"]
    key = f"{_param(asked, 'sort', 'created')}_at"
    return sorted(items, key=lambda i: i[key], reverse=_param(asked, "direction", "desc") == "desc")


def _issues(repository: Repository, asked: Asked) -> Any:
    since = _param(asked, "since", "")
    items = [item for item in repository.issues if item["updated_at"] > since]
    return _sorted(items, asked)


def _runs(repository: Repository, asked: Asked) -> Any:
    first, _, last = _param(
        asked, "created", "2000-01-01T00:00:00Z..2100-01-01T00:00:00Z"
    ).partition("..")
    runs = [run for run in repository.runs if first <= run["created_at"] <= last]
    runs.sort(key=lambda run: run["created_at"], reverse=True)
    return {"total_count": len(runs), "workflow_runs": runs[:MOST_RUNS]}


def _stars(repository: Repository, asked: Asked) -> Any:
    stars = sorted(repository.stargazers, key=lambda star: star["starred_at"])[:40_000]
    has_times = asked.headers["Accept"] == "application/vnd.github.star+json"
    return stars if has_times else [star["user"] for star in stars]


_LISTS: dict[str, Callable[[Repository, Asked], Any]] = {
    "issues": _issues,
    "pulls": lambda repository, asked: _sorted(repository.pulls, asked),
    "actions/runs": _runs,
    "releases": lambda repository, asked: sorted(
        repository.releases, key=lambda release: release["created_at"], reverse=True
    ),
    "stargazers": _stars,
}


def at(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def issue(
    number: int, created: datetime, closed: datetime | None = None, **more: Any
) -> dict[str, Any]:
    """An issue as it is listed, with the keys that matter."""
    return {
        "number": number,
        "title": f"Issue {number}",
        "user": {"login": "mona"},
        "state": "closed" if closed else "open",
        "labels": [{"name": "bug"}, {"name": "high, very"}],
        "comments": 0,
        "created_at": at(created),
        "closed_at": at(closed),
        "updated_at": at(closed or created),
        "html_url": f"https://github.example/octo/shop/issues/{number}",
        **more,
    }


def pull(
    number: int,
    created: datetime,
    closed: datetime | None = None,
    merged: datetime | None = None,
    **more: Any,
) -> dict[str, Any]:
    made = issue(number, created, closed or merged, base={"ref": "main"}, draft=False, labels=[])
    del made["comments"]
    return {**made, "merged_at": at(merged), **more}


def run(number: int, created: datetime, minutes: float = 5, **more: Any) -> dict[str, Any]:
    return {
        "name": "CI",
        "run_number": number,
        "run_attempt": 1,
        "event": "push",
        "head_branch": "main",
        "actor": {"login": "mona"},
        "status": "completed",
        "conclusion": "success",
        "created_at": at(created),
        "run_started_at": at(created),
        "updated_at": at(created + timedelta(minutes=minutes)),
        "html_url": f"https://github.example/octo/shop/actions/runs/{number}",
        **more,
    }


def release(
    tag: str, published: datetime | None, downloads: int = 0, **more: Any
) -> dict[str, Any]:
    return {
        "tag_name": tag,
        "name": f"Version {tag}",
        "author": {"login": "mona"},
        "prerelease": False,
        "draft": published is None,
        "created_at": at(published or datetime(2013, 1, 1, tzinfo=UTC)),
        "published_at": at(published),
        "assets": [{"download_count": downloads}, {"download_count": 0}],
        "html_url": f"https://github.example/octo/shop/releases/{tag}",
        **more,
    }


def star(user: str, starred: datetime) -> dict[str, Any]:
    return {"starred_at": at(starred), "user": {"login": user}}
