"""`index.parquet`: the entries of an archive as one table, a row per edition and metric.

It may be missing, stale or damaged at any time: nothing is in it that the records do not have. An
edition without metrics has one row, whose `metric` is empty. `stamp` is what the filesystem said of
the record when it was read; a row counts as long as it still says so.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from kpisite import __version__
from kpisite.archive.frames import digest
from kpisite.archive.index import Entry
from kpisite.archive.records import NAME
from kpisite.model.metric import Metric
from kpisite.model.number import NumberFormat
from kpisite.model.period import Period

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kpisite.archive.store import Archive

INDEX = "index.parquet"
"""The file, at the root of the archive."""

_KEY = b"kpisite"
_FORMAT = {"format": 1, "kpisite": __version__}
"""Another version may see other things in the same records: it makes an index of its own."""
_UNKNOWN = "0" * 64
"""Stands for the file's own SHA-256 while that is computed."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_WRONG = (pa.ArrowException, ValueError, TypeError, KeyError, OSError)
"""What a damaged file raises, depending on where it is damaged."""

_TIME = pa.timestamp("us", tz="UTC")
_TEXTS = pa.list_(pa.string())
_ENTRY = {
    "report": pa.string(),
    "period": pa.string(),
    "start": _TIME,
    "end": _TIME,
    "timezone": pa.string(),
    "period_unit": pa.string(),
    "revision": pa.int32(),
    "status": pa.string(),
    "title": pa.string(),
    "started": _TIME,
    "failed": pa.bool_(),
    "views": _TEXTS,
    "plugins": _TEXTS,
    "definition": pa.string(),
    "digest": pa.string(),
    "stamp": pa.string(),
}
_SHAPE = ("style", "precision", "unit", "currency")
_METRIC = {
    "metric": pa.string(),
    "metric_title": pa.string(),
    "value": pa.float64(),
    "style": pa.string(),
    "precision": pa.int8(),
    "unit": pa.string(),
    "currency": pa.string(),
    "comparison": pa.float64(),
    "comparison_title": pa.string(),
    "change_as": pa.string(),
    "target": pa.float64(),
    "good": pa.string(),
    "label": pa.string(),
}
_SCHEMA = pa.schema({**_ENTRY, **_METRIC})


@dataclass(frozen=True, slots=True)
class Known:
    """An entry, and how to tell that its record is still the same."""

    entry: Entry
    stamp: str


def encode(known: Mapping[str, Known]) -> bytes:
    """Return the index as a Parquet file: the same entries and stamps, the same bytes.

    Args:
        known: Path of the record → what it says.

    Raises:
        ArrowException, ValueError: Parquet cannot hold a value.
    """
    ordered = sorted(known.values(), key=lambda one: _order(one.entry))
    entries = pa.table(
        {name: pa.array(_column(ordered, name), kind) for name, kind in _ENTRY.items()}
    )
    metrics: list[tuple[int, Metric | None]] = []
    for position, one in enumerate(ordered):
        found = one.entry.metrics.values() or (None,)
        metrics += [(position, metric) for metric in found]
    table = entries.take(pa.array([position for position, _ in metrics], pa.int64()))
    for name, kind in _METRIC.items():
        values = [None if metric is None else _field(metric, name) for _, metric in metrics]
        table = table.append_column(name, pa.array(values, kind))
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, _SCHEMA, compression="zstd", store_schema=False) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({_KEY: json.dumps({**_FORMAT, "sha256": _UNKNOWN})})
    content: bytes = sink.getvalue().to_pybytes()
    return content.replace(_UNKNOWN.encode(), digest(content).encode(), 1)


