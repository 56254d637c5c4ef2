"""Bring what another archive has into this one; what is here already stays."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kpisite.archive.deliveries import add_log, read_log
from kpisite.archive.parts import Part, parts_of
from kpisite.archive.store import Content

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from kpisite.archive.store import Archive, Edition

_LOG = re.compile(r"(?P<output>[^.].*)\.json")


@dataclass(frozen=True)
class Brought:
    """What became of a revision, or of a record of deliveries, of the other archive."""

    title: str
    """`flights/2013-W06, revision 1`, or `flights/2013-W06, deliveries of team`."""
    result: Literal["added", "replaced", "equal", "kept"]
    """`kept`: both have it, they differ, and the one that was here stays."""


def merge(archive: Archive, other: Archive) -> Iterator[Brought]:
    """Add the editions of another archive, then its deliveries; yield each when it is there.

    A sealed edition is never replaced. A preliminary one is, by a sealed one or by a later run.
    Of two records of deliveries, the result has what either has: people who were told of an
    edition by one of them are not told again.

    Args:
        archive: Gets what it lacks.
        other: Is only read.

    Raises:
        ArchiveError: One cannot be read or written. What was yielded is there whole.
    """
    parts = parts_of(other.storage)
    for part in parts:
        if part.committed:
            yield Brought(part.title, _bring_revision(archive, other, part))
    for part in parts:
        if part.revision is None:
            yield from _bring_deliveries(archive, other, part)


def _bring_revision(
    archive: Archive, other: Archive, part: Part
) -> Literal["added", "replaced", "equal", "kept"]:
    theirs = other.edition(part.report, part.label, part.revision)
    mine = archive.edition(part.report, part.label, part.revision)
    if theirs is None or (mine is not None and mine.record == theirs.record):
        return "equal"
    if mine is not None and not _replaces(theirs, mine):
        return "kept"
    frames = {f.sha256: theirs.frame_bytes(f) for f in theirs.record.frames}
    blobs = {b.sha256: theirs.blob(b) for view in theirs.record.views for b in view.blobs}
    archive.commit(theirs.record, Content(frames, blobs))
    return "replaced" if mine is not None else "added"


def _replaces(theirs: Edition, mine: Edition) -> bool:
    if mine.record.status == "sealed":
        return False
    return theirs.record.status == "sealed" or _rank(theirs) > _rank(mine)


def _rank(edition: Edition) -> tuple[bool, datetime]:
    """Order preliminary editions: one with a failed view never replaces one without."""
    record = edition.record
    return all(view.status == "ok" for view in record.views), record.run.started


def _bring_deliveries(archive: Archive, other: Archive, part: Part) -> Iterator[Brought]:
    for name in part.files:
        match = _LOG.fullmatch(name)
        if match is not None:
            log = read_log(other, part.key, match["output"])
            changed = add_log(archive, part.key, match["output"], log)
            title = f"{part.key}, deliveries of {match['output']}"
            yield Brought(title, "added" if changed else "equal")
