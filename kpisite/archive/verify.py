"""Is the archive whole: reads every file that a record names, and looks for those none does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from pydantic import ValidationError

from kpisite.archive.records import CHOOSE, CONFLICT, NAME, has_conflict
from kpisite.errors import ArchiveError
from kpisite.model.delivery import DeliveryLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from kpisite.archive.parts import Part
    from kpisite.archive.store import Archive, Edition

_THREADS = 16
"""How many parts of a remote archive are read side by side."""


@dataclass(frozen=True)
class Finding:
    """A file or a folder that is not as it should be."""

    severity: Literal["damaged", "note"]
    """damaged: something that was recorded cannot be read; note: nothing is lost."""
    where: str
    """The file or the folder, with the archive's URL."""
    message: str
    """What is wrong with it."""
    effect: str
    """What that means for a reader."""
    hint: str
    """What to do."""


@dataclass(frozen=True)
class Checked:
    """A part of the archive that has been read."""

    part: Part
    files: int
    """How many files were read."""
    bytes: int
    """How large they are."""
    findings: tuple[Finding, ...] = ()


def verify(archive: Archive, parts: Sequence[Part]) -> Iterator[Checked]:
    """Read every file of some parts; yield each part, in order, when that is done.

    A record is parsed, a frame is compared with its SHA-256 and decoded, a blob is compared with
    its SHA-256, a log of deliveries is parsed. One file is held in memory at a time, of a remote
    archive one in each of 16 threads.

    Args:
        archive: What is only read.
        parts: What `parts_of` listed, or some of it.
    """
    check = partial(_check, archive, {part.folder: part for part in parts})
    if archive.storage.local:
        yield from map(check, parts)
        return
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="verify") as executor:
        yield from executor.map(check, parts)


def _check(archive: Archive, known: dict[str, Part], part: Part) -> Checked:
    if part.revision is None:
        findings = _check_logs(archive, part)
        return Checked(part, len(part.files), sum(part.files.values()), tuple(findings))
    if not part.committed:
        logs = known.get(f"{part.key}/deliveries")
        delivered = logs is not None and part.revision in _delivered(archive, logs)
        return Checked(part, 0, 0, (_without_record(archive, part, delivered=delivered),))
    try:
        edition = archive.edition(part.report, part.label, part.revision)
    except ArchiveError as error:
        effect = "no site can be built with it."
        damaged = _damaged(archive, part, NAME, error, effect)
        return Checked(part, 1, part.files[NAME], (damaged,))
    if edition is None:  # it was removed since the listing
        return Checked(part, 0, 0)
    return _check_content(archive, part, edition)


def _check_content(archive: Archive, part: Part, edition: Edition) -> Checked:
    contents = _contents(edition)
    findings = []
    for name, (read, views) in contents.items():
        try:
            read()
        except ArchiveError as error:
            effect = _effect(list(dict.fromkeys(views)))
            findings.append(_damaged(archive, part, name, error, effect))
    named = {NAME, *contents}
    findings += [_left_over(archive, part, name) for name in part.files if name not in named]
    size = sum(size for name, size in part.files.items() if name in named)
    return Checked(part, len(named), size, tuple(findings))


def _effect(views: list[str]) -> str:
    if not views:
        return "no view shows it."
    names = ", ".join(f"'{view}'" for view in views)
    return f"{'view' if len(views) == 1 else 'views'} {names} cannot be shown."


def _contents(edition: Edition) -> dict[str, tuple[Callable[[], object], list[str]]]:
    """Return for each file of an edition how to read it, and the views that show it."""
    found: dict[str, tuple[Callable[[], object], list[str]]] = {}
    names = [f"frames/{frame.sha256}.parquet" for frame in edition.record.frames]
    for frame, name in zip(edition.record.frames, names, strict=True):
        found[name] = (partial(edition.frame, frame), [])
    for view in edition.record.views:
        for position in view.frames.values():
            found[names[position]][1].append(view.id)
        for blob in view.blobs:
            read = partial(edition.blob, blob)
            found.setdefault(f"blobs/{blob.sha256}", (read, []))[1].append(view.id)
    return found


def _check_logs(archive: Archive, part: Part) -> Iterable[Finding]:
    for name in part.files:
        if name.endswith(".tmp"):
            yield _left_over(archive, part, name)
            continue
        try:
            _read_log(archive, part, name)
        except ArchiveError as error:
            yield _damaged(archive, part, name, error, "nobody knows what went out.")


def _read_log(archive: Archive, part: Part, name: str) -> DeliveryLog:
    try:
        text = archive.storage.read(f"{part.folder}/{name}")
    except FileNotFoundError:  # it was removed since the listing
        return DeliveryLog()
    if has_conflict(text):
        raise ArchiveError(CONFLICT, hint=CHOOSE)
    try:
        return DeliveryLog.model_validate_json(text)
    except ValidationError as error:
        raise ArchiveError(
            "the record of deliveries is damaged",
            hint="Restore the file from a backup. Without one, remove it: the next publish then "
            "takes the edition for not delivered.",
        ) from error


def _delivered(archive: Archive, logs: Part) -> set[int]:
    """Return the revisions that went out; a damaged log says nothing here."""
    found: set[int] = set()
    for name in logs.files:
        try:
            deliveries = _read_log(archive, logs, name).deliveries
        except ArchiveError:
            continue
        found |= {delivery.revision for delivery in deliveries}
    return found


def _damaged(archive: Archive, part: Part, name: str, error: ArchiveError, effect: str) -> Finding:
    where = archive.storage.where(f"{part.folder}/{name}")
    return Finding("damaged", where, error.message, f"{part.title}: {effect}", error.hint)


def _left_over(archive: Archive, part: Part, name: str) -> Finding:
    return Finding(
        "note",
        archive.storage.where(f"{part.folder}/{name}"),
        "no record names this file",
        f"{part.title}: it is whole without.",
        "A run that was broken off left it. It may be removed while nothing runs.",
    )


def _without_record(archive: Archive, part: Part, *, delivered: bool) -> Finding:
    where = archive.storage.where(f"{part.folder}/{NAME}")
    if delivered:
        return Finding(
            "damaged",
            where,
            "the file is missing, though this revision went out",
            f"{part.title}: no page shows it.",
            "Restore the file from a backup. If it was removed on purpose, remove its folder too.",
        )
    return Finding(
        "note",
        where,
        "there is content without this file",
        f"{part.title}: no page shows it, none ever did if its run was broken off.",
        "Remove its folder while nothing runs; if the edition was there before, restore the file "
        "from a backup.",
    )
