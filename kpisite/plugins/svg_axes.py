"""Labels of a chart's axes, and the room around its frame that they need.

Which labels have room, and which lean, depends on the width of a chart: classes say from which
width on, and `kpisite.css` decides by container queries.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kpisite.plugins.markup import escape_html
from kpisite.plugins.svg_numbers import percent, short
from kpisite.plugins.svg_text import text_width

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TICK_ROOM = 14
"""From the frame's edge to the labels of an axis, in CSS pixels."""
WIDTHS = (240, 280, 320, 360, 420, 480, 560, 640, 760, 900, 1100)
"""Widths of a chart, in CSS pixels, that `kpisite.css` tells apart."""
WIDE = 480
"""From that width on a chart has room for texts that a narrow one leaves out."""

_LINE, _ASCENT = 13, 10.6


@dataclass
class Borders:
    """What is around the frame, in CSS pixels."""

    left: float = 4
    top: float = 8
    right: float = 10
    bottom: float = 4
    narrow_right: float | None = None
    """Right of the frame where the chart is narrow, and texts for wide ones are left out."""
    lean: float = 0
    """Below the frame where the labels lean."""
    lean_below: int = 0
    """The labels lean in charts that are narrower than this; 0: never."""

    def width_for(self, frame: float) -> int:
        """Return the first of `WIDTHS` that leaves so wide a frame; 0 where there is none."""
        narrow = self.right if self.narrow_right is None else self.narrow_right
        for width in WIDTHS:
            right = narrow if width < WIDE else self.right
            if width - self.left - right >= frame:
                return width
        return 0


@dataclass(frozen=True)
class Label:
    """A label of an axis."""

    at: float
    """0 at the left edge or the top, 1 at the right edge or the bottom."""
    text: str
    """Plain text."""


def room_left(labels: Iterable[str]) -> int:
    """Return how many CSS pixels labels left of the frame need."""
    return round(max(map(text_width, labels), default=0)) + TICK_ROOM + 5


def labels_left(borders: Borders, labels: Sequence[Label]) -> list[str]:
    """Return labels left of the frame, and make room for them."""
    borders.left = max(borders.left, room_left([label.text for label in labels]))
    return [
        f'<text x="-{TICK_ROOM}" y="{percent(label.at)}" dy="4">{escape_html(label.text)}</text>'
        for label in labels
    ]


def labels_right(borders: Borders, labels: Sequence[Label]) -> list[str]:
    """Return labels right of the frame, and make room for them."""
    borders.right = max(borders.right, room_left(label.text for label in labels))
    return [
        f'<text x="100%" dx="{TICK_ROOM}" y="{percent(label.at)}" dy="4">'
        f"{escape_html(label.text)}</text>"
        for label in labels
    ]


def labels_below(
    borders: Borders, labels: Sequence[Label], *, turn: bool, angle: float
) -> list[str]:
    """Return labels below the frame, and make room for them.

    Args:
        borders: Its sides have the room already that all else needs.
        labels: From left to right.
        turn: Whether labels lean in charts that are too narrow for them.
        angle: By which all are turned, in degrees against the clock; 0 for none.
    """
    count = len(labels)
    widest = max((text_width(label.text) for label in labels), default=0) + 6
    borders.bottom = TICK_ROOM + _LINE + 3
    needs, gaps = widest, max(1, count - 1)
    if angle:
        turned = math.radians(angle)
        borders.bottom = (
            TICK_ROOM + 3 + round(abs(math.sin(turned)) * widest + abs(math.cos(turned)) * _LINE)
        )
        needs = abs(math.cos(turned)) * widest + abs(math.sin(turned)) * _LINE
    elif turn:
        borders.lean_below = borders.width_for(widest * count) or WIDTHS[-1] * 10
        borders.lean = TICK_ROOM + 6 + round(0.71 * widest)
        needs, gaps = 16, count
    drawn = []
    for position, label in enumerate(labels):
        shares = position & -position  # half of all places have 1, a quarter 2, …
        shown = _shown_from(borders, needs * gaps / shares) if position else ""
        drawn.append(_label_below(label, shown, angle))
    return drawn


def axis_name(borders: Borders, name: str, fill: str) -> str:
    """Return what the axis below is called, below its labels, and make room for it."""
    borders.bottom += _LINE + 4
    return (
        f'<text x="50%" y="100%" dy="{short(borders.bottom - 4)}" fill="{fill}"'
        f' text-anchor="middle">{escape_html(name)}</text>'
    )


def _shown_from(borders: Borders, frame: float) -> str:
    """Return the class of a label that needs so wide a frame."""
    width = borders.width_for(frame)
    return f"kpi-from-{width}" if width else "kpi-never"


def _label_below(label: Label, shown: str, angle: float) -> str:
    hidden = f' class="{shown}"' if shown else ""
    place = f'x="{percent(label.at)}" y="100%"'
    text = escape_html(label.text)
    if not angle:
        return f'<text {place} dy="{short(TICK_ROOM + _ASCENT)}"{hidden}>{text}</text>'
    side = "end" if angle > 0 else "start"
    return (
        f'<svg {place} overflow="visible"{hidden}><text y="{TICK_ROOM}" dy="4"'
        f' style="text-anchor:{side}" transform="rotate({short(-angle)} 0 {TICK_ROOM})">'
        f"{text}</text></svg>"
    )
