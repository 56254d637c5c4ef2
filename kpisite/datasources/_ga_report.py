"""What the GA4 Data API says in a report: rows for a frame, and notes for whoever runs it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pyarrow as pa

from kpisite.datasources._ga_names import short_name
from kpisite.errors import DatasourceError
from kpisite.plugins.arrow import plain_frame

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from kpisite.plugins import Period

TIMES = {"date": "%Y%m%d", "dateHour": "%Y%m%d%H", "dateHourMinute": "%Y%m%d%H%M"}
"""Dimensions that are times, and how their values are written."""
_LARGEST = 2**63
"""No integer of a column is as large."""


class Report:
    """The pages of an answer, put together."""

    def __init__(self, dimensions: Sequence[str], metrics: Sequence[str]) -> None:
        """Begin without rows.

        Args:
            dimensions: As the report has them: names of GA4, or such as `ga:date`.
            metrics: The same.
        """
        self._dimensions, self._metrics = dimensions, metrics
        self._texts: list[list[str]] = [[] for _ in dimensions]
        self._numbers: list[list[float | int]] = [[] for _ in metrics]
        self._whole = [True] * len(metrics)
        self.rows = 0
        self.total = 0
        """Rows that there are in all pages."""
        self.said: dict[str, Any] = {}
        """The last page, without its rows."""

    def add(self, page: Any) -> int:
        """Add the rows of a page, and return how many they are.

        Raises:
            DatasourceError: It is not what the API would say.
        """
        try:
            kinds = [str(header["type"]) for header in page.get("metricHeaders", [])]
            rows = page.get("rows", [])
            self.total = int(page.get("rowCount", 0))
            for row in rows:
                texts = [str(cell["value"]) for cell in row.get("dimensionValues", [])]
                numbers = [float(cell["value"]) for cell in row.get("metricValues", [])]
                for column, text in zip(self._texts, texts, strict=True):
                    column.append(text)
                for column_, number in zip(self._numbers, numbers, strict=True):
                    column_.append(number)
            self.said = {name: part for name, part in page.items() if name != "rows"}
            if kinds:
                wholes = zip(self._metrics, kinds, strict=True)
                self._whole = [kind == "TYPE_INTEGER" for _, kind in wholes]
        except (AttributeError, KeyError, TypeError, ValueError):
            raise _nonsense() from None
        self.rows += len(rows)
        return len(rows)

    def frame(self, period: Period) -> pd.DataFrame:
        """Return the rows; the first dimension that is a time becomes the column `time`."""
        columns: dict[str, pa.Array] = {}
        for name, values in zip(self._dimensions, self._texts, strict=True):
            written = TIMES.get(short_name(name), "")
            if written and "time" not in columns:
                columns["time"] = self._times(values, written, period)
            else:
                columns[short_name(name)] = pa.array(values, pa.string())
        for name, numbers, whole in zip(self._metrics, self._numbers, self._whole, strict=True):
            fits = whole and all(
                number.is_integer() and abs(number) < _LARGEST for number in map(float, numbers)
            )
            array = (
                pa.array(map(int, numbers), pa.int64()) if fits else pa.array(numbers, pa.float64())
            )
            columns[short_name(name)] = array
        return plain_frame(pa.table(columns), period.zone)

    def notes(self, period: Period) -> list[str]:
        """Return what is to be known of the numbers.

        Raises:
            DatasourceError: It is not what the API would say.
        """
        try:
            return [f"Google Analytics: {note}" for note in self._notes(period)]
        except (AttributeError, KeyError, TypeError, ValueError):
            raise _nonsense() from None

    def _notes(self, period: Period) -> Iterator[str]:
        about = self.said.get("metadata") or {}
        for sample in about.get("samplingMetadatas") or []:
            read, of = int(sample["samplesReadCount"]), int(sample["samplingSpaceSize"])
            if read < of:
                yield f"sampled: the numbers are worked out from {read / of:.1%} of the events"
        if about.get("dataLossFromOtherRow"):
            yield "rare values are put together in a row '(other)'"
        if about.get("subjectToThresholding"):
            yield "rows of few users are left out, so that nobody can be recognised (thresholding)"
        restricted = (about.get("schemaRestrictionResponse") or {}).get("activeMetricRestrictions")
        for one in restricted or []:
            yield f"the account may not see '{one['metricName']}'"
        if (zone := self._zone()) and zone.key != period.zone.key:
            yield f"days are those of {zone.key}, the report's are those of {period.zone.key}"
        for name, quota in (self.said.get("propertyQuota") or {}).items():
            used, left = int(quota.get("consumed", 0)), int(quota.get("remaining", 0))
            if left < max(used, 1):
                yield f"the property's quota {name} is used up: {left} left, this query took {used}"

    def _times(self, values: Sequence[str], written: str, period: Period) -> pa.Array:
        zone = self._zone() or period.zone
        is_day = written == TIMES["date"]
        times: list[datetime | None] = []
        for value in values:
            try:
                time = datetime.strptime(value, written)  # noqa: DTZ007 - the zone is the property's
            except ValueError:  # (other)
                times.append(None)
                continue
            times.append(time if is_day else time.replace(tzinfo=zone))
        return pa.array(times, pa.timestamp("us") if is_day else pa.timestamp("us", "UTC"))

    def _zone(self) -> ZoneInfo | None:
        """Return the property's time zone."""
        try:
            return ZoneInfo((self.said.get("metadata") or {}).get("timeZone") or "")
        except (ZoneInfoNotFoundError, ValueError):
            return None


def _nonsense() -> DatasourceError:
    return DatasourceError(
        "Google answered what the GA4 Data API would not", hint="Is a proxy in between?"
    )
