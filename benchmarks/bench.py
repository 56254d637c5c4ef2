"""Measures kpisite side by side with what it stands on: a table, and `results.json`.

Usage: python benchmarks/bench.py [--small] [ROW]...

A whole run writes `results.json`; one of single rows, or a small one, only shows the table.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import backfill
import builds
import chart_json
import growth
import serving
from measuring import HERE, CommandError
from results import table, write_results
from rich.console import Console
from workshop import SMALL, WHOLE, Workshop

if TYPE_CHECKING:
    from collections.abc import Callable

    from rows import Row

ROWS: dict[str, Callable[[Workshop], list[Row]]] = {
    "one-more-of-many": builds.one_more_of_many,
    "one-more-of-few": builds.one_more_of_few,
    "nothing-new": builds.nothing_new,
    "cold": builds.cold,
    "charts": chart_json.chart_json,
    "backfill": backfill.backfill,
    "serve": serving.view_option_changed,
    "growth": growth.growth,
}
"""Name → what measures it; in this order."""


def main() -> int:
    """Measure what is named, or all; return the exit status."""
    parser = argparse.ArgumentParser(description="Measure kpisite.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"one of {', '.join(ROWS)}")
    parser.add_argument("--small", action="store_true", help="tiny projects: only a try-out")
    arguments = parser.parse_args()
    unknown = set(arguments.rows) - set(ROWS)
    if unknown:
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    console = Console(width=None if sys.stdout.isatty() else 160)
    folder = Path(tempfile.mkdtemp(prefix="kpisite-bench-"))
    try:
        shop = Workshop(folder, SMALL if arguments.small else WHOLE)
        measured, failed = _measure(shop, arguments.rows or list(ROWS), console)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    console.print(table(measured))
    if not arguments.rows and not arguments.small and not failed:
        write_results(HERE / "results.json", measured)
    return 1 if failed else 0


def _measure(shop: Workshop, names: list[str], console: Console) -> tuple[list[Row], bool]:
    """Return the rows, and whether one of them failed to run."""
    measured, failed = [], False
    for name in names:
        with console.status(f"measuring: {name}"):
            try:
                rows = ROWS[name](shop)
            except CommandError as error:
                console.print(f"{name} failed: {error}", markup=False, highlight=False)
                failed = True
                continue
        for row in rows:
            console.print(f"{row.measured}: {row.figure:.3f} {row.unit}", highlight=False)
        measured += rows
    return measured, failed


if __name__ == "__main__":
    sys.exit(main())
