"""The archive of editions.

    <report>/<period>/<revision>/edition.json      written last: its presence commits the edition
    <report>/<period>/<revision>/frames/<sha256>.parquet
    <report>/<period>/<revision>/blobs/<sha256>
    <report>/<period>/deliveries/<output>.json
    index.parquet                                  derived: may be removed at any time

Frames and blobs are named by their content and written first; `edition.json` is then created, or
for a preliminary edition replaced, in one step. A reader ignores what has no `edition.json`.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from kpisite.archive import records
from kpisite.archive.catalog import Catalog, in_order
from kpisite.archive.content import Content as Content
from kpisite.archive.content import sweep, write_content
from kpisite.archive.frames import digest, from_parquet
from kpisite.archive.records import RESTORE, record_path, revision_folder
from kpisite.archive.storage import Storage
from kpisite.errors import CorruptEditionError, EditionExistsError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    import pandas as pd

    from kpisite.archive.index import Entry
    from kpisite.model.edition import BlobRecord, EditionRecord, FrameRecord


@dataclass(frozen=True)
class Edition:
    """A committed edition: its record, and the archive that holds its frames."""

    record: EditionRecord
    archive: Archive

    def frame(self, recorded: FrameRecord) -> pd.DataFrame:
        """Return a recorded frame as it was.

        Raises:
            CorruptEditionError: The file is missing or damaged.
        """
        return self.decoded(recorded, self.frame_bytes(recorded))

    def decoded(self, recorded: FrameRecord, content: bytes) -> pd.DataFrame:
        """Return a recorded frame of which the file is read already.

        Raises:
            CorruptEditionError: The file is damaged.
        """
        try:
            return from_parquet(content)
        except CorruptEditionError as error:
            if error.where:
                raise
            raise CorruptEditionError(
                error.message, where=self._where(recorded), hint=RESTORE
            ) from error

    def frame_bytes(self, recorded: FrameRecord) -> bytes:
        """Return a recorded frame as a Parquet file."""
        return self._content(f"frames/{recorded.sha256}.parquet", recorded.sha256)

    def blob(self, recorded: BlobRecord) -> bytes:
        """Return a recorded blob."""
        return self._content(f"blobs/{recorded.sha256}", recorded.sha256)

    def _content(self, name: str, expected: str) -> bytes:
        path = f"{revision_folder(self.record)}/{name}"
        where = self.archive.storage.where(path)
        try:
            content = self.archive.storage.read(path)
        except FileNotFoundError as error:
            raise CorruptEditionError("the file is missing", where=where, hint=RESTORE) from error
        if digest(content) != expected:
            raise CorruptEditionError(
                "the content is not what was recorded", where=where, hint=RESTORE
            )
        return content

    def _where(self, recorded: FrameRecord) -> str:
        folder = revision_folder(self.record)
        return self.archive.storage.where(f"{folder}/frames/{recorded.sha256}.parquet")


class Archive:
    """The append-only store of editions at a URL."""

    def __init__(self, url: str, **options: Any) -> None:
        """Open an archive; nothing is read or made yet.

        Args:
            url: A local path or an fsspec URL.
            **options: Options of the filesystem.
        """
        self.storage = Storage(url, **options)
        self._catalog = Catalog(self)

    def editions(self) -> list[Entry]:
        """Return the newest revision of every edition, by report and period.

        It takes a listing and the index; records that the index does not have are read.

        Raises:
            CorruptEditionError: A record is damaged.
            ArchiveError: The archive cannot be read.
        """
        return self._catalog.entries()

    def save_index(self) -> list[Entry]:
        """Write the index where it is not what the archive is; return `editions`.

        For those who may write the archive, after they have done so. That the index cannot be
        written is no error: it only saves reading.

        Raises:
            CorruptEditionError: A record is damaged.
            ArchiveError: The archive cannot be read.
        """
        return self._catalog.save()

    def load(self, entry: Entry) -> Edition:
        """Return the edition of an entry; see `Entry.load`."""
        path = f"{entry.key}/{entry.revision}/{records.NAME}"
        where = self.storage.where(path)
        try:
            text = self.storage.read(path)
        except FileNotFoundError as error:
            raise CorruptEditionError("the file is missing", where=where, hint=RESTORE) from error
        if digest(text) != entry.digest and entry.status == "sealed":
            raise CorruptEditionError(
                "the record of a sealed edition is not what it was",
                where=where,
                hint="Restore the file from a backup. If it was changed on purpose, remove "
                "index.parquet from the archive.",
            )
        return Edition(records.from_text(text, path, where), self)

    def edition(self, report: str, label: str, revision: int | None = None) -> Edition | None:
        """Return an edition, its newest revision unless one is named; None where there is none."""
        names = self.storage.names(f"{report}/{label}") if revision is None else [str(revision)]
        numbers = [int(name) for name in names if records.REVISION.fullmatch(name)]
        for number in sorted(numbers, reverse=True):
            with contextlib.suppress(FileNotFoundError):  # what a crash has left is no edition
                return Edition(self._record(f"{report}/{label}/{number}/{records.NAME}"), self)
        return None

    def commit(self, record: EditionRecord, content: Content) -> Edition:
        """Write an edition; when this returns, it is there whole.

        A sealed edition is never overwritten; a preliminary one and a draft are replaced.

        Raises:
            EditionExistsError: It is sealed already, or another writer committed it first.
            ArchiveError: It cannot be written; what was there before still is.
        """
        path, text = record_path(record), records.to_text(record)
        before = self._replaceable(record)
        write_content(self.storage, record, content)
        version = self.storage.version(path) if before else None
        before = self._replaceable(record) if before else None  # it may be sealed meanwhile
        try:
            if before is None or version is None:
                self.storage.create(path, text)
            else:
                self.storage.replace(path, text, version)
        except FileExistsError as error:
            raise EditionExistsError(
                "another run committed this edition first; nothing was overwritten",
                where=self.storage.where(path),
            ) from error
        if before is not None:
            sweep(self.storage, before, record, content)
        return Edition(record, self)

    def remove(self, report: str, label: str) -> None:
        """Remove all revisions of an edition: for previews, never for an archive of record."""
        self.storage.remove_folder(f"{report}/{label}")

    def _record(self, path: str) -> EditionRecord:
        return records.from_text(self.storage.read(path), path, self.storage.where(path))

    def _replaceable(self, record: EditionRecord) -> EditionRecord | None:
        """Return what stands where a record will, None where nothing does."""
        found = self.edition(record.report, record.period.label, record.revision)
        if found is not None and found.record.status == "sealed":
            raise EditionExistsError(
                f"{record.key}, revision {record.revision}, is sealed already; "
                "nothing was overwritten",
                where=self.storage.where(record_path(record)),
            )
        return found.record if found else None


def merged(*archives: Iterable[Entry]) -> list[Entry]:
    """Return the editions of several archives as one: drafts win over sealed, over preliminary.

    Of two with the same status, the later run counts.
    """
    best: dict[str, Entry] = {}
    for entry in chain(*archives):
        other = best.get(entry.key)
        if other is None or _rank(entry) > _rank(other):
            best[entry.key] = entry
    return in_order(best.values())


def _rank(entry: Entry) -> tuple[int, datetime]:
    return ("preliminary", "sealed", "draft").index(entry.status), entry.started
