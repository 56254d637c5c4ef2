"""What Prometheus, Jenkins and X answer to the views that ask them, always the same."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from kpisite.errors import DatasourceError

if TYPE_CHECKING:
    from kpisite.plugins import Period

CI = "https://ci.example.org/job"


def answer(period: Period, query: str, **args: Any) -> pd.DataFrame:
    """Return what the service answers that understands the query; nobody understands `nothing`."""
    if query.startswith("ALERTS"):
        return _alerts(period)
    if query == "get_builds":
        return _builds(period)
    if query == "tweets":
        return _posts(period)
    raise DatasourceError("the shop's <warehouse> is closed", hint="Ask again on Monday.")


def _times(period: Period, *hours: float) -> pd.Series:
    moments = [period.start + timedelta(hours=hour) for hour in hours]
    return pd.Series(moments, dtype=pd.DatetimeTZDtype("us", period.zone))


def _alerts(period: Period) -> pd.DataFrame:
    """Two alerts: one of two instances for an hour in all, one twice for a quarter of an hour."""
    down = [
        ("HostDown", "critical", f"db{n}", 10 + n / 2 + step / 4) for n in (0, 1) for step in (0, 1)
    ]
    full = [("DiskFull", "warning", "web1", hour) for hour in (30, 100)]
    names, severities, instances, hours = zip(*down, *full, strict=True)
    return pd.DataFrame(
        {
            "time": _times(period, *hours),
            "value": 1.0,
            "alertname": pd.Series(names, dtype="str"),
            "alertstate": pd.Series(["firing"] * len(names), dtype="str"),
            "severity": pd.Series(severities, dtype="str"),
            "instance": pd.Series(instances, dtype="str"),
        }
    )


def _builds(period: Period) -> pd.DataFrame:
    """A job with a build of each outcome, and one without builds and without a health."""
    results = ["SUCCESS", "UNSTABLE", "FAILURE", "ABORTED", "NOT_BUILT", "RUNNING"]
    count = len(results)
    url = f"{CI}/web/job/main"
    return pd.DataFrame(
        {
            "fullname": pd.Series(["web/main"] * count + ["web/new"], dtype="str"),
            "job_url": pd.Series([f"{url}/"] * count + [f"{CI}/web/job/new/"], dtype="str"),
            "score": pd.array([65] * count + [None], dtype="Int64"),
            "number": pd.array([*range(1, count + 1), None], dtype="Int64"),
            "url": pd.Series([f"{url}/{n + 1}/" for n in range(count)] + [None], dtype="str"),
            "time": _times(period, *range(9, 9 + count)),
            "duration": pd.Series([pd.Timedelta(seconds=90)] * count, dtype="timedelta64[us]"),
            "result": pd.Series([*results, None], dtype="str"),
        }
    )


def _posts(period: Period) -> pd.DataFrame:
    """Three posts, of which nobody likes the second."""
    texts = ["We are open on Sunday", "Closed <today>", "New in: *umbrellas* & boots"]
    return pd.DataFrame(
        {
            "time": _times(period, 8, 57, 130),
            "likes": pd.array([12, 0, 340], dtype="Int64"),
            "shares": pd.array([3, 1, 25], dtype="Int64"),
            "replies": pd.array([1, 4, None], dtype="Int64"),
            "text": pd.Series(texts, dtype="str"),
            "id": pd.Series(["1", "2", "3"], dtype="str"),
            "url": pd.Series([f"https://x.com/i/status/{n}" for n in (1, 2, 3)], dtype="str"),
        }
    )
