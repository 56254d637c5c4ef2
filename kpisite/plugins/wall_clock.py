"""Moments by the clock on the wall, as numbers for an axis, and their short names."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from kpisite.model.language import gettext, language

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - what the clock on the wall shows, in no zone


def wall_clock(moment: date, zone: ZoneInfo) -> float:
    """Return a moment as Bokeh counts: milliseconds from 1970, by the clock on the wall.

    Args:
        moment: A date is its midnight; a naive datetime is the wall's clock already.
        zone: Where the wall stands.
    """
    if isinstance(moment, pd.Timestamp):
        moment = moment.to_pydatetime(warn=False)
    if not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001
    if moment.tzinfo is not None:
        moment = moment.astimezone(zone).replace(tzinfo=None)
    return (moment - _EPOCH) / timedelta(milliseconds=1)


def wall_time(milliseconds: float) -> datetime:
    """Return what the clock on the wall shows, naive."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def month_name(month: int) -> str:
    """Return "Feb" for 2, in the site's language."""
    return language().months[month - 1]


def day_of_week(moment: date) -> str:
    """Return "Mon 4"."""
    weekday = language().weekdays[moment.weekday()]
    return gettext("{weekday} {day}").format(weekday=weekday, day=moment.day)


def day_of_year(moment: date) -> str:
    """Return "4 Feb"."""
    return gettext("{day} {month}").format(day=moment.day, month=month_name(moment.month))


def day_in_full(moment: date) -> str:
    """Return "Mon 4 Feb 2013"."""
    return gettext("{weekday} {day} {month} {year}").format(
        weekday=language().weekdays[moment.weekday()],
        day=moment.day,
        month=month_name(moment.month),
        year=moment.year,
    )
