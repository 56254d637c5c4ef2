"""Small projects that are built in a process of their own: what a shop sells, each month."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MKDOCS = """\
site_name: Small
theme: {name: material, font: false}
plugins: [search, kpisite]
"""
SOLD = """\
  sold:
    plugin: single_stat
    title: Sold
    args:
      datasource: shop
      query: select sum(amount) from sales where day >= {from} and day < {to}
"""
COMPARED = "      compare: previous\n"
"""Behind `SOLD`."""
ROWS = """\
  rows:
    plugin: table
    args:
      datasource: shop
      query: select * from sales where day >= {from} and day < {to}
"""
DAYS = """\
  days:
    plugin: plot
    args:
      datasource: shop
      query: select day, amount from sales where day >= {from} and day < {to} order by day
      time_column: day
"""
"""A view that is drawn by Bokeh."""


def monthly(*views: str, until: str = "") -> str:
    """Return a report with these views; `sales.csv` has a `day` and an `amount`."""
    end = f"\nuntil: {until}" if until else ""
    return f"""\
title: Sales, monthly
schedule: monthly
since: 2024-01-01{end}
datasources:
  shop: {{plugin: duckdb, args: {{files: {{sales: sales.csv}}}}}}
views:
{"".join(views)}"""


def write_site(folder: Path, report: str, sales: str) -> Path:
    """Write a project with one report, `sales`; return the path of its definition."""
    path = folder / "docs" / "sales" / "report.yml"
    path.parent.mkdir(parents=True)
    path.write_text(report)
    path.with_name("sales.csv").write_text(sales)
    (folder / "mkdocs.yml").write_text(MKDOCS)
    return path


def mkdocs_build(folder: Path, *arguments: str, now: str) -> subprocess.CompletedProcess[str]:
    """Call `mkdocs build` in a project's folder."""
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", *arguments],
        cwd=folder,
        env={**os.environ, "KPISITE_NOW": now},
        capture_output=True,
        text=True,
        check=False,
    )
