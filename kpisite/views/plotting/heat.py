"""Heatmaps: a cell per row and column, its colour by its value."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from kpisite.errors import ViewError
from kpisite.plugins import escape_html
from kpisite.plugins.svg import HEAT, HEAT_PALE, heat_colour, text_width
from kpisite.plugins.svg_axes import Borders, Label, labels_below, room_left
from kpisite.plugins.ticks import Ticks
from kpisite.views.plotting.frame import CARD, FONT, INK, Drawing, Glyphs, Look
from kpisite.views.plotting.slots import bar_slots
from kpisite.views.plotting.text import canvas_text, shorten, tip_html, tip_text
from kpisite.views.plotting.values import values_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from kpisite.plugins import NumberFormat
    from kpisite.views.plotting.data import Columns, PlotData

MOST_CELLS = 1_500
"""A page with more would be too large for a phone, and nobody could tell them apart."""
_NAME_WIDTH = 110
_ROW, _FLAT_ROW, _MANY_ROWS = 26, 16, 16
"""Height of a row in CSS pixels, also of one among more rows than the last number."""
_ABOVE = 8


def heat_plot(data: PlotData, look: Look) -> Drawing:
    """Return the cells: series are rows, the first on top, and places are columns."""
    x, slots = bar_slots(data.x, look.period)
    names = [shorten(series.name, _NAME_WIDTH) for series in data.series]
    rows = len(names)
    y = Ticks(rows - 0.5, -0.5, tuple(map(float, range(rows))), tuple(names))
    row = _ROW if rows <= _MANY_ROWS else _FLAT_ROW
    drawing = Drawing(
        x, y, rows * row + _room_around(x, leaning=data.x.kind == "category"), grid=None
    )
    cells = _cells(data, slots.middle, look.number_format)
    drawing.values["data"] = cells
    drawing.values["thickness"] = slots.right[0] - slots.left[0]
    _add_cells(drawing, data)
    if data.x.kind == "category":
        drawing.category_axis(look.rotation)
    else:
        drawing.axis("below")
    drawing.axis("left", tags=["kpi-ink"])
    if look.bar_labels:
        share = drawing.values["thickness"] / (x.end - x.start)
        widest = max(map(text_width, cells["short"]), default=0)
        width = Borders(left=room_left(names)).width_for((widest + 6) / share) if share else 0
        if width:
            _add_texts(drawing, cells, width)
    return drawing


def check_cells(frame: pd.DataFrame, columns: Columns, *, rows: int) -> None:
    """Refuse more cells than a page can show.

    Raises:
        ViewError: There are more than `MOST_CELLS`.
    """
    across = len(dict.fromkeys(values_of(frame, columns.x)))
    if across * rows > MOST_CELLS:
        raise ViewError(
            f"a heatmap has at most {MOST_CELLS:,} cells, not {across:,} × {rows:,}",
            hint=f"Group the query by larger steps of '{columns.x}', or into fewer rows.",
        )


def _room_around(x: Ticks, *, leaning: bool) -> int:
    """Return the height above the cells, and that of the labels below, where they may lean."""
    borders = Borders()
    places = [Label(0, label) for label in x.labels]
    labels_below(borders, places, turn=leaning, angle=0)
    return _ABOVE + round(borders.lean or borders.bottom)


def ramp_html(data: PlotData, number_format: NumberFormat) -> str:
    """Return the colours from the lowest value to the highest."""
    if not data.numbers:
        return ""
    low, high = (number_format.text(choose(data.numbers)) for choose in (min, max))
    colours = "".join(f'<i style="background:{heat_colour(s)}"></i>' for s in range(len(HEAT)))
    return (
        f'<div class="kpi-legend kpi-ramp"><span>{escape_html(low)}</span>{colours}'
        f"<span>{escape_html(high)}</span></div>"
    )


def _cells(
    data: PlotData, middles: Sequence[float], number_format: NumberFormat
) -> dict[str, list[Any]]:
    """Return the columns of all cells that have a value."""
    known = data.numbers
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    columns: dict[str, list[Any]] = {
        name: [] for name in ("x", "y", "label", "row", "text", "short", "step")
    }
    for row, series in enumerate(data.series):
        for place, value in zip(series.places, series.values, strict=True):
            if math.isnan(value):
                continue
            columns["x"].append(middles[place])
            columns["y"].append(float(row))
            columns["label"].append(data.x.labels[place])
            columns["row"].append(series.name)
            written, unit = number_format.parts(value)
            columns["short"].append(written)
            columns["text"].append(f"{written} {unit}" if unit else written)
            columns["step"].append(_step(value, low, high))
    steps = columns.pop("step")
    columns["colour"] = [HEAT[step] for step in steps]
    columns["series"] = [f"kpi-heat-{step + 1}" for step in steps]
    return columns


def _step(value: float, low: float, high: float) -> int:
    """Return which of the colours a value has; the middle one where all values are equal."""
    span = high / 2 - low / 2
    if not span:
        return len(HEAT) // 2
    return min(int((value / 2 - low / 2) / span * len(HEAT)), len(HEAT) - 1)


def _add_cells(drawing: Drawing, data: PlotData) -> None:
    place = {"x": "x", "y": "y", "fill_color": "colour"}
    size = {"width": "thickness"}
    cells = Glyphs("Rect", place, {"height": 1, "line_color": CARD}, size)
    lit = Glyphs("Rect", place, {"height": 1, "line_color": INK, "line_width": 2}, size)
    layer = drawing.layer("data", cells, lit=lit, tags=["kpi-heat"])
    tip = tip_html(f"{tip_text(data.x.name)}: @label", [("", "@row", "@text")])
    drawing.hover(tip, [layer], point_policy="follow_mouse", show_arrow=False)


def _add_texts(drawing: Drawing, cells: dict[str, list[Any]], width: int) -> None:
    """Write the values into the cells of charts that are at least so wide."""
    pale = {f"kpi-heat-{step + 1}" for step in range(HEAT_PALE)}
    place = {"x": "x", "y": "y", "text": "text"}
    middle = {"text_align": "center", "text_baseline": "middle", "text_font_size": FONT}
    for ground, ink, is_pale in (("pale", "ink", True), ("deep", "card", False)):
        kept = [i for i, tag in enumerate(cells["series"]) if (tag in pale) is is_pale]
        drawing.values[ground] = {
            "x": [cells["x"][i] for i in kept],
            "y": [cells["y"][i] for i in kept],
            "text": [canvas_text(cells["short"][i]) for i in kept],
        }
        fixed = {**middle, "text_color": INK if is_pale else CARD}
        tags = [f"kpi-{ink}", f"kpi-from-{width}", "kpi-cell"]
        drawing.layer(ground, Glyphs("Text", place, fixed), level="annotation", tags=tags)
