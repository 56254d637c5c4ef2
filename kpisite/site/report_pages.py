"""The pages of one report: which editions it has, the newest of them whole, its archive."""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from kpisite.model.words import period_short
from kpisite.render.block_cache import Rendered
from kpisite.render.blocks import Asset
from kpisite.render.past import History
from kpisite.site.archive_page import archive_folder, archive_page
from kpisite.site.attention import attention
from kpisite.site.compare_page import compare_folder, compare_page
from kpisite.site.content import SiteContent, SitePage
from kpisite.site.edition_pages import EditionPages, LoadedEdition, Neighbour, Place
from kpisite.site.kpi_pages import KpiPages
from kpisite.site.machine import INDEX
from kpisite.site.report_files import report_files
from kpisite.site.summaries import edition_line
from kpisite.site.urls import kpis_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kpisite.archive.index import Entry
    from kpisite.archive.store import Edition
    from kpisite.render.block_cache import BlockCache
    from kpisite.render.blocks import Block
    from kpisite.render.chart_templates import ChartTemplates
    from kpisite.render.past import Past
    from kpisite.render.templates import Templates
    from kpisite.site.machine import SiteAbout
    from kpisite.site.previews import Previews
    from kpisite.site.report_files import ReportFiles
    from kpisite.site.urls import Urls


