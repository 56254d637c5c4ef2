"""Deliveries of an edition, recorded in the archive beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from kpisite.errors import ArchiveError
from kpisite.model.delivery import Delivery, DeliveryLog

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kpisite.archive.store import Archive


def read_log(archive: Archive, key: str, output: str) -> DeliveryLog:
    """Return the deliveries of an edition through an output.

    Args:
        archive: Where the edition is.
        key: Names the edition: `flights/2013-W06`.
        output: The output's id in the report.

    Raises:
        ArchiveError: The log is damaged.
    """
    return read_logs(archive, [(key, output)])[key, output]


def read_logs(
    archive: Archive, wanted: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], DeliveryLog]:
    """Return the deliveries of editions through outputs; see `read_log`.

    Args:
        archive: Where the editions are.
        wanted: Key of an edition, and the output's id in its report.

    Raises:
        ArchiveError: A log is damaged.
    """
    paths = {_path(key, output): (key, output) for key, output in wanted}
    return {
        paths[path]: _log(text, archive.storage.where(path))
        for path, text in archive.storage.read_all(paths)
    }


def add_delivery(archive: Archive, key: str, delivery: Delivery) -> None:
    """Append a delivery to the edition's log; none is lost where two append at once.

    Raises:
        ArchiveError: The log is damaged, or cannot be written.
    """
    path = _path(key, delivery.output)
    written = False
    while not written:
        version = archive.storage.version(path)
        log = read_log(archive, key, delivery.output)
        log = DeliveryLog(deliveries=(*log.deliveries, delivery))
        text = log.model_dump_json(indent=1).encode() + b"\n"
        try:
            if version is None:
                archive.storage.create(path, text)
            else:
                archive.storage.replace(path, text, version)
            written = True
        except FileExistsError:  # another publish has added its own: read again
            continue


def _log(text: bytes | None, where: str) -> DeliveryLog:
    if text is None:
        return DeliveryLog()
    try:
        return DeliveryLog.model_validate_json(text)
    except ValidationError as error:
        raise ArchiveError(
            "the record of deliveries is damaged",
            where=where,
            hint="Restore it from a backup: without it, nobody knows what went out.",
        ) from error


def _path(key: str, output: str) -> str:
    return f"{key}/deliveries/{output}.json"
