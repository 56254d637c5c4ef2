"""Names right of a plot: of lines at their last points, and of marks at the frame's edge."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from kpisite.plugins.svg import text_width
from kpisite.views.plotting.frame import FONT, Glyphs
from kpisite.views.plotting.text import canvas_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kpisite.plugins.ticks import Ticks
    from kpisite.views.plotting.frame import Drawing

_FRAME_HEIGHT = 190
_LABEL_HEIGHT = 14
_ROUNDS = 20
_SHORT, _LONG = 52, 156
"""Names up to the first are shown on any screen, up to the second on wide ones."""


@dataclass(frozen=True)
class End:
    """A name and where it belongs."""

    name: str
    x: float
    y: float
    colour: str
    tag: str
    """What makes it follow the page's palette; "" where it does not."""


def names_at_ends(names: Sequence[str]) -> str:
    """Return where names fit: "always", "wide" (charts) or "never"."""
    if len(names) * _LABEL_HEIGHT > _FRAME_HEIGHT:
        return "never"
    widest = max(map(text_width, names), default=0)
    return "always" if widest <= _SHORT else "wide" if widest <= _LONG else "never"


def add_ends(drawing: Drawing, ends: Sequence[End], y: Ticks) -> None:
    """Write each name behind its point, apart from the others, where they fit."""
    fit = names_at_ends([end.name for end in ends])
    if fit == "never" or not ends:
        return
    scale = _FRAME_HEIGHT / (y.end - y.start)
    wanted = [(end.y - y.start) * scale for end in ends]
    drawing.values["ends"] = {
        "x": [end.x for end in ends],
        "y": [end.y for end in ends],
        "name": [canvas_text(end.name) for end in ends],
        "shift": [round(w - s, 1) for w, s in zip(wanted, spread(wanted), strict=True)],
        "colour": [end.colour for end in ends],
        "series": [end.tag for end in ends],
    }
    place = {"x": "x", "y": "y", "text": "name", "y_offset": "shift", "text_color": "colour"}
    font = {"text_font_size": FONT, "text_font_style": "bold"}
    names = Glyphs("Text", place, {"x_offset": 8, "text_baseline": "middle", **font})
    tags = ["kpi-end", *(["kpi-wide"] if fit == "wide" else [])]
    drawing.layer("ends", names, level="annotation", tags=tags)


def spread(wanted: Sequence[float]) -> list[float]:
    """Return heights in pixels near those that are wanted, no two closer than a line of text."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    shown = list(wanted)
    for _ in range(_ROUNDS):
        for lower, upper in pairwise(order):
            push = max(0.0, _LABEL_HEIGHT - (shown[upper] - shown[lower])) / 2
            shown[lower] -= push
            shown[upper] += push
    floor = 0.0
    for i in order:
        shown[i] = max(shown[i], floor)
        floor = shown[i] + _LABEL_HEIGHT
    ceiling = float(_FRAME_HEIGHT)
    for i in reversed(order):
        shown[i] = min(shown[i], ceiling)
        ceiling = shown[i] - _LABEL_HEIGHT
    return shown
