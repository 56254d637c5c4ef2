"""Moments by the clock on the wall, as numbers for an axis, and their short names."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""Short names, whatever the machine's locale."""

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
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


def day_name(moment: date) -> str:
    """Return "Mon", whatever the machine's locale."""
    return _DAYS[moment.weekday()]
