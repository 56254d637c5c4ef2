"""Numbers that a plot makes of those of its query: steps of time, means over several."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from pydantic import ValidationError

from kpisite.errors import ViewError
from kpisite.plugins import Period
from kpisite.testing.view import MemoryPage
from kpisite.views.plot import Plot
from kpisite.views.plotting import values
from kpisite.views.plotting.data import columns_of

ZONE = ZoneInfo("Europe/Berlin")
WEEK = Period.containing(date(2013, 2, 4), "week", ZONE)
MONTH = Period.containing(date(2013, 2, 4), "month", ZONE)
HOURS = pd.date_range("2013-02-04", periods=48, freq="h", tz=ZONE)


def plot(**options: Any) -> Plot:
    asked = {"datasource": "d", "query": "select", **options}
    return Plot("v", "V", Plot.Options.model_validate(asked))


def drawn(frame: pd.DataFrame, period: Period = WEEK, **options: Any) -> dict[str, list[Any]]:
    """Return the labels of the places, and each series' values; None is a gap."""
    view = plot(**options)
    view.check({"main": frame})
    columns = columns_of(frame, view.options.time_column, view.options.groupby)
    data, _ = view._data(frame, columns, period)
    values = {s.name: [None if math.isnan(v) else v for v in s.values] for s in data.series}
    return {"at": list(data.x.labels), **values}


@pytest.mark.parametrize(
    ("how", "days"),
    [("sum", [24, 48]), ("mean", [1, 2]), ("min", [1, 2]), ("max", [1, 2]), ("median", [1, 2])],
)
def test_numbers_of_a_day_become_one(how, days):
    frame = pd.DataFrame({"time": HOURS, "n": [1] * 24 + [2] * 24})
    made = drawn(frame, resample={"every": "day", "how": how})
    assert made == {"at": ["Mon 4 Feb 2013", "Tue 5 Feb 2013"], "n": days}


def test_days_are_those_of_the_reports_clock():
    late = pd.to_datetime(["2013-02-04T22:30Z", "2013-02-04T23:30Z"])
    made = drawn(pd.DataFrame({"time": late, "n": [1, 2]}), resample={"every": "day", "how": "sum"})
    assert made["n"] == [1, 2]


def test_weeks_begin_on_mondays_and_not_before_the_period():
    days = pd.date_range("2013-02-01", periods=10, tz=ZONE)
    weekly = {"every": "week", "how": "sum"}
    made = drawn(pd.DataFrame({"time": days, "n": 1}), MONTH, resample=weekly)
    assert made == {"at": ["Fri 1 Feb 2013", "Mon 4 Feb 2013"], "n": [3, 7]}


def test_a_group_without_a_row_in_a_step_adds_up_to_zero_and_has_no_mean():
    frame = pd.DataFrame(
        {"time": HOURS[[0, 0, 1, 30]], "g": ["a", "b", "a", "a"], "n": [1, 2, 3, 4]}
    )
    daily = {"every": "day", "how": "sum"}
    assert drawn(frame, groupby="g", resample=daily)["b"] == [2, 0]
    assert drawn(frame, groupby="g", resample=daily | {"how": "mean"})["b"] == [2, None]
    twice = pd.DataFrame({"time": HOURS[[0, 0]], "g": ["a", "a"], "n": [1, 2]})
    assert drawn(twice, groupby="g", resample=daily)["a"] == [3]


FALL_BACK = Period.containing(date(2013, 10, 27), "day", ZONE)
REPEATED = pd.date_range("2013-10-27", periods=5, freq="h", tz=ZONE)
"""Of which two are at 2 o'clock."""


def test_both_hours_that_a_clock_repeats_are_in_one_step():
    frame = pd.DataFrame({"time": REPEATED, "g": "a", "n": [1, 2, 4, 8, 16]})
    hourly = {"every": "hour", "how": "sum"}
    assert drawn(frame, FALL_BACK, resample=hourly)["n"] == [1, 2, 12, 16]
    assert drawn(frame, FALL_BACK, resample=hourly, groupby="g")["a"] == [1, 2, 12, 16]


