from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import IPv4Address, IPv4Interface
from uuid import UUID
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pytest

from kpisite.errors import DatasourceError
from kpisite.plugins.arrow import plain_frame, table_of_rows

NEW_YORK = ZoneInfo("America/New_York")
NOON = datetime(2013, 7, 1, 12, tzinfo=UTC)


def frame_of(*values: object) -> pd.DataFrame:
    return plain_frame(table_of_rows(["x"], [(value,) for value in values]), NEW_YORK)


@pytest.mark.parametrize(
    ("values", "dtype", "first"),
    [
        ((1, 2), "int64", 1),
        ((2**53 + 1, None), "Int64", 2**53 + 1),
        ((Decimal(5), None), "Int64", 5),
        ((Decimal(2**70),), "float64", 2.0**70),
        ((2**64 - 1, None), "float64", 2.0**64),
        ((2**70, 1), "float64", 2.0**70),
        ((UUID(int=1), None), "str", "00000000-0000-0000-0000-000000000001"),
        ((IPv4Address("10.0.0.1"), IPv4Interface("10.0.0.0/8")), "str", "10.0.0.1"),
        ((Decimal("1.25"), None), "float64", 1.25),
        ((Decimal("Infinity"), Decimal("0.5")), "float64", float("inf")),
        ((1, 2.5, None), "float64", 1.0),
        ((None, None), "float64", None),
        ((), "float64", None),
        ((True,), "bool", True),
        ((True, None), "boolean", True),
        (("a", None), "str", "a"),
        ((date(2013, 7, 1), None), "datetime64[us]", pd.Timestamp(2013, 7, 1)),
        ((datetime(2013, 7, 1, 12),), "datetime64[us]", pd.Timestamp(2013, 7, 1, 12)),
        ((NOON, None), "datetime64[us, America/New_York]", pd.Timestamp(NOON)),
        ((timedelta(hours=1), None), "timedelta64[us]", pd.Timedelta(hours=1)),
        ((time(12, 30), None), "object", time(12, 30)),
        ((b"\0\xff",), "object", b"\0\xff"),
    ],
)
def test_values_of_each_kind_become_one_plain_dtype(values, dtype, first):
    frame = frame_of(*values)
    assert str(frame["x"].dtype) == dtype
    assert len(frame) == len(values)
    assert first is None or frame["x"][0] == first
    assert frame["x"].isna().tolist() == [value is None for value in values]


def test_times_of_other_zones_are_the_same_instants_in_the_zone_of_the_report():
    kolkata = NOON.astimezone(ZoneInfo("Asia/Kolkata"))
    series = frame_of(kolkata, NOON)["x"]
    assert series.dt.hour.tolist() == [8, 8]


@pytest.mark.parametrize(
    "values",
    [
        (1, "a"),
        ("a", 1),
        (True, 1),
        (b"a", "a"),
        (date(2013, 7, 1), datetime(2013, 7, 1, 12)),
        (Decimal("0.5"), 1),
        (2**53 + 1, 0.5),
        (2**70, "a"),
        (UUID(int=1), "a"),
    ],
    ids=str,
)
def test_what_would_be_lost_in_one_column_is_refused(values):
    with pytest.raises(DatasourceError, match=r"column 'x' holds .* do not fit into one column"):
        frame_of(*values)


def test_a_frame_without_rows_has_its_columns():
    frame = plain_frame(table_of_rows(["a", "b"], []), NEW_YORK)
    assert frame.columns.tolist() == ["a", "b"]
    assert len(frame) == 0


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(DatasourceError, match="two columns are called 'a'"):
        plain_frame(table_of_rows(["a", "a"], [(1, 2)]), NEW_YORK)


def test_categories_are_what_they_are_of_and_small_numbers_are_as_wide_as_all():
    table = pa.table(
        {
            "c": pa.array(["a", None]).dictionary_encode(),
            "n": pa.array([1, None], pa.int32()).dictionary_encode(),
            "m": pa.array([Decimal("1.5"), None]).dictionary_encode(),
            "t": pa.array([NOON, None], pa.timestamp("us", "UTC")).dictionary_encode(),
            "i": pa.array([1, 2], pa.int8()),
            "u": pa.array([1, None], pa.uint64()),
            "f": pa.array([0.5, None], pa.float32()),
            "h": pa.array([2**64 - 1, 1], pa.uint64()),
            "d": pa.array([timedelta(1), None], pa.duration("s")),
        }
    )
    frame = plain_frame(table, NEW_YORK)
    assert [str(dtype) for dtype in frame.dtypes] == [
        "str",
        "Int64",
        "float64",
        "datetime64[us, America/New_York]",
        "int64",
        "Int64",
        "float64",
        "float64",
        "timedelta64[s]",
    ]


def test_intervals_are_lengths_unless_they_count_months():
    days = pa.array([pa.MonthDayNano([0, 2, 3_000]), None])
    assert plain_frame(pa.table({"x": days}), NEW_YORK)["x"].tolist() == [
        pd.Timedelta(days=2, microseconds=3),
        pd.NaT,
    ]
    months = pa.table({"x": pa.array([pa.MonthDayNano([1, 0, 0])])})
    with pytest.raises(DatasourceError, match="column 'x' is an interval with months"):
        plain_frame(months, NEW_YORK)


@pytest.mark.parametrize("value", [[1], {"a": 1}])
def test_lists_and_structs_are_refused(value: object):
    with pytest.raises(DatasourceError, match="column 'x' holds lists or structs"):
        plain_frame(pa.table({"x": [value]}), NEW_YORK)


@pytest.mark.parametrize(
    "times",
    [
        pa.array([2**31 - 1, None], pa.date32()),  # how DuckDB writes an infinity
        pa.array([-(366 * 2000)], pa.date32()),
        pa.array([0, 2**63 - 1], pa.timestamp("us")),
        pa.array([-(2**57)], pa.timestamp("us", "UTC")),
    ],
    ids=str,
)
def test_times_that_no_calendar_has_are_refused(times: pa.Array):
    with pytest.raises(DatasourceError) as caught:
        plain_frame(pa.table({"until": times}), NEW_YORK)
    assert caught.value.message == "column 'until' holds a time outside the years 1 to 9999"
    assert caught.value.hint == "Make it a gap in the query, or text: CAST(until AS …)."


def test_the_first_and_the_last_day_of_the_calendar_are_times():
    days = pa.array([date(1, 1, 1), None, date(9999, 12, 31)])
    series = plain_frame(pa.table({"x": days}), NEW_YORK)["x"]
    assert [day.year for day in series.dropna()] == [1, 9999]
