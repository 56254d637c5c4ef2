"""Box plots: the quartiles of many values, how far the rest reaches, and what lies beyond."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kpisite.model.number import MISSING
from kpisite.plugins import NumberFormat
from kpisite.plugins.language import gettext
from kpisite.views.plotting.frame import Drawing, Glyphs, Look, padded
from kpisite.views.plotting.marks import add_marks
from kpisite.views.plotting.notes import add_notes
from kpisite.views.plotting.scale import placed, value_ticks
from kpisite.views.plotting.slots import bar_share, bar_slots
from kpisite.views.plotting.text import tip_html, tip_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kpisite.plugins.ticks import Ticks
    from kpisite.views.plotting.data import PlotData, Series

HEIGHT = 260
_REACH = 1.5
"""A whisker ends at the last value that is within so many heights of the box."""
_APART = 1 / 100
"""Points that are nearer than this share of the axis cover each other, and are drawn as one."""
_NAN = math.nan


@dataclass(frozen=True)
class Box:
    """What a box shows of the values in one place."""

    low: float
    """The end of the lower whisker."""
    first: float
    """The lower quartile."""
    median: float
    third: float
    """The upper quartile."""
    high: float
    """The end of the upper whisker."""
    beyond: tuple[float, ...]
    """Values that no whisker reaches, by size."""
    count: int
    """Of all values."""


def box_of(values: Sequence[float]) -> Box:
    """Return the box of values, at least one. Quartiles between two values are interpolated."""
    ordered = sorted(values)
    first, median, third = (_quantile(ordered, share) for share in (0.25, 0.5, 0.75))
    room = _REACH * (third - first)
    near = [value for value in ordered if first - room <= value <= third + room]
    low, high = min(near[0], first), max(near[-1], third)
    beyond = tuple(value for value in ordered if not low <= value <= high)
    return Box(low, first, median, third, high, beyond, len(ordered))


def medians(data: PlotData) -> PlotData:
    """Return a plot's data with the median of each place instead of its values."""
    series = [
        replace(one, places=tuple(boxes), values=tuple(box.median for box in boxes.values()))
        for one, boxes in ((one, _boxes(one)) for one in data.series)
    ]
    return replace(data, series=tuple(series))


def box_plot(data: PlotData, look: Look) -> Drawing:
    """Return a box per place and series, those of several series side by side."""
    boxes = [_boxes(series) for series in data.series]
    shown = [*_ends(boxes, look), *look.marked]
    y = padded(value_ticks(shown, look.number_format, look.scale), 0.03)
    x, slots = bar_slots(data.x, look.period)
    slot = slots.right[0] - slots.left[0]
    count, share = len(boxes), bar_share(len(data.x.at)) * (0.7 if len(boxes) == 1 else 1)
    width = slot * share / count * (1 if count == 1 else 0.86)
    drawing = Drawing(x, y, HEIGHT)
    drawing.values["thickness"] = width
    for i, row in enumerate(boxes):
        shift = ((i + 0.5) / count - 0.5) * slot * share
        _add_boxes(drawing, i, {slots.middle[at] + shift: box for at, box in row.items()}, look, y)
    if data.x.kind == "category":
        drawing.category_axis(look.rotation)
    else:
        drawing.axis("below")
    drawing.axis("left")
    drawing.values["data"] = {
        "label": list(data.x.labels),
        "left": slots.left,
        "right": slots.right,
        **_texts(boxes, len(data.x.at), look.number_format),
    }
    sides = {"left": "left", "right": "right"}
    drawing.hover_bands(_tip(data, look), sides, {"bottom": "y start", "top": "y end"})
    add_marks(drawing, look, y)
    add_notes(drawing, look.notes, slots)
    return drawing


def _boxes(series: Series) -> dict[int, Box]:
    """Return the box of each place that has values."""
    values: dict[int, list[float]] = {}
    for place, value in zip(series.places, series.values, strict=True):
        values.setdefault(place, []).append(value)
    return {place: box_of(mine) for place, mine in sorted(values.items())}


def _ends(boxes: Sequence[dict[int, Box]], look: Look) -> list[float]:
    """Return the lowest and the highest value of each box that is drawn."""
    ends = []
    for box in (box for row in boxes for box in row.values()):
        ends += [box.low, box.high]
        if look.outliers and box.beyond:
            ends += [box.beyond[0], box.beyond[-1]]
    return ends


