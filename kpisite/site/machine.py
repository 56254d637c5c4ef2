"""The archive as JSON for other programs: an edition, the editions of a report, the reports."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from kpisite.site import words
from kpisite.site.documents import (
    ChangeDocument,
    DataDocument,
    EditionDocument,
    EditionRow,
    FormatDocument,
    LinkDocument,
    MetricDocument,
    MetricInfo,
    NewestEdition,
    PeriodDocument,
    ReportIndex,
    ReportRow,
    SiteIndex,
    ViewDocument,
)
from kpisite.site.summaries import changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from kpisite.archive.index import Entry
    from kpisite.site.loaded_edition import LoadedEdition
    from kpisite.site.place import Neighbour, Place
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
    before = place.older[-1][1] if place.older else None
    changed = changes(before.metrics, record.metrics) if before else ()
    document = EditionDocument(
        report=report,
        title=record.title,
        description=record.definition.description,
        period=PeriodDocument.of(record.period.period()),
        status=record.status,
        revision=record.revision,
        run=_utc(record.run.started),
        data_until=words.data_until(record),
        zone=words.zone_words(record),
        provenance=words.provenance(record),
        url=_page(urls, here, here),
        report_url=_page(urls, here, report),
        index_url=_file(urls, here, f"{report}/{INDEX}"),
        previous=_neighbour(urls, here, place.previous),
        next=_neighbour(urls, here, place.next),
        replaced_by=_revision(urls, here, newer.key, newer) if newer else None,
        replaces=tuple(_revision(urls, here, folder, entry) for folder, entry in place.older),
        changed=tuple(map(ChangeDocument.model_validate, changed)),
        reason=record.run.reason,
        metrics=tuple(map(MetricDocument.of, record.metrics.values())),
        views=tuple(views),
    )
    return document.model_dump_json().encode()


def report_index(
    entries: Sequence[Entry], title: str, description: str, urls: Urls, *, feed: bool
) -> str:
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
            MetricInfo(
                name=metric.name,
                title=metric.title,
                format=FormatDocument.of(metric.format),
                target=metric.target,
                good=metric.good,
            )
            for metric in newest.metrics.values()
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
    return document.model_dump_json()


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


def site_index(reports: Iterable[ReportRow], about: SiteAbout, urls: Urls) -> str:
    """Return the `index.json` of a site."""
    document = SiteIndex(
        title=about.name,
        description=about.description,
        url=_page(urls, "", ""),
        feed=FEED if about.url else None,
        reports=tuple(reports),
    )
    return document.model_dump_json()


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
