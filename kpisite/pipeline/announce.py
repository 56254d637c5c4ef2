"""Tell people of new editions, at most once: an intent is recorded before, a delivery after."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from kpisite.archive.deliveries import add_delivery, begin, read_log, withdraw
from kpisite.errors import ArchiveError, KpisiteError, UnclearDeliveryError, UsageError, nearest
from kpisite.model.delivery import Delivery, Intent, Receipt
from kpisite.model.secrets import redact
from kpisite.pipeline.due import due_editions, is_asked_for
from kpisite.pipeline.owners import due_for_owners, is_as_shown, not_whole, tell_owners
from kpisite.pipeline.people import by_output
from kpisite.pipeline.publish import reason, without_secrets
from kpisite.plugins.output import SiteDriver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from kpisite.archive.index import Entry
    from kpisite.model.delivery import DeliveryLog
    from kpisite.pipeline.delivered import Deliveries
    from kpisite.pipeline.due import Choice
    from kpisite.pipeline.loading import LoadedReport
    from kpisite.pipeline.people import Failures, PeopleOutput
    from kpisite.pipeline.project import Project
    from kpisite.pipeline.publish import OutputResult
    from kpisite.plugins.announcement import Announcement

    Announce = Callable[[Entry, Receipt | None], Announcement]
    """Makes an announcement of an edition, and of the older revision that people were told of."""


_TWICE = "It is not sent again, since those would get it twice: mend the address for the next one."


def announce(
    project: Project,
    reports: Iterable[LoadedReport],
    make: Announce,
    choice: Choice,
    held: Mapping[str, str],
    failures: Failures,
) -> list[OutputResult]:
    """Tell people of the editions that are due, through every output for people, side by side.

    Editions go out oldest first; after one that failed, its output stops. An edition with a
    failed view does not go out, unless it may; the owners are told instead.

    Args:
        project: Its time is that of deliveries.
        reports: As they are defined now.
        make: Makes the announcements.
        choice: What is wanted.
        held: Id of a report whose site did not arrive → why people are not told.
        failures: The views that the site could not show.
    """
    telling = _Telling(project, make, choice, held, failures)
    return by_output(project, reports, choice, telling.results)


def check_edition(project: Project, choice: Choice) -> None:
    """See that the archive has the edition that somebody wants people to be told of.

    Raises:
        UsageError: There is no such edition.
    """
    keys = [entry.key for entry in project.archive.editions()] if choice.edition else []
    if choice.edition and choice.edition not in keys:
        raise UsageError(
            f"there is no edition '{choice.edition}'", hint=nearest(choice.edition, keys)
        )


@dataclass(frozen=True)
class _Telling:
    """What is known of all outputs of a publish alike."""

    project: Project
    make: Announce
    choice: Choice
    held: Mapping[str, str]
    failures: Failures

    def results(
        self, output: PeopleOutput, entries: Sequence[Entry], delivered: Deliveries
    ) -> Iterator[OutputResult]:
        """Tell people through one output."""

        def is_ready(entry: Entry) -> bool:
            return self._is_ready(output, entry)

        for entry in entries:
            if entry.key == self.choice.edition and not is_ready(entry):
                message = (
                    f"{entry.key} is {entry.status}: people are told when it is sealed\n"
                    "  Wait, or set 'when: preliminary'."
                )
                yield output.result("failed", entry, message=message)
        told = self._owners_told(output, entries, delivered)
        for entry in due_editions(output.options, entries, delivered, self.choice, is_ready):
            if self.choice.is_stopped():
                return
            if entry.key in self.failures and not self._may_go(output, entry):
                message = not_whole(entry, self.failures, told)
                yield output.result("failed", entry, message=message)
                return
            held = self.held.get(output.report.id, "")
            if self.choice.only and not self.choice.arrived and not held:
                held = self._left_out(output, entry)
            if held:
                yield output.result("held", entry, message=held)
                return
            asked_for = is_asked_for(output.options, entries, delivered, entry, is_ready)
            delivered.begin(entry)
            intent = Intent(
                output=output.id,
                revision=entry.revision,
                time=self.project.now,
                target=output.target,
                asked_for=asked_for,
            )
            result = self._tell(output, entry, delivered.log(entry), intent)
            yield result
            if result.status == "failed":
                return

    def _is_ready(self, output: PeopleOutput, entry: Entry) -> bool:
        """Tell whether people wait for an edition: it is final, or would be without a failure."""
        if entry.status == "sealed" or output.options.when == "preliminary":
            return True
        is_open = output.report.report.is_open(entry.period, self.project.now)
        return entry.key in self.failures and not is_open

    def _may_go(self, output: PeopleOutput, entry: Entry) -> bool:
        """Tell whether an edition may go out with its failed views.

        One that is whole, but could not be run again, may not: it has the numbers of before.
        """
        allowed = self.choice.allow_errors or output.options.allow_errors
        return self.choice.arrived or (allowed and is_as_shown(entry))

    def _left_out(self, output: PeopleOutput, entry: Entry) -> str:
        """Return why people wait: an output that is not asked for has not published the edition."""
        for id_, bound in output.report.outputs.items():
            if id_ in self.choice.only or not issubclass(bound.plugin.cls, SiteDriver):
                continue
            published = read_log(self.project.archive, entry.key, id_).latest
            if published is None or published.revision < entry.revision:
                site = f"{output.report.id}/{id_}"
                return (
                    f"people are told when {site} has published {entry.key}, revision "
                    f"{entry.revision}\n  Publish without --only, or add --only {id_}."
                )
        return ""

    def _owners_told(
        self, output: PeopleOutput, entries: Sequence[Entry], delivered: Deliveries
    ) -> str:
        """Tell owners of the newest edition that does not go out; return that in words."""
        entry = due_for_owners(self.project, output, entries, delivered, self.failures, self.choice)
        if entry is None or not output.driver.owners or self._may_go(output, entry):
            return ""
        url = "" if output.report.id in self.held else self._url(entry)
        log = delivered.log(entry)
        return tell_owners(self.project, output, entry, log, self.failures, self.choice, url)

    def _url(self, entry: Entry) -> str:
        """Return the address of an edition's page; "" where the site does not have it."""
        try:
            return self.make(entry, None).url
        except KpisiteError:
            return ""

    def _tell(
        self, output: PeopleOutput, entry: Entry, log: DeliveryLog, intent: Intent
    ) -> OutputResult:
        """Tell people of one edition."""
        if self.choice.arrived:
            return _settle(self.project, output, entry, log, intent, dry_run=self.choice.dry_run)
        if log.intents and not self.choice.resend:
            return output.result("failed", entry, message=_unknown(output, entry, log.intents[-1]))
        try:
            before = log.before(entry.revision)
            announcement = self.make(entry, before.receipt if before else None)
            lines = output.driver.plan(announcement)  # what cannot be made fails before it is begun
            if self.choice.dry_run:
                plan = tuple(redact(line, output.report.secrets) for line in lines)
                return output.result("planned", entry, plan=plan)
            if output.driver.is_rehearsal:
                return _rehearse(output, entry, announcement)
            if not begin(self.project.archive, entry.key, intent, log):
                message = "another publish is sending it, or has just done so"
                return output.result("failed", entry, message=message)
        except Exception as error:  # noqa: BLE001 - a plugin's mistake stops its output, not the others
            return output.result("failed", entry, message=reason(error, output.report.secrets))
        try:
            if self.choice.before:
                self.choice.before()
        except KpisiteError as error:
            message = reason(error, output.report.secrets)
            return _withdrawn(self.project, output, entry, intent, message)
        return _send(self.project, output, entry, intent, announcement)


