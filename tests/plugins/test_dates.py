from __future__ import annotations

from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from kpisite.errors import DatasourceError
from kpisite.plugins.dates import parse_dates

NEW_YORK = ZoneInfo("America/New_York")
FOURTH = pd.Timestamp(2013, 2, 4)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (["2013-02-04", None], "x"),
        (["2013-02-04", None], ["x"]),
        (["2013-02-04", None], {"x": None}),
        (["2013-02-04 00:00:00", None], ["x"]),
        (["04.02.2013", None], {"x": "%d.%m.%Y"}),
        (["04.02.2013", None], {"x": {"dayfirst": True}}),
        ([20130204, None], {"x": "%Y%m%d"}),
        ([1359936000, None], {"x": "s"}),
        ([15740, None], {"x": "D"}),
        ([FOURTH, None], ["x"]),
    ],
)
def test_text_and_numbers_become_times(values, wanted):
    series = parse_dates(pd.DataFrame({"x": values}), wanted, NEW_YORK)["x"]
    assert str(series.dtype) == "datetime64[us]"
    assert series[0] == FOURTH
    assert series.isna().tolist() == [False, True]


def test_iso_times_of_several_precisions_are_all_read():
    frame = pd.DataFrame({"x": ["2013-02-04", "2013-02-04 10:30:00", "2013-02-04T10:30"]})
    series = parse_dates(frame, ["x"], NEW_YORK)["x"]
    assert series.dt.hour.tolist() == [0, 10, 10]


def test_times_with_an_offset_are_given_in_the_zone_of_the_report():
    frame = pd.DataFrame({"x": ["2013-02-04T05:00Z"], "y": [1359954000]})
    parsed = parse_dates(frame, {"x": None, "y": {"unit": "s", "utc": True}}, NEW_YORK)
    for name in ("x", "y"):
        assert parsed[name].dtype == pd.DatetimeTZDtype("us", NEW_YORK)
        assert parsed[name][0] == FOURTH.tz_localize(NEW_YORK)


def test_a_column_without_values_becomes_times_without_values():
    frame = pd.DataFrame({"x": pd.Series([], dtype="float64"), "y": pd.Series([], dtype="str")})
    parsed = parse_dates(frame, ["x", "y"], NEW_YORK)
    assert [str(dtype) for dtype in parsed.dtypes] == ["datetime64[us]"] * 2


def test_the_frame_that_came_stays_as_it_is():
    frame = pd.DataFrame({"x": ["2013-02-04"]})
    parse_dates(frame, ["x"], NEW_YORK)
    assert frame["x"].tolist() == ["2013-02-04"]


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (["2013-02-04", "yesterday"], ["x"]),
        (["02/04/2013"], ["x"]),
        ([1359954000], ["x"]),
        (["2013-02-04"], {"x": "%d.%m.%Y"}),
        (["2013-02-04"], {"x": {"no_such_argument": 1}}),
        (["2013-02-04"], {"x": 7}),
        (["2013-01-01T00:00+01:00", "2013-07-01T00:00+02:00"], ["x"]),
    ],
)
def test_what_is_no_time_is_an_error_and_not_a_gap(values, wanted):
    with pytest.raises(DatasourceError, match="parse_dates: column 'x': ") as caught:
        parse_dates(pd.DataFrame({"x": values}), wanted, NEW_YORK)
    assert "\n" not in caught.value.message
    assert "parse_dates: {x: '%d.%m.%Y'}" in caught.value.hint


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(DatasourceError, match="there is no column 'tiem'") as caught:
        parse_dates(pd.DataFrame({"time": ["x"]}), ["tiem"], NEW_YORK)
    assert caught.value.hint == "Did you mean 'time'?"
    with pytest.raises(DatasourceError, match=r"there is no column '\['day', 'hour'\]'"):
        parse_dates(pd.DataFrame({"day": ["x"]}), [["day", "hour"]], NEW_YORK)


@pytest.mark.parametrize("wanted", [True, 3, None])
def test_what_names_no_columns_is_refused(wanted):
    with pytest.raises(DatasourceError, match="parse_dates is "):
        parse_dates(pd.DataFrame({"x": ["a"]}), wanted, NEW_YORK)
