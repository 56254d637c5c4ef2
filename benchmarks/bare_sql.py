"""Asks what the editions of a project ask, in a bare loop on one DuckDB connection."""

from __future__ import annotations

import sys
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import duckdb
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

WEEK = timedelta(weeks=1)


def ask_all(project: Path) -> int:
    """Ask all queries of all weeks of all reports; return how many data frames came back."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'America/New_York'")
    asked = 0
    for path in sorted((project / "content").glob("*/report.yml")):
        report = yaml.safe_load(path.read_text(encoding="utf-8"))
        for table, file in report["datasources"]["flights"]["args"]["files"].items():
            source = (path.parent / file).resolve()
            connection.execute(f"CREATE OR REPLACE TEMP VIEW {table} AS FROM '{source}'")
        queries = [query for view in report["views"].values() for query in _queries(view)]
        zone = ZoneInfo(report["timezone"])
        day = report["since"]
        while day < report["until"]:
            for text, weeks_back in queries:
                first = day - weeks_back * WEEK
                values = {"first": _midnight(first, zone), "after": _midnight(first + WEEK, zone)}
                connection.sql(text, params=values).to_arrow_table().to_pandas()
                asked += 1
            day += WEEK
    return asked


def _queries(view: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """Yield the queries of a view, and how many weeks before its own each looks."""
    args = view["args"]
    named = [query["query"] for query in args.get("queries", {}).values()] or [args["query"]]
    for query in named:
        text = query.replace("{from}", "$first").replace("{to}", "$after")
        yield text, 0
        if args.get("compare") == "previous":
            yield text, 1


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), zone)


if __name__ == "__main__":
    print(ask_all(Path(sys.argv[1])))
