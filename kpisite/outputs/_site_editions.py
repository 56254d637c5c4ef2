"""The editions of a built site, as its JSON files name them."""

from __future__ import annotations

import json
import posixpath
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from kpisite.errors import OutputError
from kpisite.outputs._slug import slug
from kpisite.plugins.standalone import page_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

INDEX = "index.json"


@dataclass(frozen=True)
class SiteEdition:
    """An edition of a built site, in its newest revision."""

    report: str
    period: str
    """Label: `2013-W06`."""
    status: str
    """sealed or preliminary: `kpisite publish` makes no drafts."""
    run: datetime
    """Aware: when it was run."""
    page: str
    """Path of its page below the site."""

    @property
    def name(self) -> str:
        """What its files are called: `flights-2013-W06`."""
        return f"{self.report.replace('/', '-')}-{self.period}"


@dataclass(frozen=True)
class SiteReport:
    """A report of a built site."""

    id: str
    title: str
    editions: tuple[SiteEdition, ...]
    """Newest first."""

    @property
    def latest(self) -> str:
        """What the files of its newest edition are called: `latest-new-york-flights`."""
        return f"latest-{slug(self.title) or self.id.replace('/', '-')}"


def site_reports(folder: Path, wanted: Collection[str]) -> list[SiteReport]:
    """Return the reports of a built site with all their editions.

    Args:
        folder: The built site.
        wanted: Ids of reports; by default, all.

    Raises:
        OutputError: The site does not have its JSON files, or they are not as they should be.
    """
    return list(_reports(folder, wanted))


def _reports(folder: Path, wanted: Collection[str]) -> Iterator[SiteReport]:
    for row in _read(folder, INDEX)["reports"]:
        if wanted and row["report"] not in wanted:
            continue
        path = posixpath.normpath(unquote(row["index_url"]))
        report = _read(folder, path)
        editions = tuple(
            SiteEdition(
                row["report"],
                edition["period"],
                edition["status"],
                datetime.fromisoformat(edition["run"]),
                page_file(path, edition["url"]),
            )
            for edition in report["editions"]
        )
        yield SiteReport(row["report"], report["title"], editions)


def _read(folder: Path, path: str) -> Any:
    try:
        return json.loads((folder / path).read_bytes())
    except (OSError, ValueError) as error:
        raise OutputError(
            f"the built site has no {path} that can be read",
            hint="Another plugin or a hook has removed it: the editions are found by it.",
        ) from error
