"""What a plot does not show is told to whoever runs the report."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest

from kpisite.errors import ViewError
from kpisite.views.plot import Plot

DAYS = [pd.Timestamp(2013, 2, day) for day in (4, 5, 6)]
INF = float("inf")
TWO = {"time": DAYS, "a": [1, 2, 3], "b": [3, -2, 1]}


def notes(columns: dict[str, list[Any]], **options: Any) -> list[str]:
    asked = {"datasource": "d", "query": "select", **options}
    view = Plot("sizes", "Sizes", Plot.Options.model_validate(asked))
    return list(view.check({"main": pd.DataFrame(columns)}))


@pytest.mark.parametrize("kind", ["line", "area", "bar", "barh", "scatter", "heatmap", "box"])
def test_infinite_numbers_are_noted(kind: str):
    frame = {"time": DAYS, "n": [1.0, INF, -INF]}
    assert notes(frame, kind=kind) == ["infinite numbers are not drawn: 2"]


def test_rows_that_have_no_place_on_an_axis_of_times_or_numbers_are_noted():
    for places in ([DAYS[0], None, None], [date(2013, 2, 4), None, None], [1, None, None]):
        assert notes({"t": places, "n": [1, 2, 3]}) == ["rows without 't' are not drawn: 2"]
    assert notes({"name": ["a", None, "b"], "n": [1, 2, 3]}, kind="bar") == []


def test_a_time_column_that_is_not_there_is_noted_where_the_report_names_it():
    frame = {"day": DAYS, "n": [1, 2, 3]}
    assert notes(frame) == notes(frame, time_column="day") == []
    assert notes(frame, time_column="dya") == ["time_column: there is no 'dya'; x is 'day'"]


@pytest.mark.parametrize("options", [{"kind": "area"}, {"stacked": True}])
def test_areas_on_both_sides_of_zero_are_noted(options: dict[str, Any]):
    told = ["areas above and below 0 lie upon each other; use 'kind: bar' or 'line'"]
    assert notes(TWO, **options) == told
    assert notes({**TWO, "b": [3, 2, float("nan")]}, **options) == []
    assert notes({"time": DAYS, "b": TWO["b"]}, **options) == []


def test_bars_and_lines_on_both_sides_of_zero_are_not():
    assert notes(TWO) == notes(TWO, kind="bar", stacked=True) == []


MANY = {"x": list(range(50_001)), "a": [1] * 50_001, "b": [2] * 50_001}


@pytest.mark.parametrize("kind", ["line", "area", "bar", "barh", "scatter"])
def test_more_points_than_a_page_can_have_are_refused(kind: str):
    with pytest.raises(ViewError) as caught:
        notes(MANY, kind=kind)
    assert caught.value.message == (
        "the chart would have 100,002 points; at most 100,000 fit into a page"
    )
    assert "resample" in caught.value.hint


def test_what_makes_fewer_points_of_many_rows_is_not():
    assert notes({"x": MANY["x"], "a": MANY["a"]}) == []
    assert notes(MANY, kind="barh", top=5) == notes(MANY, kind="box") == []
