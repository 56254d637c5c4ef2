from __future__ import annotations

import traceback
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from answering import Reply, refusing
from pydantic import ValidationError
from service_apis import XAPI, Post

from kpisite.archive.frames import to_parquet
from kpisite.datasources import twitter
from kpisite.datasources.twitter import Twitter
from kpisite.errors import DatasourceError
from kpisite.plugins import DatasourceContext, Period
from kpisite.testing import DatasourceContract

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from answering import Answering

    from kpisite.testing import Row

NEW_YORK = ZoneInfo("America/New_York")
WEEK = Period.containing(date(2013, 3, 10), "week", NEW_YORK)
NOW = datetime(2013, 12, 1, tzinfo=UTC)
SECRET = "s3cr3t-w0rd"
KEYS = {
    "consumer_key": "a-consumer",
    "consumer_secret": f"{SECRET}-1",
    "access_token_key": "42-access",
    "access_token_secret": f"{SECRET}-2",
}

APP_KEYS = {name: KEYS[name] for name in ("consumer_key", "consumer_secret")}


@pytest.fixture(autouse=True)
def _address(server: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twitter, "ADDRESS", f"{server.url}/2")


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Twitter]:
    made = make(tmp_path)
    yield made
    made.close()


def make(folder: Path, cls: type[Twitter] = Twitter, **options: Any) -> Twitter:
    made = Twitter.Options.model_validate(options or {"bearer_token": SECRET})
    return cls(made, DatasourceContext("x", folder))


def ask(source: Twitter, period: Period = WEEK, username: str = "example") -> pd.DataFrame:
    frame = source.query("tweets", period, username=username)
    assert to_parquet(frame)
    return frame


class OneAccount(Twitter):
    """Asks of one account whatever it is asked."""

    def query(self, query: str, period: Period, **args: Any) -> pd.DataFrame:
        frame = super().query(query, period, username="example", **args)
        return frame.rename(columns={"likes": "value"})


class TestTwitterContract(DatasourceContract):
    text_query = None
    query = "tweets"
    bad_query = "toots"
    secret = SECRET

    @pytest.fixture(autouse=True)
    def _server(self, server: Answering, pauses: list[float]) -> None:
        self.server = server

    def make(self, folder: Path, rows: Sequence[Row]) -> Twitter:
        XAPI(self.server, [Post(time, likes=value) for time, value in rows], NOW)
        return make(folder, OneAccount)

    def make_unreachable(self, folder: Path) -> Twitter:
        self.server.routes.clear()
        twitter.ADDRESS = refusing()  # put back by the fixture
        return make(folder, OneAccount)


def test_posts_come_with_what_others_made_of_them_the_oldest_first(
    server: Answering, source: Twitter
):
    first = WEEK.start + timedelta(hours=1)
    posts = [
        Post(first + timedelta(days=1), 7, 1, 1, 1, "Second"),
        Post(first, likes=120, reposts=8, quotes=2, replies=5, text="Ship it 🚢\nnow"),
    ]
    XAPI(server, posts, NOW)
    frame = ask(source)
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        "time": "datetime64[ms, America/New_York]",
        "likes": "int64",
        "shares": "int64",
        "replies": "int64",
        "text": "str",
        "id": "str",
        "url": "str",
    }
    assert frame.iloc[0].tolist() == [
        pd.Timestamp(first),
        120,
        10,
        5,
        "Ship it 🚢\nnow",
        "1001",
        "https://x.com/i/status/1001",
    ]
    assert frame["text"].tolist()[1] == "Second"
    assert server.asked[0].headers["Authorization"] == f"Bearer {SECRET}"


def test_both_ends_of_the_period_are_asked_for_and_the_end_is_not_in_it(
    server: Answering, source: Twitter
):
    moments = [WEEK.start - timedelta(seconds=1), WEEK.start]
    moments += [WEEK.end - timedelta(seconds=1), WEEK.end]
    XAPI(server, [Post(moment) for moment in moments], NOW)
    assert ask(source)["time"].tolist() == moments[1:3]
    asked = server.asked[-1].params
    assert asked["start_time"] == ["2013-03-04T05:00:00Z"]
    assert asked["end_time"] == ["2013-03-11T04:00:00Z"]


