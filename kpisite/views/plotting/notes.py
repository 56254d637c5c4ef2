"""Notes at places of a plot's x axis: what happened there."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator

from kpisite.errors import ViewError
from kpisite.plugins import PluginOptions
from kpisite.plugins.language import gettext
from kpisite.plugins.svg import text_width
from kpisite.plugins.wall_clock import wall_clock
from kpisite.views.plotting.frame import FONT, INK, MUTED, Glyphs
from kpisite.views.plotting.text import canvas_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kpisite.plugins import Period
    from kpisite.views.plotting.data import XAxis
    from kpisite.views.plotting.frame import Drawing, Slots
    from kpisite.views.plotting.values import XKind

_FRAME = 220
"""Width in pixels of the frame on a phone, where labels must not meet."""
_LABEL_HEIGHT = 13
_MOST_ROWS = 4
"""Further labels that would meet others are left out; their lines are not."""


def _written(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


class Annotation(PluginOptions):
    """A note at a place of the x axis; where the chart has no such place, it is left out."""

    x: Annotated[float | str, BeforeValidator(_written)]
    """A date or time by the report's clock, a number, or a category, as the x axis has them."""
    label: str
    """What happened there."""


def check_notes(notes: Sequence[Annotation], kind: XKind, column: str) -> None:
    """Refuse a note that no chart of this query could show.

    Raises:
        ViewError: On an axis of times or numbers, one has another x.
    """
    for note in notes:
        _read(note, kind, column)


def shown_notes(notes: Sequence[Annotation], x: XAxis, period: Period) -> list[tuple[float, str]]:
    """Return the notes that have a place: where on the axis, and the label, from left to right."""
    placed = [(_place(note, x, period), note.label) for note in notes]
    return sorted((at, label) for at, label in placed if at is not None)


def add_notes(drawing: Drawing, notes: Sequence[tuple[float, str]], slots: Slots | None) -> None:
    """Draw a dotted line at each note, and its label above the frame.

    Args:
        drawing: Has its axes and all else; values go upwards.
        notes: As `shown_notes` returns them.
        slots: The stretches of bars or boxes, in whose middle the lines stand; None for none.
    """
    start, end = drawing.values["x start"], drawing.values["x end"]
    placed = [(_middle(at, slots), label) for at, label in notes]
    placed = [(at, label) for at, label in placed if start <= at <= end]
    if not placed:
        return
    rows: list[float] = []
    columns: dict[str, list[Any]] = {name: [] for name in ("x", "y", "text", "align", "shift")}
    for at, label in placed:
        share = (at - start) / (end - start)
        width = text_width(label)
        align = "left" if share < 0.25 else "right" if share > 0.75 else "center"
        left = share * _FRAME - width * {"left": 0.0, "center": 0.5, "right": 1.0}[align]
        row = next((i for i, taken in enumerate(rows) if left > taken + 6), len(rows))
        has_room = row < _MOST_ROWS
        if has_room:
            rows[row : row + 1] = [left + width]
        columns["x"].append(at)
        columns["y"].append(drawing.values["y end"])
        columns["text"].append(canvas_text(label) if has_room else "")
        columns["align"].append(align)
        columns["shift"].append(-3 - row * _LABEL_HEIGHT)
    drawing.values["notes"] = columns
    drawing.values["border top"] += len(rows) * _LABEL_HEIGHT
    stroke = {"line_color": INK, "line_dash": [2, 3]}
    lines = Glyphs("VSpan", {"x": "x"}, stroke)
    drawing.layer("notes", lines, level="annotation", tags=["kpi-ink"])
    place = {"x": "x", "y": "y", "text": "text", "text_align": "align", "y_offset": "shift"}
    fixed = {"text_baseline": "bottom", "text_font_size": FONT, "text_color": MUTED}
    drawing.layer("notes", Glyphs("Text", place, fixed), level="annotation", tags=["kpi-muted"])


def notes_words(notes: Sequence[tuple[float, str]]) -> str:
    """Return "Noted: Blizzard." for those who cannot see them."""
    labels = "; ".join(label for _, label in notes)
    return gettext("Noted: {labels}.").format(labels=labels) if labels else ""


def _place(note: Annotation, x: XAxis, period: Period) -> float | None:
    """Return where a note stands; None where the axis has no such place."""
    at = _read(note, x.kind, x.name)
    if isinstance(at, str):
        return x.at[x.labels.index(at)] if at in x.labels else None
    if isinstance(at, float):
        return at
    first, last = (wall_clock(moment, period.zone) for moment in (period.start, period.end))
    moment = wall_clock(at, period.zone)
    return moment if first <= moment < last else None


def _read(note: Annotation, kind: XKind, column: str) -> datetime | float | str:
    """Return the x of a note as the axis counts."""
    try:
        if kind == "number":
            return float(note.x)
        return datetime.fromisoformat(str(note.x)) if kind == "time" else str(note.x)
    except ValueError:
        what = "a date or time" if kind == "time" else "a number"
        raise ViewError(
            f"annotations: '{note.x}' is not {what}, as the column '{column}' has them",
            hint="Write x as the query's column has it: 2013-02-08, or 2013-02-08T14:00.",
        ) from None


def _middle(at: float, slots: Slots | None) -> float:
    """Return the middle of the stretch that a place is in; itself where it is in none."""
    if slots is None:
        return at
    rows = zip(slots.left, slots.middle, slots.right, strict=True)
    return next((middle for left, middle, right in rows if left <= at < right), at)
