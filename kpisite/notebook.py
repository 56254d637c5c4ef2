"""An archive in a notebook: its editions and metrics as DataFrames, its frames as they were."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from kpisite.archive.lookup import find_edition, of_reports
from kpisite.archive.store import Archive
from kpisite.errors import ArchiveError, UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kpisite.archive.index import Entry
    from kpisite.archive.store import Edition
    from kpisite.model.edition import ViewRecord
    from kpisite.model.metric import Metric

_EDITION = {
    "report": "str",
    "period": "str",
    "start": "datetime64[us]",
    "end": "datetime64[us]",
    "timezone": "str",
    "revision": "int64",
    "status": "str",
}
_EDITIONS = {
    **_EDITION,
    "title": "str",
    "started": "datetime64[us, UTC]",
    "metrics": "int64",
    "failed": "bool",
}
_METRICS = {
    **_EDITION,
    "view": "str",
    "metric": "str",
    "title": "str",
    "value": "float64",
    "style": "str",
    "unit": "str",
    "comparison": "float64",
    "comparison_title": "str",
    "change": "float64",
    "target": "float64",
    "target_met": "boolean",
    "good": "str",
}
_UNITS = {"duration": "s", "bytes": "B", "percent": ""}


def open_archive(url: str, **storage_options: Any) -> ArchiveReader:
    """Open an archive to read it; nothing is ever written.

    Args:
        url: A path, relative to the working folder, or an fsspec URL: `s3://our-kpis/archive`.
        **storage_options: Options of the filesystem, as fsspec takes them.

    Raises:
        ArchiveError: There is no such folder, no such kind of filesystem, or its package is not
            installed.
    """
    archive = Archive(url, **storage_options)
    if archive.storage.local and not Path(archive.storage.root).is_dir():
        raise ArchiveError(
            "there is no such folder",
            where=archive.storage.url,
            hint=f"A path starts at the working folder, {Path.cwd()}.",
        )
    return ArchiveReader(archive)


class ArchiveReader:
    """The editions of an archive. Each call reads what the archive holds by then."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def __repr__(self) -> str:
        return f"<archive {self._archive.storage.url}>"

    def editions(self, report: str | None = None) -> pd.DataFrame:
        """Return the newest revision of every edition, by report and period.

        Args:
            report: Only the editions of this report.

        Returns:
            A row for each edition, with the columns

                report, period      str: the report's id, the period's label
                start, end          datetime64[us]: the half-open interval, on the clock of
                timezone            str: an IANA name
                revision            int64: from 1
                status              str: preliminary, sealed
                title               str: the edition's title
                started             datetime64[us, UTC]: when it was run
                metrics             int64: how many metrics it has
                failed              bool: whether a view could not be made

        Raises:
            UsageError: There is no edition of that report.
            ArchiveError: The archive cannot be read.
        """
        rows = [
            (*_edition_cells(entry), entry.title, entry.started, len(entry.metrics), entry.failed)
            for entry in self._entries(report)
        ]
        return _table(rows, _EDITIONS)

    def metrics(self, report: str | None = None) -> pd.DataFrame:
        """Return the metrics of the newest revision of every edition, as one table.

        Args:
            report: Only the metrics of this report.

        Returns:
            A row for each edition and metric, by report, period and place on the page, with
            the columns

                report, period      str: the report's id, the period's label
                start, end          datetime64[us]: the half-open interval, on the clock of
                timezone            str: an IANA name
                revision            int64: from 1
                status              str: preliminary, sealed
                view                str: the view's id
                metric              str: the view's id, or `view/name` where it has several
                title               str: what a reader sees
                value               float64: a ratio for the style percent, else in `unit`;
                                    NaN: no data
                style               str: number, percent, duration, bytes, currency
                unit                str: s for durations, B for bytes, the currency's code,
                                    else what the report says; empty: a ratio, or a count
                comparison          float64: what it is compared with, in the same unit; NaN: none
                comparison_title    str: what that is, such as `week 5`
                change              float64: a ratio of the comparison, or a difference where the
                                    report shows one; NaN: none
                target              float64: in the same unit; NaN: none
                target_met          boolean; NA: no target, or no data
                good                str: up or down, which way is better; empty: neither

        Raises:
            UsageError: There is no edition of that report.
            ArchiveError: The archive cannot be read.
        """
        rows = [
            (*_edition_cells(entry), *_metric_cells(metric))
            for entry in self._entries(report)
            for metric in entry.metrics.values()
        ]
        return _table(rows, _METRICS)

    def edition(self, report: str, period: str, revision: int | None = None) -> Edition:
        """Return an edition: its `record` says all that is known of how it was made.

        Args:
            report: The report's id.
            period: The period's label: `2013-W06`.
            revision: From 1; the newest unless one is named.

        Raises:
            UsageError: There is no such report, period or revision.
            CorruptEditionError: The record is damaged.
        """
        return find_edition(self._archive, report, period, revision)

    def frame(
        self, report: str, period: str, view: str, name: str = "main", revision: int | None = None
    ) -> pd.DataFrame:
        """Return what a view got when the edition was run, with the dtypes that it had.

        Args:
            report: The report's id.
            period: The period's label: `2013-W06`.
            view: The view's id.
            name: The view's name for the frame: `comparison` is the same query over the period
                before.
            revision: From 1; the newest unless one is named.

        Raises:
            UsageError: There is no such report, period, revision, view or frame.
            CorruptEditionError: The file is missing or damaged.
        """
        edition = self.edition(report, period, revision)
        found = _view(edition, view)
        if name not in found.frames:
            raise UsageError(
                f"view '{view}' of {edition.record.key} has no frame '{name}'",
                hint=nearest(name, found.frames),
            )
        return edition.frame(edition.record.frames[found.frames[name]])

    def blob(
        self, report: str, period: str, view: str, name: str, revision: int | None = None
    ) -> bytes:
        """Return the content of a file that a view fetched when the edition was run.

        Args:
            report: The report's id.
            period: The period's label: `2013-W06`.
            view: The view's id.
            name: The file's name in the view: `map.png`.
            revision: From 1; the newest unless one is named.

        Raises:
            UsageError: There is no such report, period, revision, view or file.
            CorruptEditionError: The file is missing or damaged.
        """
        edition = self.edition(report, period, revision)
        blobs = {blob.id.removeprefix(f"{view}/"): blob for blob in _view(edition, view).blobs}
        if name not in blobs:
            raise UsageError(
                f"view '{view}' of {edition.record.key} has no file '{name}'",
                hint=nearest(name, blobs),
            )
        return edition.blob(blobs[name])

    def _entries(self, report: str | None) -> list[Entry]:
        return of_reports(self._archive.editions(), () if report is None else (report,))