def decode(content: bytes, archive: Archive) -> dict[str, Known] | None:
    """Return what `encode` was given; None where the file is damaged, or of another version.

    Args:
        content: The file.
        archive: Where it was found, for the entries.
    """
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        header = json.loads(file.metadata.metadata[_KEY])
        sha256 = header.pop("sha256")
        if header != _FORMAT or file.schema_arrow != _SCHEMA:
            return None
        if digest(content.replace(sha256.encode(), _UNKNOWN.encode(), 1)) != sha256:
            return None
        return _known(file.read(), archive)
    except _WRONG:
        return None


def _known(table: Any, archive: Archive) -> dict[str, Known]:
    keys = [table[name].to_pylist() for name in ("report", "period", "revision")]
    rows = list(zip(*keys, strict=True))
    first = [n for n, row in enumerate(rows) if not n or row != rows[n - 1]]
    metrics = _metrics(table)
    of_entry = _values(table.select(list(_ENTRY)).take(pa.array(first, pa.int64())))
    known = {}
    for n, (start, end) in enumerate(zip(first, [*first[1:], len(rows)], strict=True)):
        values = {name: column[n] for name, column in of_entry.items()}
        own = {metric.name: metric for metric in metrics[start:end] if metric is not None}
        entry = _entry(values, own, archive)
        known[f"{entry.key}/{entry.revision}/{NAME}"] = Known(entry, values["stamp"])
    return known


def _entry(values: dict[str, Any], metrics: dict[str, Metric], archive: Archive) -> Entry:
    zone = ZoneInfo(values["timezone"])
    start, end = (_instant(values[name]).astimezone(zone) for name in ("start", "end"))
    return Entry(
        archive=archive,
        report=values["report"],
        label=values["period"],
        title=values["title"],
        period=Period(start, end, values["period_unit"]),
        revision=values["revision"],
        status=values["status"],
        started=_instant(values["started"]),
        definition=values["definition"],
        views=tuple(values["views"]),
        plugins=tuple(values["plugins"]),
        failed=values["failed"],
        digest=values["digest"],
        metrics=metrics,
    )


def _metrics(table: Any) -> list[Metric | None]:
    columns = _values(table.select(list(_METRIC)))
    formats = zip(*(columns.pop(name) for name in _SHAPE), strict=True)
    names = ["name", "title", *list(columns)[2:]]
    found: list[Metric | None] = []
    for row, shape in zip(zip(*columns.values(), strict=True), formats, strict=True):
        if row[0] is None:
            found.append(None)
            continue
        values = dict(zip(names, row, strict=True))
        found.append(Metric.model_validate({**values, "format": _format(*shape)}))
    return found


@cache
def _format(style: Any, precision: int, unit: str, currency: str) -> NumberFormat:
    return NumberFormat(style=style, precision=precision, unit=unit, currency=currency)


def _values(table: Any) -> dict[str, list[Any]]:
    """Return the columns as Python values; times as microseconds since 1970."""
    return {
        name: (table[name].cast(pa.int64()) if kind == _TIME else table[name]).to_pylist()
        for name, kind in {**_ENTRY, **_METRIC}.items()
        if name in table.column_names
    }


def _column(known: Sequence[Known], name: str) -> Iterable[Any]:
    match name:
        case "stamp":
            return [one.stamp for one in known]
        case "period":
            return [one.entry.label for one in known]
        case "start" | "end":
            return [getattr(one.entry.period, name).astimezone(UTC) for one in known]
        case "timezone":
            return [one.entry.period.zone.key for one in known]
        case "period_unit":
            return [one.entry.period.unit for one in known]
        case _:
            return [getattr(one.entry, name) for one in known]


def _field(metric: Metric, name: str) -> Any:
    if name in _SHAPE:
        return getattr(metric.format, name)
    return getattr(metric, {"metric": "name", "metric_title": "title"}.get(name, name))


def _order(entry: Entry) -> tuple[str, datetime, str, int]:
    return entry.report, entry.period.start.astimezone(UTC), entry.label, entry.revision


def _instant(microseconds: int) -> datetime:
    return _EPOCH + microseconds * _MICROSECOND
