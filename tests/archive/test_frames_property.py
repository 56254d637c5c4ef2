"""Every dtype that the archive keeps comes back as it was, whatever it holds."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from frame_strategies import NO_INDEX, SUPPORTED
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpisite.archive import frames
from kpisite.archive.frames import from_parquet, to_parquet

quick = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def assert_same(left: pd.DataFrame, right: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(
        left, right, check_exact=True, check_freq=False, check_column_type="exact"
    )
    for (_, one), (_, other) in zip(left.items(), right.items(), strict=True):
        assert_same_values(one, other)


def assert_same_values(left: pd.Series | pd.Index, right: pd.Series | pd.Index) -> None:
    """Compare what pandas takes for equal: None and NaN, 1 and True, the order of categories."""
    if isinstance(left.dtype, pd.CategoricalDtype):
        categories = left.dtype.categories, right.dtype.categories
        assert list(categories[0]) == list(categories[1])
        assert_same_values(*categories)
        assert left.dtype.ordered == right.dtype.ordered
    if left.dtype == object:
        assert [type(value) for value in left] == [type(value) for value in right]
    assert list(left.isna()) == list(right.isna())


def test_the_table_in_the_documentation_is_what_is_tested():
    table = re.findall(r"^    (\w+(?: \w+)?)  +(\S.*)$", frames.__doc__, re.MULTILINE)
    documented = [f"{row} {name}" for row, names in table for name in names.split()]
    assert sorted(documented) == sorted(SUPPORTED)


@pytest.mark.parametrize("name", SUPPORTED)
@settings(quick, max_examples=8)
@given(data=st.data())
def test_a_column_comes_back_as_it_was(name: str, data: st.DataObject):
    column = data.draw(SUPPORTED[name](data.draw(st.integers(0, 5))))
    frame = column.to_frame("value")
    assert_same(from_parquet(to_parquet(frame)), frame)


@pytest.mark.parametrize("name", [name for name in SUPPORTED if name not in NO_INDEX])
@settings(quick, max_examples=4)
@given(data=st.data())
def test_an_index_comes_back_as_it_was(name: str, data: st.DataObject):
    column = data.draw(SUPPORTED[name](data.draw(st.integers(0, 4))))
    index = pd.Index(column, dtype=column.dtype, name=data.draw(st.none() | st.text()))
    frame = pd.DataFrame({"value": range(len(index))}, index=index)
    back = from_parquet(to_parquet(frame))
    assert type(back.index) is type(index)
    assert back.index.name == index.name
    assert_same(back.index.to_frame(index=False, name="i"), index.to_frame(index=False, name="i"))
    assert list(back["value"]) == list(frame["value"])


@settings(quick, max_examples=40)
@given(data=st.data())
def test_a_frame_of_any_columns_index_and_labels_comes_back_as_it_was(data: st.DataObject):
    count = data.draw(st.integers(0, 4))
    names = data.draw(st.lists(st.sampled_from(sorted(SUPPORTED)), max_size=4))
    columns = {n: data.draw(SUPPORTED[name](count)) for n, name in enumerate(names)}
    frame = pd.DataFrame(columns, index=range(count))
    label = data.draw(st.sampled_from([st.text(), st.integers(-9, 9), st.dates()]))
    labels = data.draw(st.lists(label, min_size=len(names), max_size=len(names), unique=True))
    frame.columns = pd.Index(labels, name=data.draw(st.none() | st.text()))
    assert_same(from_parquet(to_parquet(frame)), frame)
