"""Deliveries of an edition, recorded in the archive beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from kpisite.errors import ArchiveError
from kpisite.model.delivery import Delivery, DeliveryLog

if TYPE_CHECKING:
    from kpisite.archive.store import Archive
    from kpisite.model.edition import EditionRecord


def read_log(archive: Archive, record: EditionRecord, output: str) -> DeliveryLog:
    """Return the deliveries of an edition through an output.

    Raises:
        ArchiveError: The log is damaged.
    """
    path = _path(record, output)
    try:
        return DeliveryLog.model_validate_json(archive.storage.read(path))
    except FileNotFoundError:
        return DeliveryLog()
    except ValidationError as error:
        raise ArchiveError(
            "the record of deliveries is damaged",
            where=archive.storage.where(path),
            hint="Restore it from a backup: without it, nobody knows what went out.",
        ) from error


def add_delivery(archive: Archive, record: EditionRecord, delivery: Delivery) -> None:
    """Append a delivery to the edition's log."""
    log = read_log(archive, record, delivery.output)
    log = DeliveryLog(deliveries=(*log.deliveries, delivery))
    text = log.model_dump_json(indent=1).encode() + b"\n"
    archive.storage.replace(_path(record, delivery.output), text)


def _path(record: EditionRecord, output: str) -> str:
    return f"{record.report}/{record.period.label}/deliveries/{output}.json"
