"""Tell the owners of an output, once, why an edition does not go out: views of it failed."""

from __future__ import annotations

import hashlib
import re
import shlex
from datetime import UTC
from typing import TYPE_CHECKING

from kpisite.archive.deliveries import begin_notice, end_notice
from kpisite.errors import ArchiveError, KpisiteError, UnclearDeliveryError
from kpisite.model.delivery import Notice
from kpisite.model.language import gettext
from kpisite.model.secrets import redact
from kpisite.model.words import period_title
from kpisite.pipeline.due import due_editions
from kpisite.pipeline.people import by_output
from kpisite.pipeline.publish import reason, without_secrets
from kpisite.plugins.announcement import FailedView, FailureNotice

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from kpisite.archive.index import Entry
    from kpisite.model.delivery import DeliveryLog, Receipt
    from kpisite.pipeline.delivered import Deliveries
    from kpisite.pipeline.due import Choice
    from kpisite.pipeline.loading import LoadedReport
    from kpisite.pipeline.people import Failures, PeopleOutput
    from kpisite.pipeline.problems import Problem
    from kpisite.pipeline.project import Project
    from kpisite.pipeline.publish import OutputResult

_SHOWN, _LONGEST = 5, 400
"""Views of which a notice says why they failed, and characters of each: a chat takes 3,000."""
_WORD = re.compile(r"\w+")


def notify_owners(
    project: Project, reports: Iterable[LoadedReport], failures: Failures, choice: Choice
) -> list[OutputResult]:
    """Tell the owners of all outputs, where failed views stopped a publish before it began.

    Args:
        project: Its time is that of notices.
        reports: As they are defined now.
        failures: What stopped it.
        choice: Which outputs, and which edition.

    Returns:
        A result for each output whose owners are, or were, told.
    """

    def act(
        output: PeopleOutput, entries: Sequence[Entry], delivered: Deliveries
    ) -> Iterator[OutputResult]:
        entry = due_for_owners(project, output, entries, delivered, failures, choice)
        if entry is not None and output.driver.owners:
            told = tell_owners(project, output, entry, delivered.log(entry), failures, choice)
            yield output.result("failed", entry, message=not_whole(entry, failures, told))

    return by_output(project, reports, choice, act)


def due_for_owners(
    project: Project,
    output: PeopleOutput,
    entries: Sequence[Entry],
    delivered: Deliveries,
    failures: Failures,
    choice: Choice,
) -> Entry | None:
    """Return the newest edition that would be due, had no view of it failed.

    One whose period is over comes before one that is still open: people wait for it.
    """

    def is_there(entry: Entry) -> bool:
        return entry.status == "sealed" or entry.key in failures

    def is_over(entry: Entry) -> bool:
        is_open = output.report.report.is_open(entry.period, project.now)
        return is_there(entry) and (entry.status == "sealed" or not is_open)

    for is_ready in (is_over, is_there):
        due = due_editions(output.options, entries, delivered, choice, is_ready)
        failed = [entry for entry in due if entry.key in failures]
        if failed:
            return failed[-1]
    return None


def tell_owners(
    project: Project,
    output: PeopleOutput,
    entry: Entry,
    log: DeliveryLog,
    failures: Failures,
    choice: Choice,
    url: str = "",
) -> str:
    """Tell the owners of an output, unless they know, and return what came of it in words.

    Args:
        project: Its time is that of the notice.
        output: Has owners.
        entry: The edition that does not go out.
        log: What is recorded of it through this output.
        failures: With those of the edition.
        choice: Whether this is a dry run.
        url: Address of the edition's page; "" where the site does not have it.
    """
    secrets = output.report.secrets
    owners = redact(output.driver.owners, secrets)
    said = _notice(output, entry, failures[entry.key], url, project.now)
    known = log.notice(entry.revision, said.digest)
    if known is not None:
        when = f"{known.time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        if known.receipt is None:
            return f"on {when} {owners} was being told; nobody recorded whether that arrived"
        return f"{owners} was told on {when}"
    if choice.dry_run:
        return f"{owners} would be told"
    notice = Notice(
        output=output.id,
        revision=entry.revision,
        failures=said.digest,
        time=project.now,
        target=owners,
    )
    try:
        if output.driver.is_rehearsal:
            output.driver.notify(said)
            return f"{owners} would be told: that was checked"
        if not begin_notice(project.archive, entry.key, notice):
            return f"another publish is telling {owners}"
        receipt = _notified(project, output, entry, notice, said, choice)
        end_notice(project.archive, entry.key, notice, receipt)
    except Exception as error:  # noqa: BLE001 - a plugin's mistake stops its output, not the others
        return f"{owners} could not be told: {reason(error, secrets)}"
    return f"{owners} was told{f', but not {receipt.refused}' if receipt.refused else ''}"


