"""Small editions of weeks of 2024, made without a run."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from kpisite.archive.frames import digest, to_parquet
from kpisite.archive.store import Archive, Content, Edition
from kpisite.model.definition import ViewDefinition
from kpisite.model.delivery import Delivery, Receipt
from kpisite.model.edition import (
    BlobRecord,
    EditionRecord,
    FrameRecord,
    PeriodRecord,
    RunRecord,
    ViewRecord,
)
from kpisite.model.metric import Metric
from kpisite.model.period import Period
from kpisite.model.recorded_definition import RecordedDefinition

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


def week(number: int, zone: str = "UTC") -> Period:
    return Period.containing(date.fromisocalendar(2024, number, 1), "week", ZoneInfo(zone))


def commit(
    archive: Archive,
    number: int = 1,
    *,
    report: str = "sales",
    frames: Mapping[str, pd.DataFrame] | None = None,
    blobs: Mapping[str, bytes] | None = None,
    metrics: Mapping[str, float | None] | None = None,
    definition: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Edition:
    """Commit an edition over a week; by default it has a view without anything.

    Args:
        archive: Where to.
        number: The ISO week of 2024.
        report: The report's id.
        frames: View → its `main` frame; equal ones are recorded once.
        blobs: View → its one blob, `file.txt`.
        metrics: View → the value of its metric.
        definition: View → its `args`.
        **changes: Fields of the record that are not as usual.
    """
    frames, blobs, metrics = frames or {}, blobs or {}, metrics or {}
    names = list(dict.fromkeys((*frames, *blobs, *metrics, *(definition or {})))) or ["total"]
    files = {view: to_parquet(frame) for view, frame in frames.items()}
    shas = list(dict.fromkeys(map(digest, files.values())))
    content = Content(
        {digest(data): data for data in files.values()},
        {digest(data): data for data in blobs.values()},
    )
    views = tuple(
        ViewRecord(
            id=name,
            frames={"main": shas.index(digest(files[name]))} if name in files else {},
            blobs=(_blob(name, blobs[name]),) if name in blobs else (),
            metrics=(Metric(name=name, title=name.title(), value=metrics[name]),)
            if name in metrics
            else (),
        )
        for name in names
    )
    made = {n: ViewDefinition(plugin="text", args=(definition or {}).get(n, {})) for n in names}
    record = EditionRecord(
        report=report,
        title="Sales",
        period=PeriodRecord.of(week(number)),
        status="sealed",
        definition=RecordedDefinition(title="Sales", views=made),
        frames=tuple(
            _frame(sha, content.frames[sha], next(f for n, f in frames.items() if files[n] == data))
            for sha, data in content.frames.items()
        ),
        views=views,
        run=RunRecord(started=datetime(2024, 6, 1, tzinfo=UTC), seconds=1, versions={}),
    )
    return archive.commit(record.model_copy(update=changes), content)


def delivered(revision: int = 1) -> Delivery:
    return Delivery(
        output="web",
        plugin="static",
        revision=revision,
        time=datetime(2024, 6, 2, tzinfo=UTC),
        receipt=Receipt(target="public", digest="0"),
    )


def _frame(sha: str, data: bytes, frame: pd.DataFrame) -> FrameRecord:
    return FrameRecord(
        datasource="shop",
        query="select 1",
        period="2024-W01",
        sha256=sha,
        rows=len(frame),
        columns=tuple(map(str, frame.columns)),
        bytes=len(data),
        seconds=0.1,
    )


def _blob(view: str, data: bytes) -> BlobRecord:
    return BlobRecord(
        id=f"{view}/file.txt", mime="text/plain", sha256=digest(data), bytes=len(data)
    )
