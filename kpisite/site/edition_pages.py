"""The pages of one edition: the edition as a whole, and one page for each of its views."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from kpisite.model.edition import ErrorRecord
from kpisite.model.language import gettext
from kpisite.model.words import period_span, period_title, revision_text
from kpisite.pipeline.problems import Problem
from kpisite.render.blocks import Asset, Block, BlockRenderer
from kpisite.render.islands import island
from kpisite.site import words
from kpisite.site.compare_page import compare_folder
from kpisite.site.content import SiteContent, SitePage
from kpisite.site.frame_parts import frame_parts
from kpisite.site.machine import EDITION, edition_json
from kpisite.site.previews import PREVIEW
from kpisite.site.summaries import changes, edition_line
from kpisite.site.urls import kpi_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kpisite.archive.index import Entry
    from kpisite.archive.store import Edition
    from kpisite.model.edition import EditionRecord
    from kpisite.model.metric import Metric
    from kpisite.render.chart_templates import ChartTemplates
    from kpisite.render.past import Past
    from kpisite.render.templates import Templates
    from kpisite.site.previews import Previews
    from kpisite.site.urls import Urls


@dataclass(frozen=True)
class Neighbour:
    """The edition before or after another."""

    folder: str
    title: str


@dataclass(frozen=True)
class Place:
    """Where the pages of an edition stand, and what they link to."""

    folder: str
    archive: str
    """Folder of the report's archive page."""
    previous: Neighbour | None = None
    next: Neighbour | None = None
    before: tuple[Entry, ...] = ()
    """Some editions before it, oldest first: for the menu of periods."""
    newer: Entry | None = None
    """The newest revision, where this is an older one."""
    older: tuple[tuple[str, Entry], ...] = ()
    """Folder and revision of those that this one replaced, oldest first."""


@dataclass(frozen=True)
class LoadedEdition:
    """An edition with its rendered blocks."""

    edition: Edition
    blocks: list[Block]
    past: Past
    """The editions of its report before it."""

    @property
    def record(self) -> EditionRecord:
        """The edition's record."""
        return self.edition.record

    @functools.cached_property
    def about(self) -> dict[str, Any]:
        """What the templates of its pages say about it."""
        return about(self.record)

    @functools.cached_property
    def missed(self) -> tuple[Metric, ...]:
        """The metrics that miss their target, in the order of the page."""
        return tuple(m for m in self.record.metrics.values() if m.target_met is False)

    @property
    def problems(self) -> list[Problem]:
        """The views that could not be shown."""
        report, period = self.record.report, self.record.period.label
        return [
            Problem("error", report, period, b.id, b.error.message, b.error.hint, b.error.query)
            for b in self.blocks
            if b.error
        ]


