"""Bars and areas as shares of all in a place."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpisite.errors import ViewError
from kpisite.plugins import Period
from kpisite.testing.view import MemoryPage
from kpisite.views.plot import Plot

WEEK = Period.containing(date(2013, 2, 4), "week", ZoneInfo("America/New_York"))
FRAME = pd.DataFrame({"name": ["ann", "bob", "cy"], "a": [1, 3, 0], "b": [3, None, 0]})


def plot(**options: Any) -> Plot:
    asked = {"datasource": "d", "query": "select", "stacked": "percent", **options}
    return Plot("v", "V", Plot.Options.model_validate(asked))


def html(frame: pd.DataFrame, **options: Any) -> str:
    view = plot(**options)
    assert view.check({"main": frame}) == []
    return str(view.render_md({"main": frame}, MemoryPage(view, WEEK)))


def still(shown: str) -> ET.Element:
    return ET.fromstring(shown[shown.index("<svg") : shown.rindex("</svg>")] + "</svg>")


def test_bars_are_as_high_as_their_share_and_fill_the_chart():
    svg = still(html(FRAME, kind="bar"))
    bars = [g for g in svg.iter("g") if len(g) and g[0].tag == "rect"]
    heights = [[rect.get("height") for rect in group] for group in bars]
    assert heights == [["25%", "100%", "0%"], ["75%", "0%", "0%"]]


@pytest.mark.parametrize("kind", ["line", "bar", "barh"])
def test_the_axis_goes_to_a_hundred_percent(kind):
    texts = {text.text for text in still(html(FRAME, kind=kind)).iter("text")}
    assert {"0 %", "100 %"} <= texts
    assert "120 %" not in texts


@given(st.lists(st.floats(0.001, 1e6), min_size=2, max_size=9))
@settings(deadline=None)
def test_noise_of_floats_makes_no_axis_longer(values):
    frame = pd.DataFrame({"x": ["p"], **{f"n{i}": [value] for i, value in enumerate(values)}})
    view = plot(kind="bar", legend=False)
    shown = str(view.render_md({"main": frame}, MemoryPage(view, WEEK)))
    assert "120 %" not in {text.text for text in still(shown).iter("text")}


def test_the_reader_is_told_and_the_table_has_the_numbers_themselves():
    shown = html(FRAME, kind="bar", unit="h")
    assert '<p class="kpi-note-below">Shares of all that is shown.</p>' in shown
    assert "a: highest for bob (100.0 %), lowest for cy (0.0 %)" in shown
    assert "3 h" in shown[shown.index("<table") :]


def test_numbers_below_zero_have_no_share():
    with pytest.raises(ViewError, match="needs numbers from 0 on, not -3") as error:
        plot(kind="bar").check({"main": FRAME.assign(a=[1, -3, 0])})
    assert "stacked: true" in error.value.hint
