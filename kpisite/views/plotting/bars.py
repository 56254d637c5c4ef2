"""Bars: upright or lying, side by side or stacked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from kpisite.plugins.svg import text_width
from kpisite.plugins.ticks import Ticks, number_ticks
from kpisite.views.plotting.frame import (
    Drawing,
    Glyphs,
    Look,
    Slots,
    category_ticks,
    value_texts,
)
from kpisite.views.plotting.marks import add_marks
from kpisite.views.plotting.notes import add_notes
from kpisite.views.plotting.slots import FULL, bar_share, bar_slots
from kpisite.views.plotting.text import tip_html, tip_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kpisite.views.plotting.data import PlotData

HEIGHT = 230
_NAME_WIDTH = 147
_PHONE_FRAME = 260


def bar_plot(data: PlotData, look: Look) -> Drawing:
    """Return upright bars; on a time axis each stands over the stretch that it counts."""
    spans = _spans(data, stacked=look.stacked)
    y = number_ticks([*_ends(spans), *look.marked], look.number_format, from_zero=True)
    x, slots = bar_slots(data.x, look.period)
    count = 1 if look.stacked else len(data.series)
    thickness = (slots.right[0] - slots.left[0]) * bar_share(len(data.x.at)) / count
    drawing = Drawing(x, y, HEIGHT)
    drawing.values["data"] = columns = _columns(data, spans, slots, look)
    drawing.values["thickness"] = thickness * (1 if count == 1 else 0.92)
    for i in range(len(data.series)):
        fields = {"x": f"at{i}", "bottom": f"from{i}", "top": f"to{i}"}
        bars = Glyphs("VBar", fields, _paint(look, i), {"width": "thickness"})
        drawing.layer("data", bars, tags=look.tags(i))
    if data.x.kind == "category":
        drawing.category_axis(look.rotation)
    else:
        drawing.axis("below")
    drawing.axis("left")
    drawing.zero(y, "width")
    sides = {"left": "left", "right": "right"}
    drawing.hover_bands(_tip(data, look), sides, {"bottom": "y start", "top": "y end"})
    room = _PHONE_FRAME / (len(data.x.at) * count)
    for i, text in _labelled(data, look):
        drawing.values["border top"] = 18
        wide = max(map(text_width, columns[text])) > room
        place = {"x": f"at{i}", "y": f"tip{i}", "text": text}
        above = {"y_offset": -3, "text_align": "center", "text_baseline": "bottom"}
        drawing.texts("data", place, wide=wide, **above)
    add_marks(drawing, look, y)
    add_notes(drawing, look.notes, slots)
    return drawing


def barh_plot(data: PlotData, look: Look) -> Drawing:
    """Return lying bars, the first row on top, as high as their number asks for."""
    spans = _spans(data, stacked=look.stacked)
    x = number_ticks([*_ends(spans), *look.marked], look.number_format, from_zero=True)
    names = category_ticks(data.x, _NAME_WIDTH)
    y = Ticks(names.end, names.start, names.at, names.labels)
    count = 1 if look.stacked else len(data.series)
    rows = len(names.at)
    height = 36 + round(rows * (26 if count == 1 else 14 * count + 12))
    slots = Slots(list(names.at), [p - 0.5 for p in names.at], [p + 0.5 for p in names.at])
    thickness = 0.68 if count == 1 else FULL / count
    drawing = Drawing(x, y, height, grid="below")
    drawing.values["data"] = columns = _columns(data, spans, slots, look)
    drawing.values["thickness"] = thickness * (1 if count == 1 else 0.92)
    for i in range(len(data.series)):
        fields = {"y": f"at{i}", "left": f"from{i}", "right": f"to{i}"}
        bars = Glyphs("HBar", fields, _paint(look, i), {"height": "thickness"})
        drawing.layer("data", bars, tags=look.tags(i))
    drawing.axis("below")
    drawing.axis("left", tags=["kpi-ink"])
    drawing.zero(x, "height")
    sides = {"bottom": "left", "top": "right"}
    drawing.hover_bands(_tip(data, look), sides, {"left": "x start", "right": "x end"})
    for i, text in _labelled(data, look):
        needs = round(max(map(text_width, columns[text]))) + 10
        drawing.values["border right"] = max(drawing.values["border right"], needs)
        place = {"x": f"tip{i}", "y": f"at{i}", "text": text}
        drawing.texts("data", place, x_offset=6, text_baseline="middle")
    add_marks(drawing, look, x)
    return drawing


def _spans(data: PlotData, *, stacked: bool) -> list[list[tuple[float, float]]]:
    """Return from where to where each bar goes; stacked, below zero too grows away from zero."""
    if not stacked:
        return [[(0.0, value) for value in series.values] for series in data.series]
    above, below = [0.0] * len(data.x.at), [0.0] * len(data.x.at)
    spans = []
    for series in data.series:
        mine = []
        for place, value in enumerate(series.values):
            pile = below if value < 0 else above
            start = pile[place]
            pile[place] += 0.0 if math.isnan(value) else value
            mine.append((start, pile[place]))
        spans.append(mine)
    return spans


def _ends(spans: Sequence[Sequence[tuple[float, float]]]) -> list[float]:
    return [end for bars in spans for _, end in bars if not math.isnan(end)]


def _columns(
    data: PlotData, spans: Sequence[Sequence[tuple[float, float]]], slots: Slots, look: Look
) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {"label": list(data.x.labels)}
    columns |= {"left": slots.left, "right": slots.right}
    slot = slots.right[0] - slots.left[0]
    count = 1 if look.stacked else len(data.series)
    share = bar_share(len(data.x.at)) if look.kind == "bar" else FULL
    for i, (series, bars) in enumerate(zip(data.series, spans, strict=True)):
        shift = 0.0 if count == 1 else ((i + 0.5) / count - 0.5) * slot * share
        columns[f"at{i}"] = [middle + shift for middle in slots.middle]
        columns[f"from{i}"] = [start for start, _ in bars]
        columns[f"to{i}"] = [end for _, end in bars]
        columns[f"text{i}"] = value_texts(series.values, look.number_format)
    if look.bar_labels and look.stacked:
        tops = [max(max(bars[place][1] for bars in spans), 0.0) for place in range(len(data.x.at))]
        totals = [
            math.fsum(s.values[place] for s in data.series if not math.isnan(s.values[place]))
            for place in range(len(data.x.at))
        ]
        columns |= {"tip0": tops, "total": value_texts(totals, look.number_format)}
    elif look.bar_labels:
        for i, series in enumerate(data.series):
            columns[f"tip{i}"] = [0.0 if math.isnan(v) else max(v, 0.0) for v in series.values]
    return columns


def _labelled(data: PlotData, look: Look) -> list[tuple[int, str]]:
    """Return which bars have their values written at the end, and the column of the texts."""
    if not look.bar_labels:
        return []
    return [(0, "total")] if look.stacked else [(i, f"text{i}") for i in range(len(data.series))]


def _paint(look: Look, position: int) -> dict[str, Any]:
    colour = look.colour(position)
    return {
        "fill_color": colour,
        "line_alpha": 0,
        "border_radius": 0 if look.stacked else 2,
    }


def _tip(data: PlotData, look: Look) -> str:
    rows = [
        (look.css_colour(i), tip_text(series.name), f"@text{i}")
        for i, series in enumerate(data.series)
    ]
    return tip_html("@label", rows)
