"""Which editions are due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from kpisite.archive.store import Edition
    from kpisite.model.period import Period
    from kpisite.pipeline.loading import LoadedReport

Reason = Literal["new", "preliminary", "draft"]


@dataclass(frozen=True)
class Task:
    """One edition that has to be run."""

    report: LoadedReport
    period: Period
    reason: Reason

    @property
    def key(self) -> str:
        """`flights/2013-W06`."""
        return f"{self.report.id}/{self.period.label}"


def plan(reports: Iterable[LoadedReport], editions: Iterable[Edition], now: datetime) -> list[Task]:
    """Return what is due: periods that the archive lacks, and all preliminary editions.

    Args:
        reports: The reports as they are defined now.
        editions: What the archive has.
        now: Aware; periods that begin later are not due yet.
    """
    known: dict[str, dict[str, Edition]] = {}
    for edition in editions:
        known.setdefault(edition.record.report, {})[edition.record.period.label] = edition
    tasks = []
    for report in reports:
        has = known.get(report.id, {})
        periods = {period.label: period for period in report.report.periods(now)}
        due = [Task(report, periods[label], "new") for label in periods if label not in has]
        due += [
            Task(report, periods.get(label) or edition.record.period.period(), "preliminary")
            for label, edition in has.items()
            if edition.record.status == "preliminary"
        ]
        tasks += sorted(due, key=lambda task: task.period.start.astimezone(UTC))
    return tasks


def plan_drafts(
    reports: Iterable[LoadedReport], editions: Iterable[Edition], now: datetime
) -> list[Task]:
    """Return the newest period of each report whose definition is not the one that made it."""
    digests = {edition.record.key: edition.record.definition.digest for edition in editions}
    tasks = []
    for report in reports:
        for period in report.report.periods(now)[-1:]:
            made_by = digests.get(f"{report.id}/{period.label}")
            if made_by is not None and made_by != report.recorded.digest:
                tasks.append(Task(report, period, "draft"))
    return tasks
