"""Which rows differ between two frames, wherever they stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence

Sign = Literal["-", "+"]
"""-: only the frame before has the row; +: only the one after."""


@dataclass(frozen=True)
class Row:
    """A row that the other frame lacks."""

    sign: Sign
    position: int
    """Its place in its own frame, from 0."""
    cells: tuple[object, ...]
    """A value for each of the common columns."""


@dataclass(frozen=True)
class RowChanges:
    """How a frame differs from the one before."""

    columns: tuple[str, ...]
    """Those that both have: rows are compared by them alone. The index is one of them."""
    differing: tuple[str, ...]
    """Those of them that hold other values."""
    gone: tuple[str, ...]
    """Columns that only the frame before has."""
    new: tuple[str, ...]
    """Columns that only the frame after has."""
    types: dict[str, tuple[str, str]]
    """Column → dtype before and after, where they differ."""
    removed: int
    """How many rows only the frame before has; a row that changed counts here and in `added`."""
    added: int
    rows: tuple[Row, ...]
    """The first of them, those of one place together."""


def compare_rows(before: pd.DataFrame, after: pd.DataFrame, limit: int) -> RowChanges:
    """Return the rows that only one of two frames has; a row that merely moved is none.

    Args:
        before: The older frame.
        after: The newer frame.
        limit: How many rows of each frame are returned at most; all are counted.
    """
    left, right = _flat(before), _flat(after)
    columns = [name for name in left if name in right]
    hashes = {name: _hashes(left[name], right[name]) for name in columns}
    removed, added = _only_here([hashes[name] for name in columns], len(before), len(after))
    rows = [*_rows("-", left, columns, removed[:limit]), *_rows("+", right, columns, added[:limit])]
    return RowChanges(
        columns=tuple(columns),
        differing=tuple(name for name in columns if not _same_values(*hashes[name])),
        gone=tuple(name for name in left if name not in right),
        new=tuple(name for name in right if name not in left),
        types={
            name: (str(left[name].dtype), str(right[name].dtype))
            for name in columns
            if left[name].dtype != right[name].dtype
        },
        removed=len(removed),
        added=len(added),
        rows=tuple(sorted(rows, key=lambda row: (row.position, row.sign == "+"))),
    )


def _flat(frame: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the index, unless it only counts, and the columns under their names as text."""
    fields: list[tuple[str, pd.Series]] = []
    if not isinstance(frame.index, pd.RangeIndex):
        for level, name in enumerate(frame.index.names):
            values = pd.Series(frame.index.get_level_values(level))
            fields.append(("index" if name is None else str(name), values))
    fields += [(str(label), column.reset_index(drop=True)) for label, column in frame.items()]
    flat: dict[str, pd.Series] = {}
    for name, values in fields:
        while name in flat:
            name += "_"
        flat[name] = values
    return flat


def _hashes(left: pd.Series, right: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return a number for each value of a column, equal for equal values also across dtypes."""
    if left.dtype != right.dtype:
        kind: type[str | float] = str
        if all(pd.api.types.is_numeric_dtype(values.dtype) for values in (left, right)):
            kind = float
        left, right = (_as(kind, values) for values in (left, right))
    elif isinstance(left.dtype, pd.ArrowDtype) and pa.types.is_time64(left.dtype.pyarrow_dtype):
        # pandas 3.0 hashes them by way of Python's times, which have no nanoseconds.
        left, right = (values.astype(pd.ArrowDtype(pa.int64())) for values in (left, right))
    found = (pd.util.hash_pandas_object(v, index=False).to_numpy() for v in (left, right))
    first, second = found
    return first, second


def _as(kind: type[str | float], values: pd.Series) -> pd.Series:
    if kind is float:
        return pd.Series(values.to_numpy("float64", na_value=np.nan))
    return values.astype("object").where(values.notna(), None).map(str, na_action="ignore")


def _same_values(left: np.ndarray, right: np.ndarray) -> bool:
    return np.array_equal(np.sort(left), np.sort(right))


def _only_here(
    columns: Sequence[tuple[np.ndarray, np.ndarray]], before: int, after: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of the rows that only one side has; equal rows are counted off."""
    if not columns:
        return np.arange(after, before), np.arange(before, after)
    keys = []
    for side in (0, 1):
        row = pd.DataFrame({n: hashes[side] for n, hashes in enumerate(columns)})
        row["again"] = row.groupby(list(row)).cumcount()
        keys.append(pd.MultiIndex.from_frame(row))
    left, right = keys
    return np.flatnonzero(~left.isin(right)), np.flatnonzero(~right.isin(left))


def _rows(
    sign: Sign, flat: dict[str, pd.Series], columns: Sequence[str], positions: np.ndarray
) -> list[Row]:
    return [Row(sign, int(n), tuple(flat[name].iloc[n] for name in columns)) for n in positions]
