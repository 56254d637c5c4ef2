"""The facts of the demo's data hold in its archive and on its pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from kpisite.archive.store import Archive, Edition

if TYPE_CHECKING:
    from kpisite.model.period import Period


@pytest.fixture(scope="module")
def editions(demo) -> list[Edition]:
    return [entry.load() for entry in Archive(str(demo.archive)).editions()]


def weekly(editions: list[Edition]) -> list[Edition]:
    return [edition for edition in editions if edition.record.report == "flights"]


def test_there_are_53_weekly_and_12_monthly_editions_all_sealed(editions):
    labels = [edition.record.period.label for edition in weekly(editions)]
    assert (labels[0], labels[-1], len(labels)) == ("2013-W01", "2014-W01", 53)
    assert len(editions) == 53 + 12
    assert {edition.record.status for edition in editions} == {"sealed"}


def test_the_flights_of_all_weeks_add_up_to_all_flights_of_the_year(editions):
    values = [edition.record.metrics["flights"].value for edition in weekly(editions)]
    assert sum(value or 0 for value in values) == 336_776


def test_the_flights_of_the_daily_series_add_up_too(editions):
    total = 0
    for edition in weekly(editions):
        view = next(v for v in edition.record.views if v.id == "flights_a_day")
        frame = edition.frame(edition.record.frames[view.frames["main"]])
        assert all(edition.record.period.period().contains(time) for time in frame["time"])
        total += frame["flights"].sum()
    assert total == 336_776


def test_week_6_has_6104_flights(editions):
    week = next(e for e in weekly(editions) if e.record.period.label == "2013-W06")
    assert week.record.metrics["flights"].value == 6_104
    assert week.record.metrics["flights"].comparison_text == "week 5"


def test_weeks_in_which_the_clock_changes_have_168_hours_less_or_more_one(editions):
    periods: dict[str, Period] = {
        e.record.period.label: e.record.period.period() for e in weekly(editions)
    }
    hours = {
        label: (period.end.timestamp() - period.start.timestamp()) / 3600
        for label, period in periods.items()
    }
    assert hours["2013-W10"] == 167
    assert hours["2013-W44"] == 169


def test_the_edition_shows_what_the_archive_has(demo):
    page = (demo.site / "flights" / "2013-W06" / "index.html").read_text()
    text = re.sub(r"<[^>]+>", " ", page)
    for shown in ("Week 6, 2013", "4 – 10 February 2013", "6,104", "79.8", "9.7"):
        assert shown in text
    assert "missed by 0.2 points" in text
    assert "sealed" in text


def test_equal_queries_of_an_edition_run_once(editions):
    for edition in editions:
        asked = [(f.query, f.period) for f in edition.record.frames]
        assert len(asked) == len(set(asked))
