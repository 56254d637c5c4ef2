"""Periods and moments as a reader says them, in the language of the site."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING

from kpisite.model.language import gettext, language, ngettext
from kpisite.model.number import grouped
from kpisite.model.period import Period, midnight

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


def period_title(period: Period) -> str:
    """Return the heading of an edition.

    Returns:
        "Week 6, 2013", "4 February 2013", "February 2013", "Q1 2013", "2013"; for a stretch of
        days its span.
    """
    match period.unit:
        case "week":
            year, week, _ = period.start.isocalendar()
            return gettext("Week {week}, {year}").format(week=week, year=year)
        case "month":
            return language().month_and_year(period.start)
        case "quarter":
            return gettext("{quarter} {year}").format(
                quarter=quarter(period.start), year=period.start.year
            )
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
            return gettext("week {week}").format(week=period.start.isocalendar().week)
        case "day":
            return language().day_and_month(period.start)
        case "month":
            return language().month(period.start)
        case "quarter":
            return quarter(period.start)
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
        return f"{clock_text(period.start)} – {clock_text(period.end)}"
    first_day, last_day = period.start.date(), period.last_day
    if first_day == last_day:
        return day_text(last_day)
    spoken = language()
    first = spoken.day(first_day)
    if (first_day.year, first_day.month) == (last_day.year, last_day.month):
        first = spoken.day_of_month(first_day) or first
    elif first_day.year == last_day.year:
        first = spoken.day_and_month(first_day)
    return f"{first} – {spoken.day(last_day)}"


def day_text(day: date) -> str:
    """Return "4 February 2013"."""
    return language().day(day)


def clock_text(moment: datetime) -> str:
    """Return an instant in its own zone: "4 February 2013, 06:00"."""
    return f"{day_text(moment.date())}, {moment:%H:%M}"


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


def quarter(day: date) -> str:
    """Return the quarter that a day is in: "Q1"."""
    return gettext("Q{number}").format(number=(day.month + 2) // 3)


def status_text(status: str) -> str:
    """Return the status of an edition in words: "sealed", or "revised"."""
    words = {
        "sealed": gettext("sealed"),
        "preliminary": gettext("preliminary"),
        "draft": gettext("draft"),
        "revised": gettext("revised"),
    }
    return words.get(status, status)


def direction_text(direction: str) -> str:
    """Return where a number went, in words: "up"."""
    return {"up": gettext("up"), "down": gettext("down")}.get(direction, direction)


def verdict_text(verdict: str) -> str:
    """Return whether a change is for the better, in words: "better", "worse", else ""."""
    return {"good": gettext("better"), "bad": gettext("worse")}.get(verdict, "")


def revision_text(number: int) -> str:
    """Return "revision 2"."""
    return gettext("revision {number}").format(number=number)


def editions_text(count: int) -> str:
    """Return `3,000 editions`."""
    said = ngettext("{count} edition", "{count} editions", count)
    return said.format(count=grouped(count, 0))


def rows_text(count: int) -> str:
    """Return `1,204 rows`."""
    said = ngettext("{count} row", "{count} rows", count)
    return said.format(count=grouped(count, 0))


def _is_midnight(instant: datetime, zone: ZoneInfo) -> bool:
    return instant == midnight(instant.date(), zone)
