from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from bokeh.models import FixedTicker, HoverTool, LinearAxis
from pydantic import ValidationError

from kpisite.errors import ViewError
from kpisite.model.definition import Theme
from kpisite.plugins import NumberFormat, Period
from kpisite.plugins.ticks import number_ticks, time_ticks
from kpisite.views.plot import Plot
from kpisite.views.plotting.data import columns_of, plot_data

ZONE = ZoneInfo("America/New_York")
WEEK = Period.containing(date(2013, 2, 4), "week", ZONE)
DAYS = pd.date_range("2013-02-04", periods=3, tz=ZONE)
ASK = {"datasource": "d", "query": "select"}


class FakePage:
    """Keeps the figure that a view asks to show."""

    def __init__(self, colours: tuple[str, ...] = ()) -> None:
        self.period = WEEK
        self.theme = Theme(series_colors=colours)
        self.figure: Any = None
        self.structure: Any = None
        self.description = ""
        self.still = ""

    def chart_from(
        self, draw: Any, structure: Any, values: Any, *, description: str, height: int, still: str
    ) -> str:
        self.figure, self.description = draw(structure, values), description
        self.structure, self.still = structure, still
        return "<chart>"

    def table(self, frame: pd.DataFrame, **options: Any) -> str:
        return "<table>"

    def template(self, path: str, **values: Any) -> str:
        return path


def plot(**options: Any) -> Plot:
    return Plot("flights", "Flights", Plot.Options.model_validate(ASK | options))


def draw(frame: pd.DataFrame, page: FakePage | None = None, **options: Any) -> tuple[Any, str, str]:
    page = page or FakePage()
    view = plot(**options)
    view.check({"main": frame})
    html = view.render_md({"main": frame}, page)
    return page.figure, html, page.description


def data(figure: Any) -> dict[str, Any]:
    return dict(figure.renderers[0].data_source.data)


def labels(figure: Any, side: str) -> list[str]:
    (axis,) = getattr(figure, side)
    assert isinstance(axis, LinearAxis)
    assert isinstance(axis.ticker, FixedTicker)
    return [axis.major_label_overrides[tick] for tick in axis.ticker.ticks]


def grouped() -> pd.DataFrame:
    return pd.DataFrame({"time": DAYS[[0, 0, 1]], "origin": ["JFK", "EWR", "EWR"], "n": [5, 3, 4]})


def test_x_spans_the_period_on_the_reports_clock():
    figure, _, _ = draw(pd.DataFrame({"n": [1, 2], "time": DAYS[:2].tz_convert("UTC")}))
    assert figure.x_range.start == pd.Timestamp("2013-02-04").value / 1e6
    assert figure.x_range.end == pd.Timestamp("2013-02-11").value / 1e6
    assert data(figure)["x"][0] == figure.x_range.start
    assert labels(figure, "below")[0] == "Mon 4"


def test_a_group_without_a_row_counts_zero_and_a_null_is_a_gap():
    figure, _, _ = draw(grouped(), groupby="origin")
    assert data(figure)["y0"] == [3, 4]
    assert data(figure)["y1"] == [5, 0]
    nulls, _, _ = draw(pd.DataFrame({"time": DAYS, "n": [1, None, 3]}))
    assert data(nulls)["text0"] == ["1", "–", "3"]


def test_rows_are_sorted_by_time_but_categories_keep_their_order():
    figure, _, _ = draw(pd.DataFrame({"time": DAYS[[2, 0]], "n": [9, 1]}))
    assert data(figure)["y0"] == [1, 9]
    figure, _, _ = draw(pd.DataFrame({"name": ["b", "a"], "n": [1, 2]}), kind="bar")
    assert labels(figure, "below") == ["b", "a"]


def test_the_first_row_of_lying_bars_is_on_top_with_its_value():
    frame = pd.DataFrame({"name": ["b", "a"], "n": [Decimal("7.26"), Decimal("1")]})
    figure, _, _ = draw(frame, kind="barh", precision=1, unit="min")
    assert figure.y_range.start > figure.y_range.end
    assert data(figure)["text0"] == ["7.3 min", "1.0 min"]
    assert [r.glyph.text for r in figure.renderers if hasattr(r.glyph, "text")] == ["text0"]


def test_stacked_bars_stand_on_each_other():
    figure, html, _ = draw(grouped(), kind="bar", stacked=True, groupby="origin")
    assert data(figure)["from1"] == data(figure)["to0"]
    assert data(figure)["to1"] == [8, 4]
    assert "EWR" in html


def test_label_map_renames_and_hostile_names_are_text():
    frame = pd.DataFrame({"time": DAYS, "a": [1, 2, 3], "b": [1, 2, 3]})
    figure, html, _ = draw(frame, kind="bar", label_map={"a": "<i>@b $x"})
    assert "<i>" not in html.replace('<i style="', "")
    tip = figure.select_one({"type": HoverTool}).tooltips
    assert "&lt;i&gt;&#64;b &#36;x" in tip


@pytest.mark.parametrize(("legend", "named"), [(None, True), (False, False), ({"loc": 1}, True)])
def test_two_lines_are_named_at_their_ends_unless_the_legend_is_off(legend, named):
    figure, _, _ = draw(grouped(), groupby="origin", legend=legend)
    assert any("kpi-end" in renderer.tags for renderer in figure.renderers) == named


def test_series_follow_the_palette_unless_the_theme_has_colours():
    figure, _, _ = draw(grouped(), groupby="origin")
    assert figure.renderers[0].tags == ["kpi-series-1"]
    figure, _, _ = draw(grouped(), FakePage(("#112233",)), groupby="origin")
    assert figure.renderers[0].tags == []
    assert figure.renderers[0].glyph.line_color == "#112233"


