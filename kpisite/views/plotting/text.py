"""Words of a plot: labels that fit, the legend, the hover, the description."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kpisite.plugins import escape_html
from kpisite.plugins.language import gettext
from kpisite.plugins.svg import text_width

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kpisite.plugins import NumberFormat
    from kpisite.views.plotting.data import PlotData, Series, XAxis

_ZERO_WIDTH_SPACE = "\u200b"
_TIP = (
    "font:12px/1.5 var(--kpi-font);color:var(--kpi-ink);font-variant-numeric:tabular-nums;"
    "max-width:240px"
)
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


def describe(
    title: str, kind: str, data: PlotData, format_of: Callable[[int], NumberFormat]
) -> str:
    """Return what a chart shows and where it goes, for those who cannot see it.

    Args:
        title: The view's.
        kind: What is drawn; `area` for lines that stand on each other.
        data: The values.
        format_of: How the values of the series in a position are shown.

    Returns:
        "Flights a day. Line chart of EWR and JFK by time, from Mon 4 Feb 2013 to Sun 10 Feb 2013.
        EWR fell from 342 to 297; JFK fell from 304 to 296."
    """
    names = [series.name for series in data.series]
    what = _shape(kind).format(series=_listed(names), axis=data.x.name)
    what = f"{what}, {_span(data.x)}"
    parts = [title, what, _course(title, kind, data, format_of)]
    return " ".join(part if part.endswith(".") else f"{part}." for part in parts if part)


def _shape(kind: str) -> str:
    if kind == "line":
        return gettext("Line chart of {series} by {axis}")
    if kind == "area":
        return gettext("Area chart of {series} by {axis}")
    if kind == "scatter":
        return gettext("Scatter plot of {series} by {axis}")
    if kind == "heatmap":
        return gettext("Heatmap of {series} by {axis}")
    if kind == "box":
        return gettext("Box plot of {series} by {axis}")
    return gettext("Bar chart of {series} by {axis}")


def _listed(names: Sequence[str]) -> str:
    """Return "EWR, JFK and LGA"; of many names the first, and how many there are more."""
    if len(names) > 8:
        names = [*names[:7], gettext("{count} more").format(count=len(names) - 7)]
    if len(names) == 1:
        return names[0]
    return gettext("{some} and {last}").format(some=", ".join(names[:-1]), last=names[-1])


def _span(x: XAxis) -> str:
    first, last = x.labels[0], x.labels[-1]
    if len(x.labels) == 1:
        return gettext("at {place}").format(place=first)
    if x.kind == "category":
        return gettext("{count} in all").format(count=len(x.labels))
    return gettext("from {first} to {last}").format(first=first, last=last)


def _course(title: str, kind: str, data: PlotData, format_of: Callable[[int], NumberFormat]) -> str:
    """Return how the series move, or where categories are highest; "" for a cloud of points."""
    if kind == "scatter":
        return ""
    if kind == "heatmap":
        return _peaks(data, format_of(0))
    alone = len(data.series) == 1
    named = [(title if alone and title else series.name, series) for series in data.series]
    parts = [
        _extremes(name, series, data.x.labels, format_of(position))
        if data.x.kind == "category"
        else _trend(name, series, format_of(position))
        for position, (name, series) in enumerate(named[:_TOLD])
    ]
    course = "; ".join(parts)
    return gettext("By the median, {course}").format(course=course) if kind == "box" else course


def _peaks(data: PlotData, number_format: NumberFormat) -> str:
    """Return "Highest for Fri at 17 (97), lowest for Sun at 4 (3)"."""
    known = [
        (value, series.name, data.x.labels[place])
        for series in data.series
        for value, place in zip(series.values, series.places, strict=True)
        if not math.isnan(value)
    ]
    if not known:
        return gettext("No data")
    ends = [choose(known, key=lambda one: one[0]) for choose in (max, min)]
    if ends[0][0] == ends[1][0]:
        return gettext("{value} throughout").format(value=number_format.text(ends[0][0]))
    high, low = (
        gettext("{row} at {place} ({value})").format(
            row=row, place=label, value=number_format.text(value)
        )
        for value, row, label in ends
    )
    return gettext("Highest for {high}, lowest for {low}").format(high=high, low=low)


def _trend(name: str, series: Series, number_format: NumberFormat) -> str:
    """Return "EWR fell from 342 to 297", by the first and the last number that there is."""
    values = [value for value in series.values if not math.isnan(value)]
    if not values:
        return gettext("{name}: no data").format(name=name)
    first, last = (number_format.text(value) for value in (values[0], values[-1]))
    if len(values) == 1:
        said = gettext("{name} stood at {first}")
    elif first == last:
        said = gettext("{name} began and ended at {first}")
    elif values[-1] > values[0]:
        said = gettext("{name} rose from {first} to {last}")
    else:
        said = gettext("{name} fell from {first} to {last}")
    return said.format(name=name, first=first, last=last)


def _extremes(name: str, series: Series, labels: Sequence[str], number_format: NumberFormat) -> str:
    """Return "Delay: highest for Frontier (77.5 min), lowest for Delta (7.3 min)"."""
    known = [
        (value, labels[place])
        for value, place in zip(series.values, series.places, strict=True)
        if not math.isnan(value)
    ]
    if not known:
        return gettext("{name}: no data").format(name=name)
    (high, top), (low, bottom) = (choose(known, key=lambda one: one[0]) for choose in (max, min))
    if len(known) == 1:
        said = gettext("{name}: {high} for {top}")
    elif high == low:
        said = gettext("{name}: {high} throughout")
    else:
        said = gettext("{name}: highest for {top} ({high}), lowest for {bottom} ({low})")
    return said.format(
        name=name,
        high=number_format.text(high),
        top=top,
        low=number_format.text(low),
        bottom=bottom,
    )
