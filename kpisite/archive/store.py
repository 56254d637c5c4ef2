"""The archive of editions.

    <report>/<period>/<revision>/edition.json      written last: its presence commits the edition
    <report>/<period>/<revision>/frames/<sha256>.parquet
    <report>/<period>/<revision>/blobs/<sha256>
    <report>/<period>/deliveries/<output>.json

Frames and blobs are named by their content and written first; `edition.json` is then created, or
for a preliminary edition replaced, in one step. A reader ignores what has no `edition.json`.
"""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from kpisite.archive.frames import digest, from_parquet
from kpisite.archive.storage import Storage
from kpisite.errors import ArchiveError, CorruptEditionError, EditionExistsError
from kpisite.model.edition import FORMAT, EditionRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from kpisite.model.edition import BlobRecord, FrameRecord

_REVISION = re.compile(r"[1-9][0-9]{0,8}")
_EDITION = re.compile(rf"(?P<report>.+)/(?P<label>[^/]+)/(?P<revision>{_REVISION.pattern})/[^/]+")
_RESTORE = "Restore the file from a backup, or remove its folder to have the edition run again."


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
                error.message, where=self._where(recorded), hint=_RESTORE
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
            raise CorruptEditionError("the file is missing", where=where, hint=_RESTORE) from error
        if digest(content) != expected:
            raise CorruptEditionError(
                "the content is not what was recorded", where=where, hint=_RESTORE
            )
        return content

    def _where(self, recorded: FrameRecord) -> str:
        folder = revision_folder(self.record)
        return self.archive.storage.where(f"{folder}/frames/{recorded.sha256}.parquet")


@dataclass(frozen=True)
class Content:
    """What a commit writes beside the record."""

    frames: Mapping[str, bytes]
    """SHA-256 → Parquet file."""
    blobs: Mapping[str, bytes]
    """SHA-256 → bytes."""


