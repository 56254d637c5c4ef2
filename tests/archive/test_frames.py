"""What a frame's file holds, what is refused, and what damage does."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from decimal import Decimal

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kpisite.archive.frames import digest, from_parquet, to_parquet
from kpisite.errors import CorruptEditionError, UnsupportedFrameError


@pytest.fixture
def flights() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "time": pd.date_range("2013-02-04", periods=10, freq="D", tz="America/New_York"),
            "carrier": ["UA", "AA", None, "DL", "B6"] * 2,
            "flights": range(100, 110),
            "on_time": [0.5, float("nan")] * 5,
            "fare": pd.Series([Decimal("19.90"), None] * 5, dtype="object"),
        }
    )


def objects(*values: object) -> pd.Series:
    series = pd.Series([None] * len(values), dtype="object")
    for position, value in enumerate(values):
        series.iat[position] = value
    return series


def one(values: object) -> pd.DataFrame:
    return pd.DataFrame({"fare": values})


def message(frame: pd.DataFrame) -> str:
    with pytest.raises(UnsupportedFrameError) as caught:
        to_parquet(frame)
    return str(caught.value)


def test_any_reader_of_parquet_finds_the_columns_under_their_names(flights, tmp_path):
    path = tmp_path / "frame.parquet"
    path.write_bytes(to_parquet(flights.set_index("carrier")))
    answer = duckdb.sql(f"select flights, fare from '{path}' where carrier = 'UA' order by 1")
    assert answer.fetchall() == [(100, Decimal("19.90")), (105, None)]
    assert pq.read_table(path).column_names == ["carrier", "time", "flights", "on_time", "fare"]


def test_a_small_frame_is_a_small_file(flights):
    assert len(to_parquet(flights)) < 1300
    assert len(to_parquet(flights[["flights"]].head(1))) < 350


def test_equal_frames_give_equal_bytes(flights):
    in_two_pieces = pd.concat([flights.iloc[:4], flights.iloc[4:]])
    in_two_pieces.index = pd.RangeIndex(10)
    assert to_parquet(in_two_pieces) == to_parquet(flights.copy())
    assert to_parquet(flights.iloc[:9]) != to_parquet(flights)


def test_writing_leaves_the_frame_as_it_is(flights):
    flights.attrs["source"] = {1, 2}
    before = flights.copy()
    to_parquet(flights)
    pd.testing.assert_frame_equal(flights, before)
    assert flights.attrs == {"source": {1, 2}}


def test_what_comes_back_may_be_changed(flights):
    back = from_parquet(to_parquet(flights))
    for column in back:
        back.loc[0, column] = back.loc[1, column]
    pd.testing.assert_series_equal(back.iloc[0], back.iloc[1], check_names=False)


def test_attributes_flags_and_the_frequency_of_the_index_are_not_kept():
    frame = one([1, 2]).set_index(pd.date_range("2013", periods=2, freq="D"))
    frame.attrs["source"] = "db"
    back = from_parquet(to_parquet(frame.set_flags(allows_duplicate_labels=False)))
    assert back.attrs == {}
    assert back.index.freq is None
    assert back.flags.allows_duplicate_labels
    pd.testing.assert_frame_equal(back, frame, check_freq=False, check_flags=False)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame(),
        pd.DataFrame(index=range(3)),
        pd.DataFrame(index=["a", "b"]),
        pd.DataFrame(index=pd.RangeIndex(9, 0, -3, name="countdown")),
        pd.DataFrame({"a": pd.Series([], dtype="datetime64[s, UTC]")}),
        pd.DataFrame([[1, 2]]),
        pd.DataFrame([[1, 2]], columns=[7, 3]),
        pd.DataFrame([[1, 2]], columns=pd.Index(["a", "b"], name="c")),
        pd.DataFrame([[1, 2]], columns=[True, False]),
        pd.DataFrame([[1, 2]], columns=["a", None]),
        pd.DataFrame([[1, 2]], columns=pd.CategoricalIndex(["a", "b"])),
        pd.DataFrame([[1]], columns=['a.b "ü"\n']),
        pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", 1), ("a", 2)])),
        pd.DataFrame({"x": [1, 2]}, index=pd.Index([3, 4], name="x")),
        pd.DataFrame({"x": [1, 2], "x_": [5, 6]}, index=pd.Index([3, 4], name="x")),
        pd.DataFrame({"index": [1, 2]}, index=["a", "b"]),
        pd.DataFrame({"a": [1, 2]}, index=pd.MultiIndex.from_arrays([[1, 1], ["x", None]])),
        pd.DataFrame({"a": [1]}, index=pd.MultiIndex.from_arrays([["x"]], names=[5])),
        pd.DataFrame({"a": range(4)}).set_index(
            pd.MultiIndex.from_product(
                [pd.CategoricalIndex(["x", "y"], ["y", "x", "z"]), pd.date_range("2013", periods=2)]
            )
        ),
        pd.DataFrame({"s": pd.Series(["a", None], dtype=pd.StringDtype("python"))}),
        pd.DataFrame({"c": pd.cut(pd.Series([1, 2, 3]), 2)}),
        pd.DataFrame({"n": pd.Series([[1], None], dtype=pd.ArrowDtype(pa.list_(pa.int64())))}),
    ],
    ids=lambda frame: repr(frame)[:40],
)
def test_indexes_and_labels_of_any_kind_come_back_as_they_were(frame):
    back = from_parquet(to_parquet(frame))
    pd.testing.assert_frame_equal(
        back, frame, check_exact=True, check_freq=False, check_index_type="exact"
    )
    assert type(back.columns) is type(frame.columns)
    assert back.columns.dtype == frame.columns.dtype


@pytest.mark.parametrize(
    ("values", "dtype", "reason"),
    [
        (np.array([1 + 2j]), "complex128", "Parquet has nothing of that kind"),
        (pd.arrays.SparseArray([0, 1]), "Sparse[int64, 0]", "Parquet has nothing of that kind"),
        (objects(1, "a"), "object", "it mixes int and str"),
        (objects(*[True, 2]), "object", "it mixes bool and int"),
        (objects("a", None, float("nan")), "object", "the missing values NaN and None"),
        (objects({1}), "object", "Python objects of type set"),
        (objects({"a": 1}), "object", "Python objects of type dict"),
        (objects([1]), "object", "Python objects of type list"),
        (objects((1,)), "object", "Python objects of type tuple"),
        (objects(np.array([1])), "object", "Python objects of type numpy.ndarray"),
        (objects(np.float64(1.5)), "object", "Python objects of type numpy.float64"),
        (objects(dt.datetime(2013, 2, 4)), "object", "objects of type datetime.datetime"),
        (objects(dt.timedelta(1)), "object", "objects of type datetime.timedelta"),
        (objects(dt.time(1, tzinfo=dt.UTC)), "object", "it would come back different"),
        (objects(Decimal("NaN")), "object", "ecimal"),
        (objects(Decimal(10) ** 80), "object", "ecimal"),
        (objects(2**70), "object", "too large"),
        (objects("\ud800"), "object", "surrogates not allowed"),
        (pd.Categorical(objects(1, "a")), "category", "it mixes int and str"),
        (np.array(["20000-01-01"], "datetime64[s]"), "datetime64[s]", "outside the years 1 to"),
        (np.array(["NaT", "-0044-03-15"], "datetime64[s]"), "datetime64[s]", "outside the years"),
    ],
)
def test_a_column_that_would_not_come_back_is_refused_by_name(values, dtype, reason):
    text = message(one(values))
    assert text.startswith(f"column 'fare' ({dtype}) cannot be recorded: ")
    assert reason in text
    assert text.endswith("`.astype('str')`).")


def test_two_columns_of_one_name_are_refused_with_the_way_out():
    text = message(pd.DataFrame([[1, 2]], columns=["id", "id"]))
    assert text.startswith("the frame has several columns 'id'\n")
    assert "select a.id as a_id" in text


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (
            pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", 1], name="key")),
            "the index 'key' (object) cannot be recorded: it mixes int and str",
        ),
        (
            pd.DataFrame({"a": [1]}, index=pd.Index([1], name=("b", "c"))),
            "the index named ('b', 'c') cannot be recorded: a name is text or a whole number",
        ),
        (
            pd.DataFrame({"a": [1, 2]}, index=pd.MultiIndex.from_arrays([[1, None], [1, 2]])),
            "it would come back different; `.reset_index()` makes columns of it",
        ),
        (
            pd.DataFrame([[1, 2]], columns=["a", 1]),
            "the labels of the columns (object) cannot be recorded: it mixes int and str",
        ),
    ],
)
def test_an_index_or_labels_that_would_not_come_back_are_refused(frame, reason):
    assert reason in message(frame)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_a_cut_off_file_is_damaged(flights, share):
    data = to_parquet(flights)
    with pytest.raises(CorruptEditionError, match="the frame is damaged"):
        from_parquet(data[: int(len(data) * share)])


def test_a_flipped_bit_is_found_or_changes_nothing(flights):
    data = to_parquet(flights)
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    found = 0
    for position in range(0, footer, 3):
        damaged = bytearray(data)
        damaged[position] ^= 1 << position % 8
        try:
            back = from_parquet(bytes(damaged))
        except CorruptEditionError:
            found += 1
        else:  # a bit that says nothing, such as a statistic's
            pd.testing.assert_frame_equal(back, flights, check_freq=False)
    assert found > footer / 3 * 0.8


def test_a_flipped_byte_in_the_footer_raises_nothing_else(flights):
    data = to_parquet(flights)
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    for position in range(footer, len(data), 5):
        damaged = bytearray(data)
        damaged[position] ^= 0xFF
        with contextlib.suppress(CorruptEditionError):
            from_parquet(bytes(damaged))


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1" * 9, b"{}", bytes(1000)])
def test_what_is_no_parquet_is_no_frame(data):
    with pytest.raises(CorruptEditionError, match="is no frame of an archive"):
        from_parquet(data)


def test_a_parquet_file_of_other_make_is_no_frame(tmp_path):
    path = tmp_path / "foreign.parquet"
    pq.write_table(pa.table({"a": [1]}), path)
    with pytest.raises(CorruptEditionError, match="is no frame of an archive"):
        from_parquet(path.read_bytes())


def test_a_frame_of_a_newer_kpisite_says_so(tmp_path):
    sink = pa.BufferOutputStream()
    table = pa.table({"a": [1]}).replace_schema_metadata({"kpisite": json.dumps({"format": 2})})
    pq.write_table(table, sink)
    with pytest.raises(CorruptEditionError, match=r"format 2.*\n.*newer kpisite wrote it"):
        from_parquet(sink.getvalue().to_pybytes())


def test_a_digest_is_the_sha256_in_hexadecimal_digits():
    assert digest(b"abc").startswith("ba7816bf8f01cfea414140de5dae2223")
    assert len(digest(b"")) == 64
