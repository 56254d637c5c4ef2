"""Editions by the names that somebody wrote; what is not there is told with the nearest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from kpisite.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from kpisite.archive.store import Archive, Edition


def find_edition(
    archive: Archive, report: str, period: str, revision: int | None = None
) -> Edition:
    """Return an edition, its newest revision unless one is named.

    Args:
        archive: Where it is.
        report: The report's id.
        period: The period's label: `2013-W06`.
        revision: From 1.

    Raises:
        UsageError: There is no such report, period or revision.
        CorruptEditionError: The record is damaged.
    """
    whole = report and period and "/" not in period
    found = archive.edition(report, period, revision) if whole else None
    if found is not None:
        return found
    newest = archive.edition(report, period) if whole else None
    if newest is not None:
        raise UsageError(
            f"there is no revision {revision} of {newest.record.key}",
            hint=f"The newest is revision {newest.record.revision}.",
        )
    labels: dict[str, list[str]] = {}
    for entry in archive.editions():
        labels.setdefault(entry.report, []).append(entry.label)
    if report not in labels:
        raise UsageError(
            f"there is no edition of a report '{report}'", hint=nearest(report, labels)
        )
    raise UsageError(
        f"there is no edition '{report}/{period}'", hint=_nearest_period(period, labels[report])
    )


def revision_before(archive: Archive, edition: Edition) -> Edition | None:
    """Return the revision that an edition's own one came after; None for the first."""
    record = edition.record
    for revision in range(record.revision - 1, 0, -1):
        found = archive.edition(record.report, record.period.label, revision)
        if found is not None:
            return found
    return None


def _nearest_period(period: str, labels: list[str]) -> str:
    hint = nearest(period, labels)
    if hint.startswith("Did"):
        return hint
    return f"Its editions go from {labels[0]} to {labels[-1]}."


class _OfReport(Protocol):
    @property
    def report(self) -> str: ...


_Item = TypeVar("_Item", bound=_OfReport)


def of_reports(items: Sequence[_Item], reports: Collection[str]) -> list[_Item]:
    """Return what belongs to the reports that somebody named; without a name, all.

    Raises:
        UsageError: Nothing belongs to a report of that name.
    """
    known = {item.report for item in items}
    for name in reports:
        if name not in known:
            raise UsageError(f"there is no edition of a report '{name}'", hint=nearest(name, known))
    return [item for item in items if not reports or item.report in reports]
