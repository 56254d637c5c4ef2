"""The largest groups or categories of a plot."""

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
DAYS = pd.date_range("2013-02-04", periods=2, tz="America/New_York")
NAMES = pd.DataFrame({"name": ["ann", "bob", "cy", "dee"], "n": [1, 9, None, 5]})
GROUPS = pd.DataFrame(
    {"time": [*DAYS] * 3, "g": ["a", "a", "b", "b", "c", "c"], "n": [1, 1, 5, 5, 0, 9]}
)


def plot(**options: Any) -> Plot:
    asked = {"datasource": "d", "query": "select", "kind": "bar", **options}
    return Plot("v", "V", Plot.Options.model_validate(asked))


def html(frame: pd.DataFrame, **options: Any) -> str:
    view = plot(**options)
    assert view.check({"main": frame}) == []
    return str(view.render_md({"main": frame}, MemoryPage(view, WEEK)))


def texts(shown: str) -> list[str]:
    svg = ET.fromstring(shown[shown.index("<svg") : shown.rindex("</svg>")] + "</svg>")
    return ["".join(text.itertext()) for text in svg.iter("text")]


@pytest.mark.parametrize("kind", ["bar", "barh", "line"])
def test_the_largest_categories_stay_in_the_order_of_the_query(kind):
    shown = html(NAMES, kind=kind, top=2)
    assert [text for text in texts(shown) if text in set(NAMES["name"])] == ["bob", "dee"]
    assert '<p class="kpi-note-below">The 2 largest of 4 are shown.</p>' in shown
    assert "2 in all" in shown


def test_the_largest_groups_stay_in_all_places():
    shown = html(GROUPS, groupby="g", top=2)
    assert "Bar chart of b and c by time" in shown
    assert shown.count("The 2 largest of 3 are shown.") == 2


def test_rows_of_a_heatmap_are_groups():
    wide = pd.DataFrame({"x": ["p", "q"] * 3, "g": ["a", "a", "b", "b", "c", "c"], "n": range(6)})
    found = texts(html(wide, kind="heatmap", groupby="g", top=1))
    assert "c" in found
    assert not {"a", "b"} & set(found)


def test_nothing_is_said_where_nothing_is_left_out():
    assert "largest" not in html(NAMES, top=4)
    assert "largest" not in html(NAMES)


def test_few_of_many_groups_need_no_note_on_colours():
    many = pd.DataFrame({"time": DAYS[0], "g": range(30), "n": range(30)})
    assert html(many, groupby="g", top=7)


@pytest.mark.parametrize("wrong", [{"top": 0}, {"top": 3, "kind": "box"}])
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValidationError, match=r"greater than|'top' is not for 'kind: box'"):
        plot(**wrong)
