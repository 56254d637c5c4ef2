"""One column or index level of a frame as an Arrow array and back."""

from __future__ import annotations

import math
from datetime import date, time
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.extensions import ExtensionDtype

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Values = pd.Series | pd.Index
"""A column or an index level."""

PYTHON_TYPES = (str, bytes, bool, int, float, Decimal, date, time)
"""What an object column may hold: one of these, and one kind of missing value."""

_OBJECT = np.dtype(object)
_MISSING: dict[str, Any] = {"None": None, "NaN": math.nan, "NA": pd.NA, "NaT": pd.NaT}
_MISSING_TYPES: dict[type, str] = {type(_MISSING[kind]): kind for kind in ("None", "NA", "NaT")}
_STRINGS = {
    f"{dtype.name}[{dtype.storage}]": dtype
    for storage in ("pyarrow", "python")
    for dtype in (pd.StringDtype(storage, np.nan), pd.StringDtype(storage, pd.NA))
}
_AS_STORED = "as stored"
"""Stands for a pyarrow-backed dtype that has no name: the type that Parquet gives."""


def pack(values: Values, index_to_text: Callable[[pd.Index], str]) -> tuple[Any, Any]:
    """Return an Arrow array, and as JSON what else it takes to make the values again.

    Args:
        values: A column or an index level.
        index_to_text: How the categories of a categorical are kept.

    Raises:
        TypeError: An object column mixes types, or holds a type that is not in `PYTHON_TYPES`.
        ValueError, OverflowError, pyarrow.ArrowException: Arrow cannot hold a value.
    """
    dtype = values.dtype
    if isinstance(dtype, pd.SparseDtype) or dtype.kind == "c":
        raise TypeError("Parquet has nothing of that kind")
    if dtype.kind == "M" and not _has_years(values):
        raise TypeError("it has times outside the years 1 to 9999, which no page can write")
    if dtype == _OBJECT:
        return _pack_objects(list(values))
    if isinstance(dtype, pd.CategoricalDtype):
        codes = pd.Categorical(values).codes
        categories, kept = pack(dtype.categories, index_to_text)
        array = categories.take(pa.array(codes, mask=codes < 0))
        text = index_to_text(dtype.categories)
        return array, {"categories": text, "of": kept, "ordered": bool(dtype.ordered)}
    return pa.array(values, from_pandas=True), _name(dtype)


def _has_years(times: Values) -> bool:
    return all(pd.isna(end) or 1 <= end.year <= 9999 for end in (times.min(), times.max()))


def unpack(array: Any, kept: Any, text_to_index: Callable[[str], pd.Index]) -> Any:
    """Return the values that `pack` was given, as an array.

    Args:
        array: A `pyarrow.ChunkedArray` as Parquet gives it.
        kept: The JSON that `pack` returned.
        text_to_index: The inverse of `index_to_text`.
    """
    if isinstance(kept, str):
        return _unpack_named(array, kept)
    if "missing" in kept:
        return _unpack_objects(array, _MISSING[kept["missing"]])
    categories = text_to_index(kept["categories"])
    positions = {category: position for position, category in enumerate(categories)}
    present = unpack(array.drop_null(), kept["of"], text_to_index)
    codes = np.full(len(array), -1)
    codes[array.is_valid().to_numpy()] = [positions[value] for value in pd.Series(present)]
    return pd.Categorical.from_codes(codes, categories, ordered=kept["ordered"])


def same(left: Values, right: Values) -> bool:
    """Tell whether two columns are equal in dtype, values and kind of missing values."""
    if left.dtype != right.dtype or len(left) != len(right):
        return False
    if isinstance(left.dtype, pd.CategoricalDtype) and isinstance(right.dtype, pd.CategoricalDtype):
        if not same(left.dtype.categories, right.dtype.categories):
            return False
        return np.array_equal(pd.Categorical(left).codes, pd.Categorical(right).codes)
    if left.dtype == _OBJECT:
        return all(map(_same_object, left, right))
    if isinstance(left.dtype, pd.ArrowDtype) and left.dtype.kind == "f":
        return _same_floats(left, right)
    return bool(cast("Any", left.array).equals(right.array))


def _name(dtype: Any) -> str:
    if isinstance(dtype, pd.StringDtype):
        return f"{dtype.name}[{dtype.storage}]"
    if isinstance(dtype, pd.ArrowDtype):
        try:
            named = pd.ArrowDtype.construct_from_string(str(dtype))
        except (TypeError, NotImplementedError):
            return _AS_STORED
        return str(dtype) if named == dtype else _AS_STORED
    return str(dtype)


def _unpack_named(array: Any, name: str) -> Any:
    if name == _AS_STORED:
        return cast("Any", pd.ArrowDtype(array.type)).__from_arrow__(array)
    dtype, stored_as = _types(name)
    if array.type != stored_as:
        array = array.cast(stored_as)  # Parquet has no seconds, durations and time zones
    if isinstance(dtype, ExtensionDtype):
        return cast("Any", dtype).__from_arrow__(array)
    return array.to_numpy()


@cache
def _types(name: str) -> tuple[Any, Any]:
    """Return the dtype of that name, and the type that Arrow gives it."""
    dtype = _STRINGS.get(name) or pd.api.types.pandas_dtype(name)
    return dtype, pa.array(pd.Series([], dtype=dtype), from_pandas=True).type


def _pack_objects(values: list[Any]) -> tuple[Any, dict[str, str]]:
    missing = set(map(_missing, values)) - {""}
    if len(missing) > 1:
        raise TypeError(f"it mixes the missing values {_words(missing)}")
    present = [None if _missing(value) else value for value in values]
    types = {type(value) for value in present if value is not None}
    foreign = types - set(PYTHON_TYPES)
    if foreign:
        raise TypeError(f"it holds Python objects of type {_words(map(_type_name, foreign))}")
    if len(types) > 1:
        raise TypeError(f"it mixes {_words(map(_type_name, types))}")
    return pa.array(present), {"missing": next(iter(missing), "None")}


def _unpack_objects(array: Any, missing: object) -> np.ndarray:
    values = np.empty(len(array), dtype=object)
    values[:] = [missing if value is None else value for value in array.to_pylist()]
    return values


def _missing(value: object) -> str:
    """Return the kind of a missing value, "" for any other value."""
    if type(value) is float:
        return "NaN" if math.isnan(value) else ""
    return _MISSING_TYPES.get(type(value), "")


def _same_floats(left: Values, right: Values) -> bool:
    """Compare pyarrow-backed floats, of which a NaN is neither missing nor equal to itself."""
    floats, others = (values.to_numpy("float64", na_value=0.0) for values in (left, right))
    return np.array_equal(left.isna(), right.isna()) and np.array_equal(
        floats, others, equal_nan=True
    )


def _same_object(left: object, right: object) -> bool:
    if type(left) is not type(right):
        return False
    kind = _missing(left)
    return kind == _missing(right) if kind else left == right


def _type_name(kind: type) -> str:
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def _words(words: Iterable[str]) -> str:
    return " and ".join(sorted(words))
