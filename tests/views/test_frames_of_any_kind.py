"""A frame that can be recorded is shown, or is refused while the edition can still be mended."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from kpisite.archive.frames import from_parquet, to_parquet
from kpisite.errors import ViewError
from kpisite.plugins import Period, View
from kpisite.testing import MemoryPage
from kpisite.views.plot import Plot
from kpisite.views.single_stat import SingleStat
from kpisite.views.table import Table
from kpisite.views.text import Text
from kpisite.views.twitter_engagement import TwitterEngagement

ZONE = ZoneInfo("Europe/Berlin")
WEEK = Period.containing(date(2013, 2, 4), "week", ZONE)
DAYS = pd.date_range("2013-02-04", periods=3)
ASK = {"datasource": "d", "query": "q"}
OVER_X = {**ASK, "time_column": "x"}
DAILY = {"every": "day", "how": "sum"}


def arrow(values: list[Any], kind: pa.DataType) -> pd.Series[Any]:
    return pd.Series(pd.array(values, dtype=pd.ArrowDtype(kind)))


COLUMNS: dict[str, Any] = {
    "bool": [True, False, True],
    "boolean": pd.array([True, None, False], dtype="boolean"),
    "bytes": [b"a", b"\xff", None],
    "category": pd.Categorical(["a", "b", "a"]),
    "category of times": pd.Categorical(DAYS),
    "date": pd.Series([date(2013, 2, 4), None, date(2013, 2, 5)], dtype=object),
    "decimal": pd.Series([Decimal("1E+30"), None, Decimal("-1.5")], dtype=object),
    "first and last day": np.array(["0001-01-01", "9999-12-31", "2013-02-05"], "datetime64[us]"),
    "float": [1.5, np.nan, -2],
    "float16": np.array([1.5, 2, 3], dtype="float16"),
    "infinite": [np.inf, -np.inf, 1],
    "int": [1, 2, 3],
    "Int64": pd.array([1, None, 3], dtype="Int64"),
    "interval": pd.interval_range(0, 3),
    "large": [1e299, -1e299, 0],
    "largest": [1.7e308, 1.7e308, 1],
    "length": pd.to_timedelta([1, None, 3], unit="h"),
    "local time": DAYS,
    "no number": [np.nan] * 3,
    "no time": [pd.NaT] * 3,
    "nothing": pd.Series([None] * 3, dtype=object),
    "period": pd.period_range("2013-02-04", periods=3),
    "small": [5e-324, 0, 1e-300],
    "text": ["a", None, "<b>&\"'|*_`{{x}}"],
    "time": DAYS.tz_localize("UTC"),
    "time of day": pd.Series([time(1), None, time(2)], dtype=object),
    "uint64": np.array([2**64 - 1, 2, 3], dtype="uint64"),
    "arrow decimal": arrow([Decimal("1.5"), None, Decimal(2)], pa.decimal128(10, 2)),
    "arrow length": arrow([timedelta(1), None, timedelta(2)], pa.duration("us")),
    "arrow null": arrow([None] * 3, pa.null()),
    "arrow text": arrow(["a", None, "b"], pa.string()),
    "arrow time": arrow(list(DAYS), pa.timestamp("us", "UTC")),
}
VIEWS: list[tuple[type[View], dict[str, Any]]] = [
    *((Plot, {**OVER_X, "kind": kind}) for kind in ("area", "barh", "heatmap", "box")),
    *((Plot, {**OVER_X, "kind": kind, "groupby": "g"}) for kind in ("line", "bar", "scatter")),
    (Plot, {**OVER_X, "resample": DAILY, "rolling": 2}),
    (Plot, {**OVER_X, "scale": "log"}),
    (Plot, {**OVER_X, "kind": "bar", "stacked": "percent", "top": 1}),
    (Table, {**ASK, "totals": {"n": "mean", "x": "count"}, "bars": ["n"]}),
    (Table, {**ASK, "sparklines": ["n"]}),
    (
        Text,
        {**ASK, "text": "{% for r in rows %}{{ r.n }} {{ r.x }}{% endfor %}{{ frame.n.count() }}"},
    ),
    (SingleStat, ASK),
    (TwitterEngagement, {"time_column": "x"}),
]


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_frame_of_any_kind_is_shown_or_refused_before_it_is_recorded(kind: str):
    shown = 0
    for x, n in ((DAYS, COLUMNS[kind]), (COLUMNS[kind], [1, 2, 3])):
        recorded = to_parquet(pd.DataFrame({"x": x, "n": n, "g": ["a", "b", "a"]}))
        for cls, options in VIEWS:
            frame = from_parquet(recorded)
            if cls is TwitterEngagement:
                frame = frame.rename(columns={"n": "likes"})
            view = cls("v", "V", cls.Options.model_validate(options))
            try:
                view.check({"main": frame})
                metrics = view.metrics({"main": frame}, WEEK)
            except ViewError:
                continue
            assert view.render_md({"main": frame}, MemoryPage(view, WEEK, metrics))
            shown += 1
    assert shown