@pytest.mark.parametrize("kind", ["line", "bar", "barh", "scatter"])
@pytest.mark.parametrize("values", [[1.0], [None], [float("inf")], [-2.0], [0]])
def test_one_point_draws_whatever_it_is(kind, values):
    frame = pd.DataFrame({"time": DAYS[:1], "n": pd.Series(values, dtype="float64")})
    figure, _, description = draw(frame, kind=kind)
    assert figure.y_range.start != figure.y_range.end
    assert description.startswith("Flights. ")
    assert "Mon 4 Feb 2013" in description


def test_a_scatter_names_few_points_by_their_text():
    frame = pd.DataFrame({"distance": [1, 9], "delay": [2, 3], "carrier": ["AA", "$$x$$"]})
    figure, _, _ = draw(frame, kind="scatter")
    assert data(figure)["note0"] == ["AA", "$$x$$"]
    assert data(figure)["name"] == ["AA", "$\u200b$x$\u200b$"]
    many = pd.DataFrame({"x": range(31), "y": range(31), "name": ["n"] * 31})
    figure, _, _ = draw(many, kind="scatter")
    assert "name" not in data(figure)


def test_no_rows_is_a_quiet_block():
    assert draw(pd.DataFrame({"time": [], "n": []}))[1] == "views/empty.html"
    late = pd.DataFrame({"time": DAYS + pd.Timedelta(days=30), "n": [1, 2, 3]})
    assert draw(late)[1] == "views/empty.html"


@pytest.mark.parametrize("kind", ["line", "bar", "barh", "scatter"])
def test_other_data_has_the_same_structure(kind):
    first, other = FakePage(), FakePage()
    draw(pd.DataFrame({"time": DAYS, "a": [1, 2, 3], "b": [7, 8, 9]}), first, kind=kind)
    data = pd.DataFrame({"time": DAYS[:2], "a": [None, 0.5], "b": [1e9, 2]})
    draw(data, other, kind=kind)
    assert json.loads(json.dumps(first.structure)) == other.structure


def test_check_names_what_is_missing_and_what_there_is():
    with pytest.raises(ViewError, match="no column 'orign'") as error:
        plot(groupby="orign").check({"main": grouped()})
    assert "time, origin, n" in error.value.hint
    with pytest.raises(ViewError, match="no column of numbers"):
        plot().check({"main": pd.DataFrame({"time": DAYS, "a": ["x", "y", "z"]})})
    twice = pd.DataFrame({"time": DAYS[[0, 0]], "g": ["a", "a"], "n": [1, 2]})
    with pytest.raises(ViewError, match="two rows"):
        plot(groupby="g").check({"main": twice})


def test_check_notes_dropped_columns_and_shared_colours():
    (note,) = plot().check({"main": grouped()})
    assert "origin" in note
    wide = pd.DataFrame({"time": DAYS} | {f"n{i}": [1, 2, 3] for i in range(8)})
    assert plot().check({"main": wide}) == ["8 series share 7 colours"]


@pytest.mark.parametrize(
    "wrong", [{"link_url": "javascript:x"}, {"stacked": True, "kind": "scatter"}]
)
def test_options_refuse_what_makes_no_sense(wrong):
    with pytest.raises(ValidationError):
        Plot.Options.model_validate(ASK | wrong)


@pytest.mark.parametrize(
    ("values", "options", "texts"),
    [
        ([179, 342], {}, ["0", "100", "200", "300", "400"]),
        ([1.5, 29.6], {"unit": "min"}, ["0", "10", "20", "30 min"]),
        ([0.56, 0.89], {"style": "percent"}, ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]),
        ([97, 99], {}, ["97", "98", "99"]),
        ([0, 5400], {"style": "duration"}, ["0 s", "30 min", "1 h", "1 h 30 min"]),
        ([-2, 2], {}, ["−2", "−1", "0", "1", "2"]),
    ],
)
def test_ticks_are_round(values, options, texts):
    ticks = number_ticks(values, NumberFormat(**options), from_zero=False)
    assert list(ticks.labels) == texts


@pytest.mark.parametrize(
    ("unit", "first", "count"),
    [("day", "Mon 4", 4), ("week", "Mon 4", 7), ("month", "1 Feb", 4), ("year", "Jan", 12)],
)
def test_time_ticks_suit_the_period(unit, first, count):
    ticks = time_ticks(Period.containing(date(2013, 2, 4), unit, ZONE))
    assert (ticks.labels[0], len(ticks.labels)) == (first, count)


@pytest.mark.parametrize("kind", ["line", "bar", "heatmap"])
def test_no_number_of_a_group_is_lost_where_places_look_alike(kind: str):
    autumn = Period.containing(date(2013, 11, 3), "day", ZONE)
    hours = pd.date_range("2013-11-03", periods=4, freq="h", tz=ZONE)  # twice 1 o'clock
    frame = pd.DataFrame({"time": hours, "g": "a", "n": [1, 2, 4, 8]})
    names = pd.DataFrame({"name": ["x", "x ", "y"], "g": "a", "n": [1, 2, 4]})
    for data, numbers in ((frame, (1, 2, 4, 8)), (names, (1, 2, 4))):
        columns = columns_of(data, "time", "g")
        assert plot_data(data, columns, autumn, {}, kind).series[0].values == numbers


@pytest.mark.parametrize(
    "more", [{}, {"kind": "area"}, {"rolling": 2}, {"lines": [{"at": 1.7e308}]}], ids=str
)
def test_numbers_that_are_too_large_to_be_added_are_refused_when_they_are_asked(more):
    frame = pd.DataFrame({"time": DAYS, "n": [1.7e308, -1.7e308, None]})
    with pytest.raises(ViewError, match=r"numbers as large as 1\.7e\+308 cannot be drawn"):
        plot(**more).check({"main": frame})
