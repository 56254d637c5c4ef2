"""A number of the report over its last editions."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from kpisite.errors import ViewError
from kpisite.plugins import Metric, NumberFormat, Period
from kpisite.plugins.view import Point
from kpisite.testing import MemoryPage, ViewContract
from kpisite.views.metric_history import MetricHistory

ZONE = ZoneInfo("Europe/Berlin")
WEEKS = [
    Period.containing(date(2024, 1, 1) + timedelta(weeks=week), "week", ZONE) for week in range(6)
]
PAST = [Point(week, value) for week, value in zip(WEEKS, [3.0, 5, None, 4, 8, 6], strict=True)]
ON_TIME = Metric(
    name="on_time",
    title="On time <now>",
    value=6.0,
    target=7.0,
    format=NumberFormat(precision=1, unit="min"),
)


def shown(points=PAST, metric=ON_TIME, **options: Any) -> str:
    chosen = MetricHistory.Options.model_validate({"metric": "on_time", **options})
    view = MetricHistory("history", "On time, lately", chosen)
    return str(view.render_md({}, MemoryPage(view, WEEKS[-1], [metric], points)))


class TestMetricHistoryContract(ViewContract):
    view = MetricHistory
    options: ClassVar = {"metric": "on_time"}
    frames: ClassVar = {}

    def render(self, frames) -> str:
        view = self.make_view()
        assert view.check(frames) == view.metrics(frames, self.period) == ()
        return view.render_md(frames, MemoryPage(view, self.period, [ON_TIME], PAST))


def test_the_last_editions_are_drawn_under_their_labels_with_the_target():
    html = shown()
    for text in ("2024-W01", "2024-W06", ">target<", "On time &lt;now&gt;"):
        assert text in html
    assert "Line chart of On time &lt;now&gt; by period" in html


def test_only_so_many_editions_are_shown_and_this_one_is_the_last():
    html = shown(editions=2, kind="bar")
    assert "2024-W05" in html
    assert "2024-W06" in html
    assert "2024-W04" not in html
    assert "Bar chart" in html


def test_without_a_target_there_is_no_line():
    assert ">target<" not in shown(metric=ON_TIME.model_copy(update={"target": None}))


def test_a_metric_without_any_value_is_no_data():
    assert "No data in this period" in shown([Point(WEEKS[-1], None)])


def test_a_metric_that_is_not_there_is_told_with_the_nearest_name():
    with pytest.raises(ViewError) as caught:
        shown(metric=ON_TIME.model_copy(update={"name": "on_tim"}))
    assert str(caught.value) == "there is no metric 'on_time'\n  Did you mean 'on_tim'?"


@pytest.mark.parametrize("wrong", [{"editions": 1}, {"editions": 401}, {"metric": ""}])
def test_options_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValidationError):
        MetricHistory.Options.model_validate({"metric": "on_time", **wrong})
