"""What every datasource keeps to, as tests against a real source."""

# ruff: noqa: D102, S101 - tests, named by sentences

from __future__ import annotations

import threading
import traceback
from abc import ABC, abstractmethod
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Literal
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from pydantic import ValidationError

from kpisite.archive.frames import to_parquet
from kpisite.errors import DatasourceError
from kpisite.model.period import Period

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from kpisite.plugins import Datasource

Row = tuple[datetime, int]
"""An aware instant and a value."""

ROWS: tuple[Row, ...] = tuple(
    (datetime(2013, month, day, tzinfo=UTC) + timedelta(hours=hour), hour + day)
    for month, day in ((3, 3), (10, 27))
    for hour in range(16 * 24)
)
"""Hourly rows around both days of 2013 on which the clock changes in New York."""

PLAIN_TEXT = "{from} {x} 100% 12:30 :name a::b $1 -- ?"
"""Text that a query may hold between quotes, and that comes back as it is."""


class DatasourceContract(ABC):
    """What every datasource keeps to. Subclass it as `TestMyDatasourceContract`."""

    query: ClassVar[str]
    """Asks for the period's rows, the values in a column `value`."""
    bad_query: ClassVar[str]
    """A query that the source refuses."""
    text_query: ClassVar[str | None]
    """Asks for PLAIN_TEXT, in one cell. Say None where the language has no text between quotes."""
    secret: ClassVar[str] = ""
    """A password that `make_unreachable` uses, where the source takes one."""
    zone: ClassVar[ZoneInfo] = ZoneInfo("America/New_York")

    @abstractmethod
    def make(self, folder: Path, rows: Sequence[Row]) -> Datasource:
        """Return a datasource over a real source that holds these rows."""

    @abstractmethod
    def make_unreachable(self, folder: Path) -> Datasource:
        """Return a datasource whose source is not there."""

    @pytest.fixture
    def datasource(self, tmp_path: Path) -> Iterator[Datasource]:
        datasource = self.make(tmp_path, ROWS)
        yield datasource
        datasource.close()

    @pytest.mark.parametrize("unit", ["day", "week"])
    @pytest.mark.parametrize("switch", [date(2013, 3, 10), date(2013, 11, 3)])
    def test_adjoining_periods_count_each_row_once(
        self, datasource: Datasource, unit: Literal["day", "week"], switch: date
    ) -> None:
        period = Period.containing(switch, unit, self.zone)
        after = Period.containing(
            switch + timedelta(days=7 if unit == "week" else 1), unit, self.zone
        )
        for part in (period.previous(), period, after):
            found = datasource.query(self.query, part)["value"].sum()
            assert found == sum(value for instant, value in ROWS if part.contains(instant))

    def test_an_answer_without_rows_has_its_columns(self, datasource: Datasource) -> None:
        some = datasource.query(self.query, Period.containing(date(2013, 3, 4), "day", self.zone))
        none = datasource.query(self.query, Period.containing(date(1999, 1, 1), "day", self.zone))
        assert len(some) == 24
        assert len(none) == 0
        assert list(none.columns) == list(some.columns)

    def test_answers_can_be_recorded(self, datasource: Datasource) -> None:
        for day in (date(2013, 3, 4), date(1999, 1, 1)):
            period = Period.containing(day, "day", self.zone)
            assert to_parquet(datasource.query(self.query, period))

    def test_text_of_a_query_stays_as_it_is(self, datasource: Datasource) -> None:
        if self.text_query is None:
            pytest.skip("the source's language has no text")
        period = Period.containing(date(2013, 3, 4), "day", self.zone)
        assert datasource.query(self.text_query, period).iloc[0, 0] == PLAIN_TEXT

    def test_a_refused_query_is_an_error_and_the_next_one_is_answered(
        self, datasource: Datasource
    ) -> None:
        period = Period.containing(date(2013, 3, 4), "day", self.zone)
        with pytest.raises(DatasourceError) as caught:
            datasource.query(self.bad_query, period)
        assert caught.value.message
        assert len(datasource.query(self.query, period)) == 24

    def test_any_thread_may_ask(self, datasource: Datasource) -> None:
        period = Period.containing(date(2013, 3, 4), "day", self.zone)
        answers = [datasource.query(self.query, period)]
        thread = threading.Thread(
            target=lambda: answers.append(datasource.query(self.query, period))
        )
        thread.start()
        thread.join()
        pd.testing.assert_frame_equal(answers[0], answers[1])

    def test_nothing_connects_before_the_first_query(self, tmp_path: Path) -> None:
        datasource = self.make_unreachable(tmp_path)
        period = Period.containing(date(2013, 3, 4), "day", self.zone)
        with pytest.raises(DatasourceError) as caught:
            datasource.query(self.query, period)
        told = "".join(traceback.format_exception(caught.value))
        assert not self.secret or self.secret not in told
        datasource.close()

    def test_closing_needs_no_query_and_may_come_twice(self, tmp_path: Path) -> None:
        datasource = self.make_unreachable(tmp_path)
        datasource.close()
        datasource.close()

    def test_options_refuse_an_unknown_key(self, datasource: Datasource) -> None:
        with pytest.raises(ValidationError, match="no_such_option"):
            type(datasource).Options.model_validate({"no_such_option": 1})
