"""Asks X, formerly Twitter, for the posts of an account and what others made of them."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import pyarrow as pa
from pydantic import Field, SecretStr, model_validator

from kpisite.datasources import _http
from kpisite.datasources._asking import check_query, named, typed_frame, without_extra
from kpisite.datasources._http import Answer, Client
from kpisite.datasources._oauth import ask_token
from kpisite.datasources._query_args import check_args
from kpisite.errors import DatasourceError
from kpisite.plugins import Datasource, DatasourceContext, PluginOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    import requests

    from kpisite.plugins import Period

ADDRESS = "https://api.x.com/2"
_FIRST = datetime(2010, 11, 6, tzinfo=UTC)
"""X answers no posts from before, and refuses to be asked for them."""
_CLOCK = timedelta(seconds=10)
"""How long before its own time X wants the end of what it is asked for."""
_PAGE = 100
_APP_KEYS = ("consumer_key", "consumer_secret")
_KEYS = (*_APP_KEYS, "access_token_key", "access_token_secret")
_POSTS = (
    ("time", pa.timestamp("ms", "UTC")),
    ("likes", pa.int64()),
    ("shares", pa.int64()),
    ("replies", pa.int64()),
    ("text", pa.string()),
    ("id", pa.string()),
    ("url", pa.string()),
)


class TwitterOptions(PluginOptions):
    """Who asks: an app by its bearer token or its two keys, or a user by all four keys."""

    bearer_token: SecretStr = SecretStr("")
    """The app's own token; or else the following."""
    consumer_key: SecretStr = SecretStr("")
    """The app's API key."""
    consumer_secret: SecretStr = SecretStr("")
    """Secret of the API key."""
    access_token_key: SecretStr = SecretStr("")
    """Access token of the user."""
    access_token_secret: SecretStr = SecretStr("")
    """Secret of the access token."""
    pagination_delay_s: float = Field(default=0, ge=0)
    """Seconds to wait before each further page; the rate limit is waited for anyway."""
    timeout: float = Field(default=1200, gt=0)
    """Seconds that a query may take, with all pages and what the rate limit makes it wait."""

    @model_validator(mode="after")
    def _check_keys(self) -> Self:
        given = [name for name in _KEYS if getattr(self, name).get_secret_value()]
        bearer = bool(self.bearer_token.get_secret_value())
        if bearer and given:
            raise ValueError(f"'bearer_token' and '{given[0]}' exclude each other")
        if not bearer and given not in (list(_APP_KEYS), list(_KEYS)):
            lacks = ", ".join(f"'{name}'" for name in _KEYS if name not in given)
            raise ValueError(f"'bearer_token' is missing; or, to ask as a user, {lacks}")
        return self

    @property
    def keys(self) -> list[str]:
        """The two keys of an app, or all four of a user; none where there is a token."""
        values = [getattr(self, name).get_secret_value() for name in _KEYS]
        return [value for value in values if value]


