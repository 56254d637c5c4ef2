"""Scatter plots: points that are named where there are few, and told apart by the hover."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bokeh.core.property.vectorization import Field
from bokeh.models import CDSView, ColumnDataSource, HoverTool, Plot, Scatter

from kpisite.plugins import NumberFormat
from kpisite.views._plot_frame import (
    CARD,
    Look,
    add_axis,
    add_category_axis,
    add_texts,
    category_ticks,
    empty_plot,
    padded,
    value_texts,
)
from kpisite.views._plot_scale import Ticks, number_ticks, time_ticks
from kpisite.views._plot_text import canvas_text, shorten, tip_html, tip_text, width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bokeh.models.renderers import DataRenderer

    from kpisite.views._plot_data import PlotData, XAxis

HEIGHT = 280
_MOST_NAMES = 30
_NAME_WIDTH = 120
_FRAME = (270, 225)
"""Width and height in pixels of the frame on a phone, where names must not meet."""


def scatter_plot(data: PlotData, look: Look, text_columns: Sequence[str]) -> Plot:
    """Return the points.

    Args:
        data: One series per column of numbers, or per group.
        look: How it is drawn.
        text_columns: Names of what stands in `Series.texts`.
    """
    x = _x_ticks(data.x, look)
    y = padded(number_ticks(data.numbers, look.number_format, from_zero=False), 0.03)
    plot, view = empty_plot(x, y, HEIGHT), CDSView()
    sources: list[ColumnDataSource] = []
    clouds: list[DataRenderer] = []
    for position, series in enumerate(data.series):
        columns: dict[str, Any] = {
            "x": [data.x.at[place] for place in series.places],
            "y": list(series.values),
            "label": [data.x.labels[place] for place in series.places],
            "text": value_texts(series.values, look.number_format),
            "series": [series.name] * len(series.values),
        }
        for column in range(len(text_columns)):
            columns[f"note{column}"] = [texts[column] for texts in series.texts]
        source = ColumnDataSource(columns)
        colour = look.colour(position)
        paint: dict[str, Any] = {"x": "x", "y": "y", "fill_color": colour, "line_color": CARD}
        cloud = plot.add_glyph(
            source,
            Scatter(**paint, size=9, fill_alpha=0.8),
            hover_glyph=Scatter(**paint, size=12, fill_alpha=1),
            view=view,
            tags=look.tags(position),
        )
        sources.append(source)
        clouds.append(cloud)
    if data.x.kind == "category":
        add_category_axis(plot, x, look.rotation)
    elif data.x.kind == "time":
        add_axis(plot, "below", x)
    else:
        add_axis(plot, "below", x, axis_label=canvas_text(data.x.name.replace("_", " ")))
    add_axis(plot, "left", y)
    tip = _tip(data, text_columns)
    plot.add_tools(HoverTool(tooltips=tip, renderers=clouds, limit=3))
    if text_columns and sum(len(series.values) for series in data.series) <= _MOST_NAMES:
        _add_names(plot, sources, view, x, y)
    return plot


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
        return category_ticks(x, 90)
    return padded(number_ticks(x.at, NumberFormat(), from_zero=False, units=False), 0.03)


def _add_names(
    plot: Plot, sources: Sequence[ColumnDataSource], view: CDSView, x: Ticks, y: Ticks
) -> None:
    """Name the points by their first text, each where it meets no other; else not at all."""
    wide, high = _FRAME
    taken: list[tuple[float, float, float, float]] = []
    points = [
        (
            (at - x.start) / (x.end - x.start) * wide,
            (value - y.start) / (y.end - y.start) * high,
            shorten(name, _NAME_WIDTH),
        )
        for source in sources
        for at, value, name in zip(
            source.data["x"], source.data["y"], source.data["note0"], strict=True
        )
    ]
    taken += [(px - 4, py - 4, px + 4, py + 4) for px, py, _ in points]
    placed = []
    for px, py, name in points:
        length = width(name)
        for align, left in (("left", px + 7), ("right", px - 7 - length)):
            box = (left, py - 6, left + length, py + 6)
            if left >= 0 and left + length <= wide and not any(_meet(box, b) for b in taken):
                taken.append(box)
                placed.append((canvas_text(name), align, 7 if align == "left" else -7))
                break
        else:
            placed.append(("", "left", 0))
    start = 0
    for source in sources:
        mine = placed[start : start + len(source.data["x"])]
        start += len(mine)
        source.data["name"] = [name for name, _, _ in mine]
        source.data["align"] = [align for _, align, _ in mine]
        source.data["offset"] = [offset for _, _, offset in mine]
        place: dict[str, Any] = {"x": "x", "y": "y", "text_baseline": "middle"}
        place |= {"text_align": Field("align"), "x_offset": Field("offset")}
        add_texts(plot, source, view, text="name", **place)


def _meet(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
