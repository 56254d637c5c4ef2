from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from answering import Reply, refusing
from pydantic import ValidationError
from service_apis import GoogleAPI, Hit

from kpisite.archive.frames import to_parquet
from kpisite.datasources import googleanalytics
from kpisite.datasources._ga_names import DIMENSIONS, METRICS, ga4_name
from kpisite.datasources.googleanalytics import GoogleAnalytics
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
REGEXP = "PARTIAL_REGEXP"
NOON = datetime(2013, 3, 4, 17, tzinfo=UTC)
DAYS = [Hit(NOON + timedelta(days=n), n + 1, "Germany" if n % 2 else "France") for n in range(9)]


@pytest.fixture(autouse=True)
def _address(server: Answering, monkeypatch: pytest.MonkeyPatch, pauses: list[float]) -> None:
    monkeypatch.setattr(googleanalytics, "ADDRESS", f"{server.url}/v1beta")


def make(folder: Path, cls: type[GoogleAnalytics] = GoogleAnalytics) -> GoogleAnalytics:
    options = GoogleAnalytics.Options.model_validate({"key_file": "key.json", "property": 123})
    return cls(options, DatasourceContext("ga", folder))


@pytest.fixture
def api(server: Answering, tmp_path: Path) -> GoogleAPI:
    made = GoogleAPI(server, DAYS, NEW_YORK)
    made.write_key(tmp_path / "key.json")
    return made


@pytest.fixture
def source(api: GoogleAPI, tmp_path: Path) -> Iterator[GoogleAnalytics]:
    made = make(tmp_path)
    yield made
    made.close()


def ask(source: GoogleAnalytics, period: Period = WEEK, **args: Any) -> pd.DataFrame:
    frame = source.query("report", period, **args)
    assert to_parquet(frame)
    return frame


class Hourly(GoogleAnalytics):
    """Asks for the events of each hour, whatever it is asked."""

    def query(self, query: str, period: Period, **args: Any) -> pd.DataFrame:
        asked = {"dimensions": ["dateHour"], "metrics": ["eventCount"], **args}
        frame = super().query(query, period, **asked)
        return frame.rename(columns={"eventCount": "value"})


class TestGoogleAnalyticsContract(DatasourceContract):
    text_query = None
    query = "report"
    bad_query = "reports"

    @pytest.fixture(autouse=True)
    def _server(self, server: Answering) -> None:
        self.server = server

    def make(self, folder: Path, rows: Sequence[Row]) -> GoogleAnalytics:
        api = GoogleAPI(self.server, [Hit(time, value) for time, value in rows], NEW_YORK)
        type(self).secret = api.write_key(folder / "key.json").splitlines()[3]
        return make(folder, Hourly)

    def make_unreachable(self, folder: Path) -> GoogleAnalytics:
        made = self.make(folder, ())
        key = json.loads((folder / "key.json").read_text())
        (folder / "key.json").write_text(json.dumps({**key, "token_uri": refusing()}))
        return made


def test_users_by_day_are_the_report_that_asks_for_nothing_else(
    source: GoogleAnalytics, api: GoogleAPI
):
    frame = ask(source)
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        "time": "datetime64[us]",
        "users": "int64",
    }
    assert frame["time"].tolist() == [pd.Timestamp(2013, 3, day) for day in range(4, 11)]
    assert frame["users"].tolist() == [1, 2, 3, 4, 5, 6, 7]
    [request] = api.requests
    assert request == {
        "dateRanges": [{"startDate": "2013-03-04", "endDate": "2013-03-10"}],
        "dimensions": [{"name": "date"}],
        "metrics": [{"name": "totalUsers"}],
        "orderBys": [{"dimension": {"dimensionName": "date"}, "desc": False}],
        "returnPropertyQuota": True,
        "offset": "0",
        "limit": "100000",
    }
    assert source.take_notes() == ()


def test_columns_are_called_as_they_are_asked_for(source: GoogleAnalytics):
    args = {"dimensions": ["country", "ga:date"], "metrics": ["ga:hits", "bounceRate"]}
    frame = ask(source, **args)
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        "country": "str",
        "time": "datetime64[us]",
        "hits": "int64",
        "bounceRate": "float64",
    }
    assert frame["country"].tolist()[:4] == ["France"] * 4


def test_a_report_may_have_no_dimension(source: GoogleAnalytics, api: GoogleAPI):
    assert ask(source, dimensions=[], metrics="totalUsers")["totalUsers"].tolist() == [28]
    assert api.requests[0]["orderBys"] == []


