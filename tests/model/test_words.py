from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from kpisite.model.period import Period, Unit
from kpisite.model.words import day_text, moment_text, period_short, period_span, period_title

ZONE = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("day", "unit", "title", "short", "span"),
    [
        ((2013, 2, 4), "week", "Week 6, 2013", "week 6", "4 – 10 February 2013"),
        ((2013, 2, 1), "week", "Week 5, 2013", "week 5", "28 January – 3 February 2013"),
        ((2014, 1, 1), "week", "Week 1, 2014", "week 1", "30 December 2013 – 5 January 2014"),
        ((2013, 2, 3), "day", "3 February 2013", "3 February", "3 February 2013"),
        ((2013, 3, 10), "day", "10 March 2013", "10 March", "10 March 2013"),
        ((2013, 2, 4), "month", "February 2013", "February", "1 – 28 February 2013"),
        ((2013, 2, 4), "quarter", "Q1 2013", "Q1", "1 January – 31 March 2013"),
        ((2013, 2, 4), "year", "2013", "2013", "1 January – 31 December 2013"),
    ],
)
def test_a_calendar_period_has_a_title_a_short_name_and_a_span(
    day: tuple[int, int, int], unit: Unit, title: str, short: str, span: str
) -> None:
    period = Period.containing(date(*day), unit, ZONE)
    assert (period_title(period), period_short(period), period_span(period)) == (title, short, span)


def test_a_stretch_of_days_is_called_by_its_span() -> None:
    period = Period.of_days(date(2013, 2, 4), date(2013, 2, 11), ZONE)
    assert period_title(period) == period_short(period) == "4 – 10 February 2013"


def test_a_period_of_hours_says_its_times() -> None:
    noon = datetime(2013, 2, 4, 12, tzinfo=ZONE)
    period = Period(noon, noon.replace(day=5))
    assert period_span(period) == "4 February 2013, 12:00 – 5 February 2013, 12:00"


def test_a_day_that_begins_at_one_is_still_a_whole_day() -> None:
    period = Period.containing(date(2018, 11, 4), "day", ZoneInfo("America/Sao_Paulo"))
    assert period.start.hour == 1
    assert period_span(period) == "4 November 2018"


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (date(2013, 2, 4), "2013-02-04"),
        (datetime(2013, 2, 4), "2013-02-04"),
        (datetime(2013, 2, 4, 6, 15), "2013-02-04 06:15"),
        (datetime(2013, 2, 4, 6, 15, 1, 5, tzinfo=ZONE), "2013-02-04 06:15:01"),
        (time(6, 15), "06:15"),
    ],
)
def test_a_moment_shows_its_time_unless_it_is_midnight(moment: date, text: str) -> None:
    assert moment_text(moment) == text


def test_a_column_decides_for_all_its_moments_whether_they_show_the_time() -> None:
    assert moment_text(datetime(2013, 2, 4), with_time=True) == "2013-02-04 00:00"
    assert moment_text(date(2013, 2, 4), with_time=True) == "2013-02-04"


def test_a_day_in_words() -> None:
    assert day_text(datetime(2013, 2, 4, 6)) == "4 February 2013"
