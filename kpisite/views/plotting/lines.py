"""Lines and stacked areas, named at their ends."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from kpisite.plugins import NumberFormat
from kpisite.plugins.ticks import Ticks, number_ticks, time_ticks
from kpisite.views.plotting.ends import End
from kpisite.views.plotting.frame import (
    CARD,
    Drawing,
    Glyphs,
    Look,
    Slots,
    category_ticks,
    padded,
    value_texts,
)
from kpisite.views.plotting.marks import add_marks
from kpisite.views.plotting.notes import add_notes
from kpisite.views.plotting.scale import placed, value_ticks
from kpisite.views.plotting.secondary import RightAxis
from kpisite.views.plotting.text import tip_html, tip_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from kpisite.views.plotting.data import PlotData, XAxis

HEIGHT = 230


def line_plot(data: PlotData, look: Look) -> Drawing:
    """Return the lines; stacked, each stands on those before it."""
    lines = _stacked(data) if look.stacked else [list(s.values) for s in data.series]
    own = [line for position, line in enumerate(lines) if position not in look.secondary]
    shown = [*_known(own), *look.marked]
    ticks = value_ticks(shown, look.number_format, look.scale, from_zero=look.stacked)
    y = padded(ticks, 0.02)
    lines = [placed(line, look.scale) for line in lines]
    x = _x_ticks(data.x, look)
    drawing = Drawing(x, y, HEIGHT)
    right = None
    if look.secondary:
        others = [data.series[position].values for position in look.secondary]
        number_format = next(iter(look.secondary.values()))
        right = RightAxis(_known(others), number_format, y)
        for position in look.secondary:
            lines[position] = right.placed(data.series[position].values)
    drawing.values["data"] = _columns(data, lines, x, look)
    for position, line in enumerate(lines):
        drawing.values[f"dots{position}"] = int(_has_lone_point(line))
        _add_line(drawing, position, look)
    if data.x.kind == "category":
        drawing.category_axis(look.rotation)
    else:
        drawing.axis("below")
    drawing.axis("left")
    if right is not None:
        drawing.right_axis(right.ticks)
    rows = [
        (look.css_colour(i), tip_text(series.name), f"@text{i}")
        for i, series in enumerate(data.series)
    ]
    tip, sides = tip_html("@label", rows), {"left": "left", "right": "right"}
    drawing.hover_bands(tip, sides, {"bottom": "y start", "top": "y end"})
    names = _named(data, lines, look) if look.legend and right is None else []
    add_marks(drawing, look, y, names)
    add_notes(drawing, look.notes, None)
    return drawing


def _known(lines: Sequence[Sequence[float]]) -> list[float]:
    return [value for line in lines for value in line if not math.isnan(value)]


def _columns(
    data: PlotData, lines: Sequence[list[float]], x: Ticks, look: Look
) -> dict[str, list[Any]]:
    slots = _slots(data.x.at, x)
    columns: dict[str, list[Any]] = {"label": list(data.x.labels), "x": slots.middle}
    columns |= {"left": slots.left, "right": slots.right}
    floors = [[0.0] * len(data.x.at), *lines[:-1]]
    for position, (series, line) in enumerate(zip(data.series, lines, strict=True)):
        columns[f"y{position}"] = line
        columns[f"text{position}"] = value_texts(series.values, look.format_of(position))
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
    stroke = {"line_color": colour, "line_width": look.line_width, "line_join": "round"}
    drawing.layer("data", Glyphs("Line", place, stroke), tags=tags)
    small = {"size": 6, "fill_color": colour, "line_alpha": 0}
    large = {"size": 9, "fill_color": colour, "line_color": CARD, "line_width": 1.5}
    dot = Glyphs("Scatter", place, small, {"fill_alpha": f"dots{position}"})
    drawing.layer("data", dot, lit=Glyphs("Scatter", place, large), tags=tags)


def _named(data: PlotData, lines: Sequence[Sequence[float]], look: Look) -> list[End]:
    """Return the names of the lines, each at its last point."""
    named = []
    for position, line in enumerate(lines):
        last = max((i for i, value in enumerate(line) if not math.isnan(value)), default=None)
        if last is not None:
            colour, tag = look.colour(position), "".join(look.tags(position))
            named.append(End(data.series[position].name, data.x.at[last], line[last], colour, tag))
    return named


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
