"""What a report is: the model behind `report.yml`."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)

from kpisite.model.base import StrictModel
from kpisite.model.fields import Colour, Day, Id, Length, Moment, Timezone
from kpisite.model.period import Period, in_zone, midnight
from kpisite.model.schedule import PATTERN, SCHEDULES, Schedule
from kpisite.model.words import moment_text


class RecordedDatasource(StrictModel):
    """Where frames come from: what an edition keeps of it."""

    plugin: str
    """Name of a datasource plugin, or `package.module:Class`."""
    args: dict[str, Any] = Field(default_factory=dict, repr=False)
    """The plugin's options."""


class DatasourceDefinition(RecordedDatasource):
    """Where frames come from, and how hard it may be asked."""

    max_connections: int | None = Field(default=None, ge=1)
    """How many connections may be open at once; without it, one for each edition that is run at
    the same time."""


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
    show_query: bool | None = None
    """Whether pages show the query; without it, as the report says."""
    downloads: bool | None = None
    """Whether the view's page offers its data as files; without it, as the report says."""
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
    args: dict[str, Any] = Field(default_factory=dict, repr=False)
    """The driver's options."""


_ALWAYS_RECORDED = ("num_columns", "series_colors")
"""What themes had from the beginning: records name it, also where it is the default."""


