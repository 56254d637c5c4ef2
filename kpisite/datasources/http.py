"""Asks a service over HTTP for JSON, CSV or Parquet."""

from __future__ import annotations

import logging
import re
from datetime import UTC
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from kpisite.datasources._http import MEGABYTE, Client
from kpisite.datasources._http_frames import table_of
from kpisite.datasources._http_kept import KeptAnswers
from kpisite.datasources._query_args import check_args, finished
from kpisite.errors import DatasourceError
from kpisite.plugins import TOKENS, Datasource, DatasourceContext, PluginOptions, Token
from kpisite.plugins.arrow import plain_frame
from kpisite.plugins.tokens import calendar_length

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from kpisite.plugins import Period

_TOKEN = re.compile(r"\{(" + "|".join(TOKENS) + r")\}")
_ARGS = ("delimiter", "format", "parse_dates", "select", "sql")
_FORMS = ("iso", "utc", "date", "seconds", "milliseconds")


class HTTPOptions(PluginOptions):
    """Which service is asked, and as whom."""

    url: str
    """Address of the service; a query is what stands behind it. No parameters, no password."""
    headers: dict[str, SecretStr] = Field(default_factory=dict)
    """Sent with each request, to the service alone."""
    params: dict[str, SecretStr] = Field(default_factory=dict)
    """Parameters of each request that are secrets: `{api_key: "${API_KEY}"}`."""
    user: str = ""
    """For basic authentication."""
    password: SecretStr = SecretStr("")
    """Of the user."""
    token: SecretStr = SecretStr("")
    """Sent as `Authorization: Bearer …`."""
    time_format: str = "iso"
    """How tokens are written: `iso` (with the report's offset), `utc` (ends with Z), `date`,
    `seconds` or `milliseconds` since 1970, or a pattern such as `%Y%m%d`."""
    timeout: float = Field(default=300, gt=0)
    """Seconds that a query may take, with all tries and pauses."""
    read_timeout: float = Field(default=60, gt=0)
    """Seconds to wait for an answer to begin, and for each next part of it."""
    max_mb: float = Field(default=100, gt=0)
    """Megabytes that an answer may have, unpacked."""

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("it must begin with https:// or http://, and name a host")
        if parts.query or parts.fragment:
            raise ValueError("write parameters into the query, secret ones into 'params'")
        if parts.username is not None:
            raise ValueError("write user and password into 'user' and 'password'")
        return url

    @field_validator("time_format")
    @classmethod
    def _check_time_format(cls, form: str) -> str:
        if form not in _FORMS and "%" not in form:
            raise ValueError(f"'{form}' is none of {', '.join(_FORMS)}, and no pattern with %")
        return form

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if bool(self.user) != bool(self.password.get_secret_value()):
            raise ValueError("'user' and 'password' need each other")
        if self.user and self.token.get_secret_value():
            raise ValueError("'user' and 'token' exclude each other")
        return self


class HTTP(Datasource):
    """Answers with what a service answers, as a table."""

    Options = HTTPOptions
    options: HTTPOptions

    def __init__(self, options: PluginOptions, context: DatasourceContext) -> None:
        super().__init__(options, context)
        given, secret = self.options, SecretStr.get_secret_value
        self._params = {name: secret(value) for name, value in given.params.items()}
        self._client = Client(
            given.url,
            headers={name: secret(value) for name, value in given.headers.items()},
            basic=(given.user, secret(given.password)) if given.user else None,
            bearer=secret(given.token),
            secrets=self._params.values(),
            read=given.read_timeout,
            timeout=given.timeout,
            max_bytes=int(given.max_mb * MEGABYTE),
        )
        self._kept = KeptAnswers(self._client)
        if self._params:  # it logs whole addresses, where all is logged
            logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

    def query(self, query: str, period: Period, **args: Any) -> pd.DataFrame:
        """Get what stands behind the service's address: a path, parameters, or both."""
        try:
            check_args(args, _ARGS, texts=set(_ARGS) - {"parse_dates"})
            address = _address(self.options.url, self._filled(query, period))
            self._client.begin()
            answer = self._kept.get(address, self._params)
            wanted = (args.get(name, "") for name in ("format", "select", "delimiter"))
            frame = plain_frame(table_of(answer, *wanted), period.zone)
            return finished(frame, args, period, self.context)
        except DatasourceError as error:
            message, hint = map(self._client.clean, (error.message, error.hint))
            where = f"datasource '{self.context.id}'"
            raise DatasourceError(message, where=where, hint=hint) from None

    def close(self) -> None:
        """Give back the connections, if there are any."""
        self._client.close()

    def _filled(self, query: str, period: Period) -> str:
        form = self.options.time_format

        def written(match: re.Match[str]) -> str:
            token = Token(match[1])
            if token.name == "interval":
                return _length(period, form)
            return quote(_instant(token.boundary(period), form), safe="")

        return _TOKEN.sub(written, query)


def _address(url: str, query: str) -> str:
    """Return the whole address of a query."""
    query = query.strip()
    if "://" in query.partition("?")[0]:
        raise DatasourceError(
            f"the query '{query}' is a whole address",
            hint=f"It is what stands behind {url}. Another service is another datasource.",
        )
    is_path = bool(query) and query[0] != "?"
    return f"{url.rstrip('/')}/{query.lstrip('/')}" if is_path else f"{url}{query}"


def _instant(instant: datetime, form: str) -> str:
    match form:
        case "iso":
            return instant.isoformat()
        case "utc":
            return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case "date":
            return instant.date().isoformat()
        case "seconds":
            return str(int(instant.timestamp()))
        case "milliseconds":
            return str(int(instant.timestamp() * 1000))
        case _:
            return instant.strftime(form)


def _length(period: Period, form: str) -> str:
    """Return how long a period is: seconds or milliseconds, else as ISO 8601 writes it."""
    if form in ("seconds", "milliseconds"):
        seconds = period.end.timestamp() - period.start.timestamp()
        return str(int(seconds * (1000 if form == "milliseconds" else 1)))
    months, rest = calendar_length(period)
    if months:
        return f"P{months}M"
    seconds = int(rest.total_seconds())
    return f"P{seconds // 86_400}D" if seconds % 86_400 == 0 else f"PT{seconds}S"
