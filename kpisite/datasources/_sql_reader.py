"""The `query_args` of `sql`, which are those of pandas' reader that a view can use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from kpisite.errors import DatasourceError, nearest
from kpisite.plugins.arrow import plain_frame
from kpisite.plugins.dates import parse_dates

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

_VALID = ("dtype", "index_col", "parse_dates")
_BOUND = "Write the values into the query; {from}, {to} and other tokens are bound by themselves."


def check_args(args: Mapping[str, Any]) -> None:
    """Refuse arguments that nobody reads.

    Raises:
        DatasourceError: One is unknown.
    """
    for name in sorted(args.keys() - set(_VALID)):
        hint = _BOUND if name == "params" else nearest(name, _VALID)
        raise DatasourceError(f"query_args has '{name}', which is unknown", hint=hint)


def as_asked(frame: pd.DataFrame, args: Mapping[str, Any], zone: ZoneInfo) -> pd.DataFrame:
    """Return an answer with the kinds of columns, the times and the first column that are named.

    Args:
        frame: What came, in plain dtypes.
        args: The view's `query_args`.
        zone: The report's timezone.

    Raises:
        DatasourceError: One of them does not fit the answer.
    """
    if "dtype" in args:
        frame = _cast(frame, args["dtype"], zone)
    frame = parse_dates(frame, args.get("parse_dates", []), zone)
    if "index_col" in args:
        name = _index(args["index_col"])
        _check_column("index_col", name, frame)
        frame = frame[[name, *(other for other in frame.columns if other != name)]]
    return frame


def _cast(frame: pd.DataFrame, wanted: Any, zone: ZoneInfo) -> pd.DataFrame:
    kinds = wanted if isinstance(wanted, dict) else dict.fromkeys(frame.columns, wanted)
    for name, kind in kinds.items():
        _check_column("dtype", name, frame)
        try:
            cast = frame.copy(deep=False)
            cast[name] = frame.loc[:, name].astype(pd.api.types.pandas_dtype(kind))
            frame = plain_frame(pa.Table.from_pandas(cast, preserve_index=False), zone)
        except (ValueError, TypeError, OverflowError, pa.ArrowException) as error:
            unfit = isinstance(error, pa.ArrowException)
            reason = f"no view can show {kind}" if unfit else error
            raise DatasourceError(
                f"dtype: column '{name}': {reason}",
                hint="Name what pandas has and the column can be: 'float64', 'Int64' (which may "
                "have gaps), 'str', 'bool'. In the query, that is CAST.",
            ) from error
    return frame


def _index(wanted: Any) -> str:
    names = wanted if isinstance(wanted, list) else [wanted]
    if len(names) != 1 or not isinstance(names[0], str):
        raise DatasourceError(
            f"index_col is {wanted!r}", hint="It is the name of the column that comes first."
        )
    return names[0]


def _check_column(argument: str, name: Any, frame: pd.DataFrame) -> None:
    if name not in frame.columns:
        hint = nearest(str(name), map(str, frame.columns))
        raise DatasourceError(f"{argument}: there is no column '{name}'", hint=hint)
