"""A tiny project for tests: one report over a small table, an archive, and a fixed time."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kpisite.archive.store import Archive
from kpisite.model.language import ENGLISH, speaking
from kpisite.pipeline.loading import LoadedReport, load_reports
from kpisite.pipeline.plan import Task, plan
from kpisite.pipeline.run import Outcome, run_tasks

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    report: str = REPORT

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


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """Begin each test in English, whatever language a build before it spoke."""
    with speaking(ENGLISH):
        yield


@pytest.fixture
def project(tmp_path: Path) -> ProjectFiles:
    """A project with the report `sales`; nothing has been run."""
    files = ProjectFiles(tmp_path)
    files.write(REPORT)
    (files.content / "sales" / "sales.csv").write_text(SALES, encoding="utf-8")
    return files


ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Demo:
    folder: Path
    port: int
    """Where its addresses say that it is served, on loopback."""

    @property
    def site(self) -> Path:
        return self.folder / "site"

    @property
    def archive(self) -> Path:
        return self.folder / "archive"

    def build(self) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "SITE_URL": f"http://127.0.0.1:{self.port}/",
            "KPISITE_NOW": "2026-01-15T06:00+00:00",
            "SOURCE_DATE_EPOCH": "1768456800",
        }
        return subprocess.run(
            [sys.executable, "-m", "mkdocs", "build", "--strict"],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("demo")
    shutil.copy(ROOT / "mkdocs.yml", folder)
    for name in ("content", "site_template"):
        shutil.copytree(ROOT / name, folder / name)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        built = Demo(folder, probe.getsockname()[1])
    result = built.build()
    assert result.returncode == 0, result.stderr
    return built
