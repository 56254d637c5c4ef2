from __future__ import annotations

import re
from datetime import date, time, timedelta
from decimal import Decimal

import pandas as pd
import pytest

from kpisite.errors import ViewError
from kpisite.plugins import NumberFormat
from kpisite.render.tables import table_html


def cells(html: str) -> list[str]:
    return [re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", html)]


def shown(values: object) -> list[str]:
    return cells(table_html(pd.DataFrame({"x": values})))


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([6104, -3], ["6,104", "−3"]),
        ([1.0, 2.0], ["1", "2"]),
        ([5.8, 23.0], ["5.8", "23.0"]),
        ([1.005, 2.25], ["1.00", "2.25"]),
        ([1 / 3, float("inf")], ["0.33", "∞"]),
        ([1, None], ["1", "–"]),
        (pd.array([9007199254740993, None], dtype="Int64"), ["9,007,199,254,740,993", "–"]),
        ([Decimal("1.50"), Decimal(2)], ["1.5", "2.0"]),
        ([True, False], ["yes", "no"]),
        (["a", None], ["a", "–"]),
        ([pd.Timestamp("2013-02-04"), pd.NaT], ["2013-02-04", "–"]),
        (
            [pd.Timestamp("2013-02-04"), pd.Timestamp("2013-02-04 06:15")],
            ["2013-02-04 00:00", "2013-02-04 06:15"],
        ),
        ([pd.Timestamp("2013-02-04 05:00", tz="UTC").tz_convert("EST5EDT")], ["2013-02-04"]),
        ([date(2013, 2, 4)], ["2013-02-04"]),
        ([time(6, 15, 30)], ["06:15:30"]),
        ([timedelta(minutes=90)], ["1 h 30 min"]),
        (["a", 1, date(2013, 2, 4)], ["a", "1", "2013-02-04"]),
        ([[1, 2]], ["[1, 2]"]),
        ([b"\x01\xff", None], ["0x01ff", "–"]),
    ],
)
def test_a_value_is_shown_as_its_kind_wants(values: object, texts: list[str]) -> None:
    assert shown(values) == texts


def test_numbers_and_their_header_are_aligned_and_text_is_not() -> None:
    html = table_html(pd.DataFrame({"a": ["x"], "n": [1], "d": [timedelta(1)], "t": [True]}))
    assert re.findall(r"<t[hd][^>]*>", html.replace("<thead>", "")) == [
        '<th scope="col">',
        *['<th scope="col" class="kpi-num">'] * 2,
        '<th scope="col">',
        "<td>",
        *['<td class="kpi-num">'] * 2,
        "<td>",
    ]


def test_formats_apply_to_their_columns() -> None:
    frame = pd.DataFrame({"share": [0.815, None], "cost": [1234.5, 2]})
    formats = {
        "share": NumberFormat(style="percent", precision=1),
        "cost": NumberFormat(style="currency", currency="EUR", precision=2),
    }
    assert cells(table_html(frame, formats=formats)) == ["81.5 %", "€1,234.50", "–", "€2.00"]


def test_a_bar_is_as_long_as_its_share_of_the_largest() -> None:
    html = table_html(pd.DataFrame({"n": [4, 1, -2, None]}), bars=["n"])
    assert re.findall(r'<i style="width:([^"]+)">', html) == ["100.0%", "25.0%", "0.0%", "0.0%"]
    assert html.count('<span class="kpi-bar" aria-hidden="true">') == 4


@pytest.mark.parametrize("values", [["a", "b"], [None, None], [0, 0], [-1, -2]])
def test_where_nothing_is_larger_than_zero_there_are_no_bars(values: list[object]) -> None:
    assert "kpi-bar" not in table_html(pd.DataFrame({"n": values}), bars=["n"])


def test_a_cut_table_says_so_and_a_whole_one_says_it_to_screen_readers_only() -> None:
    frame = pd.DataFrame({"n": range(1025)})
    cut = table_html(frame, max_rows=10)
    assert "<caption>10 of 1,025 rows</caption>" in cut
    assert len(cells(cut)) == 10
    assert '<caption class="kpi-hidden">1,025 rows</caption>' in table_html(frame)
    assert '<caption class="kpi-hidden">1 row</caption>' in table_html(frame.head(1), max_rows=10)


def test_headers_are_the_columns_with_spaces_for_underscores() -> None:
    html = table_html(pd.DataFrame([[1, 2, 3]], columns=["mean_delay", 7, "<b>"]))
    assert re.findall(r"<th [^>]*>(.*?)</th>", html) == ["Mean delay", "7", "&lt;b&gt;"]


def test_columns_of_the_same_name_keep_their_own_values() -> None:
    assert cells(table_html(pd.DataFrame([[1, "a"]], columns=["x", "x"]))) == ["1", "a"]


def test_nothing_in_the_data_can_break_out_or_break_the_markdown_around_it() -> None:
    frame = pd.DataFrame({"</th>\n\n": ["</div>\r\n\n    <script>", 'a"b\x00\u2028c']})
    html = table_html(frame)
    assert "<script>" not in html
    assert html.count("</div>") == html.count("</th>") == 1
    lines = re.split(r"[\n\r\x0b\x0c\x85\u2028\u2029]", html)
    assert all(line and not line.startswith("    ") for line in lines)


def test_a_format_of_a_column_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ViewError, match=r"no column 'flihgts'\n.*Did you mean 'flights'"):
        table_html(pd.DataFrame({"flights": [1]}), bars=["flihgts"])


def test_the_table_is_the_same_each_time_and_leaves_the_frame_alone() -> None:
    frame = pd.DataFrame({"n": [2, 1]}, index=[5, 3])
    before = frame.copy()
    assert table_html(frame) == table_html(frame)
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    ("values", "attributes"),
    [
        ([1, 2000, None], ["", "", ""]),
        ([-0.5, 1000.25], ["", ""]),
        ([0.126, 0.1255], [' data-kpi-value="0.126"', ' data-kpi-value="0.1255"']),
        ([timedelta(hours=2), None], [' data-kpi-value="7200.0"', ""]),
        ([float("inf"), float("-inf")], [f' data-kpi-value="{s}Infinity"' for s in ("", "-")]),
        ([date(2024, 1, 1), None], ["", ""]),
        (["1,5", "<b>"], ["", ""]),
    ],
)
def test_a_sortable_cell_has_its_value_where_it_shows_another(
    values: list[object], attributes: list[str]
) -> None:
    frame = pd.DataFrame({"a": pd.Series(values, dtype=object)})
    html = table_html(frame, sortable=True)
    assert '<table class="kpi-rows kpi-sortable">' in html
    assert re.findall(r"<td(?: class=\"[\w-]+\")?([^>]*)>", html) == attributes
    assert "data-kpi-value" not in table_html(frame)
    assert "kpi-sortable" not in table_html(frame)
