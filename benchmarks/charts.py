"""CPU time of a chart: Bokeh's figure and its JSON, against a template that is filled.

`measure` answers with numbers; as a script, this file prints them.
"""

from __future__ import annotations

import json
import statistics
import time
from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import bokeh.embed
import numpy as np
import pandas as pd

from kpisite.model.definition import Theme
from kpisite.model.period import Period
from kpisite.render.chart_templates import ChartTemplates
from kpisite.views.plot import Plot

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = ("line", "bar", "barh", "scatter")
CHARTS = 50
WEEK = Period.containing(date(2013, 2, 4), "week", ZoneInfo("America/New_York"))


def measure() -> dict[str, dict[str, float]]:
    """Return CPU seconds per chart by kind: medians over charts with different data.

    `figure` is what it takes to draw a chart with Bokeh and to make its JSON with
    `bokeh.embed.json_item`, `fill` to fill the template of such charts. To read the frame, to find
    ticks and words, and to draw the chart as SVG, `values`, comes before either.
    """
    return {kind: _measured(kind) for kind in KINDS}


def _measured(kind: str) -> dict[str, float]:
    templates, page = ChartTemplates(), _Page()
    view = Plot("v", "", Plot.Options(datasource="d", query="q", kind=kind))
    frames = [_frame(kind, seed) for seed in range(CHARTS)]
    values = [_seconds(lambda f=frame: view.render_md({"main": f}, page)) for frame in frames]

    def filled(chart: dict[str, Any]) -> Any:
        return templates.html(**chart, id="kpi-v", description="")

    def figure(chart: dict[str, Any]) -> Any:
        drawn = chart["draw"](chart["structure"], chart["values"])
        return json.dumps(bokeh.embed.json_item(drawn))

    for chart in page.charts:  # makes the templates
        filled(chart)
    figures = [_seconds(lambda c=chart: figure(c)) for chart in page.charts]
    fills = [_seconds(lambda c=chart: filled(c), times=5) for chart in page.charts]
    return {
        "figure": statistics.median(figures),
        "fill": statistics.median(fills),
        "values": statistics.median(values),
    }


def _seconds(work: Callable[[], Any], times: int = 1) -> float:
    start = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - start) / times


def _frame(kind: str, seed: int) -> pd.DataFrame:
    """Return a week of three series; for lying bars, twelve names."""
    random = np.random.default_rng(seed)
    if kind == "barh":
        names = [f"Carrier {n}" for n in range(12)]
        return pd.DataFrame({"carrier": names, "delay": random.uniform(1, 60, 12)})
    days = pd.date_range("2013-02-04", periods=7, tz=WEEK.zone)
    series = {name: random.uniform(200, 400, 7).round(1) for name in ("EWR", "JFK", "LGA")}
    return pd.DataFrame({"time": days} | series)


class _Page:
    """Keeps what a view asks to be drawn."""

    period = WEEK
    theme = Theme()

    def __init__(self) -> None:
        self.charts: list[dict[str, Any]] = []

    def chart_from(
        self, draw: Any, structure: Any, values: Any, *, description: str, height: int, still: str
    ) -> str:
        chart = {"draw": draw, "structure": structure, "values": values, "height": height}
        self.charts.append(chart)
        return still

    def table(self, frame: pd.DataFrame, **look: Any) -> str:
        return ""


if __name__ == "__main__":
    for kind, both in measure().items():
        shown = ", ".join(f"{name} {seconds * 1000:.3f} ms" for name, seconds in both.items())
        print(f"{kind}: {shown}; figure / fill = {both['figure'] / both['fill']:.0f}")
