"""The editions of one report as its pages need them: read, rendered, and where they stand."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from kpisite.model.words import period_short
from kpisite.render.past import History
from kpisite.site.archive_page import archive_folder
from kpisite.site.place import Neighbour, Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kpisite.archive.index import Entry
    from kpisite.archive.store import Edition
    from kpisite.render.blocks import Block
    from kpisite.render.past import Past
    from kpisite.site.edition_pages import EditionPages
    from kpisite.site.loaded_edition import LoadedEdition

IN_MENU = 12
"""Editions before it that an edition's menu of periods lists."""


class ReportEditions:
    """The editions of one report."""

    def __init__(self, report: str, entries: Sequence[Entry], pages: EditionPages) -> None:
        """Begin; none is read yet.

        Args:
            report: Its id.
            entries: Its editions, oldest first; at least one.
            pages: Renders them.
        """
        self.report = report
        self.entries = entries
        self._pages = pages
        self._history = History(entries)
        self._read: dict[int, Edition] = {}

    @property
    def last(self) -> int:
        """Position of the newest."""
        return len(self.entries) - 1

    @property
    def newest_past(self) -> tuple[Entry, Past]:
        """The newest edition as the index knows it, and the editions before it."""
        return self.entries[-1], self.past(self.last)

    @functools.cached_property
    def newest(self) -> LoadedEdition:
        """The newest edition with its blocks."""
        edition = self._newest_edition
        return self._pages.load(edition, self.past(self.last), edition.record.key)

    @property
    def title(self) -> str:
        """The report's title, as its newest edition has it."""
        return self._newest_edition.record.definition.title

    def past(self, position: int) -> Past:
        """Return the editions before one."""
        return self._history.before(position)

    def loaded(self, entry: Entry, position: int, folder: str) -> LoadedEdition:
        """Return an edition with its blocks.

        Args:
            entry: The edition, or an older revision.
            position: Of the edition, from 0.
            folder: Where its pages stand.

        Raises:
            ArchiveError: Its record is missing or damaged.
        """
        if entry is self.entries[-1]:
            return self.newest
        return self._pages.load(entry.load(), self.past(position), folder)

    def block(self, position: int, view: str, chart_id: str) -> tuple[Edition, Block]:
        """Return an edition with one of its views; each edition is read once.

        Args:
            position: Of the edition, from 0.
            view: Id of a view that it has.
            chart_id: Of the view's first chart.

        Raises:
            ArchiveError: Its record is missing or damaged.
        """
        if position == self.last:
            edition = self._newest_edition
        else:
            if position not in self._read:
                self._read[position] = self.entries[position].load()
            edition = self._read[position]
        folder = self.entries[position].key
        return edition, self._pages.block(edition, view, self.past(position), folder, chart_id)

    def edition(self, key: str) -> tuple[LoadedEdition, Place] | None:
        """Return an edition with its blocks, and where its pages stand; None where it has none.

        Raises:
            ArchiveError: Its record is missing or damaged.
        """
        keys = [entry.key for entry in self.entries]
        if key not in keys:
            return None
        position = keys.index(key)
        loaded = self.loaded(self.entries[position], position, key)
        return loaded, self.place(position)

    def placed(self) -> Iterator[tuple[Entry, Place, int]]:
        """Yield all editions, oldest first, each before its older revisions.

        Yields:
            The edition, where its pages stand, and its position from 0: that of a revision's
            newest.
        """
        for position, entry in enumerate(self.entries):
            yield entry, self.place(position), position
            for older in entry.earlier:
                folder = _revision_folder(older)
                yield older, Place(folder, archive_folder(self.report), newer=entry), position

    def place(self, position: int) -> Place:
        """Return where the pages of an edition stand, and what they lead to."""
        entry = self.entries[position]
        return Place(
            entry.key,
            archive_folder(self.report),
            previous=_neighbour(self.entries[position - 1]) if position else None,
            before=tuple(self.entries[max(position - IN_MENU, 0) : position]),
            next=None if position == self.last else _neighbour(self.entries[position + 1]),
            older=tuple((_revision_folder(older), older) for older in entry.earlier),
        )

    @functools.cached_property
    def _newest_edition(self) -> Edition:
        return self.entries[-1].load()


def _revision_folder(entry: Entry) -> str:
    return f"{entry.report}/revisions/{entry.label}/{entry.revision}"


def _neighbour(entry: Entry) -> Neighbour:
    title = period_short(entry.period)
    return Neighbour(entry.key, title[:1].upper() + title[1:])
