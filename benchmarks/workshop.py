"""What several rows of the benchmark share: projects and costs that are made once in a run."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from measuring import Cost, measure, program, repeated, run_script, script
from project import ENVIRONMENT, Project

if TYPE_CHECKING:
    from pathlib import Path

VIEWS = 8
"""Of an edition in the rows about builds: it then has nine pages."""


@dataclass(frozen=True)
class Sizes:
    """How large the projects are."""

    reports: int
    weeks: int
    """Editions of each report in the large project."""
    few: int
    """Editions of the only report in the small project."""
    growth: tuple[int, ...]
    """Editions of each report in the growing projects."""


WHOLE = Sizes(reports=10, weeks=52, few=53, growth=(10, 100, 500))
SMALL = Sizes(reports=2, weeks=3, few=4, growth=(2, 4, 8))
"""For trying the benchmark itself; the ratios mean nothing."""


class Workshop:
    """Makes the projects that are asked for."""

    def __init__(self, folder: Path, sizes: Sizes) -> None:
        self.folder = folder
        self.sizes = sizes

    @functools.cached_property
    def many(self) -> Project:
        """The large project; nothing has been run."""
        return Project.make(self.folder / "many", self.sizes.reports, self.sizes.weeks, VIEWS)

    @functools.cached_property
    def backfill(self) -> Cost:
        """Running all editions of the large project."""
        return self.many.run()

    @functools.cached_property
    def cold(self) -> tuple[Cost, int]:
        """Building the large project with nothing but its archive; how many pages that made."""
        assert self.backfill
        cost = repeated(self.many.build_cold)
        return cost, self.many.pages()

    @functools.cached_property
    def one_page(self) -> Cost:
        """Building one page with bare MkDocs and Material."""
        folder = self.folder / "one_page"
        run_script("bare_site", folder)
        return repeated(lambda: bare_build(folder))


def bare_build(folder: Path) -> Cost:
    """Build a site without kpisite."""
    return measure([program("mkdocs"), "build"], folder, ENVIRONMENT)


def bare_queries(project: Project) -> Cost:
    """Ask in a bare loop what the editions of a project ask."""
    return measure(script("bare_sql", project.folder), project.folder, ENVIRONMENT)