class EditionPages:
    """Writes the pages of editions with a project's templates."""

    def __init__(
        self,
        look: Templates,
        urls: Urls,
        charts: ChartTemplates,
        previews: Previews | None = None,
    ) -> None:
        self._look = look
        self._urls = urls
        self._previews = previews
        self._blocks = BlockRenderer(look, charts)

    def load(self, edition: Edition, past: Past, folder: str) -> LoadedEdition:
        """Return an edition with its blocks.

        Args:
            edition: The edition.
            past: The editions of its report before it.
            folder: Where its pages stand.
        """
        views = edition.record.views
        blocks = [self._blocks.block(edition, view, past, folder) for view in views]
        return LoadedEdition(edition, blocks, past)

    def block(self, edition: Edition, view: str, past: Past, folder: str, chart_id: str) -> Block:
        """Return one view of an edition.

        Args:
            edition: The edition.
            view: Id of a view that it has.
            past: The editions of its report before it.
            folder: Where its pages stand.
            chart_id: Of the view's first chart.
        """
        [recorded] = [one for one in edition.record.views if one.id == view]
        return self._blocks.block(edition, recorded, past, folder, chart_id)

    def content(self, loaded: LoadedEdition, place: Place, parent: str) -> SiteContent:
        """Return all pages of an edition, with the files that they need.

        Args:
            loaded: The edition.
            place: Where its pages stand.
            parent: Folder of the page above it.
        """
        record = loaded.record
        content = SiteContent(problems=loaded.problems)
        title = f"{record.title} – {period_title(record.period.period())}"
        page = SitePage(
            place.folder,
            title if place.newer is None else f"{title}, {revision_text(record.revision)}",
            self.text(loaded, place, place.folder),
            search=None if place.newer else words.found_by(record, loaded.blocks),
            parent=parent,
            previous=place.previous.folder if place.previous else None,
            next=place.next.folder if place.next else None,
            description=edition_line(record.period.period(), record.metrics.values()),
            report=record.report,
            json=f"{place.folder}/{EDITION}",
            picture=self.picture(place.folder),
        )
        content.pages.append(page)
        frames = {}
        for block in loaded.blocks:
            content.assets += block.assets
            frames[block.id] = self._add_view(content, loaded, block, place)
        document = edition_json(loaded, place, frames, self._urls)
        content.assets.append(Asset(f"{place.folder}/{EDITION}", document))
        if self._previews is not None:
            replaced = place.newer is not None
            drawn = self._previews.edition(record, loaded.past, replaced=replaced)
            content.assets.append(Asset(f"{place.folder}/{PREVIEW}", drawn))
        return content

    def picture(self, folder: str) -> str | None:
        """Return the path of the picture of the edition in a folder; None where there is none."""
        return None if self._previews is None else f"{folder}/{PREVIEW}"

    def text(self, loaded: LoadedEdition, place: Place, here: str) -> str:
        """Return the text of the page that shows an edition whole, for a page in any folder."""
        record = loaded.record
        return self._look.render(
            "pages/edition.html",
            edition=loaded.about,
            theme=record.definition.theme,
            rows=list(_rows(self.shown(loaded, place, here))),
            previous=self._link(here, place.previous),
            next=self._link(here, place.next),
            own_url=self._urls.page(here, place.folder),
            before=[self._period(entry, here) for entry in reversed(place.before)],
            archive=self._urls.page(here, place.archive),
            compare=self._compare(record, place, here),
            failed=[block.title for block in loaded.blocks if block.error],
            revised=self._revised(record, place, here),
            replaced=self._replaced(place, here),
        )

    def shown(self, loaded: LoadedEdition, place: Place, here: str) -> list[dict[str, Any]]:
        """Return what templates need of the blocks of an edition, for a page in any folder."""
        return [self._block(loaded, block, place, here) for block in loaded.blocks]

    def _add_view(
        self, content: SiteContent, loaded: LoadedEdition, block: Block, place: Place
    ) -> list[dict[str, Any]]:
        """Add the page of a view and its files; return what the page shows of its frames."""
        record = loaded.record
        here = f"{place.folder}/{block.id}"
        frames: list[dict[str, Any]] = []
        if block.frames is not None:
            stem = f"{place.folder.replace('/', '-')}-{block.id}"
            frames, files = frame_parts(
                block.frames,
                here,
                stem,
                self._urls,
                show_query=record.definition.shows_query(block.id),
                downloads=record.definition.offers_downloads(block.id),
            )
            content.assets += files
        text = self._look.render(
            "pages/view.html",
            edition=loaded.about,
            edition_url=self._urls.page(here, place.folder),
            theme=record.definition.theme,
            block=self._block(loaded, block, place, here),
            frames=frames,
            histories=self._histories(record, block, place, here),
            replaced=self._replaced(place, here),
        )
        title = f"{block.title} – {period_title(record.period.period())}"
        own = [metric for metric in record.metrics.values() if metric.view == block.id]
        page = SitePage(
            here,
            title,
            text,
            parent=place.folder,
            description=edition_line(record.period.period(), own),
            report=record.report,
            json=f"{place.folder}/{EDITION}",
            picture=self.picture(place.folder),
        )
        content.pages.append(page)
        return frames

    def _histories(
        self, record: EditionRecord, block: Block, place: Place, here: str
    ) -> list[dict[str, str]]:
        """Return the links to the histories of a view's metrics; an older revision has none."""
        if place.newer is not None:
            return []
        return [
            {"title": metric.title, "url": self._urls.page(here, kpi_folder(record.report, name))}
            for name, metric in record.metrics.items()
            if metric.view == block.id
        ]

    def _block(
        self, loaded: LoadedEdition, block: Block, place: Place, here: str
    ) -> dict[str, Any]:
        edition = "" if here == place.folder else self._urls.page(here, place.folder)
        shows_query = loaded.record.definition.shows_query(block.id)
        return {
            "id": block.id,
            "title": block.title,
            "description": block.description,
            "cols": block.cols,
            "is_kpi": block.is_kpi,
            "missed": any(metric.view == block.id for metric in loaded.missed),
            "html": island(self._text(block.text, here)),
            "error": told(block.error, shows_query=shows_query) if block.error else None,
            "url": self._urls.page(here, f"{place.folder}/{block.id}"),
            "permalink": f"{edition}#{block.id}",
        }

    def _period(self, entry: Entry, here: str) -> dict[str, str]:
        """Return what the menu of periods says of an edition."""
        return {
            "url": self._urls.page(here, entry.key),
            "title": period_title(entry.period),
            "span": period_span(entry.period),
        }

    def _text(self, text: str, here: str) -> str:
        resolved = self._urls.resolve_assets(text, here)
        return Markup(resolved) if isinstance(text, Markup) else resolved  # noqa: S704 - as before

    def _link(self, here: str, there: Neighbour | None) -> dict[str, str] | None:
        if there is None:
            return None
        return {"url": self._urls.page(here, there.folder), "title": there.title}

    def _compare(self, record: EditionRecord, place: Place, here: str) -> str | None:
        """Return the address that compares an edition with the one before."""
        if place.previous is None:
            return None
        page = self._urls.page(here, compare_folder(record.report))
        before = place.previous.folder.rpartition("/")[2]
        return f"{page}?a={before}&b={record.period.label}"

    def _revised(self, record: EditionRecord, place: Place, here: str) -> dict[str, Any] | None:
        """Return when an edition was revised, what it said before, and where that still is."""
        if not place.older:
            return None
        _, before = place.older[-1]
        links = [
            {"title": revision_text(entry.revision), "url": self._urls.page(here, folder)}
            for folder, entry in place.older
        ]
        return {
            "on": words.run_day(record.run.started, record.period.period().zone),
            "was": changes(before.metrics, record.metrics),
            "links": links,
        }

    def _replaced(self, place: Place, here: str) -> dict[str, str] | None:
        """Return by what an older revision was replaced."""
        if place.newer is None:
            return None
        return {
            "on": words.run_day(place.newer.started, place.newer.period.zone),
            "by": revision_text(place.newer.revision),
            "url": self._urls.page(here, place.newer.key),
        }


def about(record: EditionRecord) -> dict[str, Any]:
    """Return what the templates of an edition's pages say about it."""
    period = record.period.period()
    return {
        "report": record.report,
        "title": record.title,
        "description": record.definition.description,
        "label": record.period.label,
        "period": period_title(period),
        "span": period_span(period),
        "status": record.status,
        "revision": record.revision,
        "data_until": words.data_until(record),
        "zone": words.zone_words(record),
        "provenance": words.provenance(record),
    }


def told(error: ErrorRecord, *, shows_query: bool) -> dict[str, str]:
    """Return what a page says of an error; that of a database often quotes the query."""
    if not shows_query:
        error = ErrorRecord(message=gettext("Whoever runs the report is told why."))
    return error.model_dump()


def _rows(blocks: Sequence[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield `strip` for neighbouring KPIs without columns of their own, else `grid`."""
    for strip, group in groupby(blocks, key=lambda b: b["is_kpi"] and not b["cols"]):
        yield "strip" if strip else "grid", list(group)
