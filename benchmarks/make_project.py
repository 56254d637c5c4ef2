"""Writes a project for the benchmark: the demo's flights, multiplied by carriers and years.

Each report is the demo's weekly one for one carrier. The 52 whole weeks of 2013 follow each other
again and again, so that a week of every year has as many flights.
"""

from __future__ import annotations

import shutil
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml

ROOT = Path(__file__).parent.parent
CARRIERS = ("UA", "B6", "EV", "DL", "AA", "MQ", "US", "9E", "WN", "VX")
"""Those with the most flights; each flew in every week."""
FIRST_DAY = date(2013, 1, 7)
"""A Monday."""
WEEKS = 52
"""How many weeks of the demo's data are used."""
DROPPED = ("cancelled", "delay", "on_time")
"""Views that go first where fewer are wanted."""
ROW_GROUP = 10_000
"""Rows that are read together: a query of a week reads one or two such groups."""


def make_project(folder: Path, reports: int, weeks: int, views: int) -> None:
    """Write `mkdocs.yml`, the reports and their data.

    Args:
        folder: Is made.
        reports: How many, at most as many as there are carriers.
        weeks: How many editions each report has; its data goes on for a year more.
        views: How many views an edition has, 6 to 9.
    """
    carriers = CARRIERS[:reports]
    demo = yaml.safe_load((ROOT / "content/flights/report.yml").read_text(encoding="utf-8"))
    for name in DROPPED[: len(demo["views"]) - views]:
        del demo["views"][name]
    data = folder / "data"
    data.mkdir(parents=True)
    for name in ("airports", "carriers"):
        shutil.copy(ROOT / f"content/data/{name}.parquet", data)
    flights = pq.read_table(ROOT / "content/data/flights.parquet")
    for carrier in carriers:
        of_carrier = flights.filter(pc.equal(flights["carrier"], carrier))
        many = _years(of_carrier, -(-weeks // WEEKS) + 1)
        pq.write_table(many, data / f"{carrier}.parquet", row_group_size=ROW_GROUP)
        _write_report(folder / "content" / carrier.lower(), demo, carrier, weeks)
    _write_site(folder, carriers)


def _years(flights: pa.Table, years: int) -> pa.Table:
    """Return the whole weeks of the table several times, each shifted by as many weeks."""
    times = flights["time_hour"]
    first = pa.scalar(FIRST_DAY).cast(times.type)
    last = pa.scalar(FIRST_DAY + timedelta(weeks=WEEKS)).cast(times.type)
    begins = pc.and_(pc.greater_equal(times, first), pc.less(times, last))
    flights = flights.filter(begins).sort_by("time_hour")
    position = flights.column_names.index("time_hour")
    parts = []
    for year in range(years):
        shift = pa.scalar(timedelta(weeks=WEEKS * year), pa.duration("ms"))
        shifted = pc.add(flights["time_hour"], shift)
        parts.append(flights.set_column(position, "time_hour", shifted))
    return pa.concat_tables(parts).combine_chunks()


def _write_report(folder: Path, demo: dict[str, Any], carrier: str, weeks: int) -> None:
    """Write the demo's report for one carrier; what it says of carriers, of destinations."""
    files = {"flights": carrier, "carriers": "carriers", "airports": "airports"}
    by_carrier = demo["views"]["delay_by_carrier"]["args"]
    report = {
        **demo,
        "title": f"{carrier} from New York, weekly",
        "since": FIRST_DAY,
        "until": FIRST_DAY + timedelta(weeks=weeks),
        "datasources": {
            "flights": {
                "plugin": "duckdb",
                "args": {"files": {k: f"../../data/{v}.parquet" for k, v in files.items()}},
            }
        },
        "views": {
            **demo["views"],
            "delay_by_carrier": {
                **demo["views"]["delay_by_carrier"],
                "title": "Delay by destination",
                "args": {
                    **by_carrier,
                    "query": by_carrier["query"]
                    .replace("name as carrier", "name as destination")
                    .replace("carriers using (carrier)", "airports on dest = airport"),
                },
            },
        },
        "outputs": {},
    }
    folder.mkdir(parents=True)
    _write_yaml(folder / "report.yml", report)


def _write_site(folder: Path, carriers: tuple[str, ...]) -> None:
    """Write the `mkdocs.yml`: the repository's, with these reports in the navigation."""
    nav = [{"Overview": "index.md"}, *(f"{carrier.lower()}/index.md" for carrier in carriers)]
    _write_yaml(
        folder / "mkdocs.yml",
        {
            "INHERIT": str(ROOT / "mkdocs.yml"),
            "theme": {"custom_dir": str(ROOT / "site_template")},
            "plugins": ["search", "kpisite"],
            "nav": nav,
        },
    )


def _write_yaml(path: Path, value: object) -> None:
    path.write_text(yaml.safe_dump(value, sort_keys=False, allow_unicode=True), encoding="utf-8")


if __name__ == "__main__":
    make_project(Path(sys.argv[1]), *map(int, sys.argv[2:]))
