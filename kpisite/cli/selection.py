"""Which of the due editions a command names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kpisite.errors import UsageError, nearest
from kpisite.pipeline.plan import Task, plan, plan_revisions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from kpisite.archive.index import Entry
    from kpisite.pipeline.loading import LoadedReport


@dataclass(frozen=True)
class Wanted:
    """What the command line names; empty means all."""

    reports: Sequence[str] = ()
    periods: Sequence[str] = ()
    since: date | None = None
    """First day that counts."""
    until: date | None = None
    """First day that no longer counts."""
    force: bool = False
    """Whether sealed editions are run again, as new revisions."""
    why: str = ""
    """What the revisions record as their reason."""

    def __post_init__(self) -> None:
        if self.force and not (self.reports or self.periods or self.since or self.until):
            raise UsageError(
                "--force without a selection would run every sealed edition again",
                hint="Name a report, or use --period, --since or --until.",
            )
        if self.why and not self.force:
            raise UsageError("--reason is for revisions", hint="Add --force, or leave it out.")

    def has(self, task: Task) -> bool:
        """Tell whether a task of a named report is wanted."""
        first = task.period.start.date()
        return (
            (not self.periods or task.period.label in self.periods)
            and (self.since is None or first >= self.since)
            and (self.until is None or first < self.until)
        )


def select(
    reports: Sequence[LoadedReport], editions: Sequence[Entry], now: datetime, wanted: Wanted
) -> tuple[list[Task], list[str]]:
    """Return the tasks that are wanted, and the named editions that are sealed already.

    Those that are due, and with `force` new revisions of those that are sealed.

    Raises:
        UsageError: There is no such report, or none of the reports has such a period.
    """
    ids = [report.id for report in reports]
    for name in wanted.reports:
        if name not in ids:
            raise UsageError(f"there is no report '{name}'", hint=nearest(name, ids))
    chosen = [report for report in reports if not wanted.reports or report.id in wanted.reports]
    named = [e for e in editions if e.report in {report.id for report in chosen}]
    labels = {entry.label for entry in named}
    labels |= {period.label for report in chosen for period in report.report.periods(now)}
    for label in wanted.periods:
        if label not in labels:
            raise UsageError(f"there is no period '{label}'", hint=_nearest_period(label, labels))
    tasks = plan(chosen, editions, now)
    if wanted.force:
        tasks += plan_revisions(chosen, editions, wanted.why)
        return [task for task in tasks if wanted.has(task)], []
    sealed = [
        entry.key for entry in named if entry.status == "sealed" and entry.label in wanted.periods
    ]
    return [task for task in tasks if wanted.has(task)], sealed


def _nearest_period(label: str, labels: set[str]) -> str:
    hint = nearest(label, labels)
    if hint.startswith("Did") or not labels:
        return hint
    return f"Periods go from {min(labels)} to {max(labels)}."
