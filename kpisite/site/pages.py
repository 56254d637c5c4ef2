"""The pages of an archive as paths, Markdown and assets."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from kpisite.model.words import period_short, period_span, period_title
from kpisite.pipeline.problems import Problem
from kpisite.render.blocks import Asset, Block, render_block
from kpisite.render.past import Past
from kpisite.site import words
from kpisite.site.frame_parts import frame_parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kpisite.archive.store import Edition
    from kpisite.model.edition import EditionRecord
    from kpisite.render.block_cache import BlockCache
    from kpisite.render.templates import Templates
    from kpisite.site.urls import Urls


@dataclass(frozen=True)
class SitePage:
    """A page before Markdown is rendered."""

    folder: str
    """Path of the page's folder below the site; the page is its `index.md`."""
    title: str
    text: str
    """HTML with islands of Markdown."""
    in_nav: bool = False
    searchable: bool = True
    parent: str | None = None
    """Folder of the page above it; for breadcrumbs and the active section."""
    previous: str | None = None
    """Folder of the page before it."""
    next: str | None = None

    @property
    def uri(self) -> str:
        """Path of the Markdown file below the docs folder."""
        return f"{self.folder}/index.md" if self.folder else "index.md"


@dataclass
class SiteContent:
    """All that kpisite adds to a site."""

    pages: list[SitePage] = field(default_factory=list)
    assets: list[Asset] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def site_content(
    editions: Sequence[Edition], look: Templates, urls: Urls, cache: BlockCache | None
) -> SiteContent:
    """Return the pages of an archive: the same archive and templates, the same pages.

    Args:
        editions: All editions, ordered by report and period.
        look: The templates.
        urls: How pages are addressed.
        cache: Has what was rendered before; None renders everything.
    """
    content = SiteContent()
    rows = []
    for report, group in groupby(editions, key=lambda edition: edition.record.report):
        builder = _ReportPages(report, list(group), look, urls, cache, content)
        rows.append(builder.build())
    markdown = look.render("pages/wall.html", reports=rows)
    content.pages.append(SitePage("", "Overview", markdown, in_nav=True))
    return content


