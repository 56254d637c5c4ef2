"""What GitHub's API lists, as rows and frames with columns of fixed dtypes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from kpisite.datasources._asking import typed_frame

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

    import pandas as pd

    from kpisite.plugins import Period

Item = dict[str, Any]
"""One thing of a list, as the API gives it."""
Row = dict[str, Any]

_TIME = "time"
COLUMNS = {
    "issues": {
        "repository": "str",
        "number": "int64",
        "title": "str",
        "author": "str",
        "state": "str",
        "labels": "str",
        "comments": "int64",
        "created_at": _TIME,
        "closed_at": _TIME,
        "opened": "int64",
        "closed": "int64",
        "hours": "float64",
        "url": "str",
    },
    "pull_requests": {
        "repository": "str",
        "number": "int64",
        "title": "str",
        "author": "str",
        "state": "str",
        "draft": "bool",
        "branch": "str",
        "labels": "str",
        "created_at": _TIME,
        "closed_at": _TIME,
        "merged_at": _TIME,
        "opened": "int64",
        "closed": "int64",
        "merged": "int64",
        "hours": "float64",
        "url": "str",
    },
    "workflow_runs": {
        "repository": "str",
        "workflow": "str",
        "number": "int64",
        "attempt": "int64",
        "event": "str",
        "branch": "str",
        "author": "str",
        "status": "str",
        "conclusion": "str",
        "created_at": _TIME,
        "minutes": "float64",
        "url": "str",
    },
    "releases": {
        "repository": "str",
        "tag": "str",
        "name": "str",
        "author": "str",
        "prerelease": "bool",
        "published_at": _TIME,
        "downloads": "int64",
        "url": "str",
    },
    "stars": {"repository": "str", "user": "str", "starred_at": _TIME},
}
"""Query → column → dtype."""
_KINDS = {
    "bool": pa.bool_(),
    "float64": pa.float64(),
    "int64": pa.int64(),
    "str": pa.string(),
    _TIME: pa.timestamp("us", "UTC"),
}
BEGAN = {
    "issues": "created_at",
    "pull_requests": "created_at",
    "workflow_runs": "created_at",
    "releases": "published_at",
    "stars": "starred_at",
}
"""Query → column by which rows are sorted."""


def instant(text: str | None) -> datetime | None:
    """Return a time of the API, aware; None where there is none."""
    return datetime.fromisoformat(text) if text else None


def issue(item: Item, period: Period) -> Row:
    """Return an issue; `hours` is how long it was open."""
    return {**_opened(item, period), "state": item["state"], "comments": item["comments"]}


def pull_request(item: Item, period: Period) -> Row:
    """Return a pull request; `hours` is how long it was open."""
    merged = instant(item["merged_at"])
    return {
        **_opened(item, period),
        "state": "merged" if merged else item["state"],
        "draft": bool(item.get("draft")),
        "branch": item["base"]["ref"],
        "merged_at": merged,
        "merged": _within(merged, period),
    }


def workflow_run(item: Item) -> Row:
    """Return a run; `minutes` is how long its last attempt took."""
    started, updated = instant(item["run_started_at"]), instant(item["updated_at"])
    is_over = item["status"] == "completed"
    return {
        "workflow": item["name"],
        "number": item["run_number"],
        "attempt": item["run_attempt"],
        "event": item["event"],
        "branch": item["head_branch"],
        "author": _login(item.get("actor")),
        "status": item["status"],
        "conclusion": item["conclusion"],
        "created_at": instant(item["created_at"]),
        "minutes": _seconds(started, updated) / 60 if is_over else float("nan"),
        "url": item["html_url"],
    }


def release(item: Item) -> Row:
    """Return a release; `downloads` is how often its files were fetched until now."""
    return {
        "tag": item["tag_name"],
        "name": item["name"],
        "author": _login(item["author"]),
        "prerelease": item["prerelease"],
        "published_at": instant(item["published_at"]),
        "downloads": sum(asset["download_count"] for asset in item["assets"]),
        "url": item["html_url"],
    }


def star(item: Item) -> Row:
    """Return who starred, and when."""
    return {"user": _login(item["user"]), "starred_at": instant(item["starred_at"])}


def frame_of(rows: Iterable[Row], query: str, zone: ZoneInfo) -> pd.DataFrame:
    """Return rows as a frame that has its columns and dtypes also where there is no row.

    Args:
        rows: With all columns of the query.
        query: One of COLUMNS.
        zone: The report's timezone, which times are given in.

    Raises:
        DatasourceError: A value is of another kind.
    """
    schema = [(name, _KINDS[kind]) for name, kind in COLUMNS[query].items()]
    return typed_frame([[row[name] for name, _ in schema] for row in rows], schema, zone)


def _opened(item: Item, period: Period) -> Row:
    """Return what issues and pull requests have alike."""
    created, closed = instant(item["created_at"]), instant(item["closed_at"])
    return {
        "number": item["number"],
        "title": item["title"],
        "author": _login(item["user"]),
        "labels": ", ".join(label["name"] for label in item["labels"]),
        "created_at": created,
        "closed_at": closed,
        "opened": _within(created, period),
        "closed": _within(closed, period),
        "hours": _seconds(created, closed) / 3600,
        "url": item["html_url"],
    }


def _login(user: Item | None) -> str | None:
    """Return a user's name; None where the account is gone."""
    return user["login"] if user else None


def _within(at: datetime | None, period: Period) -> int:
    return int(at is not None and period.contains(at))


def _seconds(start: datetime | None, end: datetime | None) -> float:
    return (end - start).total_seconds() if start and end else float("nan")
