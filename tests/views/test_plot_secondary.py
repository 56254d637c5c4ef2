"""A second axis at the right, for lines of another unit."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from pydantic import ValidationError

from kpisite.errors import ViewError
from kpisite.plugins import Period
from kpisite.testing.view import MemoryPage
from kpisite.views.plot import Plot

WEEK = Period.containing(date(2013, 2, 4), "week", ZoneInfo("America/New_York"))
DAYS = pd.date_range("2013-02-04", periods=3, tz="America/New_York")
FRAME = pd.DataFrame({"time": DAYS, "delay": [0, 10, 5], "share": [0.0, 0.8, None]})
SHARE = {"series": ["share"], "format": "percent"}


def plot(**options: Any) -> Plot:
    asked = {"datasource": "d", "query": "select", "unit": "min", "secondary": SHARE, **options}
    return Plot("v", "V", Plot.Options.model_validate(asked))


def html(frame: pd.DataFrame = FRAME, **options: Any) -> str:
    view = plot(**options)
    assert view.check({"main": frame}) == []
    return str(view.render_md({"main": frame}, MemoryPage(view, WEEK)))


def still(shown: str) -> ET.Element:
    return ET.fromstring(shown[shown.index("<svg") : shown.rindex("</svg>")] + "</svg>")


def line(svg: ET.Element, number: int) -> list[float]:
    [path] = [p for p in svg.iter("path") if f"series-{number}," in p.get("stroke", "")]
    return [float(point.split()[1]) for point in path.get("d", "").strip("M").split("L")]


def test_each_axis_goes_from_the_bottom_to_the_top_with_its_own_ticks():
    svg = still(html())
    left = [t.text for t in svg.iter("text") if (t.get("x") or "").startswith("-")]
    right = [t.text for t in svg.iter("text") if t.get("x") == "100%" and t.get("dx")]
    assert left == ["0", "2", "4", "6", "8", "10 min"]
    assert right == ["0 %", "20 %", "40 %", "60 %", "80 %"]
    assert line(svg, 1)[:2] == pytest.approx(line(svg, 2), abs=0.1)


def test_the_frame_leaves_room_for_the_labels_at_the_right():
    assert "--kpi-r:10px" not in html()
    assert "--kpi-r:10px" in html(secondary=None, legend=False)


def test_the_legend_says_which_lines_belong_to_the_right():
    shown = html(label_map={"share": "On time"}, lines=[{"at": 7, "label": "limit"}])
    assert "</i>On time (right)" in shown
    assert "</i>delay</span>" in shown
    assert '<i class="kpi-dash"></i>limit' in shown


def test_values_are_shown_in_the_format_of_their_axis():
    shown = html()
    assert "delay rose from 0 min to 5 min; share rose from 0 % to 80 %" in shown
    assert "80 %" in shown[shown.index("<table") :]


def test_groups_can_stand_at_the_right():
    frame = pd.DataFrame(
        {"time": [*DAYS] * 2, "g": [1] * 3 + [2] * 3, "n": [1, 2, 3, 100, 200, 300]}
    )
    shown = html(frame, groupby="g", secondary={"series": ["2"], "unit": "km"}, unit="")
    assert "1 rose from 1 to 3; 2 rose from 100 km to 300 km" in shown


@pytest.mark.parametrize(
    ("series", "said"),
    [(["shaer"], "there is no series 'shaer'"), (["delay", "share"], "no series is left")],
)
def test_series_that_are_not_there_are_named(series, said):
    with pytest.raises(ViewError, match=said) as error:
        plot(secondary={"series": series}).check({"main": FRAME})
    assert error.value.hint


@pytest.mark.parametrize(
    "wrong",
    [{"kind": "bar"}, {"stacked": True}, {"scale": "log"}, {"secondary": {"series": []}}],
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValidationError):
        plot(**wrong)
