"""All pages of an archive; those of an edition are only made when they are asked for."""

from __future__ import annotations

import functools
from itertools import groupby
from typing import TYPE_CHECKING

from kpisite.errors import PluginError
from kpisite.plugins.registry import load
from kpisite.render.chart_templates import ChartTemplates
from kpisite.render.digests import class_digest
from kpisite.site.content import SitePage
from kpisite.site.report_pages import PlannedEdition, ReportPages

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kpisite.archive.index import Entry
    from kpisite.render.block_cache import BlockCache
    from kpisite.render.templates import Templates
    from kpisite.site.urls import Urls


class ArchiveSite:
    """The pages of an archive: the same archive, templates and code, the same pages."""

    def __init__(
        self,
        entries: Sequence[Entry],
        look: Templates,
        urls: Urls,
        code: str,
        charts: ChartTemplates | None = None,
    ) -> None:
        """Prepare the pages.

        Args:
            entries: All editions, ordered by report and period.
            look: The templates.
            urls: How pages are addressed.
            code: Digest of the code that makes them.
            charts: What is known of the charts that were made before; by default, nothing.
        """
        self._look = look
        self._code = code
        charts = charts or ChartTemplates()
        self._reports = [
            ReportPages(report, list(group), look, urls, self._code_of, charts)
            for report, group in groupby(entries, key=lambda entry: entry.report)
        ]

    def editions(self) -> Iterator[PlannedEdition]:
        """Yield all editions and their older revisions, by report and period."""
        for report in self._reports:
            yield from report.editions()

    def front(self, cache: BlockCache) -> list[SitePage]:
        """Return the pages that any new edition changes: the wall, and the front of each report.

        Args:
            cache: Has what earlier builds made of them.

        Raises:
            ArchiveError: A newest edition's record is missing or damaged.
        """
        fronts = [report.front(cache) for report in self._reports]
        wall = self._look.render("pages/wall.html", reports=[front.row for front in fronts])
        pages = [page for front in fronts for page in front.pages]
        return [*pages, SitePage("", "Overview", wall, in_nav=True, search="")]

    def _code_of(self, entry: Entry) -> str:
        plugins = [_plugin_digest(name) for name in sorted(set(entry.plugins))]
        return "\n".join([self._code, self._look.digest, *plugins])


@functools.cache
def _plugin_digest(name: str) -> str:
    """Return a digest of a view plugin's own sources."""
    try:
        return class_digest(load("views", name).cls)
    except PluginError as error:
        return str(error)
