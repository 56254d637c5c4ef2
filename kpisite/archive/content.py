"""The frames and blobs of an edition as files beside its record."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kpisite.archive import records
from kpisite.archive.records import record_path, revision_folder
from kpisite.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kpisite.archive.storage import Storage
    from kpisite.model.edition import EditionRecord


@dataclass(frozen=True)
class Content:
    """What a commit writes beside the record."""

    frames: Mapping[str, bytes]
    """SHA-256 → Parquet file."""
    blobs: Mapping[str, bytes]
    """SHA-256 → bytes."""


def write_content(storage: Storage, record: EditionRecord, content: Content) -> None:
    """Write what a record names; a file that is there already is written anew.

    Raises:
        ArchiveError: It cannot be written.
    """
    for path, data in _files(record, content).items():
        storage.replace(path, data)


def sweep(storage: Storage, before: EditionRecord, now: EditionRecord, content: Content) -> None:
    """Remove the content of a replaced record that nothing uses; what stays does no harm.

    Two runs may replace the same edition one after the other, and sweep at the same time. Each
    looks whether it has all of its own files after its record is there, and whether anybody needs
    what it removed after it was removed: whatever the order, the last record keeps its files.

    Args:
        storage: The archive.
        before: The record that was replaced.
        now: The one that stands in its place.
        content: The content of `now`.
    """
    with contextlib.suppress(ArchiveError):
        _complete(storage, now, content)
        used = _paths(now) | _paths_there(storage, now)
        removed = {}
        for path, data in storage.read_all(sorted(_paths(before) - used)):
            removed[path] = data
            storage.remove(path)
        for path in _paths_there(storage, now) & removed.keys():
            storage.replace(path, removed[path] or b"")


def _complete(storage: Storage, record: EditionRecord, content: Content) -> None:
    """Write what another run has swept since it was written."""
    folder = revision_folder(record)
    there = {
        f"{folder}/{kind}/{name}"
        for kind in ("frames", "blobs")
        for name in storage.names(f"{folder}/{kind}")
    }
    for path, data in _files(record, content).items():
        if path not in there:
            storage.replace(path, data)


def _files(record: EditionRecord, content: Content) -> dict[str, bytes]:
    folder = revision_folder(record)
    frames = {
        f"{folder}/frames/{frame.sha256}.parquet": content.frames[frame.sha256]
        for frame in record.frames
    }
    blobs = {
        f"{folder}/blobs/{blob.sha256}": content.blobs[blob.sha256]
        for view in record.views
        for blob in view.blobs
    }
    return frames | blobs


def _paths(record: EditionRecord) -> set[str]:
    folder = revision_folder(record)
    frames = {f"{folder}/frames/{frame.sha256}.parquet" for frame in record.frames}
    return frames | {f"{folder}/blobs/{b.sha256}" for view in record.views for b in view.blobs}


def _paths_there(storage: Storage, record: EditionRecord) -> set[str]:
    """Return what the record names that stands in the archive now."""
    path = record_path(record)
    try:
        text = storage.read(path)
    except FileNotFoundError:
        return set()
    return _paths(records.from_text(text, path, storage.where(path)))
