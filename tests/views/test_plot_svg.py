"""The SVG of a plot shows what its Bokeh plot shows."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kpisite.model.definition import Theme
from kpisite.plugins import Period
from kpisite.views.plot import Plot

ZONE = ZoneInfo("Europe/Berlin")
WEEK = Period.containing(date(2013, 2, 4), "week", ZONE)
DAYS = pd.date_range("2013-02-04", periods=4, tz=ZONE)
NUMBERS = pd.DataFrame({"time": DAYS, "a": [1.0, 2.0, math.nan, 4.0], "b": [4.0, 3.0, 2.0, -1.0]})
NAMES = pd.DataFrame({"name": ["ann", "bob", "cy"], "n": [3, -1, 2], "note": ["x", "y", "z"]})


class KeepingPage:
    def __init__(self, colours: tuple[str, ...] = ()) -> None:
        self.period = WEEK
        self.theme = Theme(series_colors=colours)
        self.still = ""

    def chart_from(self, draw: Any, structure: Any, values: Any, **named: Any) -> str:
        self.still = named["still"]
        return "<chart>"

    def table(self, frame: pd.DataFrame, **named: Any) -> str:
        return "<table>"

    def template(self, path: str, **values: Any) -> str:
        return path


def still(frame: pd.DataFrame, colours: tuple[str, ...] = (), **options: Any) -> ET.Element:
    asked = {"datasource": "d", "query": "select"} | options
    page = KeepingPage(colours)
    Plot("v", "V", Plot.Options.model_validate(asked)).render_md({"main": frame}, page)
    return ET.fromstring(page.still)


def texts(svg: ET.Element) -> list[str]:
    return ["".join(text.itertext()) for text in svg.iter("text")]


def coloured(svg: ET.Element, attribute: str, number: int) -> list[ET.Element]:
    wanted = f"var(--kpi-series-{number},"
    return [e for e in svg.iter() if e.get(attribute, "").startswith(wanted)]


def test_each_line_is_there_with_its_gaps_and_its_name():
    svg = still(NUMBERS)
    [first], [second] = (coloured(svg, "stroke", n) for n in (1, 2))
    assert first.get("d", "").count("M") == 2
    assert second.get("d", "").count("L") == 3
    assert {"a", "b"} <= set(texts(svg))


def test_a_point_between_gaps_is_a_dot_in_a_line_chart():
    alone = NUMBERS.assign(a=[1.0, math.nan, 3.0, math.nan])
    assert len(list(still(alone[["time", "a"]]).iter("circle"))) == 2
    assert list(still(NUMBERS[["time", "b"]]).iter("circle")) == []


def test_each_bar_is_there_and_goes_down_from_zero_where_it_is_negative():
    svg = still(NUMBERS, kind="bar")
    first, second = (next(g for g in coloured(svg, "fill", n) if g.tag == "g") for n in (1, 2))
    assert (len(first), len(second)) == (3, 4)
    zero = float(second[0].get("y", "")[:-1]) + float(second[0].get("height", "")[:-1])
    assert float(second[3].get("y", "")[:-1]) == pytest.approx(zero, abs=0.02)


def test_lying_bars_have_the_first_row_on_top_and_say_their_values():
    svg = still(NAMES, kind="barh")
    bars = next(g for g in coloured(svg, "fill", 1) if g.tag == "g")
    heights = [float(bar.get("y", "")[:-1]) for bar in bars]
    assert heights == sorted(heights)
    assert {"ann", "bob", "cy", "3", "2"} <= set(texts(svg))


def test_areas_stand_on_each_other():
    svg = still(NUMBERS.assign(a=1.0, b=2.0), stacked=True)
    assert len([e for e in svg.iter("path") if e.get("opacity") == "0.35"]) == 2


def test_points_are_dots_with_their_names():
    svg = still(NAMES, kind="scatter")
    assert len(list(svg.iter("circle"))) == 3
    assert {"x", "y", "z"} <= set(texts(svg))


def test_colours_of_the_theme_are_those_of_the_bokeh_plot():
    svg = still(NUMBERS, colours=("#123456", "#654321"))
    assert [e.get("stroke") for e in svg.iter("path")][-2:] == ["#123456", "#654321"]


def test_given_rotation_turns_the_names():
    svg = still(NAMES, kind="bar", xtick_rotation=30)
    assert [t.get("transform", "").startswith("rotate(-30") for t in svg.iter("text")].count(
        True
    ) == 3


@pytest.mark.parametrize("kind", ["line", "bar", "barh", "scatter", "heatmap", "box"])
@given(
    values=st.lists(st.floats(-1e12, 1e12) | st.just(math.nan), min_size=1, max_size=6),
    name=st.text(min_size=1, max_size=12),
)
@example(values=[5e-324], name="least")
@settings(max_examples=25, deadline=None)
def test_any_numbers_and_names_give_one_well_formed_svg(kind, values, name):
    frame = pd.DataFrame({"x": [f"{name}{n}" for n in range(len(values))], "n": values})
    svg = still(frame, kind=kind, time_column="x")
    numbers = [e.get(a, "") for e in svg.iter() for a in ("d", "x", "y", "width", "cx", "cy")]
    assert not any("nan" in number or "inf" in number for number in numbers)
