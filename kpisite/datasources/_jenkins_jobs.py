"""What Jenkins' JSON says of jobs and builds, as rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pyarrow as pa

from kpisite.datasources._asking import typed_frame
from kpisite.errors import DatasourceError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from kpisite.plugins import Period

BUILDS = 10
"""The last builds of a job that are shown."""
MOST_BUILDS = 100
"""Jenkins lists no more; they are asked for where the last ones began after the period."""
DEPTH = 6
"""Folders in folders that one request reaches."""
RUNNING = "RUNNING"
"""The result of a build that has none yet."""

_NAMES = "name,fullName,url"
_JOBS = (("fullname", pa.string()), ("url", pa.string()))
_BUILDS = (
    ("fullname", pa.string()),
    ("job_url", pa.string()),
    ("score", pa.int64()),
    ("number", pa.int64()),
    ("url", pa.string()),
    ("time", pa.timestamp("ms", "UTC")),
    ("duration", pa.duration("ms")),
    ("result", pa.string()),
)


@dataclass(frozen=True)
class Job:
    """A job that is no folder."""

    name: str
    """With those of its folders."""
    item: dict[str, Any]
    """What Jenkins said of it."""

    def builds(self) -> list[dict[str, Any]]:
        """Return its builds, the newest first."""
        return [_mapping(build, "a build") for build in _list(self.item.get("builds"), "builds")]

    def builds_before(self, end: datetime) -> list[dict[str, Any]]:
        """Return those of its builds that began before an instant, the newest first."""
        return [build for build in self.builds() if _began(build) < end]


def job_fields(builds: int) -> str:
    """Return the part of a `tree` that asks for a job; with so many builds."""
    if not builds:
        return _NAMES
    build = "number,url,timestamp,duration,result,building"
    return f"{_NAMES},healthReport[score],builds[{build}]{{0,{builds}}}"


def jobs_tree(builds: int) -> str:
    """Return the `tree` that asks for the jobs of a folder, and for those of its folders."""
    tree = "jobs[name]"
    for _ in range(DEPTH):
        tree = f"jobs[{job_fields(builds)},{tree}]"
    return tree


def job_path(name: str) -> str:
    """Return where Jenkins answers for a job or a folder; "" for the whole of it."""
    return "".join(f"/job/{quote(part, safe='')}" for part in name.split("/") if part)


def jobs_of(answer: Any, folder: str = "") -> tuple[list[Job], list[str]]:
    """Return the jobs of a folder, and the folders that were too deep for `jobs_tree`.

    Args:
        answer: Jenkins' JSON.
        folder: Whose it is; "" for Jenkins itself.

    Raises:
        DatasourceError: It is not what Jenkins would say.
    """
    jobs: list[Job] = []
    deeper: list[str] = []
    if "jobs" not in _mapping(answer, "something"):
        raise DatasourceError("Jenkins answered no list of jobs", hint=_HINT)
    waiting = [(_list(answer["jobs"], "jobs"), folder, 1)]
    while waiting:
        items, above, level = waiting.pop()
        for each in items:
            item = _mapping(each, "a job")
            name = item.get("fullName") or f"{above}/{item.get('name') or ''}".strip("/")
            if not isinstance(name, str) or not name:
                raise DatasourceError("Jenkins named a job by no text", hint=_HINT)
            if "jobs" not in item:
                jobs.append(Job(name, item))
            elif level == DEPTH:
                deeper += [name] if item["jobs"] else []
            else:
                waiting.append((_list(item["jobs"], "jobs"), name, level + 1))
    return jobs, deeper


def jobs_frame(jobs: Iterable[Job], period: Period) -> pd.DataFrame:
    """Return a row per job."""
    rows = [(job.name, _text(job.item.get("url"))) for job in jobs]
    return typed_frame(rows, _JOBS, period.zone)


def builds_frame(jobs: Iterable[Job], period: Period) -> pd.DataFrame:
    """Return a row per build from the oldest on; a job without builds has a row without one.

    Raises:
        DatasourceError: Something in it is not what Jenkins would say.
    """
    rows: list[tuple[Any, ...]] = []
    for job in jobs:
        about = (job.name, _text(job.item.get("url")), _score(job.item))
        builds = job.builds_before(period.end)[:BUILDS]
        rows += [(*about, *_build(build)) for build in reversed(builds)]
        if not builds:
            rows.append((*about, None, None, None, None, None))
    return typed_frame(rows, _BUILDS, period.zone)


_HINT = "Is 'host' the address of a Jenkins?"


def _build(build: dict[str, Any]) -> tuple[Any, ...]:
    running = bool(build.get("building"))
    took = timedelta(milliseconds=_number(build.get("duration") or 0))
    return (
        _number(build.get("number")),
        _text(build.get("url")),
        _began(build),
        None if running else took,
        RUNNING if running else _text(build.get("result")),
    )


def _began(build: dict[str, Any]) -> datetime:
    try:
        return datetime.fromtimestamp(_number(build.get("timestamp")) / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        raise DatasourceError("Jenkins answered a time that is none", hint=_HINT) from None


def _score(item: dict[str, Any]) -> int | None:
    """Return the worst of a job's scores, as Jenkins does; None where it has none."""
    reports = [_mapping(one, "health") for one in _list(item.get("healthReport"), "health")]
    return min((_number(one["score"]) for one in reports if "score" in one), default=None)


def _mapping(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DatasourceError(f"Jenkins answered {what} that is no object", hint=_HINT)
    return value


def _list(value: Any, what: str) -> list[Any]:
    if value is None:  # what does not apply is left out
        return []
    if not isinstance(value, list):
        raise DatasourceError(f"Jenkins answered {what} that are no list", hint=_HINT)
    return value


def _number(value: Any) -> int:
    if not isinstance(value, int) or not -(2**63) <= value < 2**63:
        raise DatasourceError("Jenkins answered something else than a number", hint=_HINT)
    return value


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
