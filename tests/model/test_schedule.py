"""Schedules cut time into the periods that are due."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpisite.model.schedule import PATTERN, Schedule

NEW_YORK = ZoneInfo("America/New_York")
SCHEDULES = ["daily", "weekly", "monthly", "quarterly", "yearly", "every 10 days"]


def labels(
    schedule: str,
    now: str,
    since: date | None = None,
    until: date | None = None,
    zone: ZoneInfo = NEW_YORK,
) -> list[str]:
    moment = datetime.fromisoformat(now).replace(tzinfo=zone)
    return [p.label for p in Schedule.parse(schedule).periods(since, until, moment, zone)]


def test_the_weeks_of_2013_are_53_and_reach_into_both_neighbours():
    weeks = labels("weekly", "2014-06-01", date(2013, 1, 1), date(2014, 1, 1))
    assert len(weeks) == 53
    assert (weeks[0], weeks[-1]) == ("2013-W01", "2014-W01")


def test_the_first_period_is_the_one_that_since_lies_in():
    assert labels("monthly", "2013-03-15", date(2013, 1, 20)) == ["2013-01", "2013-02", "2013-03"]


def test_a_period_that_begins_on_until_is_no_longer_reported():
    assert labels("daily", "2013-02-01", date(2013, 1, 1), date(2013, 1, 3)) == [
        "2013-01-01",
        "2013-01-02",
    ]


def test_the_last_period_may_still_be_open():
    assert labels("quarterly", "2013-04-01T00:00", date(2013, 1, 1)) == ["2013-Q1", "2013-Q2"]
    assert labels("quarterly", "2013-03-31T23:59", date(2013, 1, 1)) == ["2013-Q1"]


def test_midnight_is_that_of_the_zone():
    now = datetime(2013, 4, 1, 3, 59, tzinfo=UTC)  # still March in New York
    periods = Schedule.parse("monthly").periods(date(2013, 3, 1), None, now, NEW_YORK)
    assert [p.label for p in periods] == ["2013-03"]


def test_the_repeated_hour_of_autumn_does_not_begin_a_day_early():
    havana = ZoneInfo("America/Havana")  # 00:00 to 00:59 come twice on 3 November 2013
    first = datetime(2013, 11, 3, 4, 0, tzinfo=UTC)
    due = Schedule.parse("daily").periods(date(2013, 11, 2), None, first, havana)
    assert [p.label for p in due] == ["2013-11-02", "2013-11-03"]


def test_without_since_the_newest_period_that_is_over_comes_first():
    assert labels("weekly", "2013-02-06") == ["2013-W05", "2013-W06"]
    assert labels("yearly", "2013-02-06") == ["2012", "2013"]


def test_every_n_days_counts_from_since_across_a_change_of_clocks():
    assert labels("every 10 days", "2013-03-20", date(2013, 3, 1)) == [
        "2013-03-01_2013-03-11",
        "2013-03-11_2013-03-21",
    ]


def test_every_n_days_without_a_first_day_is_refused():
    with pytest.raises(ValueError, match="since"):
        labels("every 10 days", "2013-03-20")


def test_nothing_is_due_before_since():
    assert labels("daily", "2013-01-01", date(2013, 1, 2)) == []


def test_on_demand_is_one_period_that_ends_at_the_last_midnight():
    now = datetime(2013, 2, 11, 9, tzinfo=NEW_YORK)
    [period] = Schedule.parse("on demand", 7).periods(None, None, now, NEW_YORK)
    assert period.label == "2013-02-04_2013-02-11"


@given(
    st.sampled_from(SCHEDULES),
    st.dates(date(2010, 1, 1), date(2030, 1, 1)),
    st.integers(0, 800),
    st.sampled_from(["America/Sao_Paulo", "Africa/Cairo", "America/Havana", "Europe/Berlin"]),
)
def test_periods_follow_each_other_without_a_gap_up_to_now(
    schedule: str, since: date, later: int, name: str
):
    zone = ZoneInfo(name)
    now = datetime(since.year, since.month, since.day, 12, tzinfo=zone) + timedelta(days=later)
    periods = list(Schedule.parse(schedule).periods(since, None, now, zone))
    assert periods[0].start.date() <= since <= periods[0].last_day
    for before, after in pairwise(periods):
        assert before.end == after.start
        assert after.previous() == before
    assert periods[-1].contains(now)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("weekley", "Did you mean 'weekly'?"),
        ("every 0 days", "Did you mean 'every N days'?"),
        ("fortnightly!", "Valid here: daily"),
        ("every 99999 days", "is no schedule"),
    ],
)
def test_an_unknown_schedule_is_refused_with_what_is_valid(text: str, hint: str):
    with pytest.raises(ValueError, match=re.escape(hint)):
        Schedule.parse(text)
    assert re.fullmatch(PATTERN, text) is None


@pytest.mark.parametrize("text", [*SCHEDULES, "on demand", "every 1 day"])
def test_the_pattern_of_the_json_schema_takes_what_is_valid(text: str):
    assert re.fullmatch(PATTERN, text)
    Schedule.parse(text)