@pytest.mark.parametrize(
    "times",
    [
        pd.to_datetime(["2013-02-05T00:30:00.000", "2013-02-04T23:59:59.999", None]),
        pd.to_datetime(["2013-02-04T23:30Z", "2013-02-04T22:59Z", None]).as_unit("ns"),
        pd.Series([date(2013, 2, 5), date(2013, 2, 4), None], dtype=object),
    ],
    ids=["local", "instants", "dates"],
)
@pytest.mark.parametrize(
    "numbers",
    [
        pd.array([2, 1, 4], dtype="Int64"),
        pd.Series([Decimal(2), Decimal(1), None], dtype=object),
        pd.to_timedelta([2, 1, None], unit="s"),
        [2.0, 1.0, math.inf],
    ],
    ids=["integers", "decimals", "lengths", "floats"],
)
def test_times_and_numbers_of_any_kind_are_resampled(times, numbers):
    made = drawn(
        pd.DataFrame({"time": times, "n": numbers}), resample={"every": "day", "how": "max"}
    )
    assert made == {"at": ["Mon 4 Feb 2013", "Tue 5 Feb 2013"], "n": [1, 2]}


def test_a_million_rows_are_not_looked_at_one_by_one(monkeypatch: pytest.MonkeyPatch):
    for name in ("wall_clock", "number", "wall_time"):
        monkeypatch.setattr(values, name, _few(getattr(values, name)))
    times = pd.date_range("2013-02-04", periods=100_000, freq="6s", tz=ZONE)
    frame = pd.DataFrame({"time": times, "g": "a", "n": 1.0})
    made = drawn(frame, resample={"every": "day", "how": "sum"}, groupby="g")
    assert sum(made["a"]) == 100_000


def _few(function: Any) -> Any:
    """Return a function that may be called a hundred times."""
    left = iter(range(100))

    def called(*args: Any) -> Any:
        assert next(left, None) is not None
        return function(*args)

    return called


def test_what_is_at_the_end_of_the_period_belongs_to_the_next():
    days = pd.date_range("2013-02-04", periods=8, tz=ZONE)
    frame = pd.DataFrame({"time": days, "n": range(8)})
    for more in ({}, {"kind": "bar"}, {"resample": {"every": "day", "how": "sum"}}):
        assert drawn(frame, **more)["n"] == list(range(7))


def test_a_mean_over_several_begins_where_there_are_as_many():
    days = pd.date_range("2013-02-04", periods=4, tz=ZONE)
    frame = pd.DataFrame({"time": days, "n": [1, 3, None, 5]})
    assert drawn(frame, rolling=2)["n"] == [None, 2, 3, 5]


def test_rows_from_before_the_period_count_in_means_and_are_not_shown():
    days = pd.date_range("2013-02-02", periods=4, tz=ZONE)
    made = drawn(pd.DataFrame({"time": days, "n": [1, 2, 3, 10]}), rolling=3)
    assert made == {"at": ["Mon 4 Feb 2013", "Tue 5 Feb 2013"], "n": [2, 5]}


def test_means_are_made_of_steps():
    daily = {"every": "day", "how": "sum"}
    made = drawn(pd.DataFrame({"time": HOURS, "n": 1}), resample=daily, rolling=2)
    assert made["n"] == [None, 24]


def test_the_reader_is_told_what_the_numbers_are():
    view = plot(resample={"every": "day", "how": "mean"}, rolling=2)
    frame = pd.DataFrame({"time": HOURS, "n": 1})
    shown = str(view.render_md({"main": frame}, MemoryPage(view, WEEK)))
    said = "Mean per day. Each value is the mean of 2: itself and those before."
    assert f'<p class="kpi-note-below">{said}</p>' in shown
    assert shown.count(said) == 2


def test_only_times_can_be_resampled():
    frame = pd.DataFrame({"name": ["a"], "n": [1]})
    view = plot(resample={"every": "day", "how": "sum"})
    with pytest.raises(ViewError, match="the column 'name' holds no times") as error:
        view.check({"main": frame})
    assert "time_column" in error.value.hint


@pytest.mark.parametrize(
    "wrong",
    [
        {"resample": {"every": "day"}},
        {"resample": {"every": "fortnight", "how": "sum"}},
        {"resample": {"every": "day", "how": "sum"}, "kind": "box"},
        {"resample": {"every": "day", "how": "sum"}, "kind": "heatmap"},
        {"rolling": 1},
        {"rolling": 3, "kind": "heatmap"},
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValidationError):
        plot(**wrong)
