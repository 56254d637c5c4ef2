from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import ClassVar
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from pydantic import ValidationError

from kpisite.errors import ViewError
from kpisite.plugins import Metric, Period, Point
from kpisite.testing import MemoryPage, ViewContract
from kpisite.views.single_stat import SingleStat

WEEK = Period.containing(pd.Timestamp("2013-02-04").date(), "week", ZoneInfo("America/New_York"))
ASK = {"datasource": "flights", "query": "select 1"}


def stat(**options: object) -> SingleStat:
    return SingleStat("on_time", "On time", SingleStat.Options.model_validate(ASK | options))


def measure(view: SingleStat, now: object, before: object = None) -> Metric:
    frames: ClassVar = {"main": pd.DataFrame({"n": [now]})}
    if "comparison" in view.queries():
        frames["comparison"] = pd.DataFrame({"n": [before]})
    view.check(frames)
    (metric,) = view.metrics(frames, WEEK)
    return metric


def card(view: SingleStat, now: object, before: object = None, history: tuple = ()) -> str:
    metric = measure(view, now, before)
    points = [Point(WEEK, value) for value in history]
    return view.render_md({}, MemoryPage(view, WEEK, [metric], points))


class TestSingleStatContract(ViewContract):
    view = SingleStat
    options = ASK | {"compare": "previous", "target": 10, "good": "up", "link_url": "details/"}
    frames: ClassVar = {
        "main": pd.DataFrame({"airline": ["AA", "UA"], "n": [3, 4]}),
        "comparison": pd.DataFrame({"airline": ["AA", "UA"], "n": [2, 4]}),
    }


@pytest.mark.parametrize(
    ("frame", "value"),
    [
        (pd.DataFrame({"n": [3]}), 3),
        (pd.DataFrame({"n": [3, 4, None]}), 7),
        (pd.DataFrame({"name": ["a", "b"], "n": [3, 4]}), 7),
        (pd.DataFrame({"name": ["a"], "n": [3], "other": [9]}), 3),
        (pd.DataFrame({"n": [Decimal("1.10"), Decimal("2.20")]}), 3.3),
        (pd.DataFrame({"n": pd.array([1, None], dtype="Int64")}), 1),
        (pd.DataFrame({"n": [0.1] * 10}), 1.0),
        (pd.DataFrame({"n": [timedelta(minutes=2)]}), 120),
        (pd.DataFrame({"n": [True, True, False]}), 2),
        (pd.DataFrame([[3, 4]], columns=["n", "n"]), 4),
    ],
)
def test_the_value_is_the_sum_of_the_only_or_the_second_column(
    frame: pd.DataFrame, value: float
) -> None:
    (metric,) = stat().metrics({"main": frame}, WEEK)
    assert metric.value == pytest.approx(value, abs=1e-15)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame(),
        pd.DataFrame({"n": []}),
        pd.DataFrame({"n": [None]}),
        pd.DataFrame({"n": pd.Series([], dtype="str")}),
    ],
)
def test_no_rows_and_null_are_no_data_unless_a_number_is_given_for_them(
    frame: pd.DataFrame,
) -> None:
    for options, value in (({}, None), ({"empty": 0}, 0)):
        view = stat(**options)
        view.check({"main": frame})
        assert view.metrics({"main": frame}, WEEK)[0].value == value


def test_a_text_column_is_refused_in_the_same_words_for_every_period() -> None:
    frame = pd.DataFrame({"n": [1], "carrier": ["AA"]})
    with pytest.raises(ViewError, match="column 'carrier' holds text, not numbers\n"):
        stat().check({"main": frame})


@pytest.mark.parametrize("values", [[1.7e308, 1.7e308], [10**400]], ids=["floats", "integer"])
def test_a_sum_that_is_too_large_is_refused(values: list[float]) -> None:
    frame = pd.DataFrame({"n": pd.Series(values, dtype=object)})
    with pytest.raises(ViewError, match="the sum of column 'n' is larger than any number"):
        stat().check({"main": frame})


def test_an_infinite_value_is_refused() -> None:
    with pytest.raises(ViewError, match="infinite") as caught:
        stat().check({"main": pd.DataFrame({"n": [float("inf")]})})
    assert "In SQL, nullif(…, 0)" in caught.value.hint
    assert "in PromQL, (… != 0)" in caught.value.hint


