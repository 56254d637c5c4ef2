"""The calendar of an archive: years with a slot for each period, filled by its edition."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from kpisite.model.period import Period
from kpisite.model.words import period_title, quarter
from kpisite.plugins.wall_clock import day_of_year, month_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kpisite.archive.index import Entry
    from kpisite.model.period import Unit

CalendarKind = Literal["day", "week", "month", "quarter", "year", "list"]
"""What a slot is; `list`: periods that are not all of one calendar unit, without empty slots."""


@dataclass(frozen=True)
class Slot:
    """A period of the calendar."""

    text: str
    """A few characters: "6", "Feb", "Q1"."""
    title: str = ""
    """The period in words; "" where it is outside of what the archive covers."""
    entry: Entry | None = None


@dataclass(frozen=True)
class Group:
    """The slots of a month, or of a whole year."""

    label: str
    """"Feb"; "" for a year."""
    slots: list[Slot]


@dataclass(frozen=True)
class CalendarYear:
    """A year of the calendar."""

    label: str
    """"2013", or "1998 – 2004" for years without editions."""
    groups: list[Group]
    """Without any, there are no editions."""
    count: int = 0
    """Of the editions."""


def calendar_kind(entries: Sequence[Entry]) -> CalendarKind:
    """Return what the slots are: the unit that all periods have, or `list`."""
    units = {entry.period.unit for entry in entries}
    unit = units.pop()
    return "list" if units or unit == "days" else unit


def calendar_years(entries: Sequence[Entry]) -> list[CalendarYear]:
    """Return the years from the newest edition's to the oldest's.

    Args:
        entries: The editions of one report, oldest first; at least one.
    """
    kind = calendar_kind(entries)
    if kind == "year":
        return [CalendarYear("", [Group("", list(_years(entries)))], len(entries))]
    years, above = list[CalendarYear](), 0
    by_year = groupby(reversed(entries), key=lambda entry: entry.label[:4])
    for year, group in by_year:
        found = {entry.label: entry for entry in group}
        if above - int(year) > 1 and kind != "list":
            years.append(_empty(int(year) + 1, above - 1))
        above = int(year)
        if kind == "list":
            listed = [_filled(entry, day_of_year(entry.period.start)) for entry in found.values()]
            groups = [Group("", listed[::-1])]
        else:
            slots = _Slots(kind, entries[0].period, entries[-1].period, found)
            groups = list(slots.groups(above))
        years.append(CalendarYear(year, groups, len(found)))
    return years


@dataclass(frozen=True)
class _Slots:
    """Makes the slots of a year."""

    unit: Unit
    first: Period
    last: Period
    found: dict[str, Entry]

    def groups(self, year: int) -> Iterator[Group]:
        """Yield the months of a year that has days or weeks, else the year as a whole."""
        if self.unit in ("day", "week"):
            days = groupby(self._starts(year), key=lambda start: start[0].month)
            for month, starts in days:
                slots = [self._slot(text, start) for _, text, start in starts]
                yield Group(month_name(month), _without_tail(slots))
        else:
            yield Group("", [self._slot(text, start) for _, text, start in self._starts(year)])

    def _starts(self, year: int) -> Iterator[tuple[date, str, date]]:
        """Yield of each period a day in the month that it counts for, its text, its first day."""
        if self.unit == "week":
            monday = date.fromisocalendar(year, 1, 1)
            for week in range(1, 54):
                thursday = monday + timedelta(days=3)
                if thursday.year == year:
                    yield thursday, str(week), monday
                monday += timedelta(days=7)
        elif self.unit == "day":
            day = date(year, 1, 1)
            for _ in range(366):
                if day.year == year:
                    yield day, str(day.day), day
                day += timedelta(days=1)
        else:
            for month in range(1, 13, 3 if self.unit == "quarter" else 1):
                first = date(year, month, 1)
                text = quarter(first) if self.unit == "quarter" else month_name(month)
                yield first, text, first

    def _slot(self, text: str, start: date) -> Slot:
        entry = self.found.get(self._label(start))
        if entry is not None:
            return _filled(entry, text)
        if not self.first.start.date() < start < self.last.start.date():
            return Slot(text)
        return Slot(text, period_title(Period.containing(start, self.unit, self.first.zone)))

    def _label(self, start: date) -> str:
        """Return the label of the period that begins on a day."""
        if self.unit == "day":
            return start.isoformat()
        if self.unit == "week":
            year, week, _ = start.isocalendar()
            return f"{year:04}-W{week:02}"
        if self.unit == "quarter":
            return f"{start.year:04}-Q{(start.month + 2) // 3}"
        return f"{start.year:04}-{start.month:02}"


def _years(entries: Sequence[Entry]) -> Iterator[Slot]:
    """Yield the years from the oldest edition's to the newest's."""
    found = {entry.period.start.year: entry for entry in entries}
    for year in range(min(found), max(found) + 1):
        entry = found.get(year)
        yield Slot(str(year), str(year)) if entry is None else _filled(entry, str(year))


def _filled(entry: Entry, text: str) -> Slot:
    return Slot(text, period_title(entry.period), entry)


def _empty(first: int, last: int) -> CalendarYear:
    return CalendarYear(str(first) if first == last else f"{first} – {last}", [])


def _without_tail(slots: list[Slot]) -> list[Slot]:
    """Return the slots up to the last one that the archive covers."""
    end = len(slots)
    while end and not slots[end - 1].title:
        end -= 1
    return slots[:end]
