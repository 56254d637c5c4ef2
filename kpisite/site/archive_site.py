"""All pages of an archive; those of an edition are only made when they are asked for."""

from __future__ import annotations

import functools
from itertools import groupby
from typing import TYPE_CHECKING, Any

from kpisite.errors import PluginError
from kpisite.model.language import gettext
from kpisite.plugins.registry import load
from kpisite.render.block_cache import Rendered
from kpisite.render.blocks import Asset
from kpisite.render.chart_templates import ChartTemplates
from kpisite.render.digests import class_digest
from kpisite.site.content import SitePage
from kpisite.site.embedded import EmbeddedViews
from kpisite.site.feeds import feed
from kpisite.site.machine import FEED, INDEX, site_index
from kpisite.site.previews import PREVIEW
from kpisite.site.report_pages import ReportPages

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kpisite.archive.index import Entry
    from kpisite.render.block_cache import BlockCache
    from kpisite.render.templates import Templates
    from kpisite.site.content import PlannedPages
    from kpisite.site.loaded_edition import LoadedEdition
    from kpisite.site.machine import SiteAbout
    from kpisite.site.place import Place
    from kpisite.site.previews import Previews
    from kpisite.site.report_pages import Front
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
        previews: Previews | None = None,
    ) -> None:
        """Prepare the pages.

        Args:
            entries: All editions, ordered by report and period.
            look: The templates.
            urls: How pages are addressed.
            code: Digest of the code that makes them.
            charts: What is known of the charts that were made before; by default, nothing.
            previews: Draws pictures of editions and of the site; by default, there are none.
        """
        self._look = look
        self._urls = urls
        self._code = code
        self._previews = previews
        self._made_fronts: list[Front] | None = None
        charts = charts or ChartTemplates()
        self._reports = [
            ReportPages(report, list(group), look, urls, self._code_of, charts, previews)
            for report, group in groupby(entries, key=lambda entry: entry.report)
        ]

    def editions(self) -> Iterator[PlannedPages]:
        """Yield all editions and their older revisions, by report and period."""
        for report in self._reports:
            yield from report.editions()

    def overviews(self) -> Iterator[PlannedPages]:
        """Yield the pages that show all editions of a report."""
        for report in self._reports:
            yield from report.overviews()

    @property
    def look(self) -> Templates:
        """The templates."""
        return self._look

    def edition(self, key: str) -> tuple[LoadedEdition, Place] | None:
        """Return an edition with its blocks, and where its pages stand; None: there is none.

        Args:
            key: `flights/2013-W06`.

        Raises:
            ArchiveError: Its record is missing or damaged.
        """
        found = (report.archived.edition(key) for report in self._reports)
        return next((one for one in found if one is not None), None)

    def embedded(self) -> EmbeddedViews:
        """Return what finds views for pages of the project."""
        return EmbeddedViews([report.archived for report in self._reports], self._look, self._urls)

    def front(self, cache: BlockCache, order: Sequence[str] = ()) -> list[SitePage]:
        """Return the pages of the navigation: the wall, and the newest edition of each report.

        Args:
            cache: Has what earlier builds made of them.
            order: Reports in the order that the wall shows them in; others follow by id.

        Raises:
            ArchiveError: A newest edition's record is missing or damaged.
        """
        fronts = self._fronts(cache)
        wall = self._look.render("pages/wall.html", reports=wall_rows(fronts, order))
        overview = SitePage(
            "",
            gettext("Overview"),
            wall,
            in_nav=True,
            search="",
            json=INDEX,
            picture=PREVIEW if self._previews else None,
        )
        return [*(front.page for front in fronts), overview]

    def machine_files(self, cache: BlockCache, about: SiteAbout) -> list[Asset]:
        """Return the feeds and indexes that any new edition changes.

        Args:
            cache: See `front`.
            about: The site; where its address is not known, there are no feeds.

        Raises:
            ArchiveError: A newest edition's record is missing or damaged.
        """
        fronts = zip(self._reports, self._fronts(cache), strict=True)
        made = [report.files(front, about, cache) for report, front in fronts]
        files = [file for part in made for file in part.assets()]
        index = site_index([part.row for part in made], about, self._urls)
        files.append(Asset(INDEX, index.encode()))
        if about.url:
            told = [entry for part in made for entry in part.told]
            files.append(Asset(FEED, feed(told, about, self._urls).encode()))
        if self._previews is not None:
            files.append(Asset(PREVIEW, self._preview(self._previews, cache)))
        return files

    def _preview(self, previews: Previews, cache: BlockCache) -> bytes:
        """Return the picture of the site."""
        fronts = zip(self._reports, self._fronts(cache), strict=True)
        shown = [(front.about[0], *report.archived.newest_past) for report, front in fronts]
        digests = [[title, entry.key, entry.digest, past.digest] for title, entry, past in shown]

        def draw() -> Rendered:
            return Rendered(text="", assets={PREVIEW: previews.wall(shown)})

        return cache.rendered(["preview", previews.site_name, digests], draw).assets[PREVIEW]

    def _fronts(self, cache: BlockCache) -> list[Front]:
        if self._made_fronts is None:
            self._made_fronts = [report.front(cache) for report in self._reports]
        return self._made_fronts

    def _code_of(self, entry: Entry) -> str:
        plugins = [_plugin_digest(name) for name in sorted(set(entry.plugins))]
        return "\n".join([self._code, self._look.digest, *plugins])


def wall_rows(fronts: Sequence[Front], order: Sequence[str]) -> list[dict[str, Any]]:
    """Return the rows of the wall: what needs attention first, reports and their KPIs alike.

    Args:
        fronts: All reports.
        order: Reports in the order that they otherwise stand in; others follow as they come.
    """
    places = {report: place for place, report in enumerate(order)}
    rows = sorted((front.row for front in fronts), key=lambda row: _place(row, places))
    return [
        {**row, "blocks": sorted(row["blocks"], key=lambda block: not block["missed"])}
        for row in rows
    ]


def _place(row: dict[str, Any], places: dict[str, int]) -> tuple[bool, int]:
    return not row["attention"]["needed"], places.get(row["edition"]["report"], len(places))


@functools.cache
def _plugin_digest(name: str) -> str:
    """Return a digest of a view plugin's own sources."""
    try:
        return class_digest(load("views", name).cls)
    except PluginError as error:
        return str(error)
