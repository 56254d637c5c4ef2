"""How a frame stands in a Parquet file: its fields, and what the file's metadata say of them.

The fields are the levels of the index (none for a `RangeIndex`), then the columns, under their
names. The metadata hold, under the key `kpisite`, the JSON

    {"format": 1, "index": {...}, "columns": [one entry per column], "labels": "..."}

where an entry is what `arrays.pack` returned, and `labels` stands only where the columns have
labels that are not plain text: a frame of its own, as base64, whose index they are. Neither pandas'
nor Arrow's own metadata are in the file: they are larger than most frames.
"""

from __future__ import annotations

import base64
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kpisite.archive.arrays import Values, pack, same, unpack
from kpisite.errors import CorruptEditionError, UnsupportedFrameError

if TYPE_CHECKING:
    from collections.abc import Iterable

_KEY = b"kpisite"
_FORMAT = 1
UNFIT = (pa.ArrowException, TypeError, ValueError, OverflowError, NotImplementedError)
"""What Arrow and pandas raise over values that they cannot write."""


def write(frame: pd.DataFrame, what: str = "the index") -> bytes:
    """Return a frame as a Parquet file; `what` names its index in a message.

    Raises:
        UnsupportedFrameError: Arrow or Parquet cannot hold something in the frame.
    """
    names = _distinct(map(str, frame.columns.tolist()))
    index, fields = _pack_index(frame.index, names, what)
    kept = []
    for name, (label, column) in zip(names, frame.items(), strict=True):
        fields[name], spec = _pack(column, f"column {label!r}")
        kept.append(spec)
    header = {"format": _FORMAT, "index": index, "columns": kept}
    if not same_index(frame.columns, _labels(tuple(names))):
        header["labels"] = _index_to_text(frame.columns, "the labels of the columns")
    try:
        return _encode(fields, header)
    except UNFIT as error:
        raise refusal("the frame", str(error)) from error


def _encode(fields: dict[str, Any], header: dict[str, Any]) -> bytes:
    text = json.dumps(header, separators=(",", ":"))
    table = pa.table(fields).combine_chunks()
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(
        sink,
        table.schema,
        compression="zstd",
        use_dictionary=False,
        write_statistics=False,
        store_schema=False,
        write_page_checksum=True,
    ) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({_KEY: text})
    content: bytes = sink.getvalue().to_pybytes()
    return content


def read(data: bytes) -> pd.DataFrame:
    """Return the frame of a file that `write` made.

    Raises:
        CorruptEditionError: The file has another format.
        Exception: The file is damaged; what is raised depends on where.
    """
    file = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)
    header = json.loads(file.metadata.metadata[_KEY])
    if header["format"] != _FORMAT:
        raise CorruptEditionError(
            f"the frame has format {header['format']}; this kpisite reads format {_FORMAT}",
            hint="A newer kpisite wrote it: update this one.",
        )
    return _decode(file.read(use_threads=False), header)


def _decode(table: Any, header: dict[str, Any]) -> pd.DataFrame:
    levels = len(header["index"].get("levels", ()))
    index = _unpack_index(header["index"], table.columns[:levels])
    kept = zip(table.columns[levels:], header["columns"], strict=True)
    arrays = [unpack(column, spec, _text_to_index) for column, spec in kept]
    frame = pd.DataFrame({n: _kept(array, index) for n, array in enumerate(arrays)}, index)
    if "labels" in header:
        frame.columns = _text_to_index(header["labels"])
    else:
        frame.columns = _labels(tuple(table.column_names[levels:]))
    return frame


def _kept(array: Any, index: pd.Index) -> Any:
    """Return values of which a frame makes a column of the same dtype.

    A Series with a dtype keeps it; of a bare object array, pandas would make text or times.
    """
    return pd.Series(array, index, array.dtype) if array.dtype == object else array


def _labels(names: tuple[str, ...]) -> pd.Index:
    """Return plain text as labels of columns."""
    return _text_index(names).view()  # a name that is given to it later stays its own


@lru_cache(maxsize=1000)
def _text_index(names: tuple[str, ...]) -> pd.Index:
    return pd.Index(names, dtype="str")  # pandas takes longer for this than Parquet for a column


def _pack_index(
    index: pd.Index, taken: list[str], what: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the header of an index, and its levels as fields under names that are not taken."""
    names: list[Any] = list(index.names)
    for name in names:
        if not isinstance(name, str | int | None):
            raise refusal(f"{what} named {name!r}", "a name is text or a whole number")
    if isinstance(index, pd.RangeIndex):
        return {"names": names, "range": [index.start, index.stop, index.step]}, {}
    titles = ["index" if name is None else str(name) for name in names]
    fields, kept = {}, []
    for level, field in enumerate(_distinct([*taken, *titles])[len(taken) :]):
        values = index.get_level_values(level)
        fields[field], spec = _pack(values, what if names[level] is None else f"{what} {field!r}")
        kept.append(spec)
    return {"names": names, "levels": kept, "multi": isinstance(index, pd.MultiIndex)}, fields


def _unpack_index(header: dict[str, Any], columns: list[Any]) -> pd.Index:
    if "range" in header:
        start, stop, step = header["range"]
        return pd.RangeIndex(start, stop, step, name=header["names"][0])
    kept = zip(columns, header["levels"], strict=True)
    arrays = [unpack(column, spec, _text_to_index) for column, spec in kept]
    levels: list[pd.Index] = [pd.Index(array, dtype=array.dtype) for array in arrays]
    if header["multi"]:
        return pd.MultiIndex.from_arrays(levels, names=header["names"])
    return levels[0].rename(header["names"][0])


def _index_to_text(index: pd.Index, what: str = "the categories") -> str:
    """Return labels or categories as text: a frame of its own that has no columns."""
    frame = pd.DataFrame(index=index, columns=pd.Index([], dtype="str"))
    return base64.b64encode(write(frame, what)).decode()


def _text_to_index(text: str) -> pd.Index:
    return read(base64.b64decode(text)).index


def _distinct(names: Iterable[str]) -> list[str]:
    """Return names for the fields of the file, no two the same."""
    distinct: dict[str, None] = {}
    for name in names:
        while name in distinct:
            name += "_"
        distinct[name] = None
    return list(distinct)


def _pack(values: Values, what: str) -> tuple[Any, Any]:
    try:
        return pack(values, _index_to_text)
    except UNFIT as error:
        raise refusal(f"{what} ({values.dtype})", str(error)) from error


def same_index(left: pd.Index, right: pd.Index) -> bool:
    """Tell whether two indexes are equal in kind, names, dtypes and values."""
    names = [[(type(name), name) for name in index.names] for index in (left, right)]
    if type(left) is not type(right) or names[0] != names[1]:
        return False
    if isinstance(left, pd.MultiIndex) and isinstance(right, pd.MultiIndex):
        dtypes = [[level.dtype for level in index.levels] for index in (left, right)]
        if dtypes[0] != dtypes[1]:
            return False
    levels = range(left.nlevels)
    return all(same(left.get_level_values(n), right.get_level_values(n)) for n in levels)


def refusal(what: str, reason: str) -> UnsupportedFrameError:
    """Return the error that says why something in a frame cannot be recorded."""
    return UnsupportedFrameError(
        f"{what} cannot be recorded: {reason}",
        hint="Convert it in the query or in the view, to numbers, times (`pd.to_datetime`) or "
        "text (`.astype('str')`).",
    )
