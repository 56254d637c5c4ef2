from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from kpisite.model.edition import EditionRecord, FrameRecord, PeriodRecord, RunRecord
from kpisite.model.period import Period
from kpisite.model.recorded_definition import RecordedDefinition
from kpisite.site import words

WEEK = Period.containing(date(2013, 2, 4), "week", ZoneInfo("America/New_York"))


def record(started: datetime, period: Period = WEEK, **values: object) -> EditionRecord:
    return EditionRecord.model_validate(
        {
            "report": "flights",
            "title": "Flights",
            "period": PeriodRecord.of(period),
            "status": "sealed",
            "definition": RecordedDefinition.model_validate(
                {
                    "title": "Flights",
                    "views": {"a": {"plugin": "table"}},
                    "datasources": {"db": {"plugin": "duckdb"}},
                }
            ),
            "run": RunRecord(started=started, seconds=1.0, versions={"kpisite": "0.1.0"}),
            **values,
        }
    )


def frame(**values: object) -> FrameRecord:
    return FrameRecord.model_validate(
        {
            "datasource": "db",
            "query": "select 1",
            "period": "2013-W06",
            "sha256": "0" * 64,
            "rows": 1200,
            "columns": ("a",),
            "bytes": 1,
            "seconds": 0.04,
            **values,
        }
    )


def test_data_reach_to_the_end_of_a_period_that_is_over():
    after = datetime(2013, 2, 13, 11, tzinfo=UTC)
    assert words.data_until(record(after)) == "10 February 2013, 23:59"


def test_data_of_an_open_period_reach_to_the_run_in_the_reports_zone():
    within = datetime(2013, 2, 8, 2, 30, tzinfo=UTC)
    assert words.data_until(record(within)) == "7 February 2013, 21:30"


def test_a_zone_is_called_by_its_city():
    started = datetime(2013, 2, 13, tzinfo=UTC)
    assert words.zone_words(record(started)) == "New York time"
    utc = Period.containing(date(2013, 2, 4), "week", ZoneInfo("UTC"))
    assert words.zone_words(record(started, utc)) == "UTC"


def test_provenance_says_when_from_where_and_how_much():
    run = datetime(2013, 2, 13, 11, tzinfo=UTC)
    derived = frame(datasource="", query="")
    text = words.provenance(record(run, frames=(frame(), frame(rows=34), derived)))
    assert text.startswith("Run on 13 February 2013, 06:00 · 2 queries on db (duckdb): ")
    assert ": 1,234 rows in 0.08 s · definition " in text
    assert text.endswith("revision 1 · kpisite 0.1.0")


def test_an_edition_without_queries_says_so():
    assert "no queries" in words.provenance(record(datetime(2013, 2, 13, tzinfo=UTC)))
