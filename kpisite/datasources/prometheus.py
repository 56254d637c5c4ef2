"""Asks a Prometheus server in PromQL, over a period or at its end."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from kpisite.datasources._http import MEGABYTE, Client, RefusedError
from kpisite.datasources._prometheus_answer import Sample, Series, frame_of, series_of
from kpisite.datasources._query_args import check_args
from kpisite.errors import DatasourceError
from kpisite.model.base import StrictModel
from kpisite.model.fields import parse_step
from kpisite.plugins import TOKENS, Datasource, DatasourceContext, PluginOptions, Token

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from typing import Self

    import pandas as pd

    from kpisite.datasources._http import Answer
    from kpisite.plugins import Period

MOST_POINTS = 11_000
"""The most points of a series that the server answers at once."""
_BEFORE_THE_END = timedelta(milliseconds=1)
"""Prometheus counts time in milliseconds, and takes both ends of a range."""
_QUERY_ARGS = ("step", "instant")
_PROMQL = re.compile(
    rf"""
      "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' | `[^`]*`     # text
    | \#[^\n]*                                             # comment
    | \{{(?P<name>{"|".join(TOKENS)})\}}
    """,
    re.VERBOSE | re.DOTALL,
)
_ADDRESS = "Check the address: it is that of the server, without /api/v1."
_FAULTY_QUERY = 'invalid parameter "query": '


class BasicAuth(StrictModel):
    """A user of the server, or of the proxy before it."""

    username: str
    password: SecretStr


class PrometheusOptions(PluginOptions):
    """Which server is asked, and as whom."""

    host: str
    """Address of the server, with the path before `/api/v1` if there is one:
    `prometheus.example.org:9090`. Without a scheme, it is `http://`."""
    basic_auth: BasicAuth | None = None
    """User and password: `{username: reader, password: ${PASSWORD}}`."""
    bearer_token: SecretStr = SecretStr("")
    """Token of a server, or of a proxy before it, that wants one."""
    timeout: float = Field(default=120, gt=0, allow_inf_nan=False)
    """Seconds that a query may take, with all its requests and tries."""
    max_mb: float = Field(default=100, gt=0)
    """Megabytes that an answer may have, unpacked; of a query in parts, each of them."""

    @field_validator("host")
    @classmethod
    def _with_scheme(cls, host: str) -> str:
        url = host if "://" in host else f"http://{host}"
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            port = 0
        is_fine = parts.scheme in ("http", "https") and parts.hostname and port != 0
        if not is_fine or parts.query or parts.fragment or len(host.split()) != 1:
            raise ValueError("this is no address; write it like prometheus.example.org:9090")
        if "@" in parts.netloc:
            raise ValueError("user and password do not belong here; use 'basic_auth'")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if self.basic_auth and self.bearer_token.get_secret_value():
            raise ValueError("'basic_auth' and 'bearer_token' exclude each other")
        return self


class Prometheus(Datasource):
    """Answers PromQL: a row for each sample, with a column for each label."""

    Options = PrometheusOptions
    options: PrometheusOptions

    def __init__(self, options: PluginOptions, context: DatasourceContext) -> None:
        super().__init__(options, context)
        user = self.options.basic_auth
        self._client = Client(
            self.options.host,
            basic=(user.username, user.password.get_secret_value()) if user else None,
            bearer=self.options.bearer_token.get_secret_value(),
            read=self.options.timeout,
            timeout=self.options.timeout,
            max_bytes=int(self.options.max_mb * MEGABYTE),
        )

    def query(self, query: str, period: Period, **args: Any) -> pd.DataFrame:
        """Answer PromQL.

        Args:
            query: PromQL, with tokens.
            period: What is asked about; its end is not part of it.
            **args: `step`, the time between two samples, 1h unless it is given; `instant`, whether
                the query is evaluated once, at the period's end.
        """
        try:
            self._client.begin()
            found: dict[Series, list[Sample]] = {}
            for path, params in _requests(_filled(query, period), period, args):
                answer = self._ask(path, {**params, "timeout": f"{self.options.timeout:g}"})
                for series, samples in series_of(answer):
                    found.setdefault(series, []).extend(samples)
            return frame_of(found, period.zone)
        except DatasourceError as error:
            where = f"datasource '{self.context.id}'"
            raise DatasourceError(error.message, where=where, hint=error.hint) from None

    def close(self) -> None:
        """Give back the connection, if there is one."""
        self._client.close()

    def _ask(self, path: str, params: dict[str, str]) -> Any:
        """Return the data of an answer; warnings of the server become notes."""
        try:
            answer = self._client.get(path, params)
        except RefusedError as error:
            raise _own_words(error) from None
        reply = answer.json()
        if not isinstance(reply, dict) or reply.get("status") != "success":
            raise DatasourceError(
                f"{answer.place} answered JSON that is not Prometheus's",
                hint=_ADDRESS,
            )
        warnings = reply.get("warnings")
        for warning in warnings if isinstance(warnings, list) else ():
            self.note(self._client.clean(f"datasource '{self.context.id}': {warning}"))
        return reply.get("data")


def _own_words(error: RefusedError) -> DatasourceError:
    """Return what Prometheus says of a query that it refuses; any other refusal as it is."""
    answer: Answer = error.answer
    with suppress(DatasourceError):
        reply = answer.json()
        if isinstance(reply, dict) and isinstance(reply.get("error"), str) and "errorType" in reply:
            return DatasourceError(reply["error"].removeprefix(_FAULTY_QUERY))
    return DatasourceError(error.message, hint=_ADDRESS) if answer.status == 404 else error


def _requests(
    query: str, period: Period, args: dict[str, Any]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield what is asked: one moment, or as many points at once as the server answers."""
    check_args(args, _QUERY_ARGS)
    start, end = period.start.astimezone(UTC), period.end.astimezone(UTC)
    instant = args.get("instant", False)
    if not isinstance(instant, bool):
        raise DatasourceError(f"query_args: instant is {instant!r}", hint="It is true or false.")
    if instant:
        if "step" in args:
            raise DatasourceError("query_args: 'step' is not for 'instant'", hint="Omit one.")
        yield "api/v1/query", {"query": query, "time": _seconds(end - _BEFORE_THE_END)}
        return
    try:
        step = parse_step(args.get("step", "1h"))
    except ValueError as error:
        raise DatasourceError(f"query_args: step: {error}") from None
    points = -((start - end) // step)
    for first in range(0, points, MOST_POINTS):
        last = min(first + MOST_POINTS, points) - 1
        yield (
            "api/v1/query_range",
            {
                "query": query,
                "start": _seconds(start + first * step),
                "end": _seconds(start + last * step),
                "step": f"{step.total_seconds():g}",
            },
        )


def _filled(query: str, period: Period) -> str:
    """Return a query with its tokens replaced; those in text and comments stay."""

    def value(match: re.Match[str]) -> str:
        if not match["name"]:
            return match[0]
        if match["name"] == "interval":
            length = period.end.astimezone(UTC) - period.start.astimezone(UTC)
            return f"{length // timedelta(seconds=1)}s"
        return _seconds(Token(match["name"]).boundary(period))

    return _PROMQL.sub(value, query)


def _seconds(moment: datetime) -> str:
    """Return seconds since 1970."""
    return f"{moment.timestamp():.3f}".removesuffix(".000")
