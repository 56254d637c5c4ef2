"""The formats of the JSON files that a site has for other programs.

Names and meanings of the fields are a promise: within version 1, fields are only added.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict

from kpisite.model.documented_schema import DocumentedSchema
from kpisite.model.edition import Status
from kpisite.model.metric import Direction, Verdict
from kpisite.model.number import Style
from kpisite.model.period import Unit
from kpisite.model.words import period_span, period_title

if TYPE_CHECKING:
    from kpisite.model.metric import Metric
    from kpisite.model.number import NumberFormat
    from kpisite.model.period import Period


class Document(BaseModel):
    """A part of a JSON file; a reader may find more fields in it than are known here."""

    model_config = ConfigDict(
        extra="ignore", frozen=True, json_schema_serialization_defaults_required=True
    )


class PeriodDocument(Document):
    """The period of an edition."""

    label: str
    """ISO label, also the name of the edition's folder: `2013-W06`."""
    title: str
    """In words: `Week 6, 2013`."""
    span: str
    """Its days: `4 – 10 February 2013`."""
    unit: Unit
    """What it is a whole one of; `days` is any other stretch of time."""
    start: AwareDatetime
    """First instant, with the offset of the report's timezone."""
    end: AwareDatetime
    """First instant after it."""
    timezone: str
    """Of the report: `America/New_York`."""

    @classmethod
    def of(cls, period: Period) -> Self:
        """Return what is said of a period."""
        return cls(
            label=period.label,
            title=period_title(period),
            span=period_span(period),
            unit=period.unit,
            start=period.start,
            end=period.end,
            timezone=period.zone.key,
        )


class FormatDocument(Document):
    """How a number is shown."""

    style: Style
    precision: int
    """Digits after the point."""
    unit: str
    """Shown behind a plain number."""
    currency: str
    """ISO 4217 code; empty for other styles."""

    @classmethod
    def of(cls, number: NumberFormat) -> Self:
        """Return what is said of a format."""
        return cls.model_validate(number, from_attributes=True)


class MetricDocument(Document):
    """One number of an edition."""

    name: str
    """The view's id, or `<view>/<name>` where a view has several."""
    title: str
    value: float | None
    """In its own unit: a ratio for `percent`, seconds for `duration`; null: no data."""
    text: str
    """The value as its card shows it, with its unit and its label: `84 pieces`, `no data`."""
    format: FormatDocument
    comparison: float | None
    """The value that it is compared with."""
    comparison_title: str
    """What that is: `week 5`."""
    change: float | None
    """The difference between the two, or their ratio, as `change_as` says."""
    change_as: Literal["raw", "percent"]
    """`raw`: a difference in the value's own unit; `percent`: a ratio, 0.1 is +10 %."""
    change_text: str
    """The change without its sign, as a page shows it; empty where there is none."""
    change_direction: Literal["up", "down", "none"]
    """none also where the change is too small to be shown."""
    change_verdict: Verdict
    """Whether the change is for the better: good, bad or neutral."""
    target: float | None
    """What the value ought to reach, or with `good: down` not to exceed."""
    target_met: bool | None
    """null where there is no target or no value."""
    target_text: str
    """The verdict in words; empty where there is none."""
    good: Direction | None
    """Which way is better; null where neither is."""

    @classmethod
    def of(cls, metric: Metric) -> Self:
        """Return what is said of a metric."""
        return cls(
            name=metric.name,
            title=metric.title,
            value=metric.value,
            text=metric.said,
            format=FormatDocument.of(metric.format),
            comparison=metric.comparison,
            comparison_title=metric.comparison_text,
            change=metric.change,
            change_as=metric.change_as,
            change_text=metric.change_text,
            change_direction=metric.change_direction,
            change_verdict=metric.change_verdict,
            target=metric.target,
            target_met=metric.target_met,
            target_text=metric.target_text,
            good=metric.good,
        )


class DataDocument(Document):
    """A frame that a view shows."""

    name: str
    """The view's name for it."""
    rows: int
    columns: tuple[str, ...]
    csv: str | None
    """Address of the file; null where there is none to download."""
    parquet: str | None


class ViewDocument(Document):
    """A view of an edition."""

    id: str
    title: str
    description: str
    status: Literal["ok", "error"]
    """error: it could not be made, and its page says why."""
    url: str
    """Address of its page."""
    data: tuple[DataDocument, ...]