class _ReportPages:
    """Builds the pages of one report."""

    def __init__(
        self,
        report: str,
        editions: Sequence[Edition],
        look: Templates,
        urls: Urls,
        cache: BlockCache | None,
        content: SiteContent,
    ) -> None:
        self.report = report
        self.editions = editions
        self.look = look
        self.urls = urls
        self.cache = cache
        self.content = content
        self.past = Past()

    def build(self) -> dict[str, Any]:
        """Add all pages of the report; return its row of the wall."""
        newest: tuple[Edition, list[Block]] | None = None
        for position, edition in enumerate(self.editions):
            blocks = self._edition(position, edition)
            newest = (edition, blocks)
        assert newest is not None  # noqa: S101 - a report without editions has no group
        edition, blocks = newest
        self._page(
            SitePage(
                self.report,
                edition.record.definition.title,
                self._edition_markdown(len(self.editions) - 1, blocks, self.report),
                in_nav=True,
            )
        )
        self._archive()
        return {
            "url": self.urls.page("", self.report),
            "edition": _about(edition.record),
            "blocks": [self._shown(block, "", edition) for block in blocks if block.is_kpi],
        }

    def _edition(self, position: int, edition: Edition) -> list[Block]:
        record = edition.record
        blocks = [
            render_block(edition, view, self.past, self.look, self.cache) for view in record.views
        ]
        self.content.problems += _problems(record, blocks)
        for block in blocks:
            self.content.assets += block.assets
        before, after = self._neighbours(position)
        self._page(
            SitePage(
                record.key,
                f"{record.title} – {period_title(record.period.period())}",
                self._edition_markdown(position, blocks, record.key),
                parent=self.report,
                previous=before,
                next=after,
            )
        )
        for block in blocks:
            self._view(edition, block)
        self.past.add(record)
        return blocks

    def _edition_markdown(self, position: int, blocks: Sequence[Block], here: str) -> str:
        edition = self.editions[position]
        before, after = self._neighbours(position)
        return self.look.render(
            "pages/edition.html",
            edition=_about(edition.record),
            theme=edition.record.definition.theme,
            rows=list(_rows([self._shown(block, here, edition) for block in blocks])),
            previous=self._link(here, before, position - 1),
            next=self._link(here, after, position + 1),
            archive=self.urls.page(here, f"{self.report}/archive"),
            failed=[block.title for block in blocks if block.error],
        )

    def _view(self, edition: Edition, block: Block) -> None:
        record = edition.record
        here = f"{record.key}/{block.id}"
        frames: list[dict[str, Any]] = []
        if block.frames is not None:
            stem = f"{record.key.replace('/', '-')}-{block.id}"
            frames, files = frame_parts(block.frames, here, stem, self.urls, self.cache)
            self.content.assets += files
        markdown = self.look.render(
            "pages/view.html",
            edition=_about(record),
            edition_url=self.urls.page(here, record.key),
            theme=record.definition.theme,
            block=self._shown(block, here, edition),
            frames=frames,
        )
        title = f"{block.title} – {period_title(record.period.period())}"
        self._page(SitePage(here, title, markdown, searchable=False, parent=record.key))

    def _archive(self) -> None:
        here = f"{self.report}/archive"
        metrics = self.editions[-1].record.metrics
        entries: list[dict[str, Any]] = [
            {
                "url": self.urls.page(here, edition.record.key),
                "edition": _about(edition.record),
                "metrics": [edition.record.metrics.get(name) for name in metrics],
            }
            for edition in reversed(self.editions)
        ]
        markdown = self.look.render(
            "pages/archive.html",
            title=self.editions[-1].record.definition.title,
            report_url=self.urls.page(here, self.report),
            metrics=list(metrics.values()),
            years=[
                (year, list(group))
                for year, group in groupby(entries, key=lambda entry: entry["edition"]["year"])
            ],
        )
        title = f"{self.editions[-1].record.definition.title} – archive"
        self._page(SitePage(here, title, markdown, parent=self.report))

    def _page(self, page: SitePage) -> None:
        self.content.pages.append(page)

    def _neighbours(self, position: int) -> tuple[str | None, str | None]:
        before = self.editions[position - 1].record.key if position else None
        last = position == len(self.editions) - 1
        return before, None if last else self.editions[position + 1].record.key

    def _link(self, here: str, there: str | None, position: int) -> dict[str, str] | None:
        if there is None:
            return None
        period = self.editions[position].record.period.period()
        return {"url": self.urls.page(here, there), "title": _capital(period_short(period))}

    def _shown(self, block: Block, here: str, edition: Edition) -> dict[str, Any]:
        return {
            "id": block.id,
            "title": block.title,
            "description": block.description,
            "cols": block.cols,
            "is_kpi": block.is_kpi,
            "text": self.urls.resolve_assets(block.text, here),
            "error": block.error,
            "url": self.urls.page(here, f"{edition.record.key}/{block.id}"),
        }


def _rows(blocks: Sequence[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield `strip` for neighbouring KPIs without columns of their own, else `grid`."""
    for strip, group in groupby(blocks, key=lambda b: b["is_kpi"] and not b["cols"]):
        yield "strip" if strip else "grid", list(group)


def _about(record: EditionRecord) -> dict[str, Any]:
    period = record.period.period()
    return {
        "report": record.report,
        "title": record.title,
        "description": record.definition.description,
        "label": record.period.label,
        "period": period_title(period),
        "span": period_span(period),
        "year": period.label[:4],
        "status": record.status,
        "data_until": words.data_until(record),
        "zone": words.zone_words(record),
        "provenance": words.provenance(record),
    }


def _problems(record: EditionRecord, blocks: Sequence[Block]) -> list[Problem]:
    report, period = record.report, record.period.label
    return [
        Problem("error", report, period, b.id, b.error.message, b.error.hint, b.error.query)
        for b in blocks
        if b.error
    ]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
