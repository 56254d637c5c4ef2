"""What other programs read of a report as a whole: its index, its feed, its part of the site's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kpisite.model.base import StrictModel
from kpisite.render.block_cache import Rendered
from kpisite.render.blocks import Asset
from kpisite.site.documents import ReportRow
from kpisite.site.feeds import FeedEntry, feed, feed_entries
from kpisite.site.machine import FEED, INDEX, report_index, report_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kpisite.archive.index import Entry
    from kpisite.render.block_cache import BlockCache
    from kpisite.site.machine import SiteAbout
    from kpisite.site.urls import Urls


class ReportFiles(StrictModel):
    """What is made of the entries of a report; plain values, so that it can be kept."""

    index: str
    feed: str | None
    """None where the site has none."""
    row: ReportRow
    """What the index of the site says of the report."""
    told: tuple[FeedEntry, ...]
    """What the feed of the site may tell of it."""

    def assets(self) -> list[Asset]:
        """Return the report's own files."""
        texts = {INDEX: self.index, FEED: self.feed}
        return [
            Asset(f"{self.row.report}/{name}", text.encode())
            for name, text in texts.items()
            if text is not None
        ]


def report_files(
    entries: Sequence[Entry],
    title: str,
    description: str,
    about: SiteAbout,
    urls: Urls,
    cache: BlockCache,
) -> ReportFiles:
    """Return what other programs read of a report; no record of an edition is opened for it.

    Args:
        entries: Its editions, oldest first; at least one.
        title: The report's title.
        description: One sentence about it.
        about: The site.
        urls: How pages are addressed.
        cache: Has what an earlier build made of the same editions.
    """

    def make() -> Rendered:
        fed = bool(about.url)
        told = feed_entries(entries, about, urls) if fed else []
        folder = entries[-1].report
        names = {"folder": folder, "title": title, "description": description}
        made = ReportFiles(
            index=report_index(entries, title, description, urls, feed=fed),
            feed=feed(told, about, urls, **names) if fed else None,
            row=report_row(entries, title, description, urls, feed=fed),
            told=tuple(told),
        )
        return Rendered(text=made.model_dump_json())

    digests = [[entry.key, entry.digest] for entry in entries]
    site = [about.name, about.url, about.description, about.author, urls.directory_urls]
    kept = cache.rendered(["machine", site, title, description, digests], make)
    return ReportFiles.model_validate_json(kept.text)
