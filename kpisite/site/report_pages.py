"""The pages of one report: which editions it has, the newest of them whole, its archive."""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from kpisite.model.words import period_short
from kpisite.render.block_cache import Rendered
from kpisite.render.past import History
from kpisite.site.archive_page import archive_folder, archive_page
from kpisite.site.content import SitePage
from kpisite.site.edition_pages import EditionPages, LoadedEdition, Neighbour, Place
from kpisite.site.kpi_pages import KpiPages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kpisite.archive.index import Entry
    from kpisite.archive.store import Edition
    from kpisite.render.block_cache import BlockCache
    from kpisite.render.chart_templates import ChartTemplates
    from kpisite.render.templates import Templates
    from kpisite.site.content import SiteContent
    from kpisite.site.urls import Urls


@dataclass(frozen=True)
class PlannedEdition:
    """An edition whose pages are not made yet."""

    entry: Entry
    place: Place
    position: int
    """Of the edition in its report, from 0."""
    digest: str
    """Changes with all that the pages of the edition depend on, but for the site around them."""
    make: Callable[[PlannedEdition], SiteContent]

    def content(self) -> SiteContent:
        """Return its pages.

        Raises:
            ArchiveError: Its record is missing or damaged.
        """
        return self.make(self)


@dataclass(frozen=True)
class Front:
    """What stands in front of a report's editions; plain values, so that it can be kept."""

    pages: list[SitePage]
    row: dict[str, Any]
    """What the wall shows of the report."""


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
    ) -> None:
        """Prepare the pages of a report.

        Args:
            report: Its id.
            entries: Its editions, oldest first; at least one.
            look: The templates.
            urls: How pages are addressed.
            code: Returns a digest of the code and the templates that show an edition.
            charts: What is known of the charts that were made before.
        """
        self.report = report
        self._entries = entries
        self._look = look
        self._urls = urls
        self._code = code
        self._pages = EditionPages(look, urls, charts)
        self._history = History(entries)

    def editions(self) -> Iterator[PlannedEdition]:
        """Yield all editions, oldest first, each before its older revisions."""
        for position, entry in enumerate(self._entries):
            yield self._planned(entry, self._place(position), position)
            for older in entry.earlier:
                place = Place(_revision_folder(older), archive_folder(self.report), newer=entry)
                yield self._planned(older, place, position)

    def front(self, cache: BlockCache) -> Front:
        """Return what any new edition changes: the newest edition whole, archive, KPIs, the row.

        Args:
            cache: Has what an earlier build made of the same editions.
        """
        newest = self._planned(self._entries[-1], self._place(self._last), self._last)
        key = cache.key(["front", newest.digest, [entry.digest for entry in self._entries]])
        found = cache.get(key)
        if found is not None:
            front = json.loads(found.text)
            return Front([SitePage(**page) for page in front["pages"]], front["row"])
        made = self._front()
        if not self.newest.problems:  # what is mended in the archive shows at once
            cache.put(key, Rendered(text=json.dumps(asdict(made))))
        return made

    def _front(self) -> Front:
        place = self._place(self._last)
        whole = self._pages.text(self.newest, place, self.report)
        about_it = self._newest_edition.record.definition.description
        page = SitePage(self.report, self._title, whole, in_nav=True, search=about_it)
        kpis = KpiPages(self.report, self._title, self._entries, self._look, self._urls)
        archive = archive_page(self.report, self._title, self._entries, self._look, self._urls)
        pages = [page, archive, *kpis.pages()]
        shown = self._pages.shown(self.newest, place, "")
        row = {
            "url": self._urls.page("", self.report),
            "edition": self.newest.about,
            "blocks": [block for block in shown if block["is_kpi"]],
        }
        return Front(pages, row)

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

    @property
    def _title(self) -> str:
        """The report's title, as its newest edition has it."""
        return self._newest_edition.record.definition.title

    def _planned(self, entry: Entry, place: Place, position: int) -> PlannedEdition:
        parts = [
            self._code(entry),
            self._urls.directory_urls,
            self._title,
            entry.digest,
            self._history.digest(position),
            [place.folder, place.archive],
            [(n.folder, n.title) if n else None for n in (place.previous, place.next)],
            [(folder, older.digest) for folder, older in place.older],
            place.newer.digest if place.newer else None,
        ]
        digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
        return PlannedEdition(entry, place, position, digest, self._content)

    def _content(self, planned: PlannedEdition) -> SiteContent:
        if planned.entry is self._entries[-1]:
            loaded = self.newest
        else:
            past = self._history.before(planned.position)
            loaded = self._pages.load(planned.entry.load(), past, planned.place.folder)
        newer = planned.place.newer
        return self._pages.content(loaded, planned.place, newer.key if newer else self.report)

    def _place(self, position: int) -> Place:
        entry = self._entries[position]
        return Place(
            entry.key,
            archive_folder(self.report),
            previous=_neighbour(self._entries[position - 1]) if position else None,
            next=None if position == self._last else _neighbour(self._entries[position + 1]),
            older=tuple((_revision_folder(older), older) for older in entry.earlier),
        )


def _neighbour(entry: Entry) -> Neighbour:
    title = period_short(entry.period)
    return Neighbour(entry.key, title[:1].upper() + title[1:])


def _revision_folder(entry: Entry) -> str:
    return f"{entry.report}/revisions/{entry.label}/{entry.revision}"
