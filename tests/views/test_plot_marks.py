"""Reference lines and bands: where they are drawn, and what is said of them."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from pydantic import ValidationError

from kpisite.plugins import Period
from kpisite.testing.view import MemoryPage
from kpisite.views.plot import Plot

WEEK = Period.containing(date(2013, 2, 4), "week", ZoneInfo("America/New_York"))
DAYS = pd.date_range("2013-02-04", periods=3, tz="America/New_York")
SHARES = pd.DataFrame({"time": DAYS, "share": [0.7, 0.75, 0.72]})
NAMES = pd.DataFrame({"name": ["ann", "bob"], "n": [10, 20]})
TARGET = {"at": 0.825, "label": "target"}


def plot(**options: Any) -> Plot:
    asked = {"datasource": "d", "query": "select", "format": "percent", **options}
    return Plot("on_time", "On time", Plot.Options.model_validate(asked))


def html(frame: pd.DataFrame = SHARES, **options: Any) -> str:
    view = plot(**options)
    return str(view.render_md({"main": frame}, MemoryPage(view, WEEK)))


def still(shown: str) -> ET.Element:
    return ET.fromstring(shown[shown.index("<svg") : shown.rindex("</svg>")] + "</svg>")


def texts(svg: ET.Element) -> list[str]:
    return ["".join(text.itertext()) for text in svg.iter("text")]


def dashed(svg: ET.Element) -> list[str]:
    return [path.get("d", "") for path in svg.iter("path") if path.get("stroke-dasharray")]


@pytest.mark.parametrize("kind", ["line", "bar", "scatter", "box"])
def test_a_line_goes_across_at_its_value_and_the_axis_reaches_it(kind):
    svg = still(html(kind=kind, lines=[TARGET]))
    [path] = dashed(svg)
    assert path.endswith("H1000")
    assert 0 <= float(path.removeprefix("M0 ").removesuffix("H1000")) < 300
    assert "target" in texts(svg)


def test_over_lying_bars_a_line_stands_upright_and_the_legend_names_it():
    shown = html(NAMES, kind="barh", format="number", lines=[{"at": 15, "label": "target"}])
    assert dashed(still(shown)) == ["M750 0V1000"]
    assert "target" not in texts(still(shown))
    assert '<i class="kpi-dash"></i>target' in shown


@pytest.mark.parametrize(
    ("band", "top", "bottom"),
    [({"low": 10, "high": 20}, 0, 50), ({"high": 10}, 50, 100), ({"low": 10}, 0, 50)],
)
def test_a_band_goes_from_low_to_high_or_to_the_edge(band, top, bottom):
    svg = still(html(NAMES, kind="bar", format="number", bands=[band]))
    [group] = [g for g in svg.iter("g") if g.get("opacity") == "0.12"]
    [rect] = group
    y, height = (float(rect.get(name, "").removesuffix("%")) for name in ("y", "height"))
    assert (y, y + height) == (top, bottom)
    assert (rect.get("x"), rect.get("width")) == ("0%", "100%")


def test_names_of_lines_and_of_marks_do_not_meet():
    frame = SHARES.assign(other=[0.7, 0.71, 0.73])
    marks = [{"at": 0.72 + n / 1_000, "label": f"m{n}"} for n in range(4)]
    svg = still(html(frame, lines=marks))
    ends = [text for text in svg.iter("text") if text.get("font-weight") == "700"]
    assert len(ends) == 6


def test_long_labels_go_to_the_legend_of_narrow_charts():
    shown = html(lines=[{"at": 0.8, "label": "what was promised"}])
    assert 'kpi-legend-narrow"><span><i class="kpi-dash"></i>what was promised' in shown
    assert "kpi-legend" not in html(lines=[TARGET])


def test_those_who_cannot_see_them_are_told_with_all_digits():
    shown = html(lines=[TARGET], bands=[{"low": 0.7, "high": 0.8, "label": "usual"}, {"high": 0.5}])
    assert "Line at 82.5 % (target). Band from 70 % to 80 % (usual). Band up to 50 %." in shown
    assert "Band from 50 % up." in html(bands=[{"low": 0.5}])


def test_labels_are_text_and_nothing_else():
    hostile = "<b onclick='x'>"
    for kind in ("line", "barh"):
        assert "<b onclick" not in html(NAMES, kind=kind, lines=[{"at": 1, "label": hostile}])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"bands": [{"label": "empty"}]}, "a band needs 'low', 'high', or both"),
        ({"bands": [{"low": 2, "high": 1}]}, "'low' is to be below 'high', not 2 and 1"),
        ({"lines": [{"at": "inf"}]}, "finite number"),
        ({"lines": [{"label": "target"}]}, "Field required"),
        ({"kind": "heatmap", "lines": [TARGET]}, "a heatmap has no 'lines' and no 'bands'"),
    ],
)
def test_marks_that_make_no_sense_are_refused(wrong, said):
    with pytest.raises(ValidationError, match=said):
        plot(**wrong)
