"""A tiny project for tests: one report over a small table, an archive, and a fixed time."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from kpisite.archive.store import Archive
from kpisite.pipeline.loading import LoadedReport, load_reports
from kpisite.pipeline.plan import Task, plan
from kpisite.pipeline.run import Outcome, run_tasks

if TYPE_CHECKING:
    from pathlib import Path

SALES = "day,shop,amount\n" + "".join(
    f"2024-01-{day:02},{shop},{day * weight}\n"
    for day in range(1, 32)
    for shop, weight in (("east", 1), ("west", 10))
)
"""Per day of January 2024: the day's number in the east, ten times as much in the west."""

REPORT = """\
title: Sales, weekly
schedule: weekly
since: 2024-01-01
until: 2024-01-15
datasources:
  shop:
    plugin: duckdb
    args: {files: {sales: sales.csv}}
views:
  total:
    plugin: single_stat
    args:
      datasource: shop
      query: select sum(amount) from sales where day >= {from} and day < {to}
  shops:
    plugin: table
    args:
      datasource: shop
      query: |
        select shop, sum(amount) as amount from sales
        where day >= {from} and day < {to} group by shop order by shop
"""
"""Two weeks: 2024-W01 sells 28 in the east and 280 in the west, 2024-W02 77 and 770."""


@dataclass
class ProjectFiles:
    """A content folder and an archive below a test's own folder."""

    folder: Path
    now: datetime = datetime(2024, 2, 1, 12, tzinfo=UTC)
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> Path:
        return self.folder / "content"

    @property
    def archive(self) -> Archive:
        return Archive(str(self.folder / "archive"))

    def write(self, text: str, report: str = "sales", name: str = "report.yml") -> Path:
        """Write a report definition; its indentation is taken off."""
        path = self.content / report / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def load(self) -> list[LoadedReport]:
        return load_reports(self.content, self.environment)

    def due(self) -> list[Task]:
        return plan(self.load(), self.archive.editions(), self.now)

    def run(self) -> list[Outcome]:
        """Run what is due, as a build does."""
        return list(run_tasks(self.due(), self.archive, self.now))

    def archived(self) -> dict[str, bytes]:
        """Return all files of the archive."""
        root = self.folder / "archive"
        found = (path for path in root.rglob("*") if path.is_file())
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


@pytest.fixture
def project(tmp_path: Path) -> ProjectFiles:
    """A project with the report `sales`; nothing has been run."""
    files = ProjectFiles(tmp_path)
    files.write(REPORT)
    (files.content / "sales" / "sales.csv").write_text(SALES, encoding="utf-8")
    return files
