"""Hypothesis strategies for columns of every dtype that the archive keeps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta, timezone

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import assume
from hypothesis import strategies as st

Columns = Callable[[int], st.SearchStrategy[pd.Series]]
"""Number of rows → strategy of a column."""

ZONES = ("UTC", "America/New_York", "Europe/Berlin", "Asia/Kathmandu")
UNITS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
MISSING = (None, float("nan"), pd.NA, pd.NaT)

nanoseconds = st.integers(-(8 * 10**18), 8 * 10**18)
offsets = st.integers(-14 * 60, 14 * 60).map(lambda n: timezone(timedelta(minutes=n)))
units = st.sampled_from(sorted(UNITS))


def integers(dtype: str) -> st.SearchStrategy[int]:
    limits = np.iinfo(dtype.lower())
    return st.integers(int(limits.min), int(limits.max))


def floats(bits: int) -> st.SearchStrategy[float]:
    return st.floats(width=bits)


def decimals(places: int) -> st.SearchStrategy:
    return st.decimals(-(10**9), 10**9, places=places)


def rows(values: st.SearchStrategy, count: int) -> st.SearchStrategy[list]:
    return st.lists(values, min_size=count, max_size=count)


def plain(dtype: str, values: st.SearchStrategy) -> Columns:
    return lambda count: rows(values, count).map(lambda v: pd.Series(v, dtype=dtype))


def with_na(dtype: str, values: st.SearchStrategy) -> Columns:
    return plain(dtype, st.none() | values)


def objects(values: st.SearchStrategy) -> Columns:
    def columns(count: int) -> st.SearchStrategy[pd.Series]:
        return st.sampled_from(MISSING).flatmap(
            lambda missing: plain("object", values | st.just(missing))(count)
        )

    return columns


def arrow(kind: pa.DataType, values: st.SearchStrategy) -> Columns:
    def column(values: list) -> pd.Series:
        return pd.Series(pd.arrays.ArrowExtensionArray(pa.array(values, kind)))

    return lambda count: rows(st.none() | values, count).map(column)


def any_of(choices: st.SearchStrategy[Columns]) -> Columns:
    return lambda count: choices.flatmap(lambda columns: columns(count))


@st.composite
def times(draw: st.DrawFn, count: int, kind: str = "datetime64") -> pd.Series:
    unit = draw(units)
    values = draw(rows(nanoseconds.map(lambda n: n // UNITS[unit]) | st.just("NaT"), count))
    return pd.Series(np.array(values, dtype=f"{kind}[{unit}]"), dtype=f"{kind}[{unit}]")


def zoned(zones: st.SearchStrategy) -> Columns:
    def at(series: pd.Series, zone: object) -> pd.Series:
        return series.dt.tz_localize("UTC").dt.tz_convert(zone)

    return lambda count: st.builds(at, times(count), zones)


@st.composite
def categoricals(draw: st.DrawFn, count: int) -> pd.Series:
    """Categories of any dtype in any order, used or not."""
    base = draw(st.sampled_from([name for name in SUPPORTED if name not in NO_CATEGORIES]))
    found = draw(SUPPORTED[base](5)).dropna()
    categories = pd.Index(found, dtype=found.dtype).unique()
    assume(categories.is_unique)
    codes = draw(rows(st.integers(-1, len(categories) - 1), count))
    dtype = pd.CategoricalDtype(categories, ordered=draw(st.booleans()))
    return pd.Series(pd.Categorical.from_codes(np.array(codes, dtype="int8"), dtype=dtype))


@st.composite
def periods(draw: st.DrawFn, count: int) -> pd.Series:
    frequency = draw(st.sampled_from(["h", "D", "W-SUN", "W-WED", "M", "Q-DEC", "Y-MAR"]))
    period = st.integers(-3000, 3000).map(lambda n: pd.Period(ordinal=n, freq=frequency))
    values = draw(rows(period | st.just(pd.NaT), count))
    return pd.Series(values, dtype=f"period[{frequency}]")


@st.composite
def intervals(draw: st.DrawFn, count: int) -> pd.Series:
    """Intervals of numbers and of times, one after the other."""
    closed = draw(st.sampled_from(["left", "right", "both", "neither"]))
    breaks = pd.Series(range(count + 1), dtype=draw(st.sampled_from(["int64", "float64"])))
    if draw(st.booleans()):
        breaks = pd.to_datetime(breaks, unit="D").dt.as_unit(draw(units))
    array = pd.arrays.IntervalArray.from_breaks(breaks, closed=closed)
    if array.dtype.subtype.kind != "i":
        array[draw(rows(st.booleans(), count))] = None
    return pd.Series(array)


INTEGERS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
NULLABLE = [f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)]

SUPPORTED: dict[str, Columns] = {
    "numbers bool": plain("bool", st.booleans()),
    **{f"numbers {name}": plain(name, integers(name)) for name in INTEGERS},
    **{f"numbers float{bits}": plain(f"float{bits}", floats(bits)) for bits in (16, 32, 64)},
    "with NA boolean": with_na("boolean", st.booleans()),
    **{f"with NA {name}": with_na(name, integers(name)) for name in NULLABLE},
    **{f"with NA Float{bits}": with_na(f"Float{bits}", floats(bits)) for bits in (32, 64)},
    "text str": with_na("str", st.text()),
    "text string": with_na("string", st.text()),
    "times datetime64": times,
    "times datetime64-with-zone": zoned(st.sampled_from(ZONES)),
    "times datetime64-with-offset": zoned(offsets),
    "times timedelta64": lambda count: times(count, "timedelta64"),
    "others category": categoricals,
    "others period": periods,
    "others interval": intervals,
    "pyarrow bool": arrow(pa.bool_(), st.booleans()),
    **{f"pyarrow {name}": arrow(pa.type_for_alias(name), integers(name)) for name in INTEGERS},
    "pyarrow halffloat": arrow(pa.float16(), floats(16)),
    "pyarrow float": arrow(pa.float32(), floats(32)),
    "pyarrow double": arrow(pa.float64(), floats(64)),
    "pyarrow string": arrow(pa.string(), st.text()),
    "pyarrow large_string": arrow(pa.large_string(), st.text()),
    "pyarrow binary": arrow(pa.binary(), st.binary()),
    "pyarrow large_binary": arrow(pa.large_binary(), st.binary()),
    "pyarrow decimal128": any_of(
        st.integers(0, 6).map(lambda n: arrow(pa.decimal128(20, n), decimals(n)))
    ),
    "pyarrow null": arrow(pa.null(), st.none()),
    "pyarrow date32": arrow(pa.date32(), st.dates()),
    "pyarrow date64": arrow(pa.date64(), st.dates()),
    "pyarrow time32": any_of(
        st.sampled_from([("s", 1), ("ms", 10**3)]).map(
            lambda u: arrow(pa.time32(u[0]), st.integers(0, 86_400 * u[1] - 1))
        )
    ),
    "pyarrow time64": any_of(
        st.sampled_from([("us", 10**6), ("ns", 10**9)]).map(
            lambda u: arrow(pa.time64(u[0]), st.integers(0, 86_400 * u[1] - 1))
        )
    ),
    "pyarrow timestamp": any_of(
        st.builds(
            lambda unit, zone: arrow(
                pa.timestamp(unit, zone), nanoseconds.map(lambda n: n // UNITS[unit])
            ),
            units,
            st.none() | st.sampled_from(ZONES),
        )
    ),
    "pyarrow duration": any_of(
        units.map(lambda u: arrow(pa.duration(u), nanoseconds.map(lambda n: n // UNITS[u])))
    ),
    "objects str": objects(st.text()),
    "objects bytes": objects(st.binary()),
    "objects bool": objects(st.booleans()),
    "objects int": objects(integers("int64")),
    "objects float": objects(st.floats(allow_nan=False)),
    "objects Decimal": objects(st.integers(0, 6).flatmap(decimals)),
    "objects date": objects(st.dates()),
    "objects time": objects(st.times()),
}
"""Row and name in the table of `kpisite.archive.frames` → columns of that dtype."""

NO_INDEX = {"numbers float16"}
"""What pandas itself takes neither as an index nor as categories."""
NAN_IS_A_VALUE = {"pyarrow halffloat", "pyarrow float", "pyarrow double"}
NO_CATEGORIES = {*NO_INDEX, *NAN_IS_A_VALUE, "others category", "pyarrow null"}
