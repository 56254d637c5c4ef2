"""The log scale: its ticks, its places, and what has none."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from datetime import date
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from kpisite.plugins import NumberFormat, Period
from kpisite.testing.view import MemoryPage
from kpisite.views.plot import Plot
from kpisite.views.plotting.scale import placed, value_ticks

WEEK = Period.containing(date(2013, 2, 4), "week", ZoneInfo("America/New_York"))
SIZES = pd.DataFrame({"x": [1, 2, 3, 4], "n": [1, 10, 100, 1000]})


def plot(**options: Any) -> Plot:
    asked = {"datasource": "d", "query": "select", "scale": "log", **options}
    return Plot("sizes", "Sizes", Plot.Options.model_validate(asked))


def still(frame: pd.DataFrame, **options: Any) -> ET.Element:
    view = plot(**options)
    shown = str(view.render_md({"main": frame}, MemoryPage(view, WEEK)))
    return ET.fromstring(shown[shown.index("<svg") : shown.rindex("</svg>")] + "</svg>")


@pytest.mark.parametrize(
    ("values", "number_format", "labels"),
    [
        ([3, 40], {}, ("2", "5", "10", "20", "50")),
        ([1, 1000], {"unit": "min"}, ("1", "3", "10", "30", "100", "300", "1,000 min")),
        ([0.001, 1e6], {}, ("0.001", "0.1", "10", "1,000", "100,000", "10,000,000")),
        ([0.06, 0.9], {"style": "percent"}, ("5 %", "10 %", "20 %", "50 %", "100 %")),
        ([5], {}, ("5", "50")),
        ([], {}, ("1", "2", "5", "10")),
    ],
)
def test_ticks_are_round_in_every_decade(values, number_format, labels):
    assert value_ticks(values, NumberFormat(**number_format), "log").labels == labels


@example([1.0000023e308, 6.6e-250])
@given(st.lists(st.floats(5e-324, 1.7e308), min_size=1, max_size=5))
@settings(deadline=None)
def test_every_value_is_on_the_axis(values):
    ticks = value_ticks(values, NumberFormat(), "log")
    assert 2 <= len(ticks.at) <= 8
    assert all(ticks.start - 1e-6 <= place <= ticks.end + 1e-6 for place in placed(values, "log"))


def test_values_ten_times_as_large_are_equally_far_apart():
    [line] = [p for p in still(SIZES).iter("path") if "series-1" in p.get("stroke", "")]
    heights = [float(point.split()[1]) for point in line.get("d", "").strip("M").split("L")]
    steps = [a - b for a, b in pairwise(heights)]
    assert all(math.isclose(step, steps[0], abs_tol=0.05) for step in steps)


@pytest.mark.parametrize("kind", ["line", "scatter", "box"])
def test_what_is_not_above_zero_is_a_gap_and_is_noted(kind):
    frame = SIZES.assign(n=[0, -10, 100, 1000])
    assert plot(kind=kind).check({"main": frame}) == [
        "values that are not above 0 have no place on a log scale: 2"
    ]
    assert plot(kind=kind).check({"main": SIZES}) == []
    assert "nan" not in ET.tostring(still(frame, kind=kind)).decode()


def test_lines_and_bands_stand_on_the_same_scale():
    svg = still(SIZES, lines=[{"at": 10}], bands=[{"high": 10}])
    [line] = [p.get("d", "") for p in svg.iter("path") if p.get("stroke-dasharray")]
    [band] = [g[0] for g in svg.iter("g") if g.get("opacity") == "0.12"]
    top = float(line.removeprefix("M0 ").removesuffix("H1000"))
    assert float(band.get("y", "")[:-1]) == pytest.approx(top / 10, abs=0.01)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kind": "bar"}, "'kind: bar' cannot have 'scale: log'"),
        ({"kind": "heatmap"}, "'kind: heatmap' cannot have"),
        ({"stacked": True}, "stacked plots cannot have"),
        ({"lines": [{"at": 0}]}, "are to be above 0"),
        ({"bands": [{"low": -1}]}, "are to be above 0"),
    ],
)
def test_what_has_no_place_on_a_log_scale_is_refused(wrong, said):
    with pytest.raises(ValidationError, match=said):
        plot(**wrong)
