"""Words of a plot: labels that fit, the legend, the hover, the description."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kpisite.plugins import escape_html
from kpisite.plugins.svg import text_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kpisite.plugins import NumberFormat
    from kpisite.views._plot_data import PlotData, Series, XAxis

_ZERO_WIDTH_SPACE = "\u200b"
_TIP = (
    "font:12px/1.5 var(--kpi-font);color:var(--kpi-ink);font-variant-numeric:tabular-nums;"
    "max-width:240px"
)
_SHAPES = {
    "line": "Line chart",
    "bar": "Bar chart",
    "barh": "Bar chart",
    "scatter": "Scatter plot",
    "heatmap": "Heatmap",
    "box": "Box plot",
}
_TOLD = 3
"""Series whose course is told; more would be a table read aloud."""


def shorten(text: str, pixels: float) -> str:
    """Return a text that is at most so wide, with an ellipsis where it was cut."""
    if text_width(text) <= pixels:
        return text
    while text and text_width(text) > pixels - text_width("…"):
        text = text[:-1]
    return f"{text.rstrip()}…"


def canvas_text(text: str) -> str:
    """Return a text that Bokeh draws as it is, and does not take for a formula: `$$x$$`."""
    for mark in ("$$", "\\(", "\\[", "\\)", "\\]"):
        text = text.replace(mark, mark[0] + _ZERO_WIDTH_SPACE + mark[1])
    return text


def legend_html(entries: Sequence[tuple[str, str]], *, narrow_only: bool) -> str:
    """Return the names of the series with their colours.

    Args:
        entries: Name and CSS colour.
        narrow_only: Wide charts name the lines at their ends.
    """
    items = "".join(
        f'<span><i style="background:{colour}"></i>{escape_html(name)}</span>'
        for name, colour in entries
    )
    kind = "kpi-legend kpi-legend-narrow" if narrow_only else "kpi-legend"
    return f'<div class="{kind}">{items}</div>'


def tip_html(head: str, rows: Sequence[tuple[str, str, str]]) -> str:
    """Return a hover's HTML for Bokeh, which puts the data into it, escaped.

    Args:
        head: Bokeh's placeholder of the first line, `@x`.
        rows: CSS colour or "", name, and Bokeh's placeholder of the value.
    """
    lines = []
    for colour, name, value in rows:
        dot = f'<span style="color:{colour}">●</span> ' if colour else ""
        lines.append(
            '<div style="display:flex;gap:12px;justify-content:space-between">'
            f"<span>{dot}{name}</span><b>{value}</b></div>"
        )
    muted = f'<div style="color:var(--kpi-muted)">{head}</div>'
    return f'<div style="{_TIP}">{muted}{"".join(lines)}</div>'


def tip_text(text: str) -> str:
    """Return a text for `tip_html` that holds neither markup nor placeholders."""
    return escape_html(text).replace("@", "&#64;").replace("$", "&#36;")


def describe(title: str, kind: str, data: PlotData, number_format: NumberFormat) -> str:
    """Return what a chart shows and where it goes, for those who cannot see it.

    Returns:
        "Flights a day. Line chart of EWR and JFK by time, from Mon 4 Feb 2013 to Sun 10 Feb 2013.
        EWR fell from 342 to 297; JFK fell from 304 to 296."
    """
    names = [series.name for series in data.series]
    shown = names if len(names) <= 8 else [*names[:7], f"{len(names) - 7} more"]
    listed = " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))
    what = f"{_SHAPES[kind]} of {listed} by {data.x.name}, {_span(data.x)}"
    parts = [title, what, _course(title, kind, data, number_format)]
    return " ".join(part if part.endswith(".") else f"{part}." for part in parts if part)


def _span(x: XAxis) -> str:
    first, last = x.labels[0], x.labels[-1]
    if len(x.labels) == 1:
        return f"at {first}"
    return f"{len(x.labels)} in all" if x.kind == "category" else f"from {first} to {last}"


def _course(title: str, kind: str, data: PlotData, number_format: NumberFormat) -> str:
    """Return how the series move, or where categories are highest; "" for a cloud of points."""
    if kind == "scatter":
        return ""
    if kind == "heatmap":
        return _peaks(data, number_format)
    alone = len(data.series) == 1
    named = [(title if alone and title else series.name, series) for series in data.series]
    parts = [
        _extremes(name, series, data.x.labels, number_format)
        if data.x.kind == "category"
        else _trend(name, series, number_format)
        for name, series in named[:_TOLD]
    ]
    return ("By the median, " if kind == "box" else "") + "; ".join(parts)


def _peaks(data: PlotData, number_format: NumberFormat) -> str:
    """Return "Highest for Fri at 17 (97), lowest for Sun at 4 (3)"."""
    known = [
        (value, series.name, data.x.labels[place])
        for series in data.series
        for value, place in zip(series.values, series.places, strict=True)
        if not math.isnan(value)
    ]
    if not known:
        return "No data"
    ends = [choose(known, key=lambda one: one[0]) for choose in (max, min)]
    if ends[0][0] == ends[1][0]:
        return f"{number_format.text(ends[0][0])} throughout"
    high, low = (f"{row} at {label} ({number_format.text(value)})" for value, row, label in ends)
    return f"Highest for {high}, lowest for {low}"


def _trend(name: str, series: Series, number_format: NumberFormat) -> str:
    """Return "EWR fell from 342 to 297", by the first and the last number that there is."""
    values = [value for value in series.values if not math.isnan(value)]
    if not values:
        return f"{name}: no data"
    first, last = (number_format.text(value) for value in (values[0], values[-1]))
    if len(values) == 1:
        return f"{name} stood at {first}"
    if first == last:
        return f"{name} began and ended at {first}"
    verb = "rose" if values[-1] > values[0] else "fell"
    return f"{name} {verb} from {first} to {last}"


def _extremes(name: str, series: Series, labels: Sequence[str], number_format: NumberFormat) -> str:
    """Return "Delay: highest for Frontier (77.5 min), lowest for Delta (7.3 min)"."""
    known = [
        (value, labels[place])
        for value, place in zip(series.values, series.places, strict=True)
        if not math.isnan(value)
    ]
    if not known:
        return f"{name}: no data"
    (high, top), (low, bottom) = (choose(known, key=lambda one: one[0]) for choose in (max, min))
    if len(known) == 1:
        return f"{name}: {number_format.text(high)} for {top}"
    if high == low:
        return f"{name}: {number_format.text(high)} throughout"
    return (
        f"{name}: highest for {top} ({number_format.text(high)}), "
        f"lowest for {bottom} ({number_format.text(low)})"
    )
