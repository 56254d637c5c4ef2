"""Areas, and what `plot` takes of Matplotlib's settings in files of KPI Reporter."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from pydantic import ValidationError

from kpisite.plugins import Period
from kpisite.testing.view import MemoryPage
from kpisite.views.plot import Plot
from kpisite.views.plotting.rc import PlotRc, plot_rc

WEEK = Period.containing(date(2013, 2, 4), "week", ZoneInfo("America/New_York"))
DAYS = pd.date_range("2013-02-04", periods=3, tz="America/New_York")
FRAME = pd.DataFrame({"time": DAYS, "a": [1.0, 2.0, 3.0], "b": [4.0, 3.0, 2.0]})


def plot(**options: Any) -> Plot:
    return Plot("v", "V", Plot.Options.model_validate({"datasource": "d", "query": "q", **options}))


def shown(**options: Any) -> str:
    view = plot(**options)
    return str(view.render_md({"main": FRAME}, MemoryPage(view, WEEK)))


def test_areas_are_lines_that_stand_on_each_other():
    assert shown(kind="area") == shown(kind="line", stacked=True)
    assert shown(kind="area") != shown(kind="line")
    assert shown(kind="area", stacked="percent") == shown(kind="line", stacked="percent")


def test_areas_have_no_log_scale_and_no_second_axis():
    with pytest.raises(ValidationError, match="'kind: area' cannot have 'scale: log'"):
        plot(kind="area", scale="log")
    with pytest.raises(ValidationError, match="'secondary' is for lines that do not stack"):
        plot(kind="area", secondary={"series": ["a"]})


@pytest.mark.parametrize(
    ("settings", "taken"),
    [
        ({}, PlotRc()),
        ({"lines.linewidth": 3}, PlotRc(line_width=4)),
        ({"lines.linewidth": "thick"}, PlotRc(ignored=("lines.linewidth",))),
        ({"axes.grid": False}, PlotRc(grid=False)),
        (
            {"axes.prop_cycle": "cycler('color', ['#123456', '#abc'])"},
            PlotRc(colours=("#123456", "#abc")),
        ),
        ({"axes.prop_cycle": "cycler('color', 'rgb')"}, PlotRc(ignored=("axes.prop_cycle",))),
        (
            {"font.size": 9, "figure.dpi": 200, "axes.grid": True},
            PlotRc(ignored=("figure.dpi", "font.size")),
        ),
    ],
)
def test_of_matplotlibs_settings_those_with_a_counterpart_are_taken(settings, taken):
    assert plot_rc(settings) == taken


def test_settings_shape_the_drawing():
    drawn = shown(
        plot_rc={
            "axes.prop_cycle": "cycler('color', ['#123456', '#654321'])",
            "lines.linewidth": 3,
            "axes.grid": False,
        }
    )
    assert re.findall(r'stroke="(#\d+)" stroke-width="(\d+)"', drawn) == [
        ("#123456", "4"),
        ("#654321", "4"),
    ]
    grid = r'stroke="var\(--kpi-grid'
    assert re.search(grid, shown())
    assert not re.search(grid, drawn)


def test_settings_that_are_not_taken_are_noted():
    view = plot(plot_rc={"font.size": 9, "lines.linewidth": 1})
    assert view.check({"main": FRAME}) == ["plot_rc: not taken: font.size"]


@pytest.mark.parametrize(("written", "degrees"), [("vertical", 90), ("horizontal", 0), (45, 45)])
def test_names_below_may_be_turned_by_a_word(written, degrees):
    assert plot(xtick_rotation=written).options.xtick_rotation == degrees


@pytest.mark.parametrize("written", ["upside down", 91])
def test_names_below_cannot_be_turned_by_anything_else(written):
    with pytest.raises(ValidationError, match="xtick_rotation"):
        plot(xtick_rotation=written)
