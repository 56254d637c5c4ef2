"""What an edition's pages say of others: those beside it, its revisions, the menu of periods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kpisite.model.words import period_span, period_title, revision_text
from kpisite.site.compare_page import compare_folder
from kpisite.site.summaries import changes
from kpisite.site.words import run_day

if TYPE_CHECKING:
    from kpisite.model.edition import EditionRecord
    from kpisite.site.place import Neighbour, Place
    from kpisite.site.urls import Urls


@dataclass(frozen=True)
class OtherEditions:
    """The editions that a page in some folder tells of, with their addresses from there."""

    urls: Urls
    place: Place
    """Where the pages of the edition stand."""
    here: str
    """Folder of the page."""

    @property
    def previous(self) -> dict[str, str] | None:
        """The edition before it."""
        return self._link(self.place.previous)

    @property
    def next(self) -> dict[str, str] | None:
        """The edition after it."""
        return self._link(self.place.next)

    @property
    def menu(self) -> list[dict[str, str]]:
        """What the menu of periods says of those before it, newest first."""
        return [
            {
                "url": self.urls.page(self.here, entry.key),
                "title": period_title(entry.period),
                "span": period_span(entry.period),
            }
            for entry in reversed(self.place.before)
        ]

    def comparison(self, record: EditionRecord) -> str | None:
        """Return the address that compares an edition with the one before."""
        if self.place.previous is None:
            return None
        page = self.urls.page(self.here, compare_folder(record.report))
        before = self.place.previous.folder.rpartition("/")[2]
        return f"{page}?a={before}&b={record.period.label}"

    def revised(self, record: EditionRecord) -> dict[str, Any] | None:
        """Return when an edition was revised, what it said before, and where that still is."""
        if not self.place.older:
            return None
        _, before = self.place.older[-1]
        links = [
            {"title": revision_text(entry.revision), "url": self.urls.page(self.here, folder)}
            for folder, entry in self.place.older
        ]
        return {
            "on": run_day(record.run.started, record.period.period().zone),
            "was": changes(before.metrics, record.metrics),
            "links": links,
        }

    @property
    def replaced(self) -> dict[str, str] | None:
        """By what an older revision was replaced."""
        newer = self.place.newer
        if newer is None:
            return None
        return {
            "on": run_day(newer.started, newer.period.zone),
            "by": revision_text(newer.revision),
            "url": self.urls.page(self.here, newer.key),
        }

    def _link(self, there: Neighbour | None) -> dict[str, str] | None:
        if there is None:
            return None
        return {"url": self.urls.page(self.here, there.folder), "title": there.title}
