"""What kpisite adds to a site: pages, files, and what went wrong with them; made, or planned."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from kpisite.pipeline.problems import Problem
    from kpisite.render.blocks import Asset


@dataclass(frozen=True)
class SitePage:
    """A page before Markdown is rendered."""

    folder: str
    """Path of the page's folder below the site; the page is its `index.md`."""
    title: str
    text: str
    """HTML with islands of Markdown."""
    in_nav: bool = False
    search: str | None = None
    """What the search finds the page by, beside its title; None keeps it out of the search."""
    parent: str | None = None
    """Folder of the page above it; for breadcrumbs and the active section."""
    previous: str | None = None
    """Folder of the page before it."""
    next: str | None = None
    description: str = ""
    """One line for whoever sees a link to the page; by default, that of the site."""
    report: str = ""
    """The report that it belongs to; its feed is named on the page."""
    json: str | None = None
    """Path below the site of a JSON file that says the same to a program."""
    picture: str | None = None
    """Path below the site of a picture for whoever shows a link to the page."""

    @property
    def uri(self) -> str:
        """Path of the Markdown file below the docs folder."""
        return f"{self.folder}/index.md" if self.folder else "index.md"


@dataclass
class SiteContent:
    """Some pages of a site, with the files that they need."""

    pages: list[SitePage] = field(default_factory=list)
    assets: list[Asset] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class PlannedPages:
    """Pages that are not made yet: those of an edition, or some that show all of a report."""

    folder: str
    """All of them stand here or below."""
    digest: str
    """Changes with all that the pages depend on, but for the site around them."""
    make: Callable[[], SiteContent]
    of_edition: bool = True

    def content(self) -> SiteContent:
        """Return the pages, with the files that they need.

        Raises:
            ArchiveError: A record is missing or damaged.
        """
        return self.make()
