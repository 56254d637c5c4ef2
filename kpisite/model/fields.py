"""The kinds of values that stand in a definition: times, colours, ids."""

from __future__ import annotations

import functools
import re
from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field

from kpisite.errors import nearest

_LENGTH = re.compile(r"(\d{1,4}) *(minute|hour|day|week)s?", re.ASCII)
_STEP = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.ASCII)

Colour = Annotated[str, Field(pattern=r"^#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})$", examples=["#2563c9"])]
"""A colour as `#rgb` or `#rrggbb`."""


def _parse_length(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    match = _LENGTH.fullmatch(str(value).strip())
    if match is None:
        raise ValueError(f"'{value}' is no length of time; write it like '2 days' or '12 hours'")
    return timedelta(**{match[2] + "s": int(match[1])})


Length = Annotated[
    timedelta,
    BeforeValidator(_parse_length, json_schema_input_type=str),
    Field(examples=["2 days", "12 hours"]),
]
"""A length of time, written `2 days`."""


def parse_step(value: object) -> timedelta:
    """Return the length of time between two samples: `15m`, `1h30m`, or a number of seconds.

    Raises:
        ValueError: It is none, or no time at all.
    """
    text = f"{value}s" if isinstance(value, int) or str(value).isdecimal() else str(value).strip()
    match = _STEP.fullmatch(text)
    names = ("weeks", "days", "hours", "minutes", "seconds")
    given = zip(names, match.groups(default="0"), strict=True) if match else ()
    try:
        step = timedelta(**{name: int(number) for name, number in given})
    except OverflowError:
        step = timedelta(0)
    if not step:
        raise ValueError(f"'{value}' is no length of time; write it like 15m, 1h or 1h30m")
    return step


Step = Annotated[
    timedelta,
    BeforeValidator(
        lambda value: value if isinstance(value, timedelta) else parse_step(value),
        json_schema_input_type=str | int,
    ),
    Field(examples=["15m", "1h"]),
]
"""A length of time between two samples, written `15m`."""


def _parse_day(value: object) -> object:
    """Read ISO 8601 only: a number would be taken for seconds since 1970."""
    if isinstance(value, date) or value is None:
        return value
    try:
        return datetime.fromisoformat(str(value).strip())
    except ValueError:
        raise ValueError(f"'{value}' is no date; write it like 2013-02-04") from None


def _parse_moment(value: object) -> object:
    """Read ISO 8601, and else any date that can be read in one way only: `4 Feb 2013`."""
    try:
        return _parse_day(value)
    except ValueError:
        text = str(value).strip()
        readings = [_reading(text, day_first=False)]
        if not _YEAR_FIRST.match(text):
            readings.append(_reading(text, day_first=True))
        if None in readings:
            raise
        if len(set(readings)) > 1:
            raise ValueError(
                f"'{value}' can be read as two dates; write it like 2013-02-04"
            ) from None
        return readings[0]


_YEAR_FIRST = re.compile(r"\d{4}\D")


def _reading(text: str, *, day_first: bool) -> datetime | None:
    """Return a date; None where a text is none, or lacks its day, month or year."""
    from dateutil.parser import ParserError, parse

    if text.isdecimal():
        return None
    defaults = datetime(1999, 1, 1), datetime(2000, 2, 2)  # noqa: DTZ001 - on the wall
    try:
        first, second = (parse(text, default=default, dayfirst=day_first) for default in defaults)
    except (ParserError, OverflowError):
        return None
    return first if first == second else None


Day = Annotated[date, BeforeValidator(_parse_day, json_schema_input_type=date)]
"""A day, written `2013-02-04`."""

Moment = Annotated[datetime, BeforeValidator(_parse_moment, json_schema_input_type=date | datetime)]
"""A day or an instant; without a zone of its own in that of the report."""


@functools.cache
def _zones() -> frozenset[str]:
    """Return the names of all zones; to find them takes as long as to read a report."""
    return frozenset(available_timezones() - {"localtime", "Factory"})  # each machine's own


def _known_zone(name: str) -> str:
    zones = _zones()
    if name not in zones:
        cities = {zone.rpartition("/")[2].lower(): zone for zone in sorted(zones)}
        named = cities.get(name.lower().replace(" ", "_"), name)
        hint = nearest(named, zones) if len(name) > 2 else ""
        hint = hint if hint.startswith("Did") else "It is an IANA name such as Europe/Berlin."
        raise ValueError(f"unknown timezone '{name}'. {hint}")
    return name


Timezone = Annotated[str, AfterValidator(_known_zone)]
"""An IANA name."""

Id = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]
"""Names a datasource, a view or an output within its report."""
