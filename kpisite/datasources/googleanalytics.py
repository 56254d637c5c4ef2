"""Asks a property of Google Analytics 4 for its numbers, through the Data API."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from kpisite.datasources._asking import check_query, named
from kpisite.datasources._ga_filters import filters
from kpisite.datasources._ga_names import ga4_name, is_metric, short_name
from kpisite.datasources._ga_report import Report
from kpisite.datasources._google_key import Token, fetch_token
from kpisite.datasources._http import Client
from kpisite.datasources._query_args import check_args
from kpisite.errors import DatasourceError
from kpisite.plugins import Datasource, DatasourceContext, PluginOptions
from kpisite.plugins.files import existing_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from kpisite.plugins import Period

ADDRESS = "https://analyticsdata.googleapis.com/v1beta"
SCOPE = "https://www.googleapis.com/auth/analytics.readonly"
PAGE = 100_000
_ARGS = ("dimensions", "metrics", "filters_expression", "order_bys")
_GONE = ("account_like", "property_like", "view_like")


class GoogleAnalyticsOptions(PluginOptions):
    """Which property is asked, and by whom."""

    key_file: str
    """Key of a service account that may read the property: the JSON file of Google's console."""
    property: str
    """Number of the property, as `Admin › Property details` shows it: 123456789."""
    timeout: float = Field(default=300, gt=0)
    """Seconds that a query may take, with all pages and tries."""

    @field_validator("property", mode="before")
    @classmethod
    def _check_property(cls, value: object) -> str:
        number = str(value).removeprefix("properties/")
        if not re.fullmatch(r"[0-9]+", number):
            raise ValueError(
                f"'{value}' is no number of a property; it is not UA-… or G-…, but like 123456789"
            )
        return number


class GoogleAnalytics(Datasource):
    """Answers with the GA4 Data API."""

    Options = GoogleAnalyticsOptions
    options: GoogleAnalyticsOptions

    def __init__(self, options: PluginOptions, context: DatasourceContext) -> None:
        super().__init__(options, context)
        self._client: Client | None = None
        self._token = Token("", 0.0)

    def query(self, query: str, period: Period, **args: Any) -> pd.DataFrame:
        """Answer `report`: metrics by dimensions, over the days of the period."""
        with named(self.context):
            check_query(query.strip(), ("report",))
            for name in sorted(args.keys() & set(_GONE)):
                raise DatasourceError(
                    f"query_args has '{name}', which Google Analytics 4 does not know",
                    hint="Write the number of the property into the datasource: "
                    "args: {property: 123456789}.",
                )
            check_args(args, _ARGS, texts=("filters_expression",))
            dimensions = _names(args, "dimensions", "ga:date")
            metrics = _names(args, "metrics", "ga:users")
            report = Report(dimensions, metrics)
            request = _request(dimensions, metrics, args, period)
            self._ask(report, request)
            for note in report.notes(period):
                self.note(note)
            return report.frame(period)

    def close(self) -> None:
        """Give back the connections, if there are any."""
        if self._client is not None:
            self._client.close()
        self._client = None

    def _ask(self, report: Report, request: dict[str, Any]) -> None:
        client = self._ready()
        path = f"properties/{self.options.property}:runReport"
        while True:
            page = client.post(path, {**request, "offset": str(report.rows), "limit": str(PAGE)})
            if not report.add(page.json()) or report.rows >= report.total:
                break
        if report.rows < report.total:
            raise DatasourceError(
                f"Google answered {report.rows} of {report.total} rows",
                hint="The next run tries again.",
            )

    def _ready(self) -> Client:
        """Return a client whose token is good for a while, its clock started."""
        if self._client is None or time.monotonic() >= self._token.until:
            self.close()
            path = existing_file(self.context.folder, self.options.key_file)
            self._token = fetch_token(path, SCOPE, self.options.timeout)
            bearer = self._token.text
            self._client = Client(ADDRESS, bearer=bearer, timeout=self.options.timeout)
        self._client.begin()
        return self._client


def _request(
    dimensions: tuple[str, ...], metrics: tuple[str, ...], args: Mapping[str, Any], period: Period
) -> dict[str, Any]:
    """Return a request, apart from which page is asked for."""
    named_metrics = tuple(map(ga4_name, metrics))
    last = period.last_day
    return {
        "dateRanges": [{"startDate": f"{period.start:%Y-%m-%d}", "endDate": f"{last:%Y-%m-%d}"}],
        "dimensions": [{"name": ga4_name(name)} for name in dimensions],
        "metrics": [{"name": name} for name in named_metrics],
        **filters(args.get("filters_expression", ""), named_metrics),
        "orderBys": _order(args.get("order_bys"), dimensions, named_metrics),
        "returnPropertyQuota": True,
    }


def _names(args: Mapping[str, Any], name: str, default: str) -> tuple[str, ...]:
    """Return dimensions or metrics that are asked for; by default, those of KPI Reporter."""
    given = args.get(name, [default])
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, list | tuple) or not all(isinstance(one, str) for one in listed):
        raise DatasourceError(f"'{name}' is no list of names", hint=f"Write {name}: [{default}].")
    found = tuple(listed)
    short = [short_name(one) for one in found]
    for one in short:
        if short.count(one) > 1:
            raise DatasourceError(f"'{name}' has '{one}' twice", hint="Leave one of them out.")
    if name == "metrics" and not found:
        raise DatasourceError("'metrics' is empty", hint="Name at least one: [activeUsers].")
    return found


def _order(wanted: Any, dimensions: tuple[str, ...], metrics: tuple[str, ...]) -> list[Any]:
    """Return the order of the rows; by default that of all dimensions, so that pages fit."""
    given = [wanted] if isinstance(wanted, str | dict) else wanted
    if given is None:
        given = list(dimensions)
    if not isinstance(given, list | tuple):
        raise DatasourceError(
            "'order_bys' is no list", hint="Write order_bys: [-activeUsers, date]."
        )
    made = []
    for one in given:
        if isinstance(one, str):
            name, down = one.removeprefix("-"), one.startswith("-")
        elif isinstance(one, dict) and isinstance(one.get("fieldName"), str):
            name, down = one["fieldName"], one.get("sortOrder") == "DESCENDING"
        else:
            raise DatasourceError(
                f"'order_bys' has {one!r}", hint="Write order_bys: [-activeUsers, date]."
            )
        field = ga4_name(name)
        by = (
            {"metric": {"metricName": field}}
            if is_metric(field, metrics)
            else {"dimension": {"dimensionName": field}}
        )
        made.append({**by, "desc": down})
    return made
