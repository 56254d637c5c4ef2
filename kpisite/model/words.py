"""Periods and moments as a reader says them, in English, whatever the machine's locale."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING

from kpisite.model.period import Period, midnight

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def period_title(period: Period) -> str:
    """Return the heading of an edition.

    Returns:
        "Week 6, 2013", "4 February 2013", "February 2013", "Q1 2013", "2013"; for a stretch of
        days its span.
    """
    match period.unit:
        case "week":
            year, week, _ = period.start.isocalendar()
            return f"Week {week}, {year}"
        case "month":
            return f"{_MONTHS[period.start.month - 1]} {period.start.year}"
        case "quarter":
            return f"{_quarter(period)} {period.start.year}"
        case "year":
            return str(period.start.year)
        case "day" | "days":
            return period_span(period)


def period_short(period: Period) -> str:
    """Return a few words for a period whose year is clear from what stands around them.

    Returns:
        "week 5", "3 February", "February", "Q1", "2012"; for a stretch of days its span.
    """
    match period.unit:
        case "week":
            return f"week {period.start.isocalendar().week}"
        case "day":
            return _day(period.start, year=False)
        case "month":
            return _MONTHS[period.start.month - 1]
        case "quarter":
            return _quarter(period)
        case "year":
            return str(period.start.year)
        case "days":
            return period_span(period)


def period_span(period: Period) -> str:
    """Return the first and the last day of a period, with times where it has no whole days.

    Returns:
        "4 – 10 February 2013", "28 January – 3 February 2013",
        "30 December 2013 – 5 January 2014", "4 February 2013", or
        "4 February 2013, 06:00 – 5 February 2013, 12:00".
    """
    zone = period.zone
    if not (_is_midnight(period.start, zone) and _is_midnight(period.end, zone)):
        first, last = (f"{_day(at)}, {at:%H:%M}" for at in (period.start, period.end))
        return f"{first} – {last}"
    first_day, last_day = period.start.date(), period.last_day
    if first_day == last_day:
        return _day(last_day)
    if (first_day.year, first_day.month) == (last_day.year, last_day.month):
        return f"{first_day.day} – {_day(last_day)}"
    return f"{_day(first_day, year=first_day.year != last_day.year)} – {_day(last_day)}"


def day_text(day: date) -> str:
    """Return "4 February 2013"."""
    return _day(day)


def moment_text(moment: date | time, *, with_time: bool | None = None) -> str:
    """Return a date or a time in ISO order, so that rows compare at a glance.

    Args:
        moment: A date, a datetime (shown on the clock of its own zone), or a time of day.
        with_time: Whether a datetime shows its time; by default, unless it is midnight.

    Returns:
        "2013-02-04", "2013-02-04 06:15" or "06:15"; seconds only where there are any.
    """
    if not isinstance(moment, datetime | time):
        return moment.isoformat()
    clock = moment if isinstance(moment, time) else moment.time()
    shown = clock.isoformat("seconds" if clock.second else "minutes")
    if isinstance(moment, time):
        return shown
    if with_time is None:
        with_time = clock != time(0)
    day = moment.date().isoformat()
    return f"{day} {shown}" if with_time else day


def _day(day: date, *, year: bool = True) -> str:
    text = f"{day.day} {_MONTHS[day.month - 1]}"
    return f"{text} {day.year}" if year else text


def _quarter(period: Period) -> str:
    return f"Q{(period.start.month + 2) // 3}"


def _is_midnight(instant: datetime, zone: ZoneInfo) -> bool:
    return instant == midnight(instant.date(), zone)