class Twitter(Datasource):
    """Answers with the X API v2."""

    Options = TwitterOptions
    options: TwitterOptions

    def __init__(self, options: PluginOptions, context: DatasourceContext) -> None:
        super().__init__(options, context)
        self._client: Client | None = None
        self._users: dict[str, tuple[str, datetime | None]] = {}

    def query(self, query: str, period: Period, **args: Any) -> pd.DataFrame:
        """Answer `tweets`: the posts of the account `username` in the period, the oldest first."""
        with named(self.context):
            check_query(query.strip(), ("tweets",))
            check_args(args, ("username",), texts=("username",))
            client = self._client = self._client or self._open()
            client.begin()
            rows = self._rows(client, args.get("username", ""), period)
            return typed_frame(sorted(rows), _POSTS, period.zone)

    def close(self) -> None:
        """Give back the connections, if there are any."""
        if self._client is not None:
            self._client.close()
        self._client = None

    def _open(self) -> Client:
        options, keys = self.options, self.options.keys
        bearer = options.bearer_token.get_secret_value()
        if len(keys) == len(_APP_KEYS):
            bearer = _app_token(keys[0], keys[1], options.timeout)
        sign = _signature(keys) if len(keys) == len(_KEYS) else None
        return Client(ADDRESS, bearer=bearer, sign=sign, secrets=keys, timeout=options.timeout)

    def _rows(self, client: Client, username: str, period: Period) -> list[tuple[Any, ...]]:
        start = max(period.start.astimezone(UTC), _FIRST)
        if period.end <= start:
            return []
        user, now = self._user(client, username)
        params = {
            "max_results": _PAGE,
            "exclude": "retweets,replies",
            "tweet.fields": "created_at,public_metrics",
            "start_time": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        }
        if now is not None and period.end <= now - _CLOCK:
            params["end_time"] = f"{period.end.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        rows: list[tuple[Any, ...]] = []
        while True:
            answer = client.get(f"users/{user}/tweets", params)
            page = _said(answer, "meta")
            posts = page.get("data", [])
            if not isinstance(posts, list):
                raise _nonsense(answer)
            found = [_row(answer, post) for post in posts]
            rows += [row for row in found if period.contains(row[0])]
            following = page["meta"].get("next_token")
            if not following:
                return rows
            if params.get("pagination_token") == following:
                raise _nonsense(answer)
            params["pagination_token"] = following
            if self.options.pagination_delay_s:
                _http.pause(self.options.pagination_delay_s)

    def _user(self, client: Client, username: str) -> tuple[str, datetime | None]:
        """Return the id of an account, and what X's own clock showed when it was found."""
        name = username.removeprefix("@")
        if name in self._users:
            return self._users[name]
        if not name and len(self.options.keys) < len(_KEYS):
            hint = "Write query_args: {username: example}. Only a user's keys say whose they are."
            raise DatasourceError("query_args lacks 'username'", hint=hint)
        answer = client.get(f"users/by/username/{quote(name, safe='')}" if name else "users/me")
        found = _said(answer, "data")["data"].get("id")
        if not isinstance(found, str) or not found.isdecimal():
            raise _nonsense(answer)
        self._users[name] = found, _served(answer)
        return self._users[name]


def _app_token(key: str, secret: str, timeout: float) -> str:
    """Return the bearer token of an app: it is the same until somebody takes it back."""
    address = f"{ADDRESS.removesuffix('/2')}/oauth2/token"
    granted = ask_token(
        Client(address, basic=(key, secret), secrets=(secret,), timeout=timeout),
        {"grant_type": "client_credentials"},
        refused=(
            "the app's keys are refused",
            "Are 'consumer_key' and 'consumer_secret' those of the app?",
        ),
        nonsense="Is a proxy in between?",
    )
    return str(granted["access_token"])


def _signature(
    keys: Sequence[str],
) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
    with without_extra("requests-oauthlib", "twitter"):
        from requests_oauthlib import OAuth1
    for name in ("oauthlib", "requests_oauthlib"):
        logging.getLogger(name).setLevel(logging.INFO)  # they log keys, where all is logged
    key, secret, token, token_secret = keys
    return OAuth1(key, secret, token, token_secret)


def _row(answer: Answer, post: Any) -> tuple[Any, ...]:
    try:
        counts = post["public_metrics"]
        return (
            datetime.fromisoformat(post["created_at"]).astimezone(UTC),
            int(counts["like_count"]),
            int(counts["retweet_count"]) + int(counts["quote_count"]),
            int(counts["reply_count"]),
            str(post["text"]),
            str(post["id"]),
            f"https://x.com/i/status/{quote(str(post['id']), safe='')}",
        )
    except (KeyError, TypeError, ValueError):
        raise _nonsense(answer) from None


def _said(answer: Answer, wanted: str) -> dict[str, Any]:
    """Return an answer that has a certain part; X tells of errors with status 200, too."""
    said = answer.json()
    if isinstance(said, dict) and wanted not in said and said.get("errors"):
        raise DatasourceError(f"{answer.place} answered: {answer.said}")
    if not isinstance(said, dict) or not isinstance(said.get(wanted), dict):
        raise _nonsense(answer)
    return said


def _nonsense(answer: Answer) -> DatasourceError:
    return DatasourceError(
        f"{answer.place} answered what the X API v2 would not", hint="Is a proxy in between?"
    )


def _served(answer: Answer) -> datetime | None:
    """Return the time by the clock of whoever answered."""
    try:
        return parsedate_to_datetime(answer.headers.get("Date", "")).astimezone(UTC)
    except (TypeError, ValueError):
        return None