def _view(edition: Edition, id_: str) -> ViewRecord:
    views = {view.id: view for view in edition.record.views}
    if id_ not in views:
        raise UsageError(f"{edition.record.key} has no view '{id_}'", hint=nearest(id_, views))
    return views[id_]


def _edition_cells(entry: Entry) -> tuple[object, ...]:
    start, end = (at.replace(tzinfo=None) for at in (entry.period.start, entry.period.end))
    zone = entry.period.zone.key
    return entry.report, entry.label, start, end, zone, entry.revision, entry.status


def _metric_cells(metric: Metric) -> tuple[object, ...]:
    shown = metric.format
    return (
        metric.view,
        metric.name,
        metric.title,
        metric.value,
        shown.style,
        _UNITS.get(shown.style, shown.unit or shown.currency),
        metric.comparison,
        metric.comparison_text,
        metric.change,
        metric.target,
        metric.target_met,
        metric.good or "",
    )


def _table(rows: Iterable[tuple[object, ...]], dtypes: Mapping[str, str]) -> pd.DataFrame:
    columns = list(zip(*rows, strict=True)) or [()] * len(dtypes)
    pairs = zip(dtypes.items(), columns, strict=True)
    return pd.DataFrame({name: pd.Series(values, dtype=dtype) for (name, dtype), values in pairs})
