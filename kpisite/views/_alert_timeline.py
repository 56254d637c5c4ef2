"""The timeline of alerts: a row for each, with the stretches of the period in which it fired."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from kpisite.model.words import moment_text
from kpisite.plugins import NumberFormat
from kpisite.plugins.svg import LIGHT
from kpisite.plugins.ticks import Ticks, time_ticks
from kpisite.plugins.wall_clock import wall_time
from kpisite.views.plotting.frame import Drawing, Glyphs
from kpisite.views.plotting.text import shorten, tip_html

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kpisite.plugins import Period
    from kpisite.views._alert_windows import Alert, Grid, Window

DURATION = NumberFormat(style="duration")
_GAP = 9
"""Pixels between two rows."""
_AROUND = 36
"""Pixels for what stands above and below the rows."""
_NAME_WIDTH = 147


def timeline(alerts: Sequence[Alert], grid: Grid, thickness: int) -> Drawing:
    """Return the rows, the first alert on top.

    Args:
        alerts: One or more.
        grid: What their spans are counted in.
        thickness: Of a row, in CSS pixels.
    """
    names = tuple(shorten(alert.name, _NAME_WIDTH) for alert in alerts)
    places = tuple(float(row) for row in range(len(alerts)))
    height = _AROUND + len(alerts) * (thickness + _GAP)
    rows = Ticks(len(alerts) - 0.5, -0.5, places, names)
    drawing = Drawing(_ticks(grid), rows, height, grid="below")
    drawing.values["data"] = _columns(alerts, grid)
    whole = {"left": [0.0] * len(alerts), "right": [1.0] * len(alerts)}
    drawing.values["rows"] = {"at": list(places), **whole}
    drawing.values["thickness"] = thickness / (thickness + _GAP)
    fields, size = {"y": "at", "left": "left", "right": "right"}, {"height": "thickness"}
    track = {"fill_color": LIGHT["grid"], "line_alpha": 0}
    drawing.layer("rows", Glyphs("HBar", fields, track, size), tags=["kpi-grid"])
    paint = {"fill_color": LIGHT["bad"], "line_color": LIGHT["bad"], "line_width": 1}
    spans = drawing.layer("data", Glyphs("HBar", fields, paint, size), tags=["kpi-bad"])
    drawing.axis("below")
    drawing.axis("left", tags=["kpi-ink"])
    tip = tip_html("@name", [("", "@span", "@length")])
    drawing.hover(tip, [spans], point_policy="follow_mouse", show_arrow=False)
    return drawing


def _columns(alerts: Sequence[Alert], grid: Grid) -> dict[str, list[Any]]:
    """Return a row for each span; its ends are shares of the period."""
    found = [(row, alert, span) for row, alert in enumerate(alerts) for span in alert.spans]
    return {
        "at": [float(row) for row, _, _ in found],
        "left": [grid.share(span[0]) for _, _, span in found],
        "right": [grid.share(span[1]) for _, _, span in found],
        "name": [alert.name for _, alert, _ in found],
        "span": [_clock_span(grid, span) for _, _, span in found],
        "length": [DURATION.text(grid.seconds([span])) for _, _, span in found],
    }


def _clock_span(grid: Grid, span: Window) -> str:
    """Return from when to when, by the clock on the wall: "2013-02-04 22:15 – 23:00"."""
    begin = grid.period.start.astimezone(UTC)
    first, last = ((begin + grid.passed(step)).astimezone(grid.period.zone) for step in span)
    until = last.time() if first.date() == last.date() else last
    return f"{moment_text(first, with_time=True)} – {moment_text(until, with_time=True)}"


def _ticks(grid: Grid) -> Ticks:
    """Return the ticks of the period as shares of it, also where the clock changes in it."""
    ticks = time_ticks(grid.period)
    return Ticks(0.0, 1.0, tuple(_share(at, grid.period) for at in ticks.at), ticks.labels)


def _share(milliseconds: float, period: Period) -> float:
    start, end = period.start.timestamp(), period.end.timestamp()
    at = wall_time(milliseconds).replace(tzinfo=period.zone).timestamp()
    return (at - start) / (end - start)
