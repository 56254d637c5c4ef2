"""Rows that only one of two frames has are found, whatever the columns hold."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from frame_strategies import SUPPORTED
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpisite.archive.rows import compare_rows

quick = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def lines(before: pd.DataFrame, after: pd.DataFrame, limit: int = 10) -> list[str]:
    """Return the differing rows like a diff."""
    changes = compare_rows(before, after, limit)
    return [f"{row.sign}{row.position} {' '.join(map(str, row.cells))}" for row in changes.rows]


SHOPS = pd.DataFrame({"shop": ["a", "b", "c"], "sold": [1, 2, 3]})


def test_equal_frames_have_no_differing_rows():
    assert lines(SHOPS, SHOPS.copy()) == []


def test_a_changed_row_is_one_before_and_one_after():
    after = SHOPS.assign(sold=[1, 5, 3])
    changes = compare_rows(SHOPS, after, 10)
    assert lines(SHOPS, after) == ["-1 b 2", "+1 b 5"]
    assert (changes.removed, changes.added) == (1, 1)
    assert (changes.columns, changes.differing) == (("shop", "sold"), ("sold",))


def test_a_row_that_moved_does_not_differ():
    assert lines(SHOPS, SHOPS.iloc[::-1].reset_index(drop=True)) == []


def test_an_inserted_row_does_not_make_those_below_differ():
    after = pd.concat([pd.DataFrame({"shop": ["new"], "sold": [9]}), SHOPS], ignore_index=True)
    assert lines(SHOPS, after) == ["+0 new 9"]
    assert lines(after, SHOPS) == ["-0 new 9"]


def test_rows_that_are_there_several_times_are_counted():
    twice, thrice = (pd.DataFrame({"n": [7] * count}) for count in (2, 3))
    assert lines(twice, thrice) == ["+2 7"]
    assert lines(thrice, twice) == ["-2 7"]


def test_only_the_first_rows_of_each_side_are_returned_and_all_are_counted():
    before, after = (pd.DataFrame({"n": range(at, at + 100)}) for at in (0, 1000))
    changes = compare_rows(before, after, 2)
    assert (changes.removed, changes.added) == (100, 100)
    assert lines(before, after, 2) == ["-0 0", "+0 1000", "-1 1", "+1 1001"]


def test_columns_that_came_and_went_are_named_and_rows_compared_by_the_others():
    after = SHOPS.rename(columns={"sold": "orders"})
    changes = compare_rows(SHOPS, after, 10)
    assert (changes.gone, changes.new, changes.columns) == (("sold",), ("orders",), ("shop",))
    assert changes.rows == ()


def test_without_a_common_column_rows_are_only_counted():
    changes = compare_rows(pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"b": [1, 2, 3]}), 10)
    assert (changes.removed, changes.added) == (0, 1)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (pd.Series([1, 2]), pd.Series([1.0, 2.0])),
        (pd.Series([1, 2]), pd.Series([1, 2], dtype="Int64")),
        (pd.Series(["a", None]), pd.Series(["a", None], dtype="category")),
        (pd.Series([date(2024, 1, 1)]), pd.Series(["2024-01-01"])),
        (pd.Series([None, None], dtype="float64"), pd.Series([None, None], dtype="object")),
    ],
)
def test_equal_values_of_another_dtype_do_not_differ_but_the_dtype_is_told(before, after):
    changes = compare_rows(before.to_frame("x"), after.to_frame("x"), 10)
    assert changes.rows == ()
    assert changes.types == {"x": (str(before.dtype), str(after.dtype))}


def test_other_values_of_another_dtype_differ():
    assert lines(pd.DataFrame({"x": [1, 2]}), pd.DataFrame({"x": [1.0, None]})) == [
        "-1 2",
        "+1 nan",
    ]


def test_an_index_that_holds_data_is_compared_like_a_column():
    before = SHOPS.set_index("shop")
    assert lines(before, before.rename(index={"b": "x"})) == ["-1 b 2", "+1 x 2"]


def test_columns_of_the_same_name_are_all_compared():
    before = pd.DataFrame([[1, 2]], columns=pd.Index(["1", 1], dtype="object"))
    after = pd.DataFrame([[1, 3]], columns=pd.Index(["1", 1], dtype="object"))
    assert lines(before, after) == ["-0 1 2", "+0 1 3"]


@pytest.mark.parametrize("name", SUPPORTED)
@settings(quick, max_examples=6)
@given(data=st.data())
def test_a_column_of_any_dtype_equals_itself_in_any_order(name: str, data: st.DataObject):
    column = data.draw(SUPPORTED[name](data.draw(st.integers(0, 5))))
    frame = column.to_frame("value")
    again = frame.iloc[::-1].reset_index(drop=True)
    assert lines(frame, again) == []
    more = pd.concat([frame, frame]).reset_index(drop=True)
    assert len(lines(frame, more)) == len(frame)
