"""The contract of datasources catches those that break it."""

from __future__ import annotations

from datetime import UTC, date
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import pandas as pd
import pytest

from kpisite.errors import DatasourceError
from kpisite.plugins import Datasource, DatasourceContext, Period, PluginOptions
from kpisite.testing import PLAIN_TEXT, ROWS, DatasourceContract

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kpisite.testing import Row

Fault = Literal["", "last", "utc", "columns", "object", "text", "eager", "leak", "fragile", "close"]
SECRET = "s3cr3t-w0rd"


class Memory(Datasource):
    """Answers from a list of rows, with one fault."""

    rows: Sequence[Row] = ()
    fault: Fault = ""
    broken = False

    def query(self, query: str, period: Period, **args: Any) -> pd.DataFrame:
        if query == "text":
            return pd.DataFrame({"x": [PLAIN_TEXT[6:] if self.fault == "text" else PLAIN_TEXT]})
        if not self.rows or query != "rows" or (self.broken and self.fault == "fragile"):
            self.broken = True
            raise DatasourceError(f"no rows {SECRET if self.fault == 'leak' else ''}")
        begin, end = period.start, period.end
        if self.fault == "utc":
            begin, end = (t.replace(tzinfo=UTC) for t in (begin, end))
        found = [
            r for r in self.rows if begin <= r[0] < end or (self.fault == "last" and r[0] == end)
        ]
        frame = pd.DataFrame(found, columns=["time", "value"])
        if self.fault == "object":
            return frame.assign(extra=[{"a": 1}] * len(frame))
        return frame[["value"]] if self.fault == "columns" and frame.empty else frame

    def close(self) -> None:
        if self.broken and self.fault == "close":
            raise RuntimeError("closed already")
        self.broken = True


class MemoryContract(DatasourceContract):
    query = "rows"
    bad_query = "nonsense"
    text_query = "text"
    secret = SECRET
    fault: ClassVar[Fault] = ""

    def make(self, folder: Path, rows: Sequence[Row]) -> Memory:
        made = Memory(PluginOptions(), DatasourceContext("memory", folder))
        made.rows, made.fault = rows, self.fault
        return made

    def make_unreachable(self, folder: Path) -> Memory:
        if self.fault == "eager":
            raise ConnectionError("nobody is there")
        return self.make(folder, ())


class TestMemoryContract(MemoryContract):
    """Without a fault it passes."""


WEEK = {"unit": "week", "switch": date(2013, 3, 10)}


@pytest.mark.parametrize(
    ("fault", "test", "arguments"),
    [
        ("last", "test_adjoining_periods_count_each_row_once", WEEK),
        ("utc", "test_adjoining_periods_count_each_row_once", WEEK),
        ("columns", "test_an_answer_without_rows_has_its_columns", {}),
        ("object", "test_answers_can_be_recorded", {}),
        ("text", "test_text_of_a_query_stays_as_it_is", {}),
        ("fragile", "test_a_refused_query_is_an_error_and_the_next_one_is_answered", {}),
        ("eager", "test_nothing_connects_before_the_first_query", None),
        ("leak", "test_nothing_connects_before_the_first_query", None),
        ("close", "test_closing_needs_no_query_and_may_come_twice", None),
    ],
)
def test_the_contract_catches_a_datasource_that_breaks_it(
    tmp_path: Path, fault: Fault, test: str, arguments: dict[str, Any] | None
):
    contract = type("Faulty", (MemoryContract,), {"fault": fault})()
    if arguments is None:
        arguments = {"tmp_path": tmp_path}
    else:
        arguments = {"datasource": contract.make(tmp_path, ROWS), **arguments}
    with pytest.raises(Exception):  # noqa: B017, PT011 - any failure is one
        getattr(contract, test)(**arguments)
