"""From Prometheus's series to a frame: a row for each sample, a column for each label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kpisite.errors import DatasourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

Series = tuple[tuple[str, str], ...]
"""Labels with their values, sorted."""
Sample = tuple[float, float]
"""Seconds since 1970, and a number."""
_LAST = 253_402_300_800
"""Seconds from 1970 to the year 10000."""


def series_of(data: Any) -> Iterator[tuple[Series, list[Sample]]]:
    """Yield the series of an answer with their samples.

    Args:
        data: What stands under `data`, of any type that Prometheus has.

    Raises:
        DatasourceError: It is text, holds histograms, or is not what Prometheus answers.
    """
    try:
        kind, result = data["resultType"], data["result"]
        if kind == "string":
            raise DatasourceError("the query answers text", hint="Ask for a number.")
        if kind == "scalar":
            result = [{"metric": {}, "value": result}]
        for found in result:
            if "histogram" in found or "histograms" in found:
                raise DatasourceError(
                    "the answer holds native histograms, which are no numbers",
                    hint="Ask for histogram_quantile(…), histogram_sum(…) or histogram_count(…).",
                )
            samples = found["values"] if kind == "matrix" else [found["value"]]
            labels = tuple(sorted(found["metric"].items()))
            read = [(float(at), float(value)) for at, value in samples]
            if not all(isinstance(value, str) for _, value in labels) or not all(
                abs(at) < _LAST for at, _ in read
            ):
                raise ValueError
            yield labels, read
    except (KeyError, TypeError, ValueError, AttributeError):
        raise DatasourceError(
            "the answer is not what Prometheus answers",
            hint="Check the address, and what is there.",
        ) from None


def frame_of(found: Mapping[Series, Sequence[Sample]], zone: ZoneInfo) -> pd.DataFrame:
    """Return all samples: series after series, each in the order of time.

    Args:
        found: The samples of each series.
        zone: That of the column `time`.

    Returns:
        `time`, `value`, and each label that a series has, in the order of their names; a label
        that others have is missing. One that is called like a column gets `exported_` before it.
    """
    series = sorted(found)
    counts = [len(found[labels]) for labels in series]
    samples = np.array([s for labels in series for s in found[labels]], dtype=float).reshape(-1, 2)
    instants = np.rint(samples[:, 0] * 1000).astype("datetime64[ms]")
    index = pd.DatetimeIndex(instants.astype("datetime64[us]"), tz="UTC").tz_convert(zone)
    columns: dict[str, Any] = {"time": index, "value": samples[:, 1]}
    for name in sorted({name for labels in series for name, _ in labels}):
        own = np.array([dict(labels).get(name) for labels in series], dtype=object)
        columns[_column(name, columns)] = pd.Series(np.repeat(own, counts), dtype="str")
    return pd.DataFrame(columns)


def _column(label: str, taken: Mapping[str, Any]) -> str:
    """Return the column of a label, which may be called like one that is there."""
    while label in taken:
        label = f"exported_{label}"
    return label
