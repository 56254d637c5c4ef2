from __future__ import annotations

from typing import ClassVar

import pandas as pd
import pytest
from pydantic import ValidationError

from kpisite.errors import ViewError
from kpisite.testing import MemoryPage, ViewContract
from kpisite.views.table import Table

ASK = {"datasource": "flights", "query": "select 1"}


def table(**options: object) -> Table:
    return Table("t", "T", Table.Options.model_validate(ASK | options))


def render(view: Table, frame: pd.DataFrame) -> str:
    return view.render_md({"main": frame}, MemoryPage(view, ViewContract.period))


class TestTableContract(ViewContract):
    view = Table
    options = ASK | {"formats": {"share": {"style": "percent"}}, "bars": ["n"]}
    frames: ClassVar = {
        "main": pd.DataFrame({"airport": ["EWR", None], "n": [3, 4], "share": [0.5, None]}),
    }


def test_ten_rows_are_shown_unless_told_otherwise() -> None:
    frame = pd.DataFrame({"n": range(25)})
    assert "10 of 25 rows" in render(table(), frame)
    assert "3 of 25 rows" in render(table(max_rows=3), frame)
    assert "of 25 rows" not in render(table(max_rows=25), frame)


def test_no_rows_are_a_quiet_sentence() -> None:
    html = render(table(), pd.DataFrame({"n": []}))
    assert html.strip() == '<div class="kpi-empty">No data in this period</div>'


@pytest.mark.parametrize("options", [{"bars": ["fligths"]}, {"formats": {"fligths": {}}}])
def test_a_column_that_is_not_there_is_named_with_the_nearest(options: dict) -> None:
    view = table(**options)
    with pytest.raises(ViewError, match=r"no column 'fligths'\n.*'flights'"):
        view.check({"main": pd.DataFrame({"flights": []})})


def test_an_answer_without_columns_passes() -> None:
    assert table(bars=["n"]).check({"main": pd.DataFrame()}) == ()


@pytest.mark.parametrize(
    "options",
    [{"max_rows": 0}, {"formats": {"a": {"style": "money"}}}, {"formats": {"a": {"x": 1}}}],
)
def test_options_that_make_no_sense_are_refused(options: dict) -> None:
    with pytest.raises(ValidationError):
        table(**options)
