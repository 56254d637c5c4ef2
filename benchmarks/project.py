"""A project of the benchmark, and the commands that are measured in it."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from measuring import Cost, measure, program, run_script

if TYPE_CHECKING:
    from pathlib import Path

ENVIRONMENT = {
    "KPISITE_NOW": "2030-01-01T06:00+00:00",
    "SOURCE_DATE_EPOCH": "1893456000",
    "SITE_URL": "https://kpi.example.org/",
}
"""The clock stands still, after all data: what is due is said by `until` of the reports."""
_UNTIL = re.compile(r"^until: (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Project:
    """A folder with `mkdocs.yml`, reports, their data and an archive."""

    folder: Path
    reports: int
    weeks: int
    views: int

    @classmethod
    def make(cls, folder: Path, reports: int, weeks: int, views: int) -> Project:
        """Write a project; its archive is empty."""
        made = cls(folder, reports, weeks, views)
        folder.parent.mkdir(parents=True, exist_ok=True)
        run_script("make_project", folder, reports, weeks, views)
        return made

    @property
    def editions(self) -> int:
        """How many editions it has at first."""
        return self.reports * self.weeks

    @property
    def site(self) -> Path:
        """The built site."""
        return self.folder / "site"

    def run(self) -> Cost:
        """Run what is due."""
        return measure([program("kpisite"), "run"], self.folder, ENVIRONMENT)

    def build(self) -> Cost:
        """Run what is due and build the site."""
        return measure([program("mkdocs"), "build"], self.folder, ENVIRONMENT)

    def build_cold(self) -> Cost:
        """Build the site with nothing but the archive."""
        shutil.rmtree(self.folder / ".cache", ignore_errors=True)
        shutil.rmtree(self.site, ignore_errors=True)
        return self.build()

    def build_one_more(self) -> Cost:
        """Build the site with one edition more than before, which is run on the way."""
        self.let_a_week_pass()
        return self.build()

    def let_a_week_pass(self) -> None:
        """Make one edition of the first report due."""
        definition = min((self.folder / "content").glob("*/report.yml"))
        text = definition.read_text(encoding="utf-8")
        definition.write_text(_UNTIL.sub(_week_later, text), encoding="utf-8")

    def pages(self) -> int:
        """Return how many pages the built site has."""
        return sum(1 for _ in self.site.rglob("*.html"))


def _week_later(line: re.Match[str]) -> str:
    return f"until: {date.fromisoformat(line[1]) + timedelta(weeks=1)}"