class LinkDocument(Document):
    """Another edition, or another revision of this one."""

    label: str
    """The label of its period."""
    revision: int | None
    """null for a neighbour: it is the newest one."""
    url: str
    """Address of its page."""
    json_url: str
    """Address of its `edition.json`."""


class ChangeDocument(Document):
    """A number that the revision before said otherwise."""

    title: str
    """Of the metric."""
    was: str
    """What its card said: `84 pieces`."""
    now: str
    """What its card says."""


class EditionDocument(Document):
    """`<report>/<period>/edition.json`. Addresses are relative to the file."""

    version: Literal[1] = 1
    """Of this format."""
    report: str
    """The report's id: its folder in the site."""
    title: str
    description: str
    period: PeriodDocument
    status: Status
    """draft: only in a preview; preliminary: may still change; sealed: final."""
    revision: int
    """1, and one more each time a sealed edition is run again."""
    run: AwareDatetime
    """When it was run, in UTC."""
    data_until: str
    """Up to when it has data, in words and in its timezone: `10 February 2013, 23:59`."""
    zone: str
    """Its timezone in words: `New York time`."""
    provenance: str
    """When it was run, what was asked of which datasources, its definition, in one line."""
    url: str
    """Address of its page."""
    report_url: str
    """Address of the page that shows the newest edition."""
    index_url: str
    """Address of the report's `index.json`."""
    previous: LinkDocument | None
    """The edition before it."""
    next: LinkDocument | None
    """The edition after it."""
    replaced_by: LinkDocument | None
    """The newest revision, where this is an older one."""
    replaces: tuple[LinkDocument, ...]
    """The older revisions, oldest first."""
    changed: tuple[ChangeDocument, ...]
    """The metrics that the last of them said otherwise, in the order of the views."""
    reason: str
    """Why it was run again, if whoever did so has said it."""
    metrics: tuple[MetricDocument, ...]
    """In the order of the views."""
    views: tuple[ViewDocument, ...]
    """In the order of the page."""


class MetricInfo(Document):
    """What is the same in all editions that have a metric, as the newest edition says it."""

    name: str
    title: str
    format: FormatDocument
    target: float | None
    good: Direction | None


class EditionRow(Document):
    """An edition among others. Its `edition.json` is in the folder that `period` names."""

    period: str
    """The label of its period."""
    start: AwareDatetime
    end: AwareDatetime
    status: Status
    revision: int
    run: AwareDatetime
    url: str
    """Address of its page."""
    values: dict[str, float | None]
    """Name of a metric → its value; null: no data."""


class ReportIndex(Document):
    """`<report>/index.json`. Addresses are relative to the file."""

    version: Literal[1] = 1
    """Of this format."""
    report: str
    title: str
    description: str
    url: str
    """Address of the page that shows the newest edition."""
    feed: str | None
    """Address of the report's Atom feed; null where the site has none."""
    metrics: tuple[MetricInfo, ...]
    """The metrics of the newest edition."""
    editions: tuple[EditionRow, ...]
    """All editions, newest first, each in its newest revision."""


class NewestEdition(Document):
    """The newest edition of a report."""

    title: str
    period: PeriodDocument
    status: Status
    revision: int
    run: AwareDatetime
    url: str
    json_url: str
    metrics: tuple[MetricDocument, ...]


class ReportRow(Document):
    """A report among others."""

    report: str
    title: str
    description: str
    url: str
    """Address of the page that shows its newest edition."""
    index_url: str
    """Address of its `index.json`."""
    feed: str | None
    editions: int
    """How many it has."""
    newest: NewestEdition


class SiteIndex(Document):
    """`index.json` of the site. Addresses are relative to the file."""

    version: Literal[1] = 1
    """Of this format."""
    title: str
    description: str
    url: str
    """Address of the overview."""
    feed: str | None
    """Address of the site's Atom feed; null where it has none."""
    reports: tuple[ReportRow, ...]
    """By their id."""


DOCUMENTS: dict[str, type[Document]] = {
    "edition": EditionDocument,
    "index": ReportIndex,
    "site": SiteIndex,
}
"""All formats, by the name that a schema is asked for with."""


def document_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of a format that `DOCUMENTS` names."""
    return DOCUMENTS[name].model_json_schema(
        mode="serialization", schema_generator=DocumentedSchema
    )
