"""A report's definition: dates, zones and what is recorded of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from kpisite.model.definition import Report
from kpisite.model.period import Period
from kpisite.model.recorded_definition import RecordedDefinition

NOW = datetime(2013, 2, 11, 9, tzinfo=UTC)


def report(**values: Any) -> Report:
    return Report.model_validate({"views": {"a": {"plugin": "text"}}, **values})


def mistake(**values: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        report(**values)
    [error] = caught.value.errors()
    return f"{'.'.join(map(str, error['loc']))}: {error['msg']}"


def test_without_a_schedule_a_report_covers_the_last_seven_days():
    assert [p.label for p in report().periods(NOW)] == ["2013-02-04_2013-02-11"]


@pytest.mark.parametrize(
    "written", ["2013-02-01", date(2013, 2, 1), datetime(2013, 2, 1), 20130201]
)
def test_a_date_may_be_written_in_quotes_or_without(written: object):
    [period] = report(end_date=written, interval_days=3).periods(NOW)
    assert period.label == "2013-01-29_2013-02-01"


@pytest.mark.parametrize("written", ["1 Feb 2013", "February 1, 2013 00:00", "2013/2/1"])
def test_the_ends_of_a_period_may_be_written_freely_as_for_kpi_reporter(written):
    [period] = report(end_date=written, interval_days=3).periods(NOW)
    assert period.label == "2013-01-29_2013-02-01"


def test_a_date_that_can_be_read_in_two_ways_is_no_date():
    said = "'01/02/2013' can be read as two dates; write it like 2013-02-04"
    assert said in mistake(end_date="01/02/2013")


@pytest.mark.parametrize("written", ["Feb 2013", "4 Feb", "Monday", "10:00", "soon"])
def test_a_date_that_lacks_its_day_month_or_year_is_not_filled_up(written):
    assert "is no date; write it like 2013-02-04" in mistake(end_date=written)


@pytest.mark.parametrize("written", [2013, "0", True, 1.5])
def test_a_number_is_never_taken_for_seconds_since_1970(written: object):
    assert "is no date; write it like 2013-02-04" in mistake(end_date=written)
    assert "is no date" in mistake(schedule="weekly", since=written)


def test_times_are_those_on_the_wall_unless_they_name_a_zone():
    fixed = report(
        timezone="America/New_York",
        start_date="2013-02-01T06:00",
        end_date="2013-02-02T05:00:00Z",
    )
    [period] = fixed.periods(NOW)
    assert period.start.astimezone(UTC) == datetime(2013, 2, 1, 11, tzinfo=UTC)
    assert period.end.astimezone(UTC) == datetime(2013, 2, 2, 5, tzinfo=UTC)


def test_an_on_demand_period_begins_at_midnight_also_where_it_is_skipped():
    fixed = report(timezone="America/Sao_Paulo", end_date="2018-11-04")
    [period] = fixed.periods(datetime(2018, 12, 1, tzinfo=UTC))
    assert period.label == "2018-10-28_2018-11-04"


@pytest.mark.parametrize(
    "dates", [{"start_date": "2013-03-01"}, {"start_date": "2013-03-01", "end_date": "2013-04-01"}]
)
def test_an_on_demand_report_that_has_not_begun_has_no_period(dates: dict[str, str]):
    assert report(**dates).periods(NOW) == []


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"schedule": "weekly", "since": "2013-02-04", "until": "2013-02-01"},
            "until: Value error, until 2013-02-01 is not after since 2013-02-04",
        ),
        (
            {"start_date": "2013-02-04 06:00", "end_date": "2013-02-04 05:00"},
            "end_date 2013-02-04 05:00 is not after start_date 2013-02-04 06:00",
        ),
        ({"since": "2013-02-04"}, "since belongs to a report with a schedule; add one"),
        (
            {"schedule": "daily", "end_date": "2013-02-04"},
            "end_date belongs to an on-demand report; with 'schedule: daily' use since and until",
        ),
        ({"schedule": "every 7 days"}, "'schedule: every 7 days' is counted from a first day"),
    ],
)
def test_dates_that_do_not_fit_are_refused_at_their_own_key(values: dict[str, Any], said: str):
    assert said in mistake(**values)


@pytest.mark.parametrize(
    ("written", "length"),
    [
        ("2 days", timedelta(days=2)),
        ("1 week", timedelta(days=7)),
        ("90minutes", timedelta(0, 5400)),
    ],
)
def test_settle_is_a_length_of_time(written: str, length: timedelta):
    assert report(settle=written).settle == length


@pytest.mark.parametrize("written", ["2", 2, "P2D", "-1 day", "two days", "99999999999 days"])
def test_other_lengths_are_refused(written: object):
    assert "is no length of time" in mistake(settle=written)


def test_a_period_is_open_until_its_data_has_settled_by_the_clock_that_never_jumps():
    weekly = report(schedule="weekly", timezone="America/New_York", settle="12 hours")
    period = Period.containing(
        date(2013, 3, 4), "week", weekly.zone
    )  # clocks change before its end
    end = datetime(2013, 3, 11, 4, tzinfo=UTC)
    assert period.end == end
    assert weekly.is_open(period, end + timedelta(hours=12, microseconds=-1))
    assert not weekly.is_open(period, end + timedelta(hours=12))
    spring = Period.containing(date(2013, 3, 9), "day", weekly.zone)
    settled = spring.end.astimezone(UTC) + timedelta(hours=12)
    assert weekly.is_open(spring, (settled - timedelta(minutes=1)).astimezone(weekly.zone))
    assert not weekly.is_open(spring, settled.astimezone(weekly.zone))


@pytest.mark.parametrize("name", ["localtime", "Factory", "europe/berlin", "../etc/passwd", ""])
def test_a_zone_that_means_something_else_on_each_machine_is_unknown(name: str):
    assert f"unknown timezone '{name}'" in mistake(timezone=name)


def test_title_description_and_cols_may_stand_in_args_and_win_there():
    view = {"plugin": "text", "title": "x", "args": {"title": "y", "cols": 2, "text": "z"}}
    found = report(views={"a": view}).views["a"]
    assert (found.title, found.cols, found.args) == ("y", 2, {"text": "z"})


def test_arguments_of_datasources_and_outputs_are_not_in_the_repr():
    secret = {"plugin": "sql", "args": {"password": "hunter2"}}
    assert "hunter2" not in repr(report(datasources={"a": secret}, outputs={"b": secret}))


def test_the_digest_is_the_same_after_the_archive_and_changes_with_anything():
    recorded = RecordedDefinition(title="x", views=report().views)
    back = RecordedDefinition.model_validate_json(recorded.model_dump_json())
    assert back.digest == recorded.digest
    assert recorded.model_copy(update={"timezone": "Asia/Tokyo"}).digest != recorded.digest


def recorded(report: dict[str, Any], **view: Any) -> RecordedDefinition:
    views = {"v": {"plugin": "plot", **view}, "other": {"plugin": "plot"}}
    return RecordedDefinition.model_validate({"title": "t", "views": views, **report})


@pytest.mark.parametrize(
    ("report", "view", "shown", "elsewhere"),
    [
        ({}, {}, True, True),
        ({}, {"show_query": False, "downloads": False}, False, True),
        ({"show_query": False, "downloads": False}, {}, False, False),
        (
            {"show_query": False, "downloads": False},
            {"show_query": True, "downloads": True},
            True,
            False,
        ),
    ],
)
def test_a_view_says_whether_its_query_and_data_are_shown_else_its_report(
    report: dict[str, Any], view: dict[str, Any], shown: bool, elsewhere: bool
):
    definition = recorded(report, **view)
    for tells in (definition.shows_query, definition.offers_downloads):
        assert tells("v") is shown
        assert tells("other") is elsewhere


def test_definitions_that_do_not_name_the_switches_have_the_digest_from_before_there_were_any():
    assert recorded({}).digest == "6831cc6ccf99"
    said = [recorded({}, show_query=value) for value in (True, False)]
    said += [recorded({"downloads": False}), recorded({})]
    assert len({definition.digest for definition in said}) == 4


@pytest.mark.parametrize("name", ["show_query", "downloads"])
def test_a_switch_is_on_or_off_and_nothing_else(name: str):
    assert f"{name}: Input should be a valid boolean" in mistake(**{name: "maybe"})
    with pytest.raises(ValidationError, match=rf"views\.v\.{name}"):
        recorded({}, **{name: "maybe"})
