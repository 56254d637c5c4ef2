"""What a report is: the model behind `report.yml`."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from kpisite.errors import nearest
from kpisite.model.base import StrictModel
from kpisite.model.period import Period
from kpisite.model.schedule import PATTERN, SCHEDULES, Schedule

_LENGTH = re.compile(r"(\d+) *(minute|hour|day|week)s?")
_ID = r"^[A-Za-z][A-Za-z0-9_-]*$"

Colour = Annotated[str, Field(pattern=r"^#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})$", examples=["#2563c9"])]
"""A colour as `#rgb` or `#rrggbb`."""


def _parse_length(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = _LENGTH.fullmatch(value.strip())
    if match is None:
        raise ValueError(f"'{value}' is no length of time; write it like '2 days' or '12 hours'")
    return timedelta(**{match[2] + "s": int(match[1])})


Length = Annotated[
    timedelta,
    BeforeValidator(_parse_length, json_schema_input_type=str),
    Field(examples=["2 days", "12 hours"]),
]
"""A length of time, written `2 days`."""


def _known_zone(name: str) -> str:
    zones = available_timezones()
    if name not in zones:
        hint = nearest(name, zones) if len(name) > 2 else ""
        hint = hint if hint.startswith("Did") else "It is an IANA name such as Europe/Berlin."
        raise ValueError(f"unknown timezone '{name}'. {hint}")
    return name


class DatasourceDefinition(StrictModel):
    """Where frames come from."""

    plugin: str
    """Name of a datasource plugin, or `package.module:Class`."""
    args: dict[str, Any] = Field(default_factory=dict)
    """The plugin's options."""


class ViewDefinition(StrictModel):
    """What is shown; `title`, `description` and `cols` may also stand inside `args`."""

    plugin: str
    """Name of a view plugin, or `package.module:Class`."""
    title: str = ""
    """Heading of the block; without it, the id in words."""
    description: str = ""
    """A few words behind the title: unit, split, what to look for."""
    cols: int = Field(default=0, ge=0)
    """Columns of the grid that the block takes; 0 is the full width, and for KPIs the strip."""
    args: dict[str, Any] = Field(default_factory=dict)
    """The plugin's options."""

    @model_validator(mode="before")
    @classmethod
    def _lift(cls, data: Any) -> Any:
        """Take what KPI Reporter allowed inside `args` to its place; `args` win."""
        if not (isinstance(data, dict) and isinstance(data.get("args"), dict)):
            return data
        args = dict(data["args"])
        lifted = {key: args.pop(key) for key in ("title", "description", "cols") if key in args}
        return {**data, **lifted, "args": args}


class OutputDefinition(StrictModel):
    """Where a site or an edition goes."""

    plugin: str
    """Name of an output driver, or `package.module:Class`."""
    args: dict[str, Any] = Field(default_factory=dict)
    """The driver's options."""


class Theme(StrictModel):
    """How the report's pages look."""

    num_columns: int = Field(default=6, ge=1, le=12)
    """Columns of the grid."""
    series_colors: tuple[Colour, ...] = ()
    """Colours of chart series, in both palettes; without them, the site's own."""


class Report(StrictModel):
    """One report: what is asked of which datasources, how it is shown, and when it is due."""

    title: str = "Status report"
    """May contain `{from}`, `{to}` and `{period}`."""
    description: str = ""
    """One sentence below the title."""
    schedule: Annotated[str, Field(pattern=PATTERN, examples=list(SCHEDULES))] = "on demand"
    """daily, weekly, monthly, quarterly, yearly, every N days, or on demand."""
    since: date | None = None
    """First day that is reported; without it, the newest period that is over comes first."""
    until: date | None = None
    """First day that is no longer reported."""
    interval_days: int = Field(default=7, ge=1)
    """Length of an on-demand period in days."""
    start_date: date | datetime | None = None
    """First instant of an on-demand period; default: `interval_days` before its end."""
    end_date: date | datetime | None = None
    """End of an on-demand period; default: the last local midnight."""
    timezone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    """IANA name; decides where days, weeks and months begin."""
    settle: Length = timedelta(0)
    """How long after a period's end data may still arrive; preliminary until then."""
    theme: Theme = Theme()
    datasources: dict[Annotated[str, Field(pattern=_ID)], DatasourceDefinition] = Field(
        default_factory=dict
    )
    """Id → plugin and its options."""
    views: Annotated[dict[Annotated[str, Field(pattern=_ID)], ViewDefinition], Field(min_length=1)]
    """Id → plugin and its options, in the order of the page."""
    outputs: dict[Annotated[str, Field(pattern=_ID)], OutputDefinition] = Field(
        default_factory=dict
    )
    """Id → plugin and its options."""

    @field_validator("schedule", mode="before")
    @classmethod
    def _known_schedule(cls, value: object) -> object:
        if isinstance(value, str):
            try:
                Schedule.parse(value)
            except ValueError as error:
                raise ValueError(f"{error}. {nearest(value, SCHEDULES)}".rstrip()) from None
        return value

    @model_validator(mode="after")
    def _check_dates(self) -> Self:
        for first, after in (("since", "until"), ("start_date", "end_date")):
            begin, end = getattr(self, first), getattr(self, after)
            if begin is not None and end is not None and _naive(end) <= _naive(begin):
                raise ValueError(f"{after} {end} is not after {first} {begin}")
        if (self.start_date or self.end_date) and not self.cadence.on_demand:
            raise ValueError(
                f"start_date and end_date belong to on-demand reports; with 'schedule: "
                f"{self.schedule}' use since and until"
            )
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The report's timezone."""
        return ZoneInfo(self.timezone)

    @property
    def cadence(self) -> Schedule:
        """The parsed schedule."""
        return Schedule.parse(self.schedule, self.interval_days)

    def periods(self, now: datetime) -> list[Period]:
        """Return the report's periods that began before `now`, oldest first."""
        if self.cadence.on_demand and (self.start_date or self.end_date):
            return [self._fixed_period(now)]
        return list(self.cadence.periods(self.since, self.until, now, self.zone))

    def is_open(self, period: Period, now: datetime) -> bool:
        """Tell whether data of the period may still arrive at `now`."""
        return now < period.end + self.settle

    def _fixed_period(self, now: datetime) -> Period:
        end = _naive(self.end_date) if self.end_date else None
        end = end or datetime.combine(now.astimezone(self.zone).date(), datetime.min.time())
        start = _naive(self.start_date) if self.start_date else None
        start = start or end - timedelta(days=self.interval_days)
        return Period(start.replace(tzinfo=self.zone), end.replace(tzinfo=self.zone))


class RecordedDefinition(StrictModel):
    """The part of a definition that shapes an edition, as its record keeps it.

    Environment variables and secrets of datasources are not in it, outputs neither.
    """

    title: str
    description: str = ""
    schedule: str = "on demand"
    timezone: str = "UTC"
    theme: Theme = Theme()
    datasources: dict[str, DatasourceDefinition] = Field(default_factory=dict)
    views: dict[str, ViewDefinition]

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits that change with anything in the definition."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def _naive(moment: date | datetime) -> datetime:
    if isinstance(moment, datetime):
        return moment.replace(tzinfo=None)
    return datetime.combine(moment, datetime.min.time())
