"""When a report is due: the periods of a schedule."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from kpisite.errors import nearest
from kpisite.model.period import Period, Unit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

_UNITS: dict[str, Unit] = {
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "quarterly": "quarter",
    "yearly": "year",
}
SCHEDULES = (*_UNITS, "every N days", "on demand")
"""What `schedule` may say."""

PATTERN = rf"^({'|'.join(_UNITS)}|on demand|every [1-9][0-9]{{0,3}} days?)$"
"""The same as a regular expression, for the JSON Schema."""


@dataclass(frozen=True)
class Schedule:
    """How time is cut into periods."""

    unit: Unit
    """A calendar unit, or `days` for stretches of `length` days."""
    length: int = 1
    """Days in a period; only for the unit `days`."""
    on_demand: bool = False
    """One period that ends at the last local midnight, instead of a series."""

    @classmethod
    def parse(cls, text: str, interval_days: int = 7) -> Schedule:
        """Return the schedule that a definition names.

        Args:
            text: One of SCHEDULES.
            interval_days: Length of an on-demand period in days.

        Raises:
            ValueError: No schedule has this name.
        """
        if text in _UNITS:
            return cls(_UNITS[text])
        if text == "on demand":
            return cls("days", interval_days, on_demand=True)
        every = re.fullmatch(r"every ([1-9][0-9]{0,3}) days?", text)
        if every is None:
            raise ValueError(f"'{text}' is no schedule. {nearest(text, SCHEDULES)}")
        return cls("days", int(every[1]))

    def periods(
        self, since: date | None, until: date | None, now: datetime, zone: ZoneInfo
    ) -> Iterator[Period]:
        """Yield the periods that have begun at `now`, oldest first; the last may still be open.

        Args:
            since: First day that counts; the period it lies in is the first. Without it, the
                newest calendar period that is over comes first; stretches of days need it.
            until: First day that no longer counts.
            now: Aware.
            zone: The report's timezone.

        Raises:
            ValueError: Stretches of days have no first day to count from.
        """
        today = now.astimezone(zone).date()
        if self.on_demand:
            yield Period.of_days(today - timedelta(days=self.length), today, zone)
            return
        period = self._first(since, today, zone)
        now = now.astimezone(UTC)  # two times of one zone compare by the clock on the wall
        while period.start <= now and (until is None or period.start.date() < until):
            yield period
            period = self._following(period)

    def _first(self, since: date | None, today: date, zone: ZoneInfo) -> Period:
        if self.unit == "days":
            if since is None:
                raise ValueError("stretches of days are counted from `since`")
            return Period.of_days(since, since + timedelta(days=self.length), zone)
        period = Period.containing(since or today, self.unit, zone)
        return period if since else period.previous()

    def _following(self, period: Period) -> Period:
        first = period.end.date()
        if self.unit == "days":
            return Period.of_days(first, first + timedelta(days=self.length), period.zone)
        return Period.containing(first, self.unit, period.zone)