def _unknown(output: PeopleOutput, entry: Entry, began: Intent) -> str:
    again = f"kpisite publish --only {output.id} --edition {shlex.quote(entry.key)}"
    return (
        f"on {began.time.astimezone(UTC):%Y-%m-%d %H:%M} UTC somebody began to send {entry.key} "
        f"to {began.target}, and nobody recorded whether it arrived\n  Ask there. "
        f"If it arrived: {again} --arrived\n  If it did not: {again} --resend"
    )


def _rehearse(output: PeopleOutput, entry: Entry, announcement: Announcement) -> OutputResult:
    """Have an edition checked: nothing goes out, and nothing is recorded."""
    secrets = output.report.secrets
    try:
        receipt = without_secrets(output.driver.deliver(announcement), secrets)
    except Exception as error:  # noqa: BLE001 - a plugin's mistake stops its output, not the others
        return output.result("failed", entry, message=reason(error, secrets))
    return output.result("checked", entry, details=receipt.details)


def _settle(
    project: Project,
    output: PeopleOutput,
    entry: Entry,
    log: DeliveryLog,
    now: Intent,
    *,
    dry_run: bool,
) -> OutputResult:
    """Record that an edition has arrived: what was begun, else what it is now."""
    if not log.intents and log.latest is not None and log.latest.revision >= entry.revision:
        return output.result("ok", entry, details={"arrived": "as was known"})
    if dry_run:
        return output.result("planned", entry, plan=("record that it arrived",))
    intent = log.intents[-1] if log.intents else now
    receipt = Receipt(target=intent.target, digest="", details={"arrived": "as somebody said"})
    add_delivery(project.archive, entry.key, _delivery(output, intent, receipt))
    return output.result("ok", entry, details=receipt.details, recorded=1)


def _send(
    project: Project, output: PeopleOutput, entry: Entry, intent: Intent, announcement: Announcement
) -> OutputResult:
    secrets = output.report.secrets
    try:
        receipt = without_secrets(output.driver.deliver(announcement), secrets)
    except UnclearDeliveryError as error:
        message = f"{reason(error, secrets)}\n  It is not sent again without --resend."
        return output.result("failed", entry, message=message)
    except KpisiteError as error:
        return _withdrawn(project, output, entry, intent, reason(error, secrets))
    except Exception as error:  # noqa: BLE001 - a plugin's mistake stops its output, not the others
        message = f"{reason(error, secrets)}\n  Nobody knows what arrived."
        return output.result("failed", entry, message=message)
    try:
        add_delivery(project.archive, entry.key, _delivery(output, intent, receipt))
    except ArchiveError as error:
        message = f"it arrived, but that could not be recorded: {error}"
        return output.result("failed", entry, details=receipt.details, message=message)
    if receipt.refused:
        message = f"others have it, but it was refused: {receipt.refused}\n  {_TWICE}"
        return output.result("partly", entry, details=receipt.details, recorded=1, message=message)
    return output.result("ok", entry, details=receipt.details, recorded=1)


def _delivery(output: PeopleOutput, intent: Intent, receipt: Receipt) -> Delivery:
    """Return the delivery that an intent has become."""
    return Delivery(
        output=output.id,
        plugin=output.bound.plugin.name,
        revision=intent.revision,
        time=intent.time,
        receipt=receipt,
        asked_for=intent.asked_for,
    )


def _withdrawn(
    project: Project, output: PeopleOutput, entry: Entry, intent: Intent, message: str
) -> OutputResult:
    try:
        withdraw(project.archive, entry.key, intent)
    except ArchiveError as error:
        message = f"{message}\n  That it did not arrive could not be recorded: {error}"
    return output.result("failed", entry, message=message)