def test_a_period_that_is_not_over_has_no_end_that_x_would_refuse(
    server: Answering, source: Twitter
):
    XAPI(server, [Post(WEEK.start)], WEEK.end - timedelta(days=1))
    assert len(ask(source)) == 1
    assert "end_time" not in server.asked[-1].params


def test_what_x_has_no_posts_from_is_not_asked_for(server: Answering, source: Twitter):
    XAPI(server, [], NOW)
    assert len(ask(source, Period.containing(date(2009, 1, 1), "year", NEW_YORK))) == 0
    assert server.asked == []
    ask(source, Period.containing(date(2010, 1, 1), "year", NEW_YORK))
    assert server.asked[-1].params["start_time"] == ["2010-11-06T00:00:00Z"]


def test_all_pages_are_asked_for_and_a_pause_is_kept_where_it_is_wanted(
    server: Answering, tmp_path: Path, pauses: list[float]
):
    api = XAPI(server, [Post(WEEK.start + timedelta(hours=n), n) for n in range(7)], NOW)
    api.page = 3
    source = make(tmp_path, bearer_token=SECRET, pagination_delay_s=5)
    assert ask(source)["likes"].tolist() == list(range(7))
    assert pauses == [5.0, 5.0]
    source.close()
    source = make(tmp_path)
    assert len(ask(source)) == 7
    assert len(pauses) == 2
    source.close()


def test_an_account_is_looked_up_once(server: Answering, source: Twitter):
    XAPI(server, [Post(WEEK.start)], NOW)
    for username in ("example", "@example"):
        assert len(ask(source, username=username)) == 1
    assert server.paths.count("/2/users/by/username/example") == 1


def test_the_rate_limit_is_waited_for(server: Answering, source: Twitter, pauses: list[float]):
    api = XAPI(server, [Post(WEEK.start, 3)], NOW)
    reset = str(int(NOW.timestamp()) + 600)
    limit = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": reset}
    date_ = {"Date": "Sun, 01 Dec 2013 00:00:00 GMT"}
    busy = Reply({"title": "Too Many Requests"}, 429, {**limit, **date_})
    timeline = server.routes["/2/users/42/tweets"]
    replies = iter([busy])
    server.routes["/2/users/42/tweets"] = lambda asked: next(replies, None) or timeline(asked)
    assert ask(source)["likes"].tolist() == [3]
    [waited] = pauses
    assert 600 <= waited < 605
    assert api.now == NOW


def test_a_limit_beyond_the_timeout_is_not_waited_for(
    server: Answering, tmp_path: Path, pauses: list[float]
):
    reset = str(int(NOW.timestamp()) + 900)
    headers = {"x-rate-limit-reset": reset, "Date": "Sun, 01 Dec 2013 00:00:00 GMT"}
    server.otherwise = Reply({"title": "Too Many Requests"}, 429, headers)
    source = make(tmp_path, bearer_token=SECRET, timeout=60)
    with pytest.raises(DatasourceError, match="Too Many Requests") as caught:
        ask(source)
    assert "asks to wait 900 s, which is more than is left of the 60 s" in caught.value.hint
    assert pauses == []
    source.close()


def test_a_user_asks_by_four_keys_and_of_their_own_account(server: Answering, tmp_path: Path):
    api = XAPI(server, [Post(WEEK.start, 3)], NOW)
    api.allowed = "OAuth "
    source = make(tmp_path, **KEYS)
    assert ask(source, username="")["likes"].tolist() == [3]
    assert server.paths == ["/2/users/me", "/2/users/42/tweets"]
    for asked in server.asked:
        sent = asked.headers["Authorization"]
        for part in ('oauth_consumer_key="a-consumer"', 'oauth_token="42-access"'):
            assert part in sent
        assert "oauth_signature=" in sent
        assert SECRET not in sent
    source.close()


def test_an_app_without_a_token_asks_for_it_once(server: Answering, tmp_path: Path):
    api = XAPI(server, [Post(WEEK.start, 3)], NOW)
    api.allowed = "Bearer AAAA-app-t0k3n"
    api.app_keys = f"{APP_KEYS['consumer_key']}:{APP_KEYS['consumer_secret']}"
    source = make(tmp_path, **APP_KEYS)
    assert ask(source)["likes"].tolist() == [3]
    assert ask(source, WEEK.previous())["likes"].tolist() == []
    assert server.paths.count("/oauth2/token") == 1
    source.close()


