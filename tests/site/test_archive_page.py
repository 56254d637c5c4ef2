"""The archive page: a calendar of all editions, and the tables below it."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

import pytest
from listed_editions import ZONE, listed, on_time, periods, weekly

from kpisite.model.metric import Metric
from kpisite.model.period import Period
from kpisite.render.templates import Templates
from kpisite.site.archive_page import archive_page
from kpisite.site.calendar import calendar_years
from kpisite.site.urls import Urls

if TYPE_CHECKING:
    from kpisite.archive.index import Entry

CELL = re.compile(
    r'<li><a class="([^"]*)" href="([^"]*)" title="([^"]*)" aria-label="\3">([^<]*)</a></li>'
)
MISSING = re.compile(r'<li><span title="([^"]*)">([^<]*)<span class="kpi-hidden"> no edition<')
ROW = re.compile(r'<tr data-kpi-status="([^"]*)"><th scope="row"><a href="([^"]*)">')


def page(entries: list[Entry], urls: Urls | None = None) -> str:
    return archive_page("flights", "New York flights", entries, Templates(), urls or Urls()).text


def slots(entries: list[Entry]) -> dict[str, list[list[str]]]:
    """Return by year the texts of the slots of each group, those outside in brackets."""
    return {
        year.label: [
            [slot.text if slot.title else f"({slot.text})" for slot in group.slots]
            for group in year.groups
        ]
        for year in calendar_years(entries)
    }


def editions(unit: str, first: date, count: int) -> list[Entry]:
    return [listed(period, on_time(0.7)) for period in periods(first, unit, count)]  # type: ignore[arg-type]


def test_each_edition_is_a_cell_that_leads_to_it_and_says_what_it_is():
    entries = weekly(0.798, 0.9)
    entries[1] = listed(entries[1].period, on_time(0.9), status="preliminary", revision=2)
    assert CELL.findall(page(entries)) == [
        ("sealed", "../2013-W02/", "Week 2, 2013: sealed, On time 79.8 %", "2"),
        (
            *("preliminary revised", "../2013-W03/"),
            *("Week 3, 2013: preliminary, revision 2, On time 90.0 %", "3"),
        ),
    ]


def test_addresses_work_without_directory_urls():
    text = page(weekly(0.7), Urls(directory_urls=False))
    assert CELL.findall(text)[0][1] == "../2013-W02/index.html"
    assert 'href="../kpis/on_time/index.html"' in text


def test_a_missing_period_is_an_empty_cell_that_says_so():
    entries = weekly(0.7, 0.8, 0.9)
    text = page([entries[0], entries[2]])
    assert MISSING.findall(text) == [("Week 3, 2013: no edition", "3")]
    assert '<i class="missing"></i>no edition' in text


def test_what_is_before_the_first_and_after_the_newest_edition_is_no_gap():
    text = page(weekly(0.7, 0.8))
    assert MISSING.findall(text) == []
    assert "no edition" not in text


def test_weeks_stand_below_the_month_of_their_thursday():
    year = slots(editions("week", date(2012, 12, 31), 9))["2013"]
    assert len(year) == 12
    assert year[:2] == [["1", "2", "3", "4", "5"], ["6", "7", "8", "9"]]
    assert year[2] == []


def test_a_year_may_have_53_weeks_and_counts_as_its_label_says():
    years = slots(editions("week", date(2020, 12, 21), 3))
    assert list(years) == ["2021", "2020"]
    assert years["2020"][11][-2:] == ["52", "53"]
    assert years["2021"][0] == ["1"]


def test_days_stand_below_their_months_from_the_first_on():
    years = slots(editions("day", date(2024, 2, 28), 3))
    assert years["2024"][1][-3:] == ["(27)", "28", "29"]
    assert years["2024"][2] == ["1"]


def test_months_and_quarters_stand_side_by_side():
    months = slots(editions("month", date(2023, 11, 1), 3))
    assert [text for text in months["2023"][0] if text[0] != "("] == ["Nov", "Dec"]
    assert months["2024"][0][:2] == ["Jan", "(Feb)"]
    quarters = slots(editions("quarter", date(2023, 7, 1), 3))
    assert quarters == {
        "2024": [["Q1", "(Q2)", "(Q3)", "(Q4)"]],
        "2023": [["(Q1)", "(Q2)", "Q3", "Q4"]],
    }


def test_years_stand_in_one_row_with_their_gaps():
    entries = editions("year", date(2020, 1, 1), 4)
    text = page([entries[0], *entries[2:]])
    assert slots(entries) == {"": [["2020", "2021", "2022", "2023"]]}
    assert MISSING.findall(text) == [("2021: no edition", "2021")]


def test_other_periods_are_a_plain_list_by_year():
    stretches = [
        Period.of_days(date(2023, 12, 18), date(2023, 12, 28), ZONE),
        Period.of_days(date(2023, 12, 28), date(2024, 1, 7), ZONE),
        Period.of_days(date(2024, 1, 7), date(2024, 1, 17), ZONE),
    ]
    entries = [listed(period, on_time(0.7)) for period in stretches]
    assert slots(entries) == {"2024": [["7 Jan"]], "2023": [["18 Dec", "28 Dec"]]}
    assert "kpi-cal-of-list" in page(entries)


def test_periods_of_two_units_are_a_plain_list():
    entries = [*editions("month", date(2023, 1, 1), 2), *editions("week", date(2023, 3, 6), 1)]
    assert slots(entries) == {"2023": [["1 Jan", "1 Feb", "6 Mar"]]}


def test_years_without_editions_are_named_once():
    entries = [*editions("week", date(2013, 6, 3), 1), *editions("week", date(2020, 6, 1), 1)]
    assert list(slots(entries)) == ["2020", "2014 – 2019", "2013"]
    assert "<h3>2014 – 2019</h3>" in page(entries)


def test_each_kpi_can_colour_the_calendar_from_its_lowest_to_its_highest_value():
    [option] = re.findall(
        r'<option value="on_time"([^>]*)>On time</option>', page(weekly(0.5, None, 0.74, 1))
    )
    assert option == ' data-low="50.0 %" data-high="100.0 %" data-levels="52-0"'  # newest first


def test_a_kpi_that_never_changes_has_one_shade():
    assert 'data-levels="333"' in page(weekly(0.5, 0.5, 0.5))


def test_the_largest_numbers_have_a_shade():
    assert 'data-levels="50"' in page(weekly(-1.7e308, 1.7e308))


def test_without_a_script_the_calendar_shows_by_status_and_no_filter_is_offered():
    text = page(weekly(0.5, 0.6))
    assert '<form class="kpi-filters" hidden>' in text
    assert 'data-kpi-legend="kpi" hidden' in text
    assert '<ul class="kpi-cal-legend" data-kpi-legend="status"><li><i class="sealed">' in text


def test_filters_offer_what_there_is():
    entries = weekly(0.5, 0.6)
    assert ">preliminary</option>" not in page(entries)
    entries[1] = listed(entries[1].period, on_time(0.6), status="preliminary")
    text = page(entries)
    assert '<option value="sealed">sealed</option>' in text
    assert '<option value="preliminary">preliminary</option></select>' in text
    assert '<option value="">all</option><option>2013</option>' in text


def test_the_tables_have_all_editions_newest_first():
    entries = weekly(0.5, 0.6, first=date(2012, 12, 24))
    text = page(entries)
    assert ROW.findall(text) == [("sealed", "../2013-W01/"), ("sealed", "../2012-W52/")]
    assert re.findall(r'<section class="kpi-card" data-kpi-year="(\d+)">', text) == ["2013", "2012"]


def test_the_heads_of_the_tables_lead_to_the_histories():
    assert '<a href="../kpis/on_time/" title="On time: history">On time</a>' in page(weekly(0.5))


def test_a_report_without_kpis_has_a_calendar():
    [period] = periods(date(2013, 1, 7), "week", 1)
    text = page([listed(period)])
    assert CELL.findall(text) == [("sealed", "../2013-W02/", "Week 2, 2013: sealed", "2")]
    assert 'name="kpi"' not in text


@pytest.mark.parametrize("unit", ["day", "week", "month"])
def test_thousands_of_editions_have_a_cell_each(unit):
    entries = editions(unit, date(1790, 1, 1) if unit == "month" else date(1960, 1, 4), 2500)
    text = page(entries)
    found = [url for _, url, _, _ in CELL.findall(text)]
    assert sorted(found) == sorted(f"../{entry.label}/" for entry in entries)


def test_what_data_says_is_escaped_everywhere():
    [period] = periods(date(2013, 1, 7), "week", 1)
    text = page([listed(period, Metric(name="a/<b>", title='<script>"&', value=1))])
    assert "<script>" not in text
    assert "<b>" not in text
