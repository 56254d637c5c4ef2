"""Where the pages of an edition stand, and which other editions they lead to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kpisite.archive.index import Entry


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
