"""Tell people of new editions, at most once: an intent is recorded before, a delivery after."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from kpisite.archive.deliveries import add_delivery, begin, read_logs, withdraw
from kpisite.errors import ArchiveError, KpisiteError, UnclearDeliveryError, UsageError, nearest
from kpisite.model.delivery import Delivery, DeliveryLog, Intent, Receipt
from kpisite.model.language import speak
from kpisite.model.secrets import redact
from kpisite.pipeline.publish import OutputResult, driver_of, without_secrets
from kpisite.plugins.output import EditionDriver, EditionOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from kpisite.archive.index import Entry
    from kpisite.pipeline.loading import LoadedReport
    from kpisite.pipeline.project import Project
    from kpisite.plugins.binding import Bound
    from kpisite.plugins.output import Announcement

    Announce = Callable[[Entry, Receipt | None], Announcement]
    """Makes an announcement of an edition, and of what people were told of it before."""


@dataclass(frozen=True)
class Choice:
    """What of all that is due somebody wants."""

    only: Collection[str] = ()
    """Ids of outputs; by default, all."""
    edition: str = ""
    """`flights/2013-W06`; by default, every edition that is due."""
    resend: bool = False
    """Whether an edition goes out again, and what nobody knows about goes out at all."""
    arrived: bool = False
    """Whether what nobody knows about did arrive, as somebody has found out."""
    dry_run: bool = False
    """Whether to say what would be done, and do nothing."""
    before: Callable[[], None] | None = None
    """Called when it is recorded that an edition goes out, and before it does, by the output's
    own thread; with a KpisiteError it does not go out."""


@dataclass(frozen=True)
class _Output:
    """An output of a report that tells people."""

    report: LoadedReport
    id: str
    bound: Bound
    driver: EditionDriver

    @property
    def name(self) -> str:
        return f"{self.report.id}/{self.id}"

    @property
    def options(self) -> EditionOptions:
        assert isinstance(self.bound.options, EditionOptions)  # noqa: S101 - see EditionDriver
        return self.bound.options

    @property
    def target(self) -> str:
        return redact(self.driver.target, self.report.secrets)

    def result(self, status: str, entry: Entry | None = None, **more: object) -> OutputResult:
        return OutputResult(
            (self.name,),
            self.bound.plugin.name,
            status,  # type: ignore[arg-type]
            self.target,
            edition=entry.key if entry else "",
            **more,  # type: ignore[arg-type]
        )


def announce(
    project: Project,
    reports: Iterable[LoadedReport],
    make: Announce,
    choice: Choice,
    held: Mapping[str, str],
) -> list[OutputResult]:
    """Tell people of the editions that are due, through every output for people, side by side.

    An output begins with the newest edition that its report has. From then on each new edition is
    due, and each new revision of one that people know. Editions go out oldest first; after one
    that failed, its output stops.

    Args:
        project: Its time is that of deliveries.
        reports: As they are defined now.
        make: Makes the announcements.
        choice: What is wanted.
        held: Id of a report whose site did not arrive → why people are not told.

    Raises:
        UsageError: There is no such edition.
    """
    outputs = [
        _Output(report, id_, bound, driver)
        for report in reports
        for id_, bound in report.outputs.items()
        if issubclass(bound.plugin.cls, EditionDriver) and (not choice.only or id_ in choice.only)
        if isinstance(driver := driver_of(project, id_, bound), EditionDriver)
    ]
    entries = project.archive.editions()
    _check(choice, entries)
    if not outputs:
        return []

    def one(output: _Output) -> list[OutputResult]:
        mine = [entry for entry in entries if entry.report == output.report.id]
        return list(_results(project, output, mine, make, choice, held))

    with ThreadPoolExecutor(
        len(outputs), "people", initializer=speak, initargs=(project.language,)
    ) as executor:
        return [result for results in executor.map(one, outputs) for result in results]


def _check(choice: Choice, entries: Sequence[Entry]) -> None:
    keys = [entry.key for entry in entries]
    if choice.edition and choice.edition not in keys:
        raise UsageError(
            f"there is no edition '{choice.edition}'", hint=nearest(choice.edition, keys)
        )


def _results(
    project: Project,
    output: _Output,
    entries: Sequence[Entry],
    make: Announce,
    choice: Choice,
    held: Mapping[str, str],
) -> Iterable[OutputResult]:
    try:
        logs = read_logs(project.archive, [(entry.key, output.id) for entry in entries])
    except ArchiveError as error:
        yield output.result("failed", message=str(error))
        return
    for entry in entries:
        if entry.key == choice.edition and not _ready(output.options, entry):
            message = (
                f"{entry.key} is {entry.status}: people are told when it is sealed\n"
                "  Wait, or set 'when: preliminary'."
            )
            yield output.result("failed", entry, message=message)
    due = _due(output.options, entries, {e.key: logs[e.key, output.id] for e in entries}, choice)
    for entry in due:
        log = logs[entry.key, output.id]
        if output.report.id in held:
            yield output.result("held", entry, message=held[output.report.id])
            return
        result = _tell(project, output, entry, log, make, choice)
        yield result
        if result.status == "failed":
            return


def _due(
    options: EditionOptions,
    entries: Sequence[Entry],
    logs: Mapping[str, DeliveryLog],
    choice: Choice,
) -> list[Entry]:
    """Return the editions that people are to be told of, oldest first."""
    ready = [entry for entry in entries if _ready(options, entry)]
    if choice.edition:
        named = [entry for entry in ready if entry.key == choice.edition]
        return [
            e
            for e in named
            if choice.resend or choice.arrived or not _knows(options, e, logs[e.key])
        ]
    first = next((entry for entry in entries if logs[entry.key] != DeliveryLog()), None)
    if first is None:
        return ready[-1:]
    since = [entry for entry in ready if entry.period.start >= first.period.start]
    return [entry for entry in since if not _knows(options, entry, logs[entry.key])]


def _ready(options: EditionOptions, entry: Entry) -> bool:
    return entry.status == "sealed" or options.when == "preliminary"


def _knows(options: EditionOptions, entry: Entry, log: DeliveryLog) -> bool:
    """Tell whether people know all of an edition that they want to know."""
    if log.intents or log.latest is None:
        return False
    return log.latest.revision >= entry.revision or options.on_revision == "skip"


def _tell(
    project: Project,
    output: _Output,
    entry: Entry,
    log: DeliveryLog,
    make: Announce,
    choice: Choice,
) -> OutputResult:
    """Tell people of one edition."""
    if choice.arrived:
        return _settle(project, output, entry, log)
    if log.intents and not choice.resend:
        return output.result("failed", entry, message=_unknown(output, entry, log.intents[-1]))
    intent = Intent(
        output=output.id, revision=entry.revision, time=project.now, target=output.target
    )
    try:
        announcement = make(entry, log.latest.receipt if log.latest else None)
        if _failed_views(announcement) and not output.options.allow_errors:
            return output.result("failed", entry, message=_not_whole(announcement))
        if choice.dry_run:
            lines = output.driver.plan(announcement)
            plan = tuple(redact(line, output.report.secrets) for line in lines)
            return output.result("planned", entry, plan=plan)
        if not begin(project.archive, entry.key, intent, log):
            message = "another publish is sending it, or has just done so"
            return output.result("failed", entry, message=message)
    except KpisiteError as error:
        return output.result("failed", entry, message=redact(str(error), output.report.secrets))
    try:
        if choice.before:
            choice.before()
    except KpisiteError as error:
        message = redact(str(error), output.report.secrets)
        return _withdrawn(project, output, entry, intent, message)
    return _send(project, output, entry, intent, announcement)


def _unknown(output: _Output, entry: Entry, began: Intent) -> str:
    again = f"kpisite publish --only {output.id} --edition {entry.key}"
    return (
        f"on {began.time.astimezone(UTC):%Y-%m-%d %H:%M} UTC somebody began to send {entry.key} "
        f"to {began.target}, and nobody recorded whether it arrived\n  Ask there. "
        f"If it arrived: {again} --arrived\n  If it did not: {again} --resend"
    )


def _settle(project: Project, output: _Output, entry: Entry, log: DeliveryLog) -> OutputResult:
    """Record that what was begun has arrived."""
    if not log.intents:
        return output.result("ok", entry)
    intent = log.intents[-1]
    receipt = Receipt(target=intent.target, digest="", details={"arrived": "as somebody said"})
    delivery = Delivery(
        output=output.id,
        plugin=output.bound.plugin.name,
        revision=intent.revision,
        time=intent.time,
        receipt=receipt,
    )
    add_delivery(project.archive, entry.key, delivery)
    return output.result("ok", entry, details=receipt.details, recorded=1)


def _send(
    project: Project, output: _Output, entry: Entry, intent: Intent, announcement: Announcement
) -> OutputResult:
    secrets = output.report.secrets
    try:
        receipt = without_secrets(output.driver.deliver(announcement), secrets)
    except UnclearDeliveryError as error:
        message = f"{redact(str(error), secrets)}\n  It is not sent again without --resend."
        return output.result("failed", entry, message=message)
    except KpisiteError as error:
        return _withdrawn(project, output, entry, intent, redact(str(error), secrets))
    except Exception as error:  # noqa: BLE001 - a plugin's mistake stops its output, not the others
        message = redact(f"{type(error).__name__}: {error}", secrets)
        return output.result("failed", entry, message=f"{message}\n  Nobody knows what arrived.")
    delivery = Delivery(
        output=output.id,
        plugin=output.bound.plugin.name,
        revision=entry.revision,
        time=project.now,
        receipt=receipt,
    )
    try:
        add_delivery(project.archive, entry.key, delivery)
    except ArchiveError as error:
        message = f"it arrived, but that could not be recorded: {error}"
        return output.result("failed", entry, details=receipt.details, message=message)
    return output.result("ok", entry, details=receipt.details, recorded=1)


def _withdrawn(
    project: Project, output: _Output, entry: Entry, intent: Intent, message: str
) -> OutputResult:
    try:
        withdraw(project.archive, entry.key, intent)
    except ArchiveError as error:
        message = f"{message}\n  That it did not arrive could not be recorded: {error}"
    return output.result("failed", entry, message=message)


def _failed_views(announcement: Announcement) -> list[str]:
    views = announcement.document["views"]
    return [view["id"] for view in views if view["status"] == "error"]


def _not_whole(announcement: Announcement) -> str:
    views = ", ".join(_failed_views(announcement))
    return (
        f"people are not told of {announcement.key}, because views could not be made: {views}\n"
        "  Mend them, or set 'allow_errors: true'."
    )
