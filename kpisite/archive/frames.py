"""A DataFrame as Parquet bytes and back, exactly as it was.

What comes back as it was, as a column, as an index and as a level of one:

    numbers      bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64
    with NA      boolean Int8 Int16 Int32 Int64 UInt8 UInt16 UInt32 UInt64 Float32 Float64
    text         str string
    times        datetime64 datetime64-with-zone datetime64-with-offset timedelta64
    others       category period interval
    pyarrow      bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 halffloat float double
    pyarrow      string large_string binary large_binary decimal128 null
    pyarrow      date32 date64 time32 time64 timestamp duration
    objects      str bytes bool int float Decimal date time

Times have any unit; categories are of any of these dtypes; intervals are of numbers or of times
without a zone. A column of objects holds one Python type and one kind of missing value: None, NaN,
NA or NaT; a Decimal comes back equal, with as many places as its column needs. Labels of columns
may be any of this too, in levels or not, as long as none is there twice. Everything else that would
not come back is refused. Not kept, as it is no data: `attrs`, `flags` and the index's `freq`.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from kpisite.archive import layout
from kpisite.archive.arrays import same
from kpisite.errors import CorruptEditionError, UnsupportedFrameError

if TYPE_CHECKING:
    import pandas as pd

_DIFFERENT = "it would come back different"


def to_parquet(frame: pd.DataFrame) -> bytes:
    """Return a frame as a Parquet file; equal frames give equal bytes.

    It is read back and compared before it is returned: what is accepted comes back equal.

    Raises:
        UnsupportedFrameError: The message names the column, its dtype and what to do.
    """
    _refuse_duplicates(frame.columns)
    data = layout.write(frame)
    try:
        back = from_parquet(data)
    except CorruptEditionError as error:
        raise layout.refusal("the frame", f"it cannot be read back: {error.__cause__}") from error
    _compare(frame, back)
    return data


def from_parquet(data: bytes) -> pd.DataFrame:
    """Return the frame that `to_parquet` was given.

    Raises:
        CorruptEditionError: The bytes are damaged, or `to_parquet` did not make them.
    """
    try:
        return layout.read(data)
    except CorruptEditionError:
        raise
    except Exception as error:  # where the damage is decides what is raised
        reason = f"{type(error).__name__}: {error}"
        raise CorruptEditionError(
            f"the frame is damaged, or is no frame of an archive ({reason})"
        ) from error


def digest(data: bytes) -> str:
    """Return the SHA-256 of bytes in hexadecimal digits: the name of their file."""
    return hashlib.sha256(data).hexdigest()


def _refuse_duplicates(labels: pd.Index) -> None:
    names = labels.tolist()
    if all(type(name) is str for name in names) and len(set(names)) == len(names):
        return  # pandas would build an index of its own for this
    if not labels.is_unique:
        twice = labels[labels.duplicated()]
        raise UnsupportedFrameError(
            f"the frame has several columns {twice[0]!r}",
            hint="Give each its own name in the query: `select a.id as a_id, b.id as b_id`.",
        )


def _compare(frame: pd.DataFrame, back: pd.DataFrame) -> None:
    if not layout.same_index(frame.index, back.index):
        reason = f"{_DIFFERENT}; `.reset_index()` makes columns of it"
        raise layout.refusal(f"the index ({frame.index.dtype})", reason)
    if not layout.same_index(frame.columns, back.columns):
        raise layout.refusal(f"the labels of the columns ({frame.columns.dtype})", _DIFFERENT)
    for (label, before), (_, after) in zip(frame.items(), back.items(), strict=True):
        if not same(before, after):
            raise layout.refusal(f"column {label!r} ({before.dtype})", _DIFFERENT)
