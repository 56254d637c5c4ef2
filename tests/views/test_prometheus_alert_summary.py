"""The view `prometheus.alert_summary`: each line of the reference has a test that says it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from docs_examples import GUIDE, examples
from hypothesis import given
from hypothesis import strategies as st
from prometheus_server import PASSWORD, USER, PrometheusServer, prometheus
from pydantic import ValidationError

from kpisite.datasources.prometheus import Prometheus
from kpisite.errors import ViewError
from kpisite.plugins import DatasourceContext, Period
from kpisite.testing import MemoryPage, ViewContract
from kpisite.views._alert_windows import Window, merged, windows_of
from kpisite.views.prometheus_alert_summary import AlertSummary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import ProjectFiles

__all__ = ["prometheus"]

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = Period.containing(date(2013, 2, 4), "week", BERLIN)
LONG_WEEK = Period.containing(date(2013, 10, 27), "week", BERLIN)
"""Of 169 hours: the clock goes back on its Sunday."""
QUARTER = timedelta(minutes=15)


def view(**options: Any) -> AlertSummary:
    return AlertSummary("alerts", "Alerts", AlertSummary.Options.model_validate(options))


def firing(*samples: tuple[str, int], period: Period = WEEK, **labels: str) -> pd.DataFrame:
    """Return samples of alerts: a name, and quarters of an hour from the start of the period."""
    start = period.start.astimezone(UTC)
    times = [start + step * QUARTER for _, step in samples]
    return pd.DataFrame(
        {
            "time": pd.DatetimeIndex(times, tz=UTC).tz_convert(period.zone),
            "value": 1.0,
            "alertname": pd.Series([name for name, _ in samples], dtype="str"),
            "alertstate": pd.Series(["firing"] * len(samples), dtype="str"),
            **{
                name: pd.Series([value] * len(samples), dtype="str")
                for name, value in labels.items()
            },
        }
    )


def both(*frames: pd.DataFrame) -> pd.DataFrame:
    return pd.concat(frames, ignore_index=True)


class Shown:
    """A view as it stands on a page."""

    def __init__(self, shown: AlertSummary, frame: pd.DataFrame, period: Period = WEEK) -> None:
        frames = {"main": frame}
        shown.check(frames)
        metrics = {metric.name: metric for metric in shown.metrics(frames, period)}
        self.count, self.time = metrics["alerts"].value, metrics["alerts/time"].value
        page = MemoryPage(shown, period, list(metrics.values()))
        charted = page.chart_from
        self.values: dict[str, Any] = {}
        self.height, self.described, self.svg = 0, "", ""

        def chart_from(draw: Any, structure: Any, values: Any, **named: Any) -> str:
            self.values, self.height = values, named["height"]
            self.described, self.svg = named["description"], named["still"]
            return charted(draw, structure, values, **named)

        page.chart_from = chart_from  # type: ignore[method-assign]
        self.html = shown.render_md(frames, page)

    @property
    def rows(self) -> list[list[str]]:
        """What the table says of each alert: name, times, duration, labels."""
        row = r"<tr><td>(.*?)(?: <small>(.*?)</small>)?</td><td.*?>(.*?)</td><td.*?>(.*?)</td></tr>"
        return [[found[0], *found[2:], found[1]] for found in re.findall(row, self.html)]

    @property
    def spans(self) -> list[tuple[float, float, float]]:
        """Row, left and right end of each stretch of the timeline."""
        data = self.values["data"]
        return list(zip(data["at"], data["left"], data["right"], strict=True))


class TestAlertSummaryContract(ViewContract):
    view = AlertSummary
    options: ClassVar = {"labels": {"severity": ".*"}}
    frames: ClassVar = {
        "main": both(
            firing(("HostDown", 40), ("HostDown", 41), severity="critical", team="web"),
            firing(("DiskFull", 500), severity="warning"),
        )
    }


def test_without_options_it_is_as_the_reference_has_it():
    options = view().options
    assert (options.datasource, options.resolution) == ("prometheus", QUARTER)
    assert options.hide_labels == ("instance", "job")
    assert options.labels == options.ignore_labels == {}
    assert (options.show_timeline, options.timeline_height) == (True, 15)


def test_it_queries_alerts_at_the_resolution_and_only_firing_ones():
    query = view(resolution="1h").queries()["main"]
    assert query.datasource == "prometheus"
    assert query.text == 'ALERTS{alertstate="firing"}'
    assert query.args == {"step": "3600s"}
    assert view(datasource="metrics").queries()["main"].datasource == "metrics"


@pytest.fixture
def ask(prometheus: PrometheusServer, tmp_path: Path) -> Iterator[Callable[..., pd.DataFrame]]:
    user = {"username": USER, "password": PASSWORD}
    options = Prometheus.Options.model_validate({"host": prometheus.address, "basic_auth": user})
    source = Prometheus(options, DatasourceContext("prometheus", tmp_path))

    def ask(shown: AlertSummary, period: Period) -> pd.DataFrame:
        query = shown.queries()["main"]
        return source.query(query.text, period, **query.args)

    yield ask
    source.close()


def test_samples_of_a_real_server_become_windows_where_the_clock_goes_back_too(
    ask: Callable[..., pd.DataFrame],
):
    shown = Shown(view(), ask(view(), LONG_WEEK), LONG_WEEK)
    assert shown.rows == [
        ["DiskFull", "2", "3 h 45 min", "severity: warning; team: infra"],
        ["HostDown", "3", "1 h 30 min", "severity: critical"],
    ]
    assert (shown.count, shown.time) == (5, (5 * 60 + 15) * 60)
    assert "5 alerts fired; at least one was firing for 5 h 15 min." in shown.html
    first, *_, last = shown.values["data"]["span"]
    assert first == "2013-10-27 01:30 – 03:45"
    after = Period.containing(date(2013, 10, 28), "week", BERLIN)
    assert Shown(view(), ask(view(), after), after).rows == [
        ["DiskFull", "1", "2 h 15 min", "severity: warning; team: infra"]
    ]
    assert last == "2013-10-23 08:00 – 08:15"


def test_adjoining_periods_share_no_time_of_an_alert(ask: Callable[..., pd.DataFrame]):
    days = [Period.containing(date(2013, 10, day), "day", BERLIN) for day in (26, 27, 28)]
    times = [Shown(view(), ask(view(), day), day).time for day in days]
    assert times == [0, (3 * 60 + 15 + 30) * 60, (2 * 60 + 15) * 60]


def test_a_finer_resolution_sees_more_of_an_alert(ask: Callable[..., pd.DataFrame]):
    minutes = view(resolution="1m", labels={"alertname": "HostDown"})
    shown = Shown(minutes, ask(minutes, LONG_WEEK), LONG_WEEK)
    assert [row[:2] for row in shown.rows] == [["HostDown", "3"]]
    assert 80 * 60 < shown.time < 90 * 60


def test_times_are_rounded_to_the_resolution():
    frame = firing(("A", 4), ("A", 5), ("B", 8))
    frame["time"] += pd.to_timedelta([7, -7, 8], unit="min")
    shown = Shown(view(), frame)
    assert [row[:3] for row in shown.rows] == [["A", "1", "30 min"], ["B", "1", "15 min"]]
    assert [(left * 672, right * 672) for _, left, right in shown.spans] == [
        pytest.approx((4, 6)),
        pytest.approx((9, 10)),
    ]


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, ["Disk", "Host", "Slow"]),
        ({"labels": {"severity": "critical|warning"}}, ["Disk", "Host"]),
        ({"labels": {"severity": "crit"}}, []),
        ({"labels": {"severity": "crit.*"}}, ["Host"]),
        ({"labels": {"severity": ".+", "team": "web"}}, ["Host"]),
        ({"labels": {"team": ""}}, ["Disk", "Slow"]),
        ({"ignore_labels": {"severity": "info"}}, ["Disk", "Host"]),
        ({"ignore_labels": {"severity": "in"}}, ["Disk", "Host", "Slow"]),
        ({"ignore_labels": {"severity": "info", "team": "w.b"}}, ["Disk"]),
        ({"labels": {"alertname": "[DH].*"}, "ignore_labels": {"alertname": "Host"}}, ["Disk"]),
    ],
)
def test_labels_and_ignore_labels_are_regular_expressions_that_match_the_whole_value(
    options: dict[str, Any], names: list[str]
):
    frame = both(
        firing(("Host", 1), severity="critical", team="web"),
        firing(("Disk", 1), severity="warning"),
        firing(("Slow", 1), severity="info"),
    )
    assert sorted(row[0] for row in Shown(view(**options), frame).rows) == names


@pytest.mark.parametrize(
    ("steps", "windows"),
    [
        ([], []),
        ([3], [(3, 4)]),
        ([3, 4], [(3, 5)]),
        ([3, 4, 5, 6], [(3, 7)]),
        ([3, 5], [(3, 4), (5, 6)]),
        ([0, 1, 3, 4, 9], [(0, 2), (3, 5), (9, 10)]),
    ],
)
def test_a_sample_opens_a_window_and_the_next_up_to_its_end_extends_it_any_other_opens_a_new_one(
    steps: list[int], windows: list[Window]
):
    assert windows_of(steps) == windows


@given(st.sets(st.integers(0, 60)))
def test_windows_cover_each_sample_and_one_step_after_it_and_do_not_touch(steps: set[int]):
    windows = windows_of(sorted(steps))
    assert {step for start, end in windows for step in range(start, end)} == steps
    assert all(end < start for (_, end), (start, _) in pairwise(windows))


@pytest.mark.parametrize(
    ("windows", "spans"),
    [
        ([(0, 2), (1, 3)], [(0, 3)]),
        ([(1, 3), (0, 2)], [(0, 3)]),
        ([(0, 2), (2, 3)], [(0, 2), (2, 3)]),
        ([(0, 9), (1, 2), (8, 10)], [(0, 10)]),
        ([(0, 1), (0, 1)], [(0, 1)]),
    ],
)
def test_windows_merge_where_the_next_start_is_strictly_before_the_end(
    windows: list[Window], spans: list[Window]
):
    assert merged(windows) == spans


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)).map(lambda w: (w[0], w[0] + w[1])))
)
def test_merged_spans_last_as_long_as_any_of_the_windows_was_open(windows: list[Window]):
    spans = merged(windows)
    opened = {step for start, end in windows for step in range(start, end)}
    assert sum(end - start for start, end in spans) == len(opened)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))


def test_the_count_is_the_number_of_windows_over_all_sets_of_labels():
    frame = both(
        firing(("Host", 1), ("Host", 2), ("Host", 9), instance="a"),
        firing(("Host", 1), ("Disk", 1), instance="b"),
    )
    shown = Shown(view(), frame)
    assert shown.count == 4
    assert [row[:2] for row in shown.rows] == [["Host", "3"], ["Disk", "1"]]


def test_total_time_is_the_merged_length_and_the_longest_alert_is_listed_first():
    frame = both(
        firing(*[("Short", step) for step in (1, 3, 5)]),
        firing(*[("Long", step) for step in range(20, 24)], instance="a"),
        firing(*[("Long", step) for step in range(22, 26)], instance="b"),
        firing(("Alike", 50), ("Alike", 51), ("Alike", 60)),
    )
    shown = Shown(view(), frame)
    assert [row[:3] for row in shown.rows] == [
        ["Long", "2", "1 h 30 min"],
        ["Alike", "2", "45 min"],
        ["Short", "3", "45 min"],
    ]
    assert shown.time == 12 * 15 * 60


def test_the_time_of_all_alerts_counts_what_overlaps_once():
    frame = both(firing(("A", 1), ("A", 2)), firing(("B", 2), ("B", 3)))
    shown = Shown(view(), frame)
    assert (shown.count, shown.time) == (2, 3 * 15 * 60)
    assert "2 alerts fired; at least one was firing for 45 min." in shown.html


def test_the_timeline_draws_the_spans_as_fractions_of_the_period():
    frame = firing(("Host", 0), ("Host", 336), ("Disk", 670), ("Disk", 671))
    shown = Shown(view(), frame)
    assert shown.spans == [
        pytest.approx((0, 670 / 672, 1)),
        pytest.approx((1, 0, 1 / 672)),
        pytest.approx((1, 0.5, 337 / 672)),
    ]
    svg = ET.fromstring(f"<x>{shown.svg}</x>")
    drawn = [g for g in svg.iter("g") if g.get("fill", "").startswith("var(--kpi-bad")]
    assert all(g.get("stroke") == g.get("fill") for g in drawn)  # so that the shortest shows
    places = [(r.get("x"), r.get("width")) for g in drawn for r in g.iter("rect")]
    assert places == [("99.7%", "0.3%"), ("0%", "0.15%"), ("50%", "0.15%")]


def test_fractions_and_midnights_fit_together_where_the_clock_goes_back():
    sunday = 4 * 24 * 6
    shown = Shown(view(), firing(("A", sunday), ("A", 675), period=LONG_WEEK), LONG_WEEK)
    ticks = shown.values["below ticks"]
    assert len(ticks) == 7
    assert ticks[-1] == pytest.approx(144 / 169)
    assert shown.spans[0][1] == pytest.approx(ticks[-1])
    assert shown.spans[-1][2] == 1


def test_a_window_that_goes_beyond_the_period_ends_with_it():
    hours = Period(WEEK.start, WEEK.start + timedelta(minutes=100))
    shown = Shown(view(resolution="1h"), firing(("A", 4), period=hours), hours)
    assert shown.time == 40 * 60
    assert shown.spans == [pytest.approx((0, 0.6, 1))]


def test_no_alert_at_all_is_the_good_news():
    for frame in (firing(("A", 1)).head(0), pd.DataFrame({"time": [], "value": []})):
        shown = Shown(view(), frame)
        assert shown.html.strip() == (
            '<p class="kpi-attention good"><span aria-hidden="true">✓</span> No alerts fired</p>'
        )
        assert (shown.count, shown.time) == (0, 0)


def test_alerts_that_are_all_ignored_are_the_good_news_too():
    shown = Shown(view(ignore_labels={"alertname": "A"}), firing(("A", 1)))
    assert "No alerts fired" in shown.html


def test_hidden_labels_are_not_shown_and_each_value_of_another_is_once():
    frame = both(
        firing(("A", 1), instance="a", job="x", zone="eu"),
        firing(("A", 1), instance="b", job="x", zone="eu"),
        firing(("A", 1), instance="c", job="x", zone="us"),
    )
    assert Shown(view(), frame).rows == [["A", "3", "15 min", "zone: eu, us"]]
    assert Shown(view(hide_labels=["zone", "instance"]), frame).rows[0][3] == "job: x"
    assert (
        Shown(view(hide_labels=[]), frame).rows[0][3] == "instance: a, b, c; job: x; zone: eu, us"
    )


def test_of_many_values_of_a_label_three_are_listed_and_the_others_counted():
    frame = both(*(firing(("A", 1), shard=str(shard)) for shard in range(7)))
    assert Shown(view(), frame).rows[0][3] == "shard: 0, 1, 2, 4 more"


def test_the_timeline_is_as_high_as_it_is_told_and_can_be_left_out():
    frame = firing(("A", 1), ("B", 1))
    assert Shown(view(), frame).height == 36 + 2 * (15 + 9)
    assert Shown(view(timeline_height=30), frame).height == 36 + 2 * (30 + 9)
    without = Shown(view(show_timeline=False), frame)
    assert "kpi-chart" not in without.html
    assert len(without.rows) == 2


def test_those_who_cannot_see_the_timeline_are_told_what_it_shows():
    frame = firing(*[("A", step) for step in (1, 2, 8)], ("B", 1), ("C", 1), ("D", 1))
    assert Shown(view(), frame).described == (
        "Alerts. Timeline of alerts: A 2 times, for 45 min; B once, for 15 min; "
        "C once, for 15 min; 1 more."
    )


def test_a_timeline_of_many_alerts_has_those_that_fired_longest():
    frame = firing(*[(f"A{n:02}", step) for n in range(25) for step in range(n + 1)])
    shown = Shown(view(), frame)
    assert max(shown.values["data"]["at"]) == 19
    assert "The timeline has the 20 alerts that fired longest, of 25." in shown.html
    assert len(shown.rows) == 25


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"n": [1]}), "no column 'time'"),
        (firing(("A", 1)).drop(columns="alertname"), "no column 'alertname'"),
        (pd.DataFrame({"time": ["now"], "alertname": ["A"]}), "no times with a zone"),
    ],
)
def test_an_answer_that_holds_no_alerts_is_refused(frame: pd.DataFrame, message: str):
    with pytest.raises(ViewError, match=message):
        view().metrics({"main": frame}, WEEK)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"resolution": "quarter"}, "no length of time; write it like 15m"),
        ({"resolution": 0}, "no length of time"),
        ({"labels": {"severity": "("}}, "of 'severity' is no regular expression"),
        ({"ignore_labels": {"a": "*"}}, "of 'a' is no regular expression"),
        ({"timeline_height": 0}, "greater than or equal to 1"),
        ({"labels": ["severity"]}, "valid dictionary"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], message: str):
    with pytest.raises(ValidationError, match=message):
        view(**options)


def test_the_example_of_the_guide_tells_of_the_alerts_of_its_week(
    prometheus: PrometheusServer, project: ProjectFiles
):
    example = next(
        e for e in examples(GUIDE / "views" / "prometheus_alert_summary.md") if e.is_report
    )
    text = example.text.replace("prometheus.example.org:9090", prometheus.address)
    token, user = 'bearer_token: "${PROMETHEUS_TOKEN}"', f"username: {USER}, password: {PASSWORD}"
    assert token in text
    now = datetime(2025, 2, 1, tzinfo=UTC)
    project = replace(project, now=now, folder=project.folder / "example")
    project.write(text.replace(token, f"basic_auth: {{{user}}}"), "shop")
    assert [outcome.problems for outcome in project.run()] == [()]
    metrics = project.archive.editions()[0].load().record.metrics
    assert [(name, metric.text) for name, metric in metrics.items()] == [
        ("critical", "1"),
        ("critical/time", "1 h 45 min"),
        ("all", "3"),
        ("all/time", "3 h 35 min"),
    ]
