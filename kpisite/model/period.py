"""Half-open intervals in a report's timezone, with ISO labels."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, Self
from zoneinfo import ZoneInfo

Unit = Literal["day", "week", "month", "quarter", "year", "days"]
"""What a period is a whole one of; `days` is any other stretch of time."""

_LABELS: dict[Unit, str] = {
    "day": r"(\d{4})-(\d\d)-(\d\d)",
    "week": r"(\d{4})-W(\d\d)",
    "month": r"(\d{4})-(\d\d)",
    "quarter": r"(\d{4})-Q(\d)",
    "year": r"(\d{4})",
}
_MONTHS: dict[Unit, int] = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class Period:
    """One half-open interval [start, end) in a report's timezone.

    Two periods that touch share a boundary and no instant, also where daylight saving time
    begins or ends, so that sums over adjoining periods count each row exactly once.
    """

    start: datetime
    """First instant, aware, in the report's timezone."""
    end: datetime
    """First instant after the period, aware, in the report's timezone."""
    unit: Unit = "days"

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a period needs aware datetimes")
        if self.end.astimezone(UTC) <= self.start.astimezone(UTC):
            raise ValueError(f"the end {self.end} is not after the start {self.start}")

    @classmethod
    def of_days(cls, first: date, after: date, zone: ZoneInfo, unit: Unit = "days") -> Self:
        """Return the period from local midnight of `first` up to that of `after`."""
        return cls(midnight(first, zone), midnight(after, zone), unit)

    @classmethod
    def containing(cls, day: date, unit: Unit, zone: ZoneInfo) -> Self:
        """Return the calendar day, ISO week, month, quarter or year that `day` lies in."""
        if unit == "day":
            first, after = day, day + timedelta(days=1)
        elif unit == "week":
            first = day - timedelta(days=day.weekday())
            after = first + timedelta(days=7)
        elif unit == "days":
            raise ValueError("only a calendar unit contains a day; use of_days")
        else:
            months = _MONTHS[unit]
            first = day.replace(month=(day.month - 1) // months * months + 1, day=1)
            after = add_months(first, months)
        return cls.of_days(first, after, zone, unit)

    @classmethod
    def of_label(cls, label: str, zone: ZoneInfo) -> Self | None:
        """Return the day, week, month, quarter or year of a label; None where it is of none."""
        for unit, pattern in _LABELS.items():
            if found := re.fullmatch(pattern, label):
                first, second, third = (int(part or 1) for part in (*found.groups(), "", "")[:3])
                try:
                    if unit == "week":
                        day = date.fromisocalendar(first, second, 1)
                    elif unit == "quarter":
                        day = date(first, second * 3 - 2, 1)
                    else:
                        day = date(first, second, third)
                except ValueError:
                    return None
                return cls.containing(day, unit, zone)
        return None

    @property
    def zone(self) -> ZoneInfo:
        """The report's timezone."""
        zone = self.start.tzinfo
        assert isinstance(zone, ZoneInfo)  # noqa: S101 - all constructors set it
        return zone

    @property
    def label(self) -> str:
        """ISO label: `2013-02-04`, `2013-W06`, `2013-02`, `2013-Q1`, `2013`, else start_end."""
        year, week, _ = self.start.isocalendar()
        match self.unit:
            case "day":
                return self.start.strftime("%Y-%m-%d")
            case "week":
                return f"{year:04}-W{week:02}"
            case "month":
                return self.start.strftime("%Y-%m")
            case "quarter":
                return f"{self.start.year:04}-Q{(self.start.month + 2) // 3}"
            case "year":
                return f"{self.start.year:04}"
            case "days":
                return f"{_stamp(self.start)}_{_stamp(self.end)}"

    @property
    def days(self) -> float:
        """Length in days of the calendar: a week is 7 also where the clock changes."""
        return (_wall_clock(self.end) - _wall_clock(self.start)) / timedelta(days=1)

    @property
    def last_day(self) -> date:
        """The last calendar day that the period touches."""
        return _just_before(self.end).date()

    def previous(self) -> Period:
        """Return the period of the same unit that ends where this one starts."""
        if self.unit != "days":
            return Period.containing(_just_before(self.start).date(), self.unit, self.zone)
        start = _wall_clock(self.start) - timedelta(days=self.days)
        return Period(_existing(start.replace(tzinfo=self.zone)), self.start)

    def contains(self, instant: datetime) -> bool:
        """Tell whether an aware instant lies in the period."""
        return self.start.astimezone(UTC) <= instant.astimezone(UTC) < self.end.astimezone(UTC)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a local day: 01:00 where the clock skips midnight."""
    return _existing(datetime.combine(day, time(0), zone))


def in_zone(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return an instant in a zone; a naive time is the one on the wall there.

    A time that the clock skips is as far behind the gap as it was in it.
    """
    return _existing(moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone))


def add_months(first_of_month: date, months: int) -> date:
    """Return the first of the month that many months later."""
    count = first_of_month.year * 12 + first_of_month.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def _existing(local: datetime) -> datetime:
    return local.astimezone(UTC).astimezone(local.tzinfo)


def _just_before(instant: datetime) -> datetime:
    return (instant.astimezone(UTC) - timedelta(microseconds=1)).astimezone(instant.tzinfo)


def _wall_clock(instant: datetime) -> datetime:
    """Return the local time, 00:00 for the first instant of a day whose midnight is skipped."""
    local = instant.replace(tzinfo=None)
    return datetime.combine(local, time(0)) if _begins_a_day(instant) else local


def _begins_a_day(instant: datetime) -> bool:
    return instant == midnight(instant.date(), _zone(instant))


def _stamp(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%d" if _begins_a_day(instant) else "%Y-%m-%dT%H%M%S")


def _zone(instant: datetime) -> ZoneInfo:
    zone = instant.tzinfo
    assert isinstance(zone, ZoneInfo)  # noqa: S101 - all constructors set it
    return zone
