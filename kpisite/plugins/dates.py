"""Times that a source has as text or as numbers: the `parse_dates` of `query_args`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from kpisite.errors import DatasourceError, nearest

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_EPOCH_UNITS = ("D", "s", "ms", "us", "ns")


def parse_dates(frame: pd.DataFrame, wanted: Any, zone: ZoneInfo) -> pd.DataFrame:
    """Return a frame whose named columns are times.

    It takes what pandas' SQL reader takes. Where that reader makes a gap of what it cannot read,
    this raises: nothing is lost unseen.

    Args:
        frame: What came.
        wanted: A column, a list of columns, or column → format of `strptime`, unit since 1970
            (`D`, `s`, `ms`, `us`, `ns`) or arguments of `pd.to_datetime`. Without a format, ISO
            8601, also of several precisions.
        zone: The report's timezone, which times with an offset are given in.

    Raises:
        DatasourceError: There is no such column, or not all of it can be read as times.
    """
    if isinstance(wanted, str):
        wanted = [wanted]
    if not isinstance(wanted, dict | list | tuple):
        raise DatasourceError(
            f"parse_dates is {wanted!r}", hint="It is a list of columns, or `column: format` pairs."
        )
    frame = frame.copy(deep=False)
    for name in wanted:
        if not isinstance(name, str) or name not in frame.columns:
            hint = nearest(str(name), map(str, frame.columns))
            raise DatasourceError(f"parse_dates: there is no column '{name}'", hint=hint)
        how = wanted[name] if isinstance(wanted, dict) else None
        try:
            frame[name] = _times(frame.loc[:, name], how, zone)
        except (ValueError, TypeError, OverflowError) as error:
            raise DatasourceError(
                f"parse_dates: column '{name}': {str(error).partition('. You might')[0]}",
                hint=f"Say what it is: parse_dates: {{{name}: '%d.%m.%Y'}}, or {{{name}: s}} for "
                "seconds since 1970.",
            ) from error
    return frame


def _times(column: pd.Series[Any], how: Any, zone: ZoneInfo) -> pd.Series[Any]:
    if isinstance(how, dict):
        options = how
    else:
        options = {"unit": how} if how in _EPOCH_UNITS else {"format": how or "ISO8601"}
    if "format" in options and pd.api.types.is_numeric_dtype(column):
        column = column.astype("Int64").astype("string")  # 20130204
    times: pd.Series[Any] = pd.to_datetime(column, **options).dt.as_unit("us")
    return times.dt.tz_convert(zone) if times.dt.tz is not None else times