def test_hours_are_times_in_the_zone_of_the_report(server: Answering, tmp_path: Path):
    api = GoogleAPI(server, DAYS, ZoneInfo("Europe/Berlin"))
    api.write_key(tmp_path / "key.json")
    source = make(tmp_path)
    frame = ask(source, dimensions=["dateHour"])
    assert frame["time"].dtype == pd.DatetimeTZDtype("us", NEW_YORK)
    assert frame["time"].tolist()[0] == NOON
    [note] = source.take_notes()
    assert "days are those of Europe/Berlin, the report's are those of America/New_York" in note
    source.close()


def test_all_pages_are_asked_for(
    source: GoogleAnalytics, api: GoogleAPI, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(googleanalytics, "PAGE", 3)
    assert ask(source)["users"].tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert [request["offset"] for request in api.requests] == ["0", "3", "6"]


def test_rows_that_do_not_come_are_missed(source: GoogleAnalytics, server: Answering):
    server.routes["/v1beta/properties/123:runReport"] = {"rowCount": 5, "rows": []}
    with pytest.raises(DatasourceError, match="Google answered 0 of 5 rows"):
        ask(source)


def test_one_token_serves_many_queries_until_it_ends(
    source: GoogleAnalytics, api: GoogleAPI, monkeypatch: pytest.MonkeyPatch
):
    for _ in range(3):
        ask(source)
    assert api.tokens == 1
    monkeypatch.setattr(source, "_token", source._token.__class__("old", 0.0))
    ask(source)
    assert api.tokens == 2


@pytest.mark.parametrize(
    ("metadata", "note"),
    [
        (
            {"samplingMetadatas": [{"samplesReadCount": "250", "samplingSpaceSize": "1000"}]},
            "sampled: the numbers are worked out from 25.0% of the events",
        ),
        ({"dataLossFromOtherRow": True}, "rare values are put together in a row '(other)'"),
        (
            {"subjectToThresholding": True},
            "rows of few users are left out, so that nobody can be recognised (thresholding)",
        ),
        (
            {
                "schemaRestrictionResponse": {
                    "activeMetricRestrictions": [{"metricName": "purchaseRevenue"}]
                }
            },
            "the account may not see 'purchaseRevenue'",
        ),
        ({"samplingMetadatas": [{"samplesReadCount": "9", "samplingSpaceSize": "9"}]}, None),
        ({"timeZone": "Mars/Olympus"}, None),
    ],
)
def test_what_is_to_be_known_of_the_numbers_is_noted(
    source: GoogleAnalytics, api: GoogleAPI, metadata: dict[str, Any], note: str | None
):
    api.metadata = metadata
    ask(source)
    assert source.take_notes() == ((f"Google Analytics: {note}",) if note else ())


@pytest.mark.parametrize(
    ("quota", "told"),
    [
        ({"consumed": 5, "remaining": 4}, True),
        ({"consumed": 0, "remaining": 0}, True),
        ({"remaining": 0}, True),
        ({"consumed": 5, "remaining": 5}, False),
    ],
)
def test_a_quota_that_has_no_room_for_the_next_query_is_noted(
    source: GoogleAnalytics, api: GoogleAPI, quota: dict[str, int], told: bool
):
    api.quota = {"tokensPerHour": quota}
    ask(source)
    notes = source.take_notes()
    assert bool(notes) == told
    assert all("quota tokensPerHour is used up" in note for note in notes)


def test_rows_of_no_known_day_have_no_time(source: GoogleAnalytics, server: Answering):
    cells = {"dimensionValues": [{"value": "(other)"}], "metricValues": [{"value": "3"}]}
    said = {"rowCount": 1, "rows": [cells], "metricHeaders": [{"type": "TYPE_INTEGER"}]}
    server.routes["/v1beta/properties/123:runReport"] = said
    assert ask(source)["time"].isna().tolist() == [True]


def text(name: str, kind: str, value: str) -> dict[str, Any]:
    return {"filter": {"fieldName": name, "stringFilter": {"matchType": kind, "value": value}}}


def number(name: str, kind: str, value: object) -> dict[str, Any]:
    typed = {"doubleValue" if isinstance(value, float) else "int64Value": value}
    return {"filter": {"fieldName": name, "numericFilter": {"operation": kind, "value": typed}}}


@pytest.mark.parametrize(
    ("expression", "made"),
    [
        ("", {}),
        ("ga:country==Germany", {"dimensionFilter": text("country", "EXACT", "Germany")}),
        (
            "ga:country!=Germany",
            {"dimensionFilter": {"notExpression": text("country", "EXACT", "Germany")}},
        ),
        ("ga:pagePath=@/docs", {"dimensionFilter": text("pagePath", "CONTAINS", "/docs")}),
        ("pagePath=~^/d.*", {"dimensionFilter": text("pagePath", REGEXP, "^/d.*")}),
        (
            "ga:medium!~^(cpc|ppc)$",
            {
                "dimensionFilter": {
                    "notExpression": text("sessionMedium", "PARTIAL_REGEXP", "^(cpc|ppc)$")
                }
            },
        ),
        ("ga:country==a\\,b\\;c", {"dimensionFilter": text("country", "EXACT", "a,b;c")}),
        ("ga:users>10", {"metricFilter": number("totalUsers", "GREATER_THAN", "10")}),
        ("eventCount<=0.5", {"metricFilter": number("eventCount", "LESS_THAN_OR_EQUAL", 0.5)}),
        (
            "ga:users!=0",
            {"metricFilter": {"notExpression": number("totalUsers", "EQUAL", "0")}},
        ),
        (
            "ga:city==a,ga:city==b;ga:users>1",
            {
                "dimensionFilter": {
                    "orGroup": {
                        "expressions": [
                            text("city", "EXACT", "a"),
                            text("city", "EXACT", "b"),
                        ]
                    }
                },
                "metricFilter": number("totalUsers", "GREATER_THAN", "1"),
            },
        ),
        (
            "country==a;city==b",
            {
                "dimensionFilter": {
                    "andGroup": {
                        "expressions": [text("country", "EXACT", "a"), text("city", "EXACT", "b")]
                    }
                }
            },
        ),
    ],
)
def test_filters_of_universal_analytics_are_those_of_ga4(
    source: GoogleAnalytics, api: GoogleAPI, expression: str, made: dict[str, Any]
):
    ask(source, filters_expression=expression)
    [request] = api.requests
    assert {name: request[name] for name in request if name.endswith("Filter")} == made


@pytest.mark.parametrize(
    ("wanted", "made"),
    [
        (["-ga:users", "ga:date"], [("totalUsers", True), ("date", False)]),
        ("-totalUsers", [("totalUsers", True)]),
        ([{"fieldName": "ga:users", "sortOrder": "DESCENDING"}], [("totalUsers", True)]),
        ({"fieldName": "ga:date"}, [("date", False)]),
        ([], []),
    ],
)
def test_rows_can_be_ordered(
    source: GoogleAnalytics, api: GoogleAPI, wanted: Any, made: list[tuple[str, bool]]
):
    ask(source, order_bys=wanted)
    [request] = api.requests
    kinds = {"totalUsers": "metric", "date": "dimension"}
    assert request["orderBys"] == [
        {kinds[name]: {f"{kinds[name]}Name": name}, "desc": down} for name, down in made
    ]


def test_names_of_universal_analytics_are_mapped():
    assert ga4_name("ga:pageviews") == "screenPageViews"
    assert ga4_name("ga:source") == "sessionSource"
    assert ga4_name("customEvent:plan") == "customEvent:plan"
    assert not DIMENSIONS.keys() & METRICS.keys()


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("ga:bounceRate", "What comes nearest is 'bounceRate': write that, if it will do."),
        ("ga:goalCompletionsAll", "What comes nearest is 'keyEvents'"),
        ("ga:pageViews", "Did you mean 'screenPageViews'?"),
        ("ga:dimension1", "Write the name that Google Analytics 4 has."),
    ],
)
def test_a_name_that_ga4_does_not_have_comes_with_the_nearest(name: str, hint: str):
    with pytest.raises(DatasourceError) as caught:
        ga4_name(name)
    assert caught.value.message == f"Google Analytics 4 has no '{name}'"
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("args", "message", "hint"),
    [
        ({"account_like": "A%"}, "query_args has 'account_like'", "args: {property: 123456789}"),
        ({"view_like": "A%"}, "query_args has 'view_like'", "args: {property: 123456789}"),
        ({"metric": ["users"]}, "query_args has 'metric', which is unknown", "'metrics'"),
        ({"metrics": []}, "'metrics' is empty", "activeUsers"),
        ({"metrics": 5}, "'metrics' is no list of names", "[ga:users]"),
        ({"dimensions": ["date", "ga:date"]}, "'dimensions' has 'date' twice", "Leave one"),
        ({"metrics": ["ga:nope"]}, "Google Analytics 4 has no 'ga:nope'", ""),
        ({"metrics": ["nope"]}, "Field nope is not a valid dimension or metric.", ""),
        ({"filters_expression": "country"}, "'country' is no filter", "';' is and"),
        ({"filters_expression": "ga:users=~1"}, "compare a metric with a number", ""),
        ({"filters_expression": "ga:users>x"}, "compare a metric with a number", ""),
        ({"filters_expression": "country==a,ga:users>1"}, "a dimension or a metric", "';' for ','"),
        ({"filters_expression": ["a==b"]}, "filters_expression is ['a==b']", "It is a text."),
        ({"order_bys": 5}, "'order_bys' is no list", "[-activeUsers, date]"),
        ({"order_bys": [5]}, "'order_bys' has 5", "[-activeUsers, date]"),
    ],
)
def test_a_query_that_cannot_be_answered_is_told(
    source: GoogleAnalytics, args: dict[str, Any], message: str, hint: str
):
    with pytest.raises(DatasourceError) as caught:
        source.query("report", WEEK, **args)
    assert caught.value.where == "datasource 'ga'"
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    "page",
    [
        [],
        {"rows": 5},
        {"rows": [5]},
        {"rows": [{"dimensionValues": [{"value": "20130304"}]}]},
        {"rows": [{"dimensionValues": [], "metricValues": [{"value": "1"}]}]},
        {"rows": [{"dimensionValues": [{"value": "20130304"}], "metricValues": [{"value": "x"}]}]},
        {"rowCount": "many"},
        {"metricHeaders": [{"name": "totalUsers"}]},
        {"metricHeaders": [{"type": "TYPE_INTEGER"}] * 2},
        {"metadata": 5},
        {"metadata": {"samplingMetadatas": [{"samplesReadCount": "1"}]}},
        {"propertyQuota": {"tokensPerDay": 5}},
    ],
)
def test_an_answer_that_is_not_of_google_is_told(
    source: GoogleAnalytics, server: Answering, page: object
):
    server.routes["/v1beta/properties/123:runReport"] = lambda asked: page
    with pytest.raises(DatasourceError, match="Google answered what the GA4 Data API would not"):
        ask(source)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no file key.json"),
        ("not JSON", "key.json holds no JSON"),
        ("[]", "key.json is no key of a service account: it has no 'client_email'"),
        ('{"client_email": "a", "private_key": "b"}', "it has no 'token_uri'"),
        (
            '{"client_email": "a", "private_key": "s3cr3t", "token_uri": "http://127.0.0.1/"}',
            "the 'private_key' in key.json cannot be read",
        ),
    ],
)
def test_a_file_that_is_no_key_is_told(tmp_path: Path, content: str | None, message: str):
    if content is not None:
        (tmp_path / "key.json").write_text(content)
    with pytest.raises(DatasourceError) as caught:
        ask(make(tmp_path))
    assert message in caught.value.message
    assert "s3cr3t" not in str(caught.value)


