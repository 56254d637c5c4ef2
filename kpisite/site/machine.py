"""The archive as JSON for other programs: an edition, the editions of a report, the reports.

The names and meanings of the fields are a promise: within version 1, fields are only added.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any, Literal, Self
from urllib.parse import quote

from pydantic import AwareDatetime

from kpisite.model.base import StrictModel
from kpisite.model.edition import Status
from kpisite.model.metric import Direction, Metric
from kpisite.model.number import NumberFormat
from kpisite.model.period import Unit
from kpisite.model.words import period_span, period_title

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from kpisite.archive.index import Entry
    from kpisite.model.period import Period
    from kpisite.site.edition_pages import LoadedEdition, Neighbour, Place
    from kpisite.site.urls import Urls

EDITION = "edition.json"
"""Name of an edition's file, in the folder of its pages."""
INDEX = "index.json"
"""Name of a report's file and of the site's."""
FEED = "feed.xml"
"""Name of the feed beside it."""


@dataclass(frozen=True)
class SiteAbout:
    """What a site says of itself."""

    name: str
    url: str = ""
    """Absolute, with a `/` at its end; "" where it is not known: then there are no feeds."""
    description: str = ""
    author: str = ""


class PeriodDocument(StrictModel):
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


class MetricDocument(StrictModel):
    """One number of an edition."""

    name: str
    """The view's id, or `<view>/<name>` where a view has several."""
    title: str
    value: float | None
    """In its own unit: a ratio for `percent`, seconds for `duration`; null: no data."""
    text: str
    """The value as a page shows it, with its unit."""
    format: NumberFormat
    """How it is shown: style, precision (digits after the point), unit, currency (ISO 4217)."""
    comparison: float | None
    """The value that it is compared with."""
    comparison_title: str
    """What that is: `week 5`."""
    change: float | None
    """The difference between the two, or their ratio, as `change_as` says."""
    change_as: Literal["raw", "percent"]
    """`raw`: a difference in the value's own unit; `percent`: a ratio, 0.1 is +10 %."""
    change_text: str
    """The change without its sign, as a page shows it."""
    target: float | None
    target_met: bool | None
    """null where there is no target or no value."""
    good: Direction | None
    """Which way is better; null where neither is."""

    @classmethod
    def of(cls, metric: Metric) -> Self:
        """Return what is said of a metric."""
        return cls(
            name=metric.name,
            title=metric.title,
            value=metric.value,
            text=metric.format.text(metric.value),
            format=metric.format,
            comparison=metric.comparison,
            comparison_title=metric.comparison_title,
            change=metric.change,
            change_as=metric.change_as,
            change_text=metric.change_text,
            target=metric.target,
            target_met=metric.target_met,
            good=metric.good,
        )


class DataDocument(StrictModel):
    """A frame that a view shows."""

    name: str
    """The view's name for it."""
    rows: int
    columns: tuple[str, ...]
    csv: str | None
    """Address of the file; null where there is none to download."""
    parquet: str | None


class ViewDocument(StrictModel):
    """A view of an edition."""

    id: str
    title: str
    description: str
    status: Literal["ok", "error"]
    """error: it could not be made, and its page says why."""
    url: str
    """Address of its page."""
    data: tuple[DataDocument, ...]


class LinkDocument(StrictModel):
    """Another edition, or another revision of this one."""

    label: str
    """The label of its period."""
    revision: int | None
    """null for a neighbour: it is the newest one."""
    url: str
    """Address of its page."""
    json_url: str
    """Address of its `edition.json`."""


class EditionDocument(StrictModel):
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
    metrics: tuple[MetricDocument, ...]
    """In the order of the views."""
    views: tuple[ViewDocument, ...]
    """In the order of the page."""


class MetricInfo(StrictModel):
    """What is the same in all editions that have a metric, as the newest edition says it."""

    name: str
    title: str
    format: NumberFormat
    target: float | None
    good: Direction | None


class EditionRow(StrictModel):
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


class ReportIndex(StrictModel):
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


class NewestEdition(StrictModel):
    """The newest edition of a report."""

    title: str
    period: PeriodDocument
    status: Status
    revision: int
    run: AwareDatetime
    url: str
    json_url: str
    metrics: tuple[MetricDocument, ...]


class ReportRow(StrictModel):
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


class SiteIndex(StrictModel):
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


DOCUMENTS: dict[str, type[StrictModel]] = {
    "edition": EditionDocument,
    "index": ReportIndex,
    "site": SiteIndex,
}
"""All formats, by the name that a schema is asked for with."""