class Theme(StrictModel):
    """How the report's pages look."""

    num_columns: int = Field(default=6, ge=1, le=12)
    """Columns of the grid."""
    series_colors: tuple[Colour, ...] = ()
    """Colours of chart series, in both palettes; without them, the site's own."""
    ui_colors: tuple[Colour, ...] = Field(default=(), max_length=5)
    """Text, lighter text, dark background, accent background, background: in the light palette;
    the two backgrounds in the middle have no place on these pages."""
    error_colors: tuple[Colour, ...] = Field(default=(), max_length=2)
    """Of what is bad: in the light palette, in the dark one."""
    success_colors: tuple[Colour, ...] = Field(default=(), max_length=2)
    """Of what is good: in the light palette, in the dark one."""
    column_width: int = Field(default=86, ge=1)
    """KPI Reporter's, in pixels; here columns share the width of the page."""
    padding_width: int = Field(default=20, ge=0)
    """KPI Reporter's, in pixels; here the page decides."""
    heading_font: str = Field(default="", pattern=r"^[A-Za-z0-9 ,-]*$")
    """Font families of headings, of which readers must have one; without it, that of the site."""
    theme_dir: str = ""
    """Folder of templates for `kpisite run -c`; a project names it as `custom_dir` of its theme."""

    @model_serializer(mode="wrap")
    def _said(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what nobody has chosen: records stay small, and digests what they were."""
        return {
            name: value
            for name, value in whole(self).items()
            if name in _ALWAYS_RECORDED
            or getattr(self, name) != type(self).model_fields[name].default
        }


class Report(StrictModel):
    """One report: what is asked of which datasources, how it is shown, and when it is due."""

    title: str = "Status report"
    """May contain `{from}`, `{to}` and `{period}`."""
    description: str = ""
    """One sentence below the title."""
    schedule: Annotated[str, Field(pattern=PATTERN, examples=list(SCHEDULES))] = "on demand"
    """daily, weekly, monthly, quarterly, yearly, every N days, or on demand."""
    timezone: Timezone = "UTC"
    """IANA name; decides where days, weeks and months begin."""
    since: Day | None = None
    """First day that is reported; without it, the newest period that is over comes first."""
    until: Day | None = None
    """First day that is no longer reported."""
    interval_days: int = Field(default=7, ge=1, le=9999)
    """Length of an on-demand period in days."""
    start_date: Moment | None = None
    """First instant of an on-demand period; default: `interval_days` before its end."""
    end_date: Moment | None = None
    """End of an on-demand period; default: the last local midnight."""
    settle: Length = timedelta(0)
    """How long after a period's end data may still arrive; preliminary until then."""
    show_query: bool = True
    """Whether pages show what was asked of the datasources; a view may say otherwise."""
    downloads: bool = True
    """Whether pages offer data as files, CSV and Parquet; a view may say otherwise."""
    theme: Theme = Theme()
    datasources: dict[Id, DatasourceDefinition] = Field(default_factory=dict)
    """Id → plugin and its options."""
    views: Annotated[dict[Id, ViewDefinition], Field(min_length=1)]
    """Id → plugin and its options, in the order of the page."""
    outputs: dict[Id, OutputDefinition] = Field(default_factory=dict)
    """Id → plugin and its options."""

    @field_validator("schedule", mode="before")
    @classmethod
    def _known_schedule(cls, value: object) -> object:
        if isinstance(value, str | int | float):
            Schedule.parse(str(value))
        return value

    @field_validator("since", "until", "start_date", "end_date")
    @classmethod
    def _fits_the_schedule(cls, day: date | None, info: ValidationInfo) -> date | None:
        if "schedule" not in info.data:
            return day
        schedule = Schedule.parse(info.data["schedule"])
        if day is None:
            if info.field_name == "since" and schedule.unit == "days" and not schedule.on_demand:
                raise ValueError(
                    f"'schedule: {info.data['schedule']}' is counted from a first day; "
                    "write it like 'since: 2013-02-04'"
                )
        elif schedule.on_demand and info.field_name in ("since", "until"):
            raise ValueError(
                f"{info.field_name} belongs to a report with a schedule; add one, like "
                "'schedule: weekly', or use start_date and end_date"
            )
        elif not schedule.on_demand and info.field_name in ("start_date", "end_date"):
            raise ValueError(
                f"{info.field_name} belongs to an on-demand report; with 'schedule: "
                f"{info.data['schedule']}' use since and until"
            )
        return day

    @field_validator("until", "end_date")
    @classmethod
    def _ends_after_its_start(cls, end: date | None, info: ValidationInfo) -> date | None:
        first = "since" if info.field_name == "until" else "start_date"
        start = info.data.get(first)
        if end is None or start is None or "timezone" not in info.data:
            return end
        zone = ZoneInfo(info.data["timezone"])
        if _instant(end, zone) <= _instant(start, zone):
            raise ValueError(
                f"{info.field_name} {moment_text(end)} is not after {first} {moment_text(start)}"
            )
        return end

    @property
    def zone(self) -> ZoneInfo:
        """The report's timezone."""
        return ZoneInfo(self.timezone)

    @property
    def cadence(self) -> Schedule:
        """The parsed schedule."""
        return Schedule.parse(self.schedule, self.interval_days)

    def periods(self, now: datetime) -> list[Period]:
        """Return the report's periods that have begun at `now`, oldest first."""
        if self.cadence.on_demand and (self.start_date or self.end_date):
            period = self._fixed_period(now)
            return [period] if period and period.start <= now.astimezone(UTC) else []
        return list(self.cadence.periods(self.since, self.until, now, self.zone))

    def is_open(self, period: Period, now: datetime) -> bool:
        """Tell whether data of the period may still arrive at `now`."""
        return now.astimezone(UTC) < period.end.astimezone(UTC) + self.settle

    def _fixed_period(self, now: datetime) -> Period | None:
        """Return the period between `start_date` and `end_date`; None before it begins."""
        zone = self.zone
        end = self.end_date or datetime.combine(now.astimezone(zone), time(0))
        start = self.start_date or end - timedelta(days=self.interval_days)
        if _instant(end, zone) <= _instant(start, zone):
            return None
        return Period(in_zone(start, zone), in_zone(end, zone))


def _instant(moment: date, zone: ZoneInfo) -> datetime:
    local = in_zone(moment, zone) if isinstance(moment, datetime) else midnight(moment, zone)
    return local.astimezone(UTC)
