"""Scatter plots: points that are named where there are few, and told apart by the hover."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kpisite.plugins import NumberFormat
from kpisite.plugins.svg import text_width
from kpisite.plugins.ticks import Ticks, number_ticks, time_ticks
from kpisite.views.plotting.frame import (
    CARD,
    Drawing,
    Glyphs,
    Look,
    category_ticks,
    padded,
    value_texts,
)
from kpisite.views.plotting.marks import add_marks
from kpisite.views.plotting.notes import add_notes
from kpisite.views.plotting.scale import placed, value_ticks
from kpisite.views.plotting.text import canvas_text, shorten, tip_html, tip_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kpisite.views.plotting.data import PlotData, Series, XAxis

HEIGHT = 280
_MOST_NAMES = 30
_NAME_WIDTH = 125
_FRAME = (220, 220)
"""Width and height in pixels of the frame on a phone, where names must not meet."""


def scatter_plot(
    data: PlotData, look: Look, text_columns: Sequence[str], *, named: bool = True
) -> Drawing:
    """Return the points.

    Args:
        data: One series per column of numbers, or per group.
        look: How it is drawn.
        text_columns: Names of what stands in `Series.texts`.
        named: Whether points are named by the first of these, where they are few.
    """
    x = _x_ticks(data.x, look)
    values = [*data.numbers, *look.marked]
    y = padded(value_ticks(values, look.number_format, look.scale), 0.03)
    drawing = Drawing(x, y, HEIGHT)
    clouds = []
    for position, series in enumerate(data.series):
        drawing.values[f"points{position}"] = _columns(data.x, series, text_columns, look)
        paint = {"fill_color": look.colour(position), "line_color": CARD}
        small, large = (
            Glyphs("Scatter", {"x": "x", "y": "y"}, {**paint, "size": size, "fill_alpha": alpha})
            for size, alpha in ((9, 0.8), (12, 1))
        )
        cloud = drawing.layer(f"points{position}", small, lit=large, tags=look.tags(position))
        clouds.append(cloud)
    if data.x.kind == "category":
        drawing.category_axis(look.rotation)
    else:
        drawing.axis("below")
    if data.x.kind == "number":
        drawing.values["x name"] = canvas_text(data.x.name.replace("_", " "))
    drawing.axis("left")
    drawing.hover(_tip(data, text_columns), clouds, limit=3)
    few = sum(len(series.values) for series in data.series) <= _MOST_NAMES
    if named and text_columns and few:
        _add_names(drawing, len(data.series), x, y)
    add_marks(drawing, look, y)
    add_notes(drawing, look.notes, None)
    return drawing


def _columns(
    x: XAxis, series: Series, text_columns: Sequence[str], look: Look
) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {
        "x": [x.at[place] for place in series.places],
        "y": placed(series.values, look.scale),
        "label": [x.labels[place] for place in series.places],
        "text": value_texts(series.values, look.number_format),
        "series": [series.name] * len(series.values),
    }
    for column in range(len(text_columns)):
        columns[f"note{column}"] = [texts[column] for texts in series.texts]
    return columns


def _tip(data: PlotData, text_columns: Sequence[str]) -> str:
    rows = [("", tip_text(data.x.name), "@label"), ("", "@series", "@text")]
    if not text_columns:
        return tip_html("@label", rows[1:])
    notes = [("", tip_text(name), f"@note{i}") for i, name in enumerate(text_columns)]
    return tip_html("@note0", rows + notes[1:])


def _x_ticks(x: XAxis, look: Look) -> Ticks:
    if x.kind == "time":
        return time_ticks(look.period)
    if x.kind == "category":
        return category_ticks(x, 94)
    return padded(number_ticks(x.at, NumberFormat(), from_zero=False, units=False), 0.03)


def _add_names(drawing: Drawing, count: int, x: Ticks, y: Ticks) -> None:
    """Name the points by their first text, each where it meets no other; else not at all."""
    sources = [drawing.values[f"points{position}"] for position in range(count)]
    placed = _placed(sources, x, y)
    start = 0
    for position, columns in enumerate(sources):
        mine = placed[start : start + len(columns["x"])]
        start += len(mine)
        columns["name"] = [name for name, _, _ in mine]
        columns["align"] = [align for _, align, _ in mine]
        columns["offset"] = [offset for _, _, offset in mine]
        place = {"x": "x", "y": "y", "text": "name", "text_align": "align", "x_offset": "offset"}
        drawing.texts(f"points{position}", place, text_baseline="middle")


def _placed(
    sources: Sequence[dict[str, list[Any]]], x: Ticks, y: Ticks
) -> list[tuple[str, str, int]]:
    """Return the name of each point, "" where it has no room, its side and its distance."""
    wide, high = _FRAME
    points = [
        (
            (at - x.start) / (x.end - x.start) * wide,
            (value - y.start) / (y.end - y.start) * high,
            shorten(name, _NAME_WIDTH),
        )
        for columns in sources
        for at, value, name in zip(columns["x"], columns["y"], columns["note0"], strict=True)
    ]
    taken = [(px - 4, py - 4, px + 4, py + 4) for px, py, _ in points]
    placed = []
    for px, py, name in points:
        length = text_width(name)
        for align, left in (("left", px + 7), ("right", px - 7 - length)):
            box = (left, py - 6, left + length, py + 6)
            if left >= 0 and left + length <= wide and not any(_meet(box, b) for b in taken):
                taken.append(box)
                placed.append((canvas_text(name), align, 7 if align == "left" else -7))
                break
        else:
            placed.append(("", "left", 0))
    return placed


def _meet(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
