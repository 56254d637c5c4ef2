"""Lines and stacked areas, named at their ends."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from kpisite.plugins import NumberFormat
from kpisite.plugins.svg import text_width
from kpisite.plugins.ticks import Ticks, number_ticks, time_ticks
from kpisite.views._plot_frame import (
    CARD,
    FONT,
    Drawing,
    Glyphs,
    Look,
    Slots,
    category_ticks,
    padded,
    value_texts,
)
from kpisite.views._plot_text import canvas_text, tip_html, tip_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from kpisite.views._plot_data import PlotData, XAxis

HEIGHT = 230
_FRAME_HEIGHT = 190
_LABEL_HEIGHT = 14
_ROUNDS = 20
_SHORT, _LONG = 52, 156
"""Names up to the first are shown at the lines' ends on any screen, up to the second on wide."""


def names_at_ends(names: Sequence[str]) -> str:
    """Return where names of lines fit: "always", "wide" (charts) or "never"."""
    if len(names) * _LABEL_HEIGHT > _FRAME_HEIGHT:
        return "never"
    widest = max(map(text_width, names), default=0)
    return "always" if widest <= _SHORT else "wide" if widest <= _LONG else "never"


def line_plot(data: PlotData, look: Look) -> Drawing:
    """Return the lines; stacked, each stands on those before it."""
    lines = _stacked(data) if look.stacked else [list(s.values) for s in data.series]
    drawn = [value for line in lines for value in line if not math.isnan(value)]
    y = padded(number_ticks(drawn, look.number_format, from_zero=look.stacked), 0.02)
    x = _x_ticks(data.x, look)
    drawing = Drawing(x, y, HEIGHT)
    drawing.values["data"] = _columns(data, lines, x, look)
    for position, line in enumerate(lines):
        drawing.values[f"dots{position}"] = int(_has_lone_point(line))
        _add_line(drawing, position, look)
    if data.x.kind == "category":
        drawing.category_axis(look.rotation)
    else:
        drawing.axis("below")
    drawing.axis("left")
    rows = [
        (look.css_colour(i), tip_text(series.name), f"@text{i}")
        for i, series in enumerate(data.series)
    ]
    tip, sides = tip_html("@label", rows), {"left": "left", "right": "right"}
    drawing.hover_bands(tip, sides, {"bottom": "y start", "top": "y end"})
    if look.legend:
        _add_names(drawing, data, lines, y, look)
    return drawing


def _columns(
    data: PlotData, lines: Sequence[list[float]], x: Ticks, look: Look
) -> dict[str, list[Any]]:
    slots = _slots(data.x.at, x)
    columns: dict[str, list[Any]] = {"label": list(data.x.labels), "x": slots.middle}
    columns |= {"left": slots.left, "right": slots.right}
    floors = [[0.0] * len(data.x.at), *lines[:-1]]
    for position, (series, line) in enumerate(zip(data.series, lines, strict=True)):
        columns[f"y{position}"] = line
        columns[f"text{position}"] = value_texts(series.values, look.number_format)
        if look.stacked:
            columns[f"floor{position}"] = floors[position]
    return columns


def _add_line(drawing: Drawing, position: int, look: Look) -> None:
    """Add a line with its area; where it has points between gaps, its dots show always."""
    colour, tags, y = look.colour(position), look.tags(position), f"y{position}"
    place = {"x": "x", "y": y}
    if look.stacked:
        sides = {"x": "x", "y1": f"floor{position}", "y2": y}
        area = Glyphs("VArea", sides, {"fill_color": colour, "fill_alpha": 0.35})
        drawing.layer("data", area, tags=tags)
    stroke = {"line_color": colour, "line_width": 2, "line_join": "round"}
    drawing.layer("data", Glyphs("Line", place, stroke), tags=tags)
    small = {"size": 6, "fill_color": colour, "line_alpha": 0}
    large = {"size": 9, "fill_color": colour, "line_color": CARD, "line_width": 1.5}
    dot = Glyphs("Scatter", place, small, {"fill_alpha": f"dots{position}"})
    drawing.layer("data", dot, lit=Glyphs("Scatter", place, large), tags=tags)


def _add_names(
    drawing: Drawing,
    data: PlotData,
    lines: Sequence[Sequence[float]],
    y: Ticks,
    look: Look,
) -> None:
    """Write each name behind the last point of its line, apart from the others."""
    fit = names_at_ends([series.name for series in data.series])
    if fit == "never":
        return
    scale = _FRAME_HEIGHT / (y.end - y.start)
    ends = []
    for position, line in enumerate(lines):
        last = max((i for i, value in enumerate(line) if not math.isnan(value)), default=None)
        if last is not None:
            ends.append((position, data.x.at[last], line[last]))
    wanted = [(value - y.start) * scale for _, _, value in ends]
    drawing.values["ends"] = {
        "x": [at for _, at, _ in ends],
        "y": [value for _, _, value in ends],
        "name": [canvas_text(data.series[position].name) for position, _, _ in ends],
        "shift": [round(w - s, 1) for w, s in zip(wanted, spread(wanted), strict=True)],
        "colour": [look.colour(position) for position, _, _ in ends],
        "series": ["".join(look.tags(position)) for position, _, _ in ends],
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


def _stacked(data: PlotData) -> list[list[float]]:
    """Return the running sum over the series; a missing number adds nothing."""
    total = [0.0] * len(data.x.at)
    sums = []
    for series in data.series:
        pairs = zip(total, series.values, strict=True)
        total = [below + (0.0 if math.isnan(value) else value) for below, value in pairs]
        sums.append(total)
    return sums


def _has_lone_point(line: Sequence[float]) -> bool:
    """Tell whether a number stands between gaps, where no line would show it."""
    gaps = [True, *map(math.isnan, line), True]
    return any(
        left and not gap and right
        for left, gap, right in zip(gaps, gaps[1:], gaps[2:], strict=False)
    )


def _x_ticks(x: XAxis, look: Look) -> Ticks:
    if x.kind == "time":
        return time_ticks(look.period)
    if x.kind == "category":
        return category_ticks(x, 94)
    return number_ticks(x.at, NumberFormat(), from_zero=False, units=False)


def _slots(at: Sequence[float], x: Ticks) -> Slots:
    """Return the stretch that is nearer to each place than to any other."""
    between = [(a + b) / 2 for a, b in pairwise(at)]
    return Slots(list(at), [x.start, *between], [*between, x.end])
