"""The pages of one report: which editions it has, the newest of them whole, its archive."""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from kpisite.render.block_cache import Rendered
from kpisite.render.blocks import Asset
from kpisite.site.archive_page import archive_folder, archive_page
from kpisite.site.attention import attention
from kpisite.site.compare_page import compare_folder, compare_page
from kpisite.site.content import PlannedPages, SiteContent, SitePage
from kpisite.site.edition_pages import EditionPages
from kpisite.site.kpi_pages import KpiPages
from kpisite.site.machine import INDEX
from kpisite.site.report_editions import ReportEditions
from kpisite.site.report_files import report_files
from kpisite.site.summaries import edition_line
from kpisite.site.urls import kpis_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kpisite.archive.index import Entry
    from kpisite.render.block_cache import BlockCache
    from kpisite.render.chart_templates import ChartTemplates
    from kpisite.render.templates import Templates
    from kpisite.site.machine import SiteAbout
    from kpisite.site.place import Place
    from kpisite.site.previews import Previews
    from kpisite.site.report_files import ReportFiles
    from kpisite.site.urls import Urls


@dataclass(frozen=True)
class Front:
    """The newest edition as the report's own page; plain values, so that it can be kept."""

    page: SitePage
    row: dict[str, Any]
    """What the wall shows of the report."""

    @property
    def about(self) -> tuple[str, str]:
        """The report's title and description, as its newest edition has them."""
        return self.page.title, self.row["edition"]["description"]


class ReportPages:
    """The pages of one report."""

    def __init__(
        self,
        report: str,
        entries: Sequence[Entry],
        look: Templates,
        urls: Urls,
        code: Callable[[Entry], str],
        charts: ChartTemplates,
        previews: Previews | None = None,
    ) -> None:
        """Prepare the pages of a report.

        Args:
            report: Its id.
            entries: Its editions, oldest first; at least one.
            look: The templates.
            urls: How pages are addressed.
            code: Returns a digest of the code and the templates that show an edition.
            charts: What is known of the charts that were made before.
            previews: Draws pictures of editions; None: there are none.
        """
        self.report = report
        self._entries = entries
        self._look = look
        self._urls = urls
        self._code = code
        self._pages = EditionPages(look, urls, charts, previews)
        self._previews = None if previews is None else previews.site_name
        self.archived = ReportEditions(report, entries, self._pages)
        """Its editions."""

    def editions(self) -> Iterator[PlannedPages]:
        """Yield all editions, oldest first, each before its older revisions."""
        for entry, place, position in self.archived.placed():
            yield self._planned(entry, place, position)

    def overviews(self) -> Iterator[PlannedPages]:
        """Yield the pages that show all editions: the archive, KPIs over time, the comparison."""
        yield self._overview(archive_folder(self.report), self._archive)
        if any(entry.metrics for entry in self._entries):
            yield self._overview(kpis_folder(self.report), self._kpis)
        if self.archived.last:
            yield self._overview(compare_folder(self.report), self._compare)

    def front(self, cache: BlockCache) -> Front:
        """Return the page of the report, and what the wall shows of it.

        Args:
            cache: Has what an earlier build made of the same editions.
        """
        last = self.archived.last
        newest = self._planned(self._entries[last], self.archived.place(last), last)
        key = cache.key(["front", newest.digest])
        found = cache.get(key)
        if found is not None:
            front = json.loads(found.text)
            return Front(SitePage(**front["page"]), front["row"])
        made = self._front()
        if not self.archived.newest.problems:  # what is mended in the archive shows at once
            cache.put(key, Rendered(text=json.dumps(asdict(made))))
        return made

    def _front(self) -> Front:
        newest, place = self.archived.newest, self.archived.place(self.archived.last)
        entry = self._entries[-1]
        page = SitePage(
            self.report,
            self.archived.title,
            self._pages.text(newest, place, self.report),
            in_nav=True,
            search=newest.record.definition.description,
            description=edition_line(entry.period, entry.metrics.values()),
            report=self.report,
            json=f"{self.report}/{INDEX}",
            picture=self._pages.picture(entry.key),
        )
        shown = self._pages.shown(newest, place, "")
        row = {
            "url": self._urls.page("", self.report),
            "archive": self._urls.page("", archive_folder(self.report)),
            "edition": newest.about,
            "attention": attention(newest),
            "blocks": [block for block in shown if block["is_kpi"]],
        }
        return Front(page, row)

    def _overview(self, folder: str, make: Callable[[], SiteContent]) -> PlannedPages:
        digests = [one.digest for entry in self._entries for one in (entry, *entry.earlier)]
        parts = [
            self._code(self._entries[-1]),
            self._urls.directory_urls,
            self.archived.title,
            digests,
            self._previews,
        ]
        digest = hashlib.sha256(json.dumps([folder, *parts]).encode()).hexdigest()
        return PlannedPages(folder, digest, lambda: self._pictured(make()), of_edition=False)

    def _pictured(self, content: SiteContent) -> SiteContent:
        """Return pages that show all editions with the picture of the newest."""
        picture = self._pages.picture(self._entries[-1].key)
        content.pages[:] = [replace(page, picture=picture) for page in content.pages]
        return content

    def _archive(self) -> SiteContent:
        page = archive_page(self.report, self.archived.title, self._entries, self._look, self._urls)
        return SiteContent([page])

    def _kpis(self) -> SiteContent:
        pages = KpiPages(self.report, self.archived.title, self._entries, self._look, self._urls)
        return SiteContent(list(pages.pages()))

    def _compare(self) -> SiteContent:
        page, files = compare_page(self.archived.title, self._entries, self._look, self._urls)
        assets = [Asset(uri, text.encode()) for uri, text in files.items()]
        return SiteContent([page], assets)

    def files(self, front: Front, about: SiteAbout, cache: BlockCache) -> ReportFiles:
        """Return what other programs read of the report as a whole.

        Args:
            front: What stands in front of its editions.
            about: The site.
            cache: See `front`.
        """
        title, description = front.about
        return report_files(self._entries, title, description, about, self._urls, cache)

    def _planned(self, entry: Entry, place: Place, position: int) -> PlannedPages:
        parts = [
            self._code(entry),
            self._urls.directory_urls,
            self.archived.title,
            self._previews,
            entry.digest,
            self.archived.past(position).digest,  # periods and metrics of all editions before it
            [place.folder, place.archive],
            [(n.folder, n.title) if n else None for n in (place.previous, place.next)],
            [(folder, older.digest) for folder, older in place.older],
            place.newer.digest if place.newer else None,
        ]
        digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
        make = functools.partial(self._content, entry, place, position)
        return PlannedPages(place.folder, digest, make)

    def _content(self, entry: Entry, place: Place, position: int) -> SiteContent:
        loaded, newer = self.archived.loaded(entry, position, place.folder), place.newer
        return self._pages.content(loaded, place, newer.key if newer else self.report)
