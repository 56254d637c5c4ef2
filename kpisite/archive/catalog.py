"""What an archive holds, read as cheaply as it can be known for sure.

The archive is listed; of each record that is still what the index says of it, the index is taken;
the others are read. So the index may be missing, stale or damaged, and two writers may write it in
any order: what is read is always the archive as it is.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from kpisite.archive import records
from kpisite.archive.frames import digest
from kpisite.archive.index import entry_of
from kpisite.archive.index_file import INDEX, Known, decode, encode
from kpisite.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from kpisite.archive.index import Entry
    from kpisite.archive.store import Archive


class Catalog:
    """The entries of an archive; what was read once is not read again while it stays the same."""

    def __init__(self, archive: Archive) -> None:
        """Nothing is read yet."""
        self._archive = archive
        self._known: dict[str, Known] | None = None
        self._saved: dict[str, str] | None = None
        """Path → stamp of what the index on the disk has; None where there is no good one."""

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what was read: another process reads for itself."""
        return {"_archive": self._archive, "_known": None, "_saved": None}

    def entries(self) -> list[Entry]:
        """Return the newest revision of every edition, by report and period.

        Raises:
            CorruptEditionError: A record that the index does not have is damaged.
            ArchiveError: The archive cannot be read.
        """
        known = self._refresh()
        revisions: dict[str, list[Entry]] = {}
        for one in known.values():
            revisions.setdefault(one.entry.key, []).append(one.entry)
        return in_order(map(_newest, revisions.values()))

    def save(self) -> list[Entry]:
        """Write the index where it is not what the archive is; return `entries`.

        That it cannot be written is no error: the next reader reads what it lacks.
        """
        entries = self.entries()
        known = self._known or {}
        stamps = _stamps(known)
        if stamps != (self._saved or {}):
            with contextlib.suppress(ArchiveError, pa.ArrowException, ValueError):
                self._archive.storage.replace(INDEX, encode(known))
                self._saved = stamps
        return entries

    def _refresh(self) -> dict[str, Known]:
        if self._known is None:
            before = self._read_index()
            self._saved = None if before is None else _stamps(before)
            self._known = before or {}
        listed = self._archive.storage.records()
        fresh: dict[str, Known] = {}
        unread = []
        for path, stamp in listed.items():
            one = self._known.get(path)
            if one is not None and stamp and one.stamp == stamp:
                fresh[path] = one
            else:
                unread.append(path)
        for path, text in self._archive.storage.read_all(unread):
            if text is not None:  # else it was removed since the archive was listed
                fresh[path] = Known(self._entry(path, text), listed[path])
        self._known = fresh
        return fresh

    def _read_index(self) -> dict[str, Known] | None:
        try:
            content = self._archive.storage.read(INDEX)
        except (FileNotFoundError, ArchiveError):
            return None  # where the archive itself cannot be read, the listing says so
        return decode(content, self._archive)

    def _entry(self, path: str, text: bytes) -> Entry:
        sha256 = digest(text)
        one = (self._known or {}).get(path)
        if one is not None and one.entry.digest == sha256:
            return one.entry  # copied, or written anew as it was
        record = records.from_text(text, path, self._archive.storage.where(path))
        return entry_of(self._archive, record, sha256)


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries by report and period."""
    return sorted(entries, key=_order)


def _order(entry: Entry) -> tuple[str, datetime, str]:
    return entry.report, entry.period.start, entry.label


def _newest(revisions: list[Entry]) -> Entry:
    *earlier, newest = sorted(revisions, key=lambda entry: entry.revision)
    return replace(newest, earlier=tuple(earlier)) if earlier else newest


def _stamps(known: dict[str, Known]) -> dict[str, str]:
    return {path: one.stamp for path, one in known.items()}
