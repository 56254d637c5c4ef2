"""The pages of one edition: the edition as a whole, and one page for each of its views."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from markupsafe import Markup

from kpisite.model.words import period_title, revision_text
from kpisite.render.blocks import Asset, Block, BlockRenderer
from kpisite.render.islands import island
from kpisite.site import words
from kpisite.site.content import SiteContent, SitePage
from kpisite.site.frame_parts import frame_parts
from kpisite.site.loaded_edition import LoadedEdition
from kpisite.site.machine import EDITION, edition_json
from kpisite.site.other_editions import OtherEditions
from kpisite.site.previews import PREVIEW
from kpisite.site.summaries import edition_line
from kpisite.site.urls import kpi_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kpisite.archive.store import Edition
    from kpisite.model.edition import EditionRecord
    from kpisite.render.chart_templates import ChartTemplates
    from kpisite.render.past import Past
    from kpisite.render.templates import Templates
    from kpisite.site.place import Place
    from kpisite.site.previews import Previews
    from kpisite.site.urls import Urls


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
        record, others = loaded.record, OtherEditions(self._urls, place, here)
        return self._look.render(
            "pages/edition.html",
            edition=loaded.about,
            theme=record.definition.theme,
            rows=list(_rows(self.shown(loaded, place, here))),
            previous=others.previous,
            next=others.next,
            own_url=self._urls.page(here, place.folder),
            before=others.menu,
            archive=self._urls.page(here, place.archive),
            compare=others.comparison(record),
            failed=[block.title for block in loaded.blocks if block.error],
            revised=others.revised(record),
            replaced=others.replaced,
            document=quote(self._urls.asset(here, f"{place.folder}/{EDITION}")),
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
            replaced=OtherEditions(self._urls, place, here).replaced,
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
            "error": words.told(block.error, shows_query=shows_query) if block.error else None,
            "url": self._urls.page(here, f"{place.folder}/{block.id}"),
            "permalink": f"{edition}#{block.id}",
        }

    def _text(self, text: str, here: str) -> str:
        resolved = self._urls.resolve_assets(text, here)
        return Markup(resolved) if isinstance(text, Markup) else resolved  # noqa: S704 - as before


def _rows(blocks: Sequence[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield `strip` for neighbouring KPIs without columns of their own, else `grid`."""
    for strip, group in groupby(blocks, key=lambda b: b["is_kpi"] and not b["cols"]):
        yield "strip" if strip else "grid", list(group)
