"""Periods touch without overlapping, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kpisite.model.period import Period, Unit, in_zone, midnight

NEW_YORK = ZoneInfo("America/New_York")
SKIP_MIDNIGHT = [
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("America/Havana", date(2019, 3, 10)),
    ("Africa/Cairo", date(2014, 5, 16)),
    ("Asia/Beirut", date(2022, 3, 27)),
]
ZONES = ["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/New_York", "Asia/Kathmandu"]
ZONES += [name for name, _ in SKIP_MIDNIGHT]
UNITS: list[Unit] = ["day", "week", "month", "quarter", "year"]

zones = st.sampled_from(ZONES).map(ZoneInfo)
days = st.dates(date(1995, 1, 1), date(2035, 12, 31))


def following(period: Period) -> Period:
    return Period.containing(period.end.date(), period.unit, period.zone)


@given(days, st.sampled_from(UNITS), zones)
def test_adjoining_periods_share_a_boundary_and_no_instant(day: date, unit: Unit, zone: ZoneInfo):
    period = Period.containing(day, unit, zone)
    after = following(period)
    assert after.start.astimezone(UTC) == period.end.astimezone(UTC)
    assert not period.contains(period.end)
    assert after.contains(period.end)
    assert period.contains(period.end.astimezone(UTC) - timedelta(microseconds=1))
    assert after.label > period.label


@given(days, st.sampled_from(UNITS), zones)
def test_previous_undoes_following(day: date, unit: Unit, zone: ZoneInfo):
    period = Period.containing(day, unit, zone)
    assert following(period).previous() == period
    assert following(period.previous()) == period


@given(days, st.integers(1, 40), zones)
def test_stretches_of_days_are_as_long_before_as_after(day: date, length: int, zone: ZoneInfo):
    step = timedelta(days=length)
    period = Period.of_days(day, day + step, zone)
    assert period.previous() == Period.of_days(day - step, day, zone)
    assert period.days == length
    assert period.last_day == day + step - timedelta(days=1)


@given(days, st.sampled_from(UNITS), zones)
def test_a_period_contains_the_midday_of_each_of_its_days(day: date, unit: Unit, zone: ZoneInfo):
    period = Period.containing(day, unit, zone)
    midday = datetime(day.year, day.month, day.day, 12, tzinfo=zone)
    assert period.contains(midday)
    assert period.start.date() <= day <= period.last_day


@pytest.mark.parametrize(("name", "day"), SKIP_MIDNIGHT)
def test_where_the_clock_skips_midnight_the_day_begins_at_one(name: str, day: date):
    zone = ZoneInfo(name)
    begin = midnight(day, zone)
    assert (begin.date(), begin.hour) == (day, 1)
    before = begin.astimezone(UTC) - timedelta(microseconds=1)
    assert before.astimezone(zone).date() == day - timedelta(days=1)


@pytest.mark.parametrize(("name", "day"), SKIP_MIDNIGHT)
def test_the_last_day_before_a_skipped_midnight_is_the_day_before(name: str, day: date):
    period = Period.of_days(day - timedelta(days=7), day, ZoneInfo(name))
    assert period.last_day == day - timedelta(days=1)
    assert period.days == 7
    assert period.label == f"{day - timedelta(days=7)}_{day}"


def test_a_day_that_a_zone_left_out_is_left_out():
    apia = ZoneInfo("Pacific/Apia")  # 30 December 2011 never came there
    period = Period.containing(date(2011, 12, 31), "day", apia)
    assert period.previous().label == "2011-12-29"
    assert following(Period.containing(date(2011, 12, 29), "day", apia)) == period


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2013, 3, 10), 23), (date(2013, 11, 3), 25), (date(2013, 6, 1), 24)]
)
def test_days_are_as_long_as_the_clocks_make_them(day: date, hours: int):
    period = Period.containing(day, "day", NEW_YORK)
    assert period.end.astimezone(UTC) - period.start.astimezone(UTC) == timedelta(hours=hours)
    assert period.days == 1


@pytest.mark.parametrize(
    ("day", "label"),
    [
        (date(2012, 12, 30), "2012-W52"),
        (date(2012, 12, 31), "2013-W01"),
        (date(2020, 12, 31), "2020-W53"),
        (date(2021, 1, 3), "2020-W53"),
        (date(2021, 1, 4), "2021-W01"),
        (date(2016, 1, 1), "2015-W53"),
    ],
)
def test_weeks_are_those_of_iso_also_at_the_end_of_a_year(day: date, label: str):
    assert Period.containing(day, "week", NEW_YORK).label == label


@pytest.mark.parametrize(
    ("unit", "label"),
    [
        ("day", "2013-02-04"),
        ("week", "2013-W06"),
        ("month", "2013-02"),
        ("quarter", "2013-Q1"),
        ("year", "2013"),
    ],
)
def test_labels_are_iso(unit: Unit, label: str):
    assert Period.containing(date(2013, 2, 4), unit, NEW_YORK).label == label


def test_the_label_of_a_stretch_names_both_ends_and_times_only_where_there_are_any():
    days_only = Period.of_days(date(2013, 2, 4), date(2013, 2, 11), NEW_YORK)
    assert days_only.label == "2013-02-04_2013-02-11"
    start = datetime(2013, 2, 4, 6, 30, tzinfo=NEW_YORK)
    assert Period(start, days_only.end).label == "2013-02-04T063000_2013-02-11"


@pytest.mark.parametrize(
    ("day", "first", "after"),
    [
        (date(2013, 3, 31), date(2013, 1, 1), date(2013, 4, 1)),
        (date(2013, 4, 1), date(2013, 4, 1), date(2013, 7, 1)),
        (date(2013, 12, 31), date(2013, 10, 1), date(2014, 1, 1)),
    ],
)
def test_quarters_begin_in_january_april_july_and_october(day: date, first: date, after: date):
    assert Period.containing(day, "quarter", NEW_YORK) == Period.of_days(
        first, after, NEW_YORK, "quarter"
    )


@given(st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1)), zones)
def test_a_naive_time_is_the_one_on_the_wall(moment: datetime, zone: ZoneInfo):
    local = in_zone(moment, zone)
    skipped = moment.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    assume(skipped.replace(tzinfo=None) == moment)
    assert local.replace(tzinfo=None) == moment


def test_an_aware_time_stays_the_same_instant():
    moment = datetime(2013, 2, 4, 5, tzinfo=UTC)
    assert in_zone(moment, NEW_YORK) == moment
    assert in_zone(moment, NEW_YORK).hour == 0


def test_a_period_that_ends_before_it_starts_is_refused():
    start = midnight(date(2013, 2, 4), NEW_YORK)
    with pytest.raises(ValueError, match="is not after the start"):
        Period(start, start)


def test_a_period_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="aware"):
        Period(datetime(2013, 2, 4), datetime(2013, 2, 5))