def _add_boxes(
    drawing: Drawing, position: int, boxes: dict[float, Box], look: Look, y: Ticks
) -> None:
    colour, tags = look.colour(position), look.tags(position)
    half = drawing.values["thickness"] / 2
    lines: dict[str, list[float]] = {"x": [], "y": []}
    middles: dict[str, list[float]] = {"x": [], "y": []}
    points: dict[str, list[float]] = {"x": [], "y": []}
    for at, box in boxes.items():
        left, right = at - half, at + half
        lines["x"] += [left, right, right, left, left, _NAN, at, at, _NAN, at, at, _NAN]
        quartiles = (box.low, box.first, box.median, box.third, box.high)
        low, first, median, third, high = placed(quartiles, look.scale)
        lines["y"] += [first, first, third, third, first, _NAN, low, first, _NAN, third, high, _NAN]
        middles["x"] += [left, right, _NAN]
        middles["y"] += [median, median, _NAN]
        beyond = placed(box.beyond if look.outliers else (), look.scale)
        shown = _apart([p for p in beyond if not math.isnan(p)], (y.end - y.start) * _APART)
        points["x"] += [at] * len(shown)
        points["y"] += shown
    drawing.values[f"boxes{position}"] = {
        "x": list(boxes),
        "first": placed((box.first for box in boxes.values()), look.scale),
        "third": placed((box.third for box in boxes.values()), look.scale),
    }
    drawing.values[f"lines{position}"] = lines
    drawing.values[f"medians{position}"] = middles
    drawing.values[f"points{position}"] = points
    paint = {"fill_color": colour, "fill_alpha": 0.2, "line_alpha": 0}
    fields = {"x": "x", "bottom": "first", "top": "third"}
    bars = Glyphs("VBar", fields, paint, {"width": "thickness"})
    drawing.layer(f"boxes{position}", bars, tags=tags)
    place = {"x": "x", "y": "y"}
    for name, thick in (("lines", 1), ("medians", 3)):
        stroke = {"line_color": colour, "line_width": thick}
        drawing.layer(f"{name}{position}", Glyphs("Line", place, stroke), tags=tags)
    dots = {"size": 5, "fill_color": colour, "fill_alpha": 0.6, "line_alpha": 0}
    drawing.layer(f"points{position}", Glyphs("Scatter", place, dots), tags=tags)


def _apart(values: Sequence[float], distance: float) -> list[float]:
    """Return the values without those that are near another; the first and the last stay."""
    kept: list[float] = []
    for value in values:
        if not kept or value - kept[-1] >= distance:
            kept.append(value)
    return [*kept[:-1], values[-1]] if kept else []


def _texts(
    boxes: Sequence[dict[int, Box]], places: int, number_format: NumberFormat
) -> dict[str, list[str]]:
    """Return the columns of the hover."""
    columns: dict[str, list[str]] = {}
    for i, row in enumerate(boxes):
        texts = [_words(row.get(place), number_format) for place in range(places)]
        for part, name in enumerate(("median", "half", "reach", "count")):
            columns[f"{name}{i}"] = [words[part] for words in texts]
    return columns


def _words(box: Box | None, number_format: NumberFormat) -> tuple[str, str, str, str]:
    """Return the median, the middle half, the reach of the whiskers, and the count."""
    if box is None:
        return MISSING, MISSING, MISSING, "0"
    text = number_format.text
    return (
        text(box.median),
        f"{text(box.first)} … {text(box.third)}",
        f"{text(box.low)} … {text(box.high)}",
        NumberFormat().text(box.count),
    )


def _tip(data: PlotData, look: Look) -> str:
    if len(data.series) == 1:
        named = (
            (gettext("Median"), "median"),
            (gettext("Middle half"), "half"),
            (gettext("Whiskers"), "reach"),
            (gettext("Values"), "count"),
        )
        rows = [("", tip_text(name), f"@{column}0") for name, column in named]
        return tip_html("@label", rows)
    rows = [
        (look.css_colour(i), tip_text(series.name), f"@median{i} (@half{i})")
        for i, series in enumerate(data.series)
    ]
    return tip_html("@label", rows)


def _quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which a share of the values is, between two of them."""
    at = share * (len(ordered) - 1)
    place = math.floor(at)
    below, above = ordered[place], ordered[min(place + 1, len(ordered) - 1)]
    between = below * (1 - (at - place)) + above * (at - place)
    return min(max(between, below), above)  # rounding is not to lead out of the two
