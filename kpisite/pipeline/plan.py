"""Which editions are due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Literal

from kpisite.errors import DefinitionError, Mistake
from kpisite.model.words import period_span
from kpisite.pipeline.loading import read_written

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from kpisite.archive.index import Entry
    from kpisite.model.period import Period
    from kpisite.pipeline.loading import LoadedReport

Reason = Literal["new", "preliminary", "draft", "forced"]


@dataclass(frozen=True)
class Task:
    """One edition that has to be run."""

    report: LoadedReport
    period: Period
    reason: Reason
    revision: int = 1
    """Which revision of the edition the run makes."""
    period_text: str = ""
    """The period in words, for the title: by default in the language that is spoken now."""
    why: str = ""
    """What is recorded as the reason of a revision."""

    def __post_init__(self) -> None:
        if not self.period_text:
            object.__setattr__(self, "period_text", period_span(self.period))

    @property
    def key(self) -> str:
        """`flights/2013-W06`."""
        return f"{self.report.id}/{self.period.label}"


def plan(reports: Iterable[LoadedReport], editions: Iterable[Entry], now: datetime) -> list[Task]:
    """Return what is due: periods that the archive lacks, and all preliminary editions.

    Args:
        reports: The reports as they are defined now.
        editions: What the archive has.
        now: Aware; periods that begin later are not due yet.

    Raises:
        DefinitionError: The archive has a report's weeks, and its schedule says months, or alike.
    """
    archived: dict[str, dict[str, Entry]] = {}
    for edition in editions:
        archived.setdefault(edition.report, {})[edition.label] = edition
    reports = list(reports)
    mistakes = [m for report in reports for m in _other_units(report, archived.get(report.id, {}))]
    if mistakes:
        raise DefinitionError(mistakes)
    tasks = []
    for report in reports:
        has = archived.get(report.id, {})
        periods = {period.label: period for period in report.report.periods(now)}
        due = [Task(report, periods[label], "new") for label in periods if label not in has]
        due += [
            Task(report, periods.get(label) or known.period, "preliminary", known.revision)
            for label, known in has.items()
            if known.status == "preliminary"
        ]
        tasks += sorted(due, key=_start)
    return tasks


def plan_revisions(
    reports: Iterable[LoadedReport], editions: Iterable[Entry], why: str = ""
) -> list[Task]:
    """Return a new revision of every sealed edition of the reports, oldest period first.

    Args:
        reports: The reports as they are defined now.
        editions: What the archive has.
        why: What is recorded as the reason.
    """
    by_id = {report.id: report for report in reports}
    tasks = [
        Task(by_id[edition.report], edition.period, "forced", edition.revision + 1, why=why)
        for edition in editions
        if edition.report in by_id and edition.status == "sealed"
    ]
    return sorted(tasks, key=_start)


def plan_drafts(
    reports: Iterable[LoadedReport],
    editions: Iterable[Entry],
    now: datetime,
    *,
    also_unedited: bool = False,
) -> list[Task]:
    """Return the newest period of each report whose definition is not the one that made it.

    Args:
        reports: The reports as they are defined now.
        editions: What there is.
        now: Aware.
        also_unedited: Whether the newest period of the other reports is wanted too.
    """
    digests = {edition.key: edition.definition for edition in editions}
    tasks = []
    for report in reports:
        for period in report.report.periods(now)[-1:]:
            made_by = digests.get(f"{report.id}/{period.label}")
            if made_by is not None and (also_unedited or made_by != report.recorded.digest):
                tasks.append(Task(report, period, "draft"))
    return tasks


def _other_units(report: LoadedReport, archived: Mapping[str, Entry]) -> list[Mistake]:
    """Return the mistake that the archive has weeks where the schedule says months, or alike.

    Stretches of days may differ: those on demand do.
    """
    unit = report.report.cadence.unit
    others = [e for e in archived.values() if e.period.unit not in (unit, "days")]
    if unit == "days" or not others:
        return []
    first, last = (pick(others, key=lambda e: e.period.start) for pick in (min, max))
    return [
        read_written(report.written).mistake(
            ("schedule",),
            f"'{report.report.schedule}', and the archive has editions of a "
            f"{first.period.unit}: {first.label} to {last.label}",
            "Their KPIs cannot be compared. Give this schedule a folder of its own, so that the "
            "editions of\n    both stay on the site; or, if nobody has seen the others, remove "
            f"the folder '{report.id}' from the archive.",
        )
    ]


def _start(task: Task) -> datetime:
    return task.period.start.astimezone(UTC)
