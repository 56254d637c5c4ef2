"""Box plots: quartiles, whiskers, and what is beyond them."""

from __future__ import annotations

import math
import statistics
import xml.etree.ElementTree as ET
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from kpisite.plugins import Period
from kpisite.testing.view import MemoryPage
from kpisite.views.plot import Plot
from kpisite.views.plotting.boxes import box_of

WEEK = Period.containing(date(2013, 2, 4), "week", ZoneInfo("America/New_York"))
DELAYS = pd.DataFrame(
    {"carrier": ["A"] * 5 + ["B"] * 9, "delay": [1, 2, 3, 4, 5, *[10] * 7, 11, 90]}
)


def boxes(**options: Any) -> Plot:
    asked = {"datasource": "d", "query": "select", "kind": "box", **options}
    return Plot("delay", "Delay", Plot.Options.model_validate(asked))


def html(frame: pd.DataFrame, **options: Any) -> str:
    view = boxes(**options)
    assert not view.check({"main": frame})
    return str(view.render_md({"main": frame}, MemoryPage(view, WEEK)))


def still(shown: str) -> ET.Element:
    return ET.fromstring(shown[shown.index("<svg") : shown.rindex("</svg>")] + "</svg>")


def test_quartiles_are_interpolated_and_whiskers_end_at_values():
    box = box_of([1, 2, 3, 4, 100])
    assert (box.first, box.median, box.third) == (2, 3, 4)
    assert (box.low, box.high, box.beyond) == (1, 4, (100,))
    assert box_of([7]).median == 7
    assert box_of([0.1] * 9).beyond == ()


@given(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=40))
@settings(deadline=None)
def test_a_box_has_the_quartiles_of_the_standard_library_and_loses_no_value(values):
    box = box_of(values)
    quartiles = statistics.quantiles(values, n=4, method="inclusive")
    ours = (box.first, box.median, box.third)
    assert all(
        math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-6) for a, b in zip(ours, quartiles, strict=True)
    )
    within = [value for value in values if box.low <= value <= box.high]
    assert sorted([*within, *box.beyond]) == sorted(values)
    assert box.low <= box.first <= box.median <= box.third <= box.high


def test_each_category_has_a_box_two_whiskers_and_a_median():
    svg = still(html(DELAYS))
    assert len(list(svg.iter("rect"))) == 2
    outline, median = (p for p in svg.iter("path") if "series-1" in p.get("stroke", ""))
    assert outline.get("d", "").count("M") == 6
    assert (median.get("d", "").count("M"), median.get("stroke-width")) == (2, "3")


def test_values_beyond_the_whiskers_are_points_unless_they_are_left_out():
    assert len(list(still(html(DELAYS)).iter("circle"))) == 2
    quiet = still(html(DELAYS, outliers=False))
    assert list(quiet.iter("circle")) == []
    assert "100" in {text.text for text in still(html(DELAYS)).iter("text")}
    assert "100" not in {text.text for text in quiet.iter("text")}


def test_points_that_cover_each_other_are_one():
    crowd = pd.DataFrame({"carrier": "A", "delay": [0.0] * 900 + [50 + i / 1e6 for i in range(99)]})
    points = list(still(html(crowd)).iter("circle"))
    assert 1 <= len(points) <= 3


def test_boxes_of_groups_stand_side_by_side_in_their_colours():
    frame = DELAYS.assign(day=["Mon", "Tue"] * 7)
    shown = html(frame, groupby="day")
    fills = {g.get("fill", "")[4:].split(",")[0] for g in still(shown).iter("g")}
    assert {"--kpi-series-1", "--kpi-series-2"} <= fills
    assert "Mon" in shown[shown.index("kpi-legend") : shown.index("<svg")]


def test_it_says_where_the_median_is_highest_and_lowest():
    said = "Box plot of delay by carrier, 2 in all. "
    said += "By the median, Delay: highest for B (10 min), lowest for A (3 min)."
    assert said in html(DELAYS, unit="min")


def test_a_place_without_numbers_has_no_box():
    frame = pd.DataFrame({"carrier": ["A", "B"], "delay": [1.0, math.nan]})
    svg = still(html(frame))
    assert len(list(svg.iter("rect"))) == 1
    assert {"A", "B"} <= {text.text for text in svg.iter("text")}


def test_boxes_cannot_be_stacked():
    with pytest.raises(ValidationError, match="boxes cannot be stacked"):
        boxes(stacked=True)
