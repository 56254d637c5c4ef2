"""The record of an edition: all that is needed to show it again in years."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AwareDatetime, Field, model_validator

from kpisite.model.base import StrictModel
from kpisite.model.metric import Metric
from kpisite.model.period import Period, Unit
from kpisite.model.recorded_definition import RecordedDefinition

Status = Literal["draft", "preliminary", "sealed"]
"""draft: only in a preview; preliminary: may still change; sealed: final."""

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""A digest in hexadecimal digits, also the name of a file."""

FORMAT = 1
"""Version of `edition.json`; a reader refuses a newer one."""


class PeriodRecord(StrictModel):
    """A period as the record keeps it."""

    label: str
    start: AwareDatetime
    end: AwareDatetime
    timezone: str
    unit: Unit

    @model_validator(mode="after")
    def _is_a_period(self) -> Self:
        try:
            self.period()
        except ZoneInfoNotFoundError as error:
            raise ValueError(f"unknown timezone '{self.timezone}'") from error
        return self

    @classmethod
    def of(cls, period: Period) -> PeriodRecord:
        """Return the record of a period."""
        return cls(
            label=period.label,
            start=period.start,
            end=period.end,
            timezone=period.zone.key,
            unit=period.unit,
        )

    def period(self) -> Period:
        """Return the period of the record."""
        zone = ZoneInfo(self.timezone)
        return Period(self.start.astimezone(zone), self.end.astimezone(zone), self.unit)


class FrameRecord(StrictModel):
    """One recorded query result."""

    datasource: str
    query: str
    args: dict[str, object] = Field(default_factory=dict)
    period: str
    """Label of the period that was asked for: the edition's, or the one before."""
    sha256: Sha256
    """Digest of the Parquet file that holds the frame."""
    rows: int
    columns: tuple[str, ...]
    bytes: int
    """Size of the Parquet file."""
    seconds: float
    """How long the datasource took to answer."""


class BlobRecord(StrictModel):
    """Bytes that a view fetched while it was run."""

    id: str
    """`<view>/<name>`."""
    mime: str
    title: str = ""
    sha256: Sha256
    bytes: int


class ErrorRecord(StrictModel):
    """Why a view could not be made."""

    message: str
    where: str = ""
    hint: str = ""
    query: str = ""
    """What the view asked, without secrets."""


class ViewRecord(StrictModel):
    """What a view got and made in this edition."""

    id: str
    status: Literal["ok", "error"] = "ok"
    frames: dict[str, int] = Field(default_factory=dict)
    """The view's name for a frame → its position in the edition's frames."""
    metrics: tuple[Metric, ...] = ()
    blobs: tuple[BlobRecord, ...] = ()
    error: ErrorRecord | None = None
    warnings: tuple[str, ...] = ()
    """Notes of the view about its data, for whoever runs the report."""


class RunRecord(StrictModel):
    """When and with what an edition was made."""

    started: AwareDatetime
    seconds: float
    versions: dict[str, str]
    """Package → version."""
    reason: str = ""
    """Why a sealed edition was run again, in the words of whoever did so."""


class EditionRecord(StrictModel):
    """One report over one period: `edition.json`."""

    format: Literal[1] = 1
    report: str
    """The report's id."""
    title: str
    """The report's title, tokens filled in."""
    period: PeriodRecord
    revision: int = Field(default=1, ge=1)
    status: Status
    definition: RecordedDefinition
    frames: tuple[FrameRecord, ...] = ()
    views: tuple[ViewRecord, ...] = ()
    run: RunRecord

    @model_validator(mode="after")
    def _has_its_frames(self) -> Self:
        for view in self.views:
            for name, position in view.frames.items():
                if not 0 <= position < len(self.frames):
                    raise ValueError(f"view '{view.id}': there is no frame {position} for '{name}'")
        return self

    @property
    def key(self) -> str:
        """`flights/2013-W06`: names the edition in messages and commands."""
        return f"{self.report}/{self.period.label}"

    @property
    def metrics(self) -> dict[str, Metric]:
        """All metrics of the edition by name, in the order of the views."""
        return {metric.name: metric for view in self.views for metric in view.metrics}

    @property
    def failed(self) -> tuple[ViewRecord, ...]:
        """The views that could not be made."""
        return tuple(view for view in self.views if view.status == "error")
