from __future__ import annotations

import re
from typing import ClassVar

import pandas as pd
import pytest
from pydantic import ValidationError

from kpisite.errors import ViewError
from kpisite.site.mail_html import mail_text
from kpisite.testing import MemoryPage, ViewContract
from kpisite.views.table import Table

ASK = {"datasource": "flights", "query": "select 1"}


def table(**options: object) -> Table:
    return Table("t", "T", Table.Options.model_validate(ASK | options))


def render(view: Table, frame: pd.DataFrame) -> str:
    return view.render_md({"main": frame}, MemoryPage(view, ViewContract.period))


class TestTableContract(ViewContract):
    view = Table
    options = ASK | {
        "formats": {"share": {"style": "percent"}},
        "bars": ["n"],
        "totals": {"n": "sum"},
        "limits": {"share": {"good": "> 0.4"}},
    }
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


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"totals": {"carrier": "sum"}}, "totals: the column 'carrier' has other things than"),
        ({"bars": ["carrier"]}, "bars: the column 'carrier' has other things than numbers"),
        ({"limits": {"carrier": {"bad": "< 1"}}}, "limits: the column 'carrier' has other things"),
        ({"formats": {"carrier": {"precision": 1}}}, "formats: the column 'carrier' has other"),
        ({"sparklines": ["carrier"]}, "sparklines: 'UA' in the column 'carrier' is no list of"),
    ],
)
def test_a_column_of_another_kind_fails_while_the_edition_can_still_be_mended(
    options: dict, message: str
) -> None:
    with pytest.raises(ViewError, match=message):
        table(**options).check({"main": CARRIERS})


def test_a_column_with_nothing_in_it_and_a_count_of_text_pass() -> None:
    nothing = CARRIERS.assign(carrier=pd.Series([None] * 4, dtype="str"))
    view = table(bars=["carrier"], totals={"carrier": "sum"}, sparklines=["carrier"])
    assert view.check({"main": nothing}) == ()
    assert table(totals={"carrier": "count"}).check({"main": CARRIERS}) == ()


def test_an_answer_without_columns_passes() -> None:
    assert table(bars=["n"]).check({"main": pd.DataFrame()}) == ()


@pytest.mark.parametrize(
    "options",
    [{"max_rows": 0}, {"formats": {"a": {"style": "money"}}}, {"formats": {"a": {"x": 1}}}],
)
def test_options_that_make_no_sense_are_refused(options: dict) -> None:
    with pytest.raises(ValidationError):
        table(**options)


CARRIERS = pd.DataFrame(
    {
        "carrier": ["UA", "B6", "EV", None],
        "flights": [1000, 500, 250, 1],
        "on_time": [0.85, 0.72, 0.6, None],
        "lately": ["3 4.5 2", "1,2,3", None, "7"],
    }
)
LIMITS = {"on_time": {"good": ">= 0.8", "bad": "< 0.7"}}


def cells(html: str, element: str = "tbody") -> list[list[str]]:
    part = html.partition(f"<{element}>")[2].partition(f"</{element}>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", part, re.DOTALL)
    return [re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL) for row in rows]


def test_the_last_row_says_what_all_rows_come_to_also_those_that_are_cut() -> None:
    totals = {"flights": "sum", "on_time": "mean", "lately": "count"}
    formats = {"on_time": {"style": "percent"}}
    html = render(table(max_rows=2, totals=totals, formats=formats), CARRIERS)
    mean = '<span class="kpi-muted">mean</span> 72 %'
    count = '<span class="kpi-muted">count</span> 3'
    assert cells(html, "tfoot") == [["All 4 rows", "1,751", mean, count]]
    assert "2 of 4 rows" in html


@pytest.mark.parametrize(("how", "shown"), [("min", "1"), ("max", "1,000")])
def test_a_total_may_be_the_least_or_the_most(how: str, shown: str) -> None:
    html = render(table(totals={"flights": how}), CARRIERS)
    assert cells(html, "tfoot")[0][1] == f'<span class="kpi-muted">{how}</span> {shown}'


def test_a_total_of_nothing_is_a_dash() -> None:
    html = render(table(totals={"n": "mean"}), pd.DataFrame({"n": [None, None]}, dtype="float64"))
    assert cells(html, "tfoot") == [["–"]]


def test_text_has_no_sum() -> None:
    with pytest.raises(ViewError, match="totals: the column 'carrier' has other things"):
        render(table(totals={"carrier": "sum"}), CARRIERS)


def test_numbers_beyond_their_limits_are_marked_in_colour_and_by_a_sign() -> None:
    html = render(table(limits=LIMITS), CARRIERS)
    good, none, bad, missing = (row[2] for row in cells(html))
    assert good == '<span class="kpi-mark-good">0.85 <span title="good">✓</span></span>'
    assert none == "0.72"
    assert bad == '<span class="kpi-mark-bad">0.60 <span title="bad">!</span></span>'
    assert "–" in missing


def test_several_numbers_in_a_cell_become_a_line_and_words_for_those_who_do_not_see_it() -> None:
    html = render(table(sparklines=["lately"]), CARRIERS)
    line, _, missing, one = (row[3] for row in cells(html))
    assert line.startswith('<svg class="kpi-spark"')
    assert line.endswith('<span class="kpi-spark-words">3 → 2</span>')
    assert missing == "–"
    assert one == "7"


def test_what_is_no_list_of_numbers_is_told() -> None:
    with pytest.raises(ViewError, match="sparklines: 'UA' in the column 'carrier' is no list"):
        render(table(sparklines=["carrier"]), CARRIERS)


def test_a_mail_shows_marks_totals_and_the_ends_of_lines() -> None:
    options = {"limits": LIMITS, "totals": {"flights": "sum"}, "sparklines": ["lately"]}
    html = render(table(**options), CARRIERS)
    mail = mail_text(html, chart=lambda c: "", link=str, picture=str, max_rows=30)
    assert "<svg" not in mail.html
    assert "3 → 2" in mail.text
    assert "0.60 !" in mail.text
    assert mail.text.strip().splitlines()[-1].split() == ["All", "4", "rows", "1,751"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"limits": {"n": {}}},
        {"limits": {"n": {"good": "about 5"}}},
        {"totals": {"n": "median"}},
    ],
)
def test_limits_and_totals_that_make_no_sense_are_refused(wrong: dict) -> None:
    with pytest.raises(ValidationError):
        table(**wrong)


@pytest.mark.parametrize("option", ["limits", "totals", "sparklines"])
def test_marks_of_a_column_that_is_not_there_name_the_nearest(option: str) -> None:
    wrong = {
        "limits": {"fligths": {"bad": "< 1"}},
        "totals": {"fligths": "sum"},
        "sparklines": ["fligths"],
    }
    with pytest.raises(ViewError, match=rf"{option}: .*'fligths'\n.*'flights'"):
        table(**{option: wrong[option]}).check({"main": CARRIERS})