def edition_json(
    loaded: LoadedEdition,
    place: Place,
    frames: Mapping[str, Sequence[Mapping[str, Any]]],
    urls: Urls,
) -> bytes:
    """Return the `edition.json` of an edition, or of an older revision.

    Args:
        loaded: The edition.
        place: Where its pages stand.
        frames: View → the parts of its page that show its frames.
        urls: How pages are addressed.
    """
    record, here = loaded.record, place.folder
    report = record.report
    views = [
        ViewDocument(
            id=block.id,
            title=block.title,
            description=block.description,
            status="error" if block.error else "ok",
            url=_page(urls, here, f"{here}/{block.id}"),
            data=tuple(_data(block.id, part) for part in frames.get(block.id, ())),
        )
        for block in loaded.blocks
    ]
    newer = place.newer
    document = EditionDocument(
        report=report,
        title=record.title,
        description=record.definition.description,
        period=PeriodDocument.of(record.period.period()),
        status=record.status,
        revision=record.revision,
        run=_utc(record.run.started),
        url=_page(urls, here, here),
        report_url=_page(urls, here, report),
        index_url=_file(urls, here, f"{report}/{INDEX}"),
        previous=_neighbour(urls, here, place.previous),
        next=_neighbour(urls, here, place.next),
        replaced_by=_revision(urls, here, newer.key, newer) if newer else None,
        replaces=tuple(_revision(urls, here, folder, entry) for folder, entry in place.older),
        metrics=tuple(map(MetricDocument.of, record.metrics.values())),
        views=tuple(views),
    )
    return _bytes(document)


def report_index(
    entries: Sequence[Entry], title: str, description: str, urls: Urls, *, feed: bool
) -> bytes:
    """Return the `index.json` of a report.

    Args:
        entries: Its editions, oldest first; at least one.
        title: The report's title.
        description: One sentence about it.
        urls: How pages are addressed.
        feed: Whether there are feeds.
    """
    newest = entries[-1]
    here = newest.report
    document = ReportIndex(
        report=here,
        title=title,
        description=description,
        url=_page(urls, here, here),
        feed=FEED if feed else None,
        metrics=tuple(
            MetricInfo(name=m.name, title=m.title, format=m.format, target=m.target, good=m.good)
            for m in newest.metrics.values()
        ),
        editions=tuple(
            EditionRow(
                period=entry.label,
                start=entry.period.start,
                end=entry.period.end,
                status=entry.status,
                revision=entry.revision,
                run=_utc(entry.started),
                url=_page(urls, here, entry.key),
                values={name: metric.value for name, metric in entry.metrics.items()},
            )
            for entry in reversed(entries)
        ),
    )
    return _bytes(document)


def report_row(
    entries: Sequence[Entry], title: str, description: str, urls: Urls, *, feed: bool
) -> ReportRow:
    """Return what the site's `index.json` says of a report; see `report_index`."""
    newest = entries[-1]
    report = newest.report
    return ReportRow(
        report=report,
        title=title,
        description=description,
        url=_page(urls, "", report),
        index_url=_file(urls, "", f"{report}/{INDEX}"),
        feed=_file(urls, "", f"{report}/{FEED}") if feed else None,
        editions=len(entries),
        newest=NewestEdition(
            title=newest.title,
            period=PeriodDocument.of(newest.period),
            status=newest.status,
            revision=newest.revision,
            run=_utc(newest.started),
            url=_page(urls, "", newest.key),
            json_url=_file(urls, "", f"{newest.key}/{EDITION}"),
            metrics=tuple(map(MetricDocument.of, newest.metrics.values())),
        ),
    )


def site_index(reports: Iterable[ReportRow], about: SiteAbout, urls: Urls) -> bytes:
    """Return the `index.json` of a site."""
    document = SiteIndex(
        title=about.name,
        description=about.description,
        url=_page(urls, "", ""),
        feed=FEED if about.url else None,
        reports=tuple(reports),
    )
    return _bytes(document)


def _data(view: str, part: Mapping[str, Any]) -> DataDocument:
    files = {
        download["title"]: quote(posixpath.normpath(f"{view}/{download['url']}"))
        for download in part["downloads"]
    }
    record = part["record"]
    return DataDocument(
        name=part["name"],
        rows=record.rows,
        columns=record.columns,
        csv=files.get("CSV"),
        parquet=files.get("Parquet"),
    )


def _neighbour(urls: Urls, here: str, there: Neighbour | None) -> LinkDocument | None:
    if there is None:
        return None
    return _link(urls, here, there.folder, posixpath.basename(there.folder), None)


def _revision(urls: Urls, here: str, folder: str, entry: Entry) -> LinkDocument:
    return _link(urls, here, folder, entry.label, entry.revision)


def _link(urls: Urls, here: str, folder: str, label: str, revision: int | None) -> LinkDocument:
    return LinkDocument(
        label=label,
        revision=revision,
        url=_page(urls, here, folder),
        json_url=_file(urls, here, f"{folder}/{EDITION}"),
    )


def _page(urls: Urls, here: str, there: str) -> str:
    return quote(urls.page(here, there))


def _file(urls: Urls, here: str, uri: str) -> str:
    return quote(urls.asset(here, uri))


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def _bytes(document: StrictModel) -> bytes:
    return document.model_dump_json().encode()