IN_MENU = 12
"""Editions before it that an edition's menu of periods lists."""


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
        self._history = History(entries)
        self._read: dict[int, Edition] = {}

    @property
    def entries(self) -> Sequence[Entry]:
        """Its editions, oldest first."""
        return self._entries

    def editions(self) -> Iterator[PlannedPages]:
        """Yield all editions, oldest first, each before its older revisions."""
        for position, entry in enumerate(self._entries):
            yield self._planned(entry, self._place(position), position)
            for older in entry.earlier:
                place = Place(_revision_folder(older), archive_folder(self.report), newer=entry)
                yield self._planned(older, place, position)

    def overviews(self) -> Iterator[PlannedPages]:
        """Yield the pages that show all editions: the archive, KPIs over time, the comparison."""
        yield self._overview(archive_folder(self.report), self._archive)
        if any(entry.metrics for entry in self._entries):
            yield self._overview(kpis_folder(self.report), self._kpis)
        if self._last:
            yield self._overview(compare_folder(self.report), self._compare)

    def front(self, cache: BlockCache) -> Front:
        """Return the page of the report, and what the wall shows of it.

        Args:
            cache: Has what an earlier build made of the same editions.
        """
        newest = self._planned(self._entries[-1], self._place(self._last), self._last)
        key = cache.key(["front", newest.digest])
        found = cache.get(key)
        if found is not None:
            front = json.loads(found.text)
            return Front(SitePage(**front["page"]), front["row"])
        made = self._front()
        if not self.newest.problems:  # what is mended in the archive shows at once
            cache.put(key, Rendered(text=json.dumps(asdict(made))))
        return made

    def _front(self) -> Front:
        place = self._place(self._last)
        whole = self._pages.text(self.newest, place, self.report)
        about_it = self._newest_edition.record.definition.description
        page = SitePage(
            self.report,
            self._title,
            whole,
            in_nav=True,
            search=about_it,
            description=edition_line(self._newest.period, self._newest.metrics.values()),
            report=self.report,
            json=f"{self.report}/{INDEX}",
            picture=self._pages.picture(self._newest.key),
        )
        shown = self._pages.shown(self.newest, place, "")
        row = {
            "url": self._urls.page("", self.report),
            "archive": self._urls.page("", archive_folder(self.report)),
            "edition": self.newest.about,
            "attention": attention(self.newest),
            "blocks": [block for block in shown if block["is_kpi"]],
        }
        return Front(page, row)

    def _overview(self, folder: str, make: Callable[[], SiteContent]) -> PlannedPages:
        digests = [one.digest for entry in self._entries for one in (entry, *entry.earlier)]
        parts = [self._code(self._entries[-1]), self._urls.directory_urls, self._title, digests]
        parts.append(self._previews)
        digest = hashlib.sha256(json.dumps([folder, *parts]).encode()).hexdigest()
        return PlannedPages(folder, digest, lambda: self._pictured(make()), of_edition=False)

    def _pictured(self, content: SiteContent) -> SiteContent:
        """Return pages that show all editions with the picture of the newest."""
        picture = self._pages.picture(self._newest.key)
        content.pages[:] = [replace(page, picture=picture) for page in content.pages]
        return content

    def _archive(self) -> SiteContent:
        page = archive_page(self.report, self._title, self._entries, self._look, self._urls)
        return SiteContent([page])

    def _kpis(self) -> SiteContent:
        pages = KpiPages(self.report, self._title, self._entries, self._look, self._urls)
        return SiteContent(list(pages.pages()))

    def _compare(self) -> SiteContent:
        page, files = compare_page(self._title, self._entries, self._look, self._urls)
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

    @property
    def newest_past(self) -> tuple[Entry, Past]:
        """The newest edition as the index knows it, and the editions before it."""
        return self._newest, self._history.before(self._last)

    @property
    def _newest(self) -> Entry:
        return self._entries[-1]

    @property
    def _last(self) -> int:
        return len(self._entries) - 1

    @functools.cached_property
    def newest(self) -> LoadedEdition:
        """The newest edition with its blocks."""
        past = self._history.before(self._last)
        return self._pages.load(self._newest_edition, past, self._newest_edition.record.key)

    @functools.cached_property
    def _newest_edition(self) -> Edition:
        return self._entries[-1].load()

    def block(self, position: int, view: str, chart_id: str) -> tuple[Edition, Block]:
        """Return an edition with one of its views; each edition is read once.

        Args:
            position: Of the edition, from 0.
            view: Id of a view that it has.
            chart_id: Of the view's first chart.

        Raises:
            ArchiveError: Its record is missing or damaged.
        """
        if position == self._last:
            edition = self._newest_edition
        else:
            if position not in self._read:
                self._read[position] = self._entries[position].load()
            edition = self._read[position]
        folder, past = self._entries[position].key, self._history.before(position)
        return edition, self._pages.block(edition, view, past, folder, chart_id)

    def edition(self, key: str) -> tuple[LoadedEdition, Place] | None:
        """Return an edition with its blocks, and where its pages stand; None where it has none.

        Raises:
            ArchiveError: Its record is missing or damaged.
        """
        keys = [entry.key for entry in self._entries]
        if key not in keys:
            return None
        position = keys.index(key)
        if position == self._last:
            return self.newest, self._place(position)
        edition, past = self._entries[position].load(), self._history.before(position)
        return self._pages.load(edition, past, key), self._place(position)

    @property
    def _title(self) -> str:
        """The report's title, as its newest edition has it."""
        return self._newest_edition.record.definition.title

    def _planned(self, entry: Entry, place: Place, position: int) -> PlannedPages:
        parts = [
            self._code(entry),
            self._urls.directory_urls,
            self._title,
            self._previews,
            entry.digest,
            self._history.digest(position),  # periods and metrics of all editions before it
            [place.folder, place.archive],
            [(n.folder, n.title) if n else None for n in (place.previous, place.next)],
            [(folder, older.digest) for folder, older in place.older],
            place.newer.digest if place.newer else None,
        ]
        digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
        make = functools.partial(self._content, entry, place, position)
        return PlannedPages(place.folder, digest, make)

    def _content(self, entry: Entry, place: Place, position: int) -> SiteContent:
        if entry is self._entries[-1]:
            loaded = self.newest
        else:
            loaded = self._pages.load(entry.load(), self._history.before(position), place.folder)
        newer = place.newer
        return self._pages.content(loaded, place, newer.key if newer else self.report)

    def _place(self, position: int) -> Place:
        entry = self._entries[position]
        return Place(
            entry.key,
            archive_folder(self.report),
            previous=_neighbour(self._entries[position - 1]) if position else None,
            before=tuple(self._entries[max(position - IN_MENU, 0) : position]),
            next=None if position == self._last else _neighbour(self._entries[position + 1]),
            older=tuple((_revision_folder(older), older) for older in entry.earlier),
        )


def _neighbour(entry: Entry) -> Neighbour:
    title = period_short(entry.period)
    return Neighbour(entry.key, title[:1].upper() + title[1:])


def _revision_folder(entry: Entry) -> str:
    return f"{entry.report}/revisions/{entry.label}/{entry.revision}"