def test_an_app_whose_keys_are_refused_is_told_so(server: Answering, tmp_path: Path):
    XAPI(server, [], NOW).app_keys = "other:keys"
    with pytest.raises(DatasourceError) as caught:
        ask(make(tmp_path, **APP_KEYS))
    assert "the app's keys are refused" in caught.value.message
    assert caught.value.hint == "Are 'consumer_key' and 'consumer_secret' those of the app?"
    told = "".join(traceback.format_exception(caught.value))
    assert SECRET not in told


def test_an_answer_without_a_token_is_told(server: Answering, tmp_path: Path):
    XAPI(server, [], NOW)
    server.routes["/oauth2/token"] = {"token_type": "bearer"}
    with pytest.raises(DatasourceError, match="/oauth2/token answered no token"):
        ask(make(tmp_path, **APP_KEYS))


def test_four_keys_without_their_package_say_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(__import__("sys").modules, "requests_oauthlib", None)
    with pytest.raises(DatasourceError) as caught:
        ask(make(tmp_path, **KEYS))
    assert caught.value.hint == "pip install 'kpisite[twitter]'"


@pytest.mark.parametrize(
    ("query", "args", "message", "hint"),
    [
        ("tweet", {"username": "a"}, "there is no query 'tweet'", "Did you mean 'tweets'?"),
        ("tweets", {"user": "a"}, "query_args has 'user', which is unknown", "'username'"),
        ("tweets", {"username": 5}, "query_args: username is 5", ""),
        ("tweets", {}, "query_args lacks 'username'", "query_args: {username: example}"),
        ("tweets", {"username": "nobody"}, "Could not find user with username: [nobody].", ""),
    ],
)
def test_a_query_that_cannot_be_answered_is_told(
    server: Answering, source: Twitter, query: str, args: dict[str, Any], message: str, hint: str
):
    XAPI(server, [], NOW)
    with pytest.raises(DatasourceError) as caught:
        source.query(query, WEEK, **args)
    assert caught.value.where == "datasource 'x'"
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    "page",
    [
        [],
        {},
        {"meta": 5},
        {"meta": {}, "data": 5},
        {"meta": {}, "data": [5]},
        {"meta": {}, "data": [{"id": "1", "text": "x", "created_at": "2013-03-05T00:00:00Z"}]},
        {"meta": {}, "data": [{"public_metrics": {}, "created_at": "now"}]},
    ],
)
def test_an_answer_that_is_not_of_x_is_told(server: Answering, source: Twitter, page: object):
    XAPI(server, [], NOW)
    server.routes["/2/users/42/tweets"] = lambda asked: page
    with pytest.raises(DatasourceError, match="answered what the X API v2 would not"):
        ask(source)


def test_pages_without_an_end_are_told(server: Answering, source: Twitter):
    XAPI(server, [], NOW)
    server.routes["/2/users/42/tweets"] = {"meta": {"next_token": "again"}}
    with pytest.raises(DatasourceError, match="answered what the X API v2 would not"):
        ask(source)


def test_what_x_says_of_a_protected_account_is_told(server: Answering, source: Twitter):
    XAPI(server, [], NOW)
    detail = "Sorry, you are not authorized to see the user with id: [42]."
    server.routes["/2/users/42/tweets"] = {"errors": [{"detail": detail}]}
    with pytest.raises(DatasourceError, match="you are not authorized to see"):
        ask(source)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "'bearer_token' is missing"),
        (KEYS | {"bearer_token": "x"}, "'bearer_token' and 'consumer_key' exclude each other"),
        ({"consumer_key": "a"}, "'consumer_secret', 'access_token_key', 'access_token_secret'"),
        (APP_KEYS | {"access_token_key": "c"}, "'access_token_secret'"),
        ({"bearer_token": "x", "pagination_delay_s": -1}, "greater than or equal to 0"),
        ({"bearer_token": "x", "timeout": 0}, "greater than 0"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], message: str):
    with pytest.raises(ValidationError, match=message) as caught:
        Twitter.Options.model_validate(options)
    assert SECRET not in "".join(error["msg"] for error in caught.value.errors())
