"""What differs between two editions: metrics, definition, views and frames."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kpisite.archive.rows import RowChanges, compare_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kpisite.archive.store import Edition
    from kpisite.model.edition import EditionRecord, FrameRecord, ViewRecord
    from kpisite.model.metric import Metric


@dataclass(frozen=True)
class MetricChange:
    """A metric with another value, or one that only one edition has."""

    before: Metric | None
    after: Metric | None


@dataclass(frozen=True)
class ValueChange:
    """A key of the definition, or a view, that is not as it was."""

    name: str
    """`views.on_time.args.target`, or a view's id."""
    before: str | None
    """None where there was none."""
    after: str | None
    """None where there is none any more."""


@dataclass(frozen=True)
class FrameChange:
    """A frame with another content, or one that only one edition has."""

    names: tuple[str, ...]
    """The views that show it; `view/name` for a frame that is not the view's `main` one."""
    before: FrameRecord | None
    after: FrameRecord | None
    rows: RowChanges | None
    """None where only one edition has the frame."""


@dataclass(frozen=True)
class EditionChanges:
    """All that differs between two editions; what is alike is counted."""

    metrics: tuple[MetricChange, ...]
    same_metrics: int
    definition: tuple[ValueChange, ...]
    views: tuple[ValueChange, ...]
    """Views that came or went, and those whose status or blobs changed."""
    frames: tuple[FrameChange, ...]
    same_frames: int


def compare(before: Edition, after: Edition, *, limit: int) -> EditionChanges:
    """Return what differs between two editions.

    Args:
        before: Of the same report as `after`, or of another one.
        after: Another period, or another revision.
        limit: How many rows of each frame are returned at most.

    Raises:
        CorruptEditionError: A frame that differs is missing or damaged.
    """
    old, new = before.record, after.record
    names = dict.fromkeys((*old.metrics, *new.metrics))
    metrics = [(old.metrics.get(name), new.metrics.get(name)) for name in names]
    changed = [pair for pair in metrics if _value(pair[0]) != _value(pair[1])]
    pairs = _frame_pairs(old, new)
    frames = [
        FrameChange(tuple(names), left, right, _rows(before, left, after, right, limit))
        for (left, right), names in pairs
        if left is None or right is None or left.sha256 != right.sha256
    ]
    return EditionChanges(
        metrics=tuple(MetricChange(*pair) for pair in changed),
        same_metrics=len(metrics) - len(changed),
        definition=tuple(_definition_changes(old, new)),
        views=tuple(_view_changes(old, new)),
        frames=tuple(frames),
        same_frames=len(pairs) - len(frames),
    )


def _value(metric: Metric | None) -> tuple[float | None] | None:
    return None if metric is None else (metric.value,)


def _rows(
    before: Edition, left: FrameRecord | None, after: Edition, right: FrameRecord | None, limit: int
) -> RowChanges | None:
    if left is None or right is None:
        return None
    return compare_rows(before.frame(left), after.frame(right), limit)


_Pair = tuple["FrameRecord | None", "FrameRecord | None"]


def _frame_pairs(old: EditionRecord, new: EditionRecord) -> list[tuple[_Pair, list[str]]]:
    """Return the frames of the views that both have, before and after, with who shows them.

    Views that ask the same share a frame: it is one pair.
    """
    views = {view.id: view for view in new.views}
    shown: dict[tuple[int | None, int | None], list[str]] = {}
    for view in (view for view in old.views if view.id in views):
        left, right = view.frames, views[view.id].frames
        for name in dict.fromkeys((*left, *right)):
            shown_as = view.id if name == "main" else f"{view.id}/{name}"
            shown.setdefault((left.get(name), right.get(name)), []).append(shown_as)
    return [
        ((None if n is None else old.frames[n], None if m is None else new.frames[m]), names)
        for (n, m), names in shown.items()
    ]


def _view_changes(old: EditionRecord, new: EditionRecord) -> Iterator[ValueChange]:
    left, right = ({view.id: view for view in record.views} for record in (old, new))
    for id_ in dict.fromkeys((*left, *right)):
        before, after = (_status(views.get(id_)) for views in (left, right))
        if before != after:
            yield ValueChange(id_, before, after)
        elif before is not None:
            yield from _blob_changes(left[id_], right[id_])


def _status(view: ViewRecord | None) -> str | None:
    if view is None:
        return None
    return f"error: {view.error.message}" if view.error else view.status


def _blob_changes(before: ViewRecord, after: ViewRecord) -> Iterator[ValueChange]:
    left, right = ({blob.id: blob for blob in view.blobs} for view in (before, after))
    for id_ in dict.fromkeys((*left, *right)):
        pair = [blobs.get(id_) for blobs in (left, right)]
        old, new = (f"{b.bytes:,} bytes, {b.sha256[:12]}" if b else None for b in pair)
        if old != new:
            yield ValueChange(f"blob {id_}", old, new)


def _definition_changes(old: EditionRecord, new: EditionRecord) -> Iterator[ValueChange]:
    left, right = (record.definition.model_dump(mode="json") for record in (old, new))
    yield from _key_changes("", left, right)


def _key_changes(path: str, left: Any, right: Any) -> Iterator[ValueChange]:
    """Compare two JSON values; only mappings are looked into."""
    if not (isinstance(left, dict) and isinstance(right, dict)):
        if left != right:
            yield ValueChange(path, _text(left), _text(right))
        return
    for key in dict.fromkeys((*left, *right)):
        inner = f"{path}.{key}" if path else key
        if key in left and key in right:
            yield from _key_changes(inner, left[key], right[key])
        else:
            before = _text(left[key]) if key in left else None
            yield ValueChange(inner, before, _text(right[key]) if key in right else None)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