def test_compare_previous_asks_the_same_query_over_the_period_before() -> None:
    view = stat(compare="previous", query_args={"a": 1})
    now, before = view.queries()["main"], view.queries()["comparison"]
    assert (now.text, now.args, now.previous) == ("select 1", {"a": 1}, False)
    assert (before.text, before.args, before.previous) == ("select 1", {"a": 1}, True)
    measured = measure(view, 5, 4)
    assert (measured.comparison_title, measured.comparison_text) == ("2013-W05", "week 5")


def test_a_comparison_query_is_asked_of_the_same_datasource_and_period() -> None:
    view = stat(comparison_query="select 2", comparison_query_args={"b": 2})
    other = view.queries()["comparison"]
    assert (other.datasource, other.text, other.args) == ("flights", "select 2", {"b": 2})
    assert not other.previous
    assert measure(view, 5, 4).comparison_title == "comparison"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"compare": "previous", "comparison_query": "x"}, "exclude each other"),
        ({"format": "currency"}, "needs a currency"),
        ({"format": "percent", "unit": "min"}, "has its own"),
        ({"currency": "EUR"}, "goes with format 'currency'"),
        ({"currency": "euro", "format": "currency"}, "pattern"),
        ({"link_url": "javascript:alert(1)"}, "is no link"),
        ({"link_url": " javascript:alert(1)"}, "is no link"),
        ({"link_url": "data:text/html,x"}, "is no link"),
        ({"link_url": "//example.org"}, "is no link"),
        ({"link_url": "/\\example.org"}, "is no link"),
        ({"precision": -1}, "greater than or equal to 0"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        stat(**options)


@pytest.mark.parametrize(
    "link", ["https://example.org/a?b=c&d", "HTTP://x", "mailto:a@b.org", "../a/", "#b", "?c:d", ""]
)
def test_links_to_pages_and_people_are_fine(link: str) -> None:
    assert stat(link_url=link).options.link_url == link


def test_a_card_says_value_unit_change_and_verdict() -> None:
    html = card(stat(compare="previous", unit="min", precision=1, good="down"), 9.7, 14.1)
    assert '<p class="kpi-value"><span class="kpi-number">9.7</span><small> min</small></p>' in html
    assert '<p class="kpi-change good">' in html
    assert '▼</span><span class="kpi-hidden">down</span> 4.4 min</strong> ' in html
    assert (
        '<span class="kpi-versus">vs week 5</span><span class="kpi-hidden">, better</span>' in html
    )


def test_a_change_without_a_better_direction_is_neither_good_nor_bad() -> None:
    html = card(stat(compare="previous"), 5, 4)
    assert '<p class="kpi-change neutral">' in html
    assert "better" not in html


def test_a_change_too_small_to_show_is_no_change() -> None:
    html = card(stat(compare="previous", good="up"), 5.1, 5)
    assert '<p class="kpi-change neutral">no change <span class="kpi-versus">' in html


def test_a_share_with_a_target_has_a_track_with_a_mark() -> None:
    html = card(stat(format="percent", precision=1, target=0.8, good="up"), 0.798)
    assert '<i style="width:79.8%"></i><b style="left:80.0%"></b>' in html
    assert '<p class="kpi-target bad">target 80 % missed by 0.2 points</p>' in html


def test_another_target_is_only_said() -> None:
    html = card(stat(target=10, good="down"), 9)
    assert "kpi-track" not in html
    assert '<p class="kpi-target good">target 10 met</p>' in html


def test_the_card_draws_the_last_twelve_editions() -> None:
    html = card(stat(), 1, history=tuple(range(20)))
    twelve = card(stat(), 1, history=tuple(range(8, 20)))
    assert "<svg" in html
    assert html == twelve


def test_no_data_is_said_quietly_and_alone() -> None:
    html = card(stat(compare="previous", target=1, unit="min", link_url="x"), None, 4)
    assert html.strip() == (
        '<div class="kpi-stat-body">\n<p class="kpi-value kpi-no-data">no data</p>\n</div>'
    )


def test_the_label_stands_around_the_number_and_a_link_around_both() -> None:
    html = card(stat(label="about {stat} <flights>", link_url="a?b&c"), 1234)
    assert (
        '<a href="a?b&amp;c">about <span class="kpi-number">1,234</span> &lt;flights&gt;</a>'
        in html
    )


def test_a_card_without_a_history_has_no_blank_line_that_would_cut_it_in_two() -> None:
    html = card(stat(compare="previous", format="percent", target=0.5), 0.6, 0.4)
    assert "<svg" not in html
    assert all(line.strip() and not line.startswith("    ") for line in html.strip().split("\n"))
