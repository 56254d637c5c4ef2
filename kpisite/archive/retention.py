"""Which editions a retention rule removes, and how they go: on purpose only."""

from __future__ import annotations

import calendar
import contextlib
import re
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from kpisite.archive.records import NAME
from kpisite.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from kpisite.archive.index import Entry
    from kpisite.archive.parts import Part
    from kpisite.archive.storage import Storage

_RULE = re.compile(r"([1-9][0-9]{0,3})([dwmy]?)")
_Unit = Literal["", "d", "w", "m", "y"]


@dataclass(frozen=True)
class Keep:
    """A retention rule: how many editions of a report stay, or for how long each does."""

    number: int
    unit: _Unit
    """d, w, m, y: days, weeks, months, years; empty: editions."""

    @classmethod
    def parse(cls, text: str) -> Keep:
        """Return the rule that somebody wrote: `200`, `90d`, `26w`, `18m`, `5y`.

        Raises:
            UsageError: It is no rule.
        """
        match = _RULE.fullmatch(text)
        if match is None:
            raise UsageError(
                f"'{text}' is no retention rule",
                hint="Write 200 for the newest 200 editions of each report, or how long an "
                "edition stays after its period: 90d, 26w, 18m, 5y.",
            )
        return cls(int(match[1]), cast("_Unit", match[2]))

    def outdated(self, entries: Iterable[Entry], now: datetime) -> list[Entry]:
        """Return the editions that the rule does not keep, by report, oldest first.

        The newest edition of a report is always kept.

        Args:
            entries: By report and period, as `Archive.editions` gives them.
            now: Aware; an age is counted from the day that this is in the report's timezone.
        """
        found: list[Entry] = []
        for _, group in groupby(entries, key=lambda entry: entry.report):
            *older, _newest = group
            if self.unit:
                found += [e for e in older if e.period.last_day < self._first_day(e, now)]
            else:
                found += older[: max(len(older) + 1 - self.number, 0)]
        return found

    def _first_day(self, entry: Entry, now: datetime) -> date:
        """Return the first day that is kept: an edition whose period touches it stays."""
        today = now.astimezone(entry.period.zone).date()
        try:
            match self.unit:
                case "y" | "m":
                    return _months_before(today, self.number * (12 if self.unit == "y" else 1))
                case _:
                    return today - timedelta(self.number * (7 if self.unit == "w" else 1))
        except (OverflowError, ValueError):
            return date.min


def remove_edition(storage: Storage, key: str, revisions: Iterable[Part]) -> None:
    """Remove all revisions of an edition; the record of its deliveries stays.

    The oldest revision goes first, and of each its record, without which nobody reads the rest:
    wherever this is broken off, what a reader finds is whole, and no older revision comes forth.

    Args:
        storage: The archive's.
        key: Names the edition: `flights/2013-W06`.
        revisions: Its own, as `parts_of` lists them.

    Raises:
        ArchiveError: Something cannot be removed.
    """
    for part in sorted(revisions, key=lambda part: part.revision or 0):
        storage.remove(f"{part.folder}/{NAME}")
        storage.remove_folder(part.folder)
    if storage.local:
        with contextlib.suppress(OSError):  # it holds something else
            Path(storage.root, key).rmdir()


def _months_before(day: date, months: int) -> date:
    """Return the same day of an earlier month, its last day where it has none such."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
