"""Deliveries of an edition, recorded in the archive beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from kpisite.archive.records import CHOOSE, CONFLICT, has_conflict
from kpisite.errors import ArchiveError
from kpisite.model.delivery import Delivery, DeliveryLog, Intent, Notice, Receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

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

    What was begun of its revision is settled by it.

    Raises:
        ArchiveError: The log is damaged, or cannot be written.
    """

    def added(log: DeliveryLog) -> DeliveryLog:
        intents = tuple(i for i in log.intents if i.revision != delivery.revision)
        deliveries = (*log.deliveries, delivery)
        return log.model_copy(update={"deliveries": deliveries, "intents": intents})

    _change(archive, key, delivery.output, added)


def begin(archive: Archive, key: str, intent: Intent, known: DeliveryLog) -> bool:
    """Record that an edition is about to go out, unless somebody else has begun or done so.

    Args:
        archive: Where the edition is.
        key: Names the edition: `flights/2013-W06`.
        intent: What is begun; it takes the place of what was begun before.
        known: The log by which the caller decided.

    Returns:
        Whether the caller may go on: of two that begin at once, one may.

    Raises:
        ArchiveError: The log is damaged, or cannot be written.
    """
    begun = False

    def with_intent(log: DeliveryLog) -> DeliveryLog:
        nonlocal begun
        begun = (log.deliveries, log.intents) == (known.deliveries, known.intents)
        return log.model_copy(update={"intents": (intent,)}) if begun else log

    _change(archive, key, intent.output, with_intent)
    return begun


def withdraw(archive: Archive, key: str, intent: Intent) -> None:
    """Record that what was begun is sure not to have arrived.

    Raises:
        ArchiveError: The log is damaged, or cannot be written.
    """
    _change(
        archive,
        key,
        intent.output,
        lambda log: log.model_copy(
            update={"intents": tuple(one for one in log.intents if one != intent)}
        ),
    )


def begin_notice(archive: Archive, key: str, notice: Notice) -> bool:
    """Record that owners are about to be told of failures, unless they were, or are just now.

    Args:
        archive: Where the edition is.
        key: Names the edition: `flights/2013-W06`.
        notice: Without a receipt.

    Returns:
        Whether the caller may go on: of two that begin at once, one may.

    Raises:
        ArchiveError: The log is damaged, or cannot be written.
    """
    begun = False

    def with_notice(log: DeliveryLog) -> DeliveryLog:
        nonlocal begun
        begun = log.notice(notice.revision, notice.failures) is None
        return log.model_copy(update={"notices": (*log.notices, notice)}) if begun else log

    _change(archive, key, notice.output, with_notice)
    return begun


def end_notice(archive: Archive, key: str, notice: Notice, receipt: Receipt | None) -> None:
    """Record what came of a notice that was begun.

    Args:
        archive: Where the edition is.
        key: Names the edition: `flights/2013-W06`.
        notice: As it was begun.
        receipt: None where it is sure not to have arrived: it may be begun again.

    Raises:
        ArchiveError: The log is damaged, or cannot be written.
    """
    ended = [notice.model_copy(update={"receipt": receipt})] if receipt else []

    def with_end(log: DeliveryLog) -> DeliveryLog:
        notices = [n for one in log.notices for n in (ended if one == notice else [one])]
        return log.model_copy(update={"notices": tuple(notices)})

    _change(archive, key, notice.output, with_end)


def add_log(archive: Archive, key: str, output: str, other: DeliveryLog) -> bool:
    """Append what another log of the same edition and output has; return whether that was any.

    What was begun stays begun, unless a delivery since then has settled it.

    Raises:
        ArchiveError: The log is damaged, or cannot be written.
    """
    changed = False

    def added(log: DeliveryLog) -> DeliveryLog:
        nonlocal changed
        union = log.united(other)
        changed = union != log
        return union

    _change(archive, key, output, added)
    return changed


def _change(
    archive: Archive, key: str, output: str, change: Callable[[DeliveryLog], DeliveryLog]
) -> None:
    path = _path(key, output)
    written = False
    while not written:
        version = archive.storage.version(path)
        log = read_log(archive, key, output)
        changed = change(log)
        if changed == log:
            return
        text = changed.model_dump_json(indent=1, exclude_defaults=True).encode() + b"\n"
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
    if has_conflict(text):
        raise ArchiveError(CONFLICT, where=where, hint=CHOOSE)
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