def test_a_key_that_google_refuses_is_told(server: Answering, tmp_path: Path):
    GoogleAPI(server, DAYS, NEW_YORK).write_key(tmp_path / "key.json", client_email="gone")
    with pytest.raises(DatasourceError) as caught:
        ask(make(tmp_path))
    assert "the key in key.json is refused" in caught.value.message
    assert "account not found" in caught.value.message
    assert "Make a new one in Google's console" in caught.value.hint


def test_an_answer_without_a_token_is_told(server: Answering, api: GoogleAPI, tmp_path: Path):
    server.routes["/token"] = {"id_token": "x"}
    with pytest.raises(DatasourceError, match="/token answered no token"):
        ask(make(tmp_path))


def test_without_its_package_it_says_what_to_install(
    source: GoogleAnalytics, monkeypatch: pytest.MonkeyPatch
):
    for name in ("google.auth", "google.auth.crypt", "google.auth.jwt"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(DatasourceError) as caught:
        ask(source)
    assert caught.value.hint == "pip install 'kpisite[googleanalytics]'"


def test_a_busy_service_is_asked_again(
    source: GoogleAnalytics, server: Answering, pauses: list[float]
):
    route = server.routes["/v1beta/properties/123:runReport"]
    replies = iter([Reply(status=503), Reply({"error": {"message": "quota"}}, 429)])
    server.routes["/v1beta/properties/123:runReport"] = lambda asked: (
        next(replies, None) or route(asked)
    )
    assert len(ask(source)) == 7
    assert len(pauses) == 2


@pytest.mark.parametrize("value", ["UA-1234-5", "G-ABC", "", "properties/", 1.5, None])
def test_a_property_is_a_number(value: object):
    with pytest.raises(ValidationError, match="is no number of a property"):
        GoogleAnalytics.Options.model_validate({"key_file": "k", "property": value})
    options = GoogleAnalytics.Options.model_validate(
        {"key_file": "k", "property": "properties/123"}
    )
    assert options.property == "123"