def _notified(
    project: Project,
    output: PeopleOutput,
    entry: Entry,
    notice: Notice,
    said: FailureNotice,
    choice: Choice,
) -> Receipt:
    """Tell the owners; what is sure not to have arrived is as if it had not been begun."""
    try:
        if choice.before:
            choice.before()
        return without_secrets(output.driver.notify(said), output.report.secrets)
    except UnclearDeliveryError:
        raise
    except KpisiteError as error:
        try:
            end_notice(project.archive, entry.key, notice, None)
        except ArchiveError as second:
            raise ArchiveError(f"{error}; and that could not be recorded: {second}") from error
        raise


def not_whole(entry: Entry, failures: Failures, told: str = "") -> str:
    """Return why people are not told of an edition, who was told of that, and what to do."""
    views = ", ".join(dict.fromkeys(problem.view for problem in failures[entry.key]))
    lines = [
        f"people are not told of {entry.key}, because views could not be made: {views}",
        *([told] if told else []),
        "Mend them, or publish with --allow-errors."
        if is_as_shown(entry)
        else "Mend them. --allow-errors does not help: the archive has this edition from an "
        "earlier run, before its numbers were final.",
    ]
    return "\n  ".join(lines)


def is_as_shown(entry: Entry) -> bool:
    """Tell whether an edition has the views that failed.

    One that is whole, but could not be run again, has the numbers of before.
    """
    return entry.failed or entry.status == "sealed"


def _notice(
    output: PeopleOutput, entry: Entry, problems: Sequence[Problem], url: str, now: datetime
) -> FailureNotice:
    secrets = output.report.secrets
    views = [
        FailedView(id_, redact(message, secrets), redact(hint, secrets))
        for id_, message, hint in sorted({(p.view, p.message, p.hint) for p in problems})
    ]
    period = period_title(entry.period)
    subject = gettext("Failed: {title}, {period}")
    return FailureNotice(
        key=entry.key,
        title=entry.title,
        period=period,
        revision=entry.revision,
        subject=" ".join(subject.format(title=entry.title, period=period).split()),
        text=_text(output, entry, views, url),
        views=views,
        digest=_digest(views),
        time=now,
        url=url,
    )


def _text(output: PeopleOutput, entry: Entry, views: Sequence[FailedView], url: str) -> str:
    said = gettext(
        "People are not told of {title}, {period} through {output}: these views could not be made."
    )
    command = f"kpisite publish --allow-errors --only {output.id} --edition"
    parts = [
        said.format(title=entry.title, period=period_title(entry.period), output=output.id),
        *(_cut(f"{v.id}: {v.message}\n{v.hint}".rstrip()) for v in views[:_SHOWN]),
        ", ".join(view.id for view in views[_SHOWN:]),
        gettext("Mend them: then the next publish tells people."),
        gettext("To tell them all the same:") + f"\n  {command} {shlex.quote(entry.key)}"
        if is_as_shown(entry)
        else "",
        url,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _cut(text: str) -> str:
    cut = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return "\n  ".join(cut.splitlines())


def _digest(views: Iterable[FailedView]) -> str:
    """Return a digest of what failed and why.

    Words with digits do not count: times, addresses in memory and ids differ where the same
    failure happens again.
    """
    reasons = [f"{view.id}\0{_WORD.sub(_without_digits, view.message)}" for view in views]
    return hashlib.sha256("\n".join(reasons).encode()).hexdigest()


def _without_digits(word: re.Match[str]) -> str:
    return "#" if any(map(str.isdecimal, word[0])) else word[0]
