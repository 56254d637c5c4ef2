"""What a plot says in words, for those who cannot see it, and its data in a table."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from kpisite.plugins import Period, escape_html
from kpisite.testing.view import MemoryPage
from kpisite.views.plot import Plot

WEEK = Period.containing(date(2013, 2, 4), "week", ZoneInfo("America/New_York"))
DAYS = pd.date_range("2013-02-04", periods=3, tz="America/New_York")


def shown(frame: pd.DataFrame, title: str = "On-time departures", **options: Any) -> str:
    asked = {"datasource": "d", "query": "select", **options}
    view = Plot("on_time", title, Plot.Options.model_validate(asked))
    return view.render_md({"main": frame}, MemoryPage(view, WEEK))


def days(**columns: list[Any]) -> pd.DataFrame:
    return pd.DataFrame({"time": DAYS, **columns})


@pytest.mark.parametrize("kind", ["line", "bar"])
@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([0.84, 0.9, 0.79], "On-time departures fell from 84 % to 79 %."),
        ([0.79, 0.1, 0.84], "On-time departures rose from 79 % to 84 %."),
        ([0.791, 0.5, 0.794], "On-time departures began and ended at 79 %."),
        ([None, 0.84, 0.79], "On-time departures fell from 84 % to 79 %."),
        ([None, 0.84, None], "On-time departures stood at 84 %."),
        ([None, None, None], "On-time departures: no data."),
    ],
)
def test_a_chart_over_time_says_where_it_went(kind: str, values: list[Any], said: str) -> None:
    frame = days(share=pd.array(values, dtype="Float64"))
    assert f' {said}"' in shown(frame, kind=kind, format="percent")


def test_several_series_are_told_by_their_names_and_no_more_than_three() -> None:
    text = shown(days(a=[1, 0, 2], b=[2, 0, 1], c=[3, 3, 3], d=[4, 4, 9]))
    assert "a rose from 1 to 2; b fell from 2 to 1; c began and ended at 3." in text
    assert "d rose" not in text


def test_bars_of_categories_say_where_they_are_highest_and_lowest() -> None:
    frame = pd.DataFrame({"carrier": ["Acme", "Best", "Cast"], "delay": [7.25, 77.5, 3.0]})
    text = shown(frame, "Delay", kind="barh", precision=1, unit="min")
    assert "Delay: highest for Best (77.5 min), lowest for Cast (3.0 min)." in text
    assert "Delay: 3.0 min for Cast." in shown(
        frame.tail(1), "Delay", kind="bar", precision=1, unit="min"
    )
    assert "Bar chart of delay by carrier, 3 in all. Delay: " in text
    same = frame.assign(delay=2.0)
    assert "Delay: 2 throughout." in shown(same, "Delay", kind="bar")


def test_a_name_that_ends_in_a_full_stop_does_not_get_another() -> None:
    frame = pd.DataFrame({"carrier": ["Acme Inc."], "delay": [7]})
    text = shown(frame, "All of us.", kind="bar")
    assert '"All of us. Bar chart of delay by carrier, at Acme Inc. All of us.: 7 for' in text
    assert text.count("..") == 0


def test_a_scatter_claims_no_trend() -> None:
    text = shown(pd.DataFrame({"x": [1, 2], "y": [3, 4]}), kind="scatter")
    assert "Scatter plot of y by x" in text
    assert "rose" not in text


def test_the_data_stand_below_the_chart_as_it_shows_them_at_most_fifty_rows() -> None:
    text = shown(days(share=[0.84, 0.9, 0.79]), format="percent")
    assert text.count("<details") == 1
    assert '<details class="kpi-data"><summary>Data<span class="kpi-hidden"> – On-time' in text
    assert "<td" in text
    assert "84 %" in text.partition("<details")[2]
    many = pd.DataFrame({"x": range(60), "y": range(60)})
    assert "<caption>50 of 60 rows</caption>" in shown(many)
    assert shown(many).count("<tr>") == 51


def test_names_that_are_markup_are_text_in_the_description_and_in_the_table() -> None:
    frame = pd.DataFrame({"x": ["<b>\"'", "y"], "<i>": [1, 2]})
    text = shown(frame, "<u>", kind="bar")
    for mark in ("<b>", "<i>", "<u>"):
        assert mark not in text
        assert escape_html(mark) in text