class Archive:
    """The append-only store of editions at a URL."""

    def __init__(self, url: str, **options: Any) -> None:
        """Open an archive; nothing is read or made yet.

        Args:
            url: A local path or an fsspec URL.
            **options: Options of the filesystem.
        """
        self.storage = Storage(url, **options)

    def editions(self) -> list[Edition]:
        """Return the newest revision of every edition, by report and period.

        Raises:
            CorruptEditionError: A record is damaged.
        """
        newest: dict[tuple[str, str], tuple[int, str]] = {}
        for path in self.storage.find("edition.json"):
            match = _EDITION.fullmatch(path)
            if match is not None:
                key, found = (match["report"], match["label"]), (int(match["revision"]), path)
                newest[key] = max(newest.get(key, (0, "")), found)
        editions = [Edition(self._record(path), self) for _, path in newest.values()]
        return sorted(editions, key=_order)

    def edition(self, report: str, label: str, revision: int | None = None) -> Edition | None:
        """Return an edition, its newest revision unless one is named; None where there is none."""
        names = self.storage.names(f"{report}/{label}") if revision is None else [str(revision)]
        for number in sorted((int(n) for n in names if _REVISION.fullmatch(n)), reverse=True):
            with contextlib.suppress(FileNotFoundError):  # what a crash has left is no edition
                return Edition(self._record(f"{report}/{label}/{number}/edition.json"), self)
        return None

    def commit(self, record: EditionRecord, content: Content) -> Edition:
        """Write an edition; when this returns, it is there whole.

        A sealed edition is never overwritten; a preliminary one and a draft are replaced.

        Raises:
            EditionExistsError: It is sealed already, or another writer committed it first.
            ArchiveError: It cannot be written; what was there before still is.
        """
        folder = revision_folder(record)
        path = f"{folder}/edition.json"
        before = self._replaceable(record)
        for frame in record.frames:
            self.storage.replace(
                f"{folder}/frames/{frame.sha256}.parquet", content.frames[frame.sha256]
            )
        for blob in (blob for view in record.views for blob in view.blobs):
            self.storage.replace(f"{folder}/blobs/{blob.sha256}", content.blobs[blob.sha256])
        text = record.model_dump_json(indent=1).encode() + b"\n"
        if before is None:
            try:
                self.storage.create(path, text)
            except FileExistsError as error:
                raise EditionExistsError(
                    "another run committed this edition first; nothing was overwritten",
                    where=self.storage.where(path),
                ) from error
        else:
            self._replaceable(record)  # another writer may have sealed it meanwhile
            self.storage.replace(path, text)
            self._sweep(before, record)
        return Edition(record, self)

    def remove(self, report: str, label: str) -> None:
        """Remove all revisions of an edition: for previews, never for an archive of record."""
        self.storage.remove_folder(f"{report}/{label}")

    def _record(self, path: str) -> EditionRecord:
        where = self.storage.where(path)
        text = self.storage.read(path)
        _refuse_newer(text, where)
        try:
            record = EditionRecord.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            message = f"damaged: {place + ': ' if place else ''}{first['msg']}"
            raise CorruptEditionError(message, where=where, hint=_RESTORE) from error
        if f"{revision_folder(record)}/edition.json" != path:
            raise CorruptEditionError(
                f"belongs to {record.key}, revision {record.revision}",
                where=where,
                hint="Move the folder back to where it belongs.",
            )
        return record

    def _replaceable(self, record: EditionRecord) -> EditionRecord | None:
        """Return what stands where a record will, None where nothing does."""
        found = self.edition(record.report, record.period.label, record.revision)
        if found is not None and found.record.status == "sealed":
            raise EditionExistsError(
                f"{record.key}, revision {record.revision}, is sealed already; "
                "nothing was overwritten",
                where=self.storage.where(f"{revision_folder(record)}/edition.json"),
            )
        return found.record if found else None

    def _sweep(self, before: EditionRecord, now: EditionRecord) -> None:
        """Remove the content of a replaced record that nothing uses; what stays does no harm."""
        folder = revision_folder(now)
        with contextlib.suppress(ArchiveError):
            present = self.edition(now.report, now.period.label, now.revision)
            used = _content_paths(present.record if present else now) | _content_paths(now)
            for path in _content_paths(before) - used:
                self.storage.remove(f"{folder}/{path}")


def revision_folder(record: EditionRecord) -> str:
    """Return the folder of an edition's revision, relative to the archive."""
    return f"{record.report}/{record.period.label}/{record.revision}"


def merged(archives: Iterable[Archive]) -> list[Edition]:
    """Return the editions of several archives as one: drafts win over sealed, over preliminary.

    Of two with the same status, the later run counts.
    """
    best: dict[str, Edition] = {}
    for archive in archives:
        for edition in archive.editions():
            other = best.get(edition.record.key)
            if other is None or _rank(edition) > _rank(other):
                best[edition.record.key] = edition
    return sorted(best.values(), key=_order)


def _rank(edition: Edition) -> tuple[int, str]:
    status = ("preliminary", "sealed", "draft").index(edition.record.status)
    return status, edition.record.run.started.isoformat()


def _order(edition: Edition) -> tuple[str, Any, str]:
    record = edition.record
    return record.report, record.period.start, record.period.label


def _content_paths(record: EditionRecord) -> set[str]:
    frames = {f"frames/{frame.sha256}.parquet" for frame in record.frames}
    return frames | {f"blobs/{blob.sha256}" for view in record.views for blob in view.blobs}


def _refuse_newer(text: bytes, where: str) -> None:
    """Raise CorruptEditionError where a newer kpisite wrote a record: it is not damaged."""
    try:
        written = json.loads(text)["format"]
    except (ValueError, TypeError, KeyError):
        return  # the model says what is wrong
    if isinstance(written, int) and written > FORMAT:
        raise CorruptEditionError(
            f"made by a newer kpisite: it has format {written}, this one reads format {FORMAT}",
            where=where,
            hint="Update kpisite.",
        )
