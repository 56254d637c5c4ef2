"""Heatmaps: where the cells are, what colour they have, and what they say."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from pydantic import ValidationError

from kpisite.errors import ViewError
from kpisite.plugins import Period
from kpisite.plugins.svg import HEAT, HEAT_PALE, LIGHT
from kpisite.testing.view import MemoryPage
from kpisite.views.plot import Plot

ZONE = ZoneInfo("America/New_York")
WEEK = Period.containing(date(2013, 2, 4), "week", ZONE)
HOURS = pd.DataFrame(
    {
        "hour": [5, 6, 7, 5, 6],
        "day": ["Mon", "Mon", "Mon", "Fri", "Fri"],
        "flights": [2, 78, 40, 5, None],
    }
)


def heatmap(**options: Any) -> Plot:
    asked = {"datasource": "d", "query": "select", "kind": "heatmap", "groupby": "day", **options}
    return Plot("hours", "Departures", Plot.Options.model_validate(asked))


def html(frame: pd.DataFrame, **options: Any) -> str:
    view = heatmap(**options)
    view.check({"main": frame})
    return str(view.render_md({"main": frame}, MemoryPage(view, WEEK)))


def still(shown: str) -> ET.Element:
    return ET.fromstring(shown[shown.index("<svg") : shown.rindex("</svg>")] + "</svg>")


def cells(svg: ET.Element) -> dict[str, int]:
    """Return how many cells have each colour."""
    paths = [path for path in svg.iter("path") if "--kpi-heat" in path.get("fill", "")]
    return {path.get("fill", "")[4:].split(",")[0]: path.get("d", "").count("M") for path in paths}


def texts(svg: ET.Element) -> list[str]:
    return ["".join(text.itertext()) for text in svg.iter("text")]


def widths(svg: ET.Element) -> set[str]:
    """Return the classes of the values in the cells."""
    return {kind for kind in (g.get("class", "") for g in svg.iter("g")) if "from" in kind}


def test_a_cell_is_coloured_by_its_value_from_the_lowest_to_the_highest():
    assert cells(still(html(HOURS))) == {"--kpi-heat-1": 2, "--kpi-heat-4": 1, "--kpi-heat-7": 1}


def test_equal_values_have_the_colour_in_the_middle():
    assert cells(still(html(HOURS.assign(flights=3)))) == {"--kpi-heat-4": 5}


def test_a_missing_row_and_a_missing_number_are_gaps_and_not_zeros():
    svg = still(html(HOURS))
    assert sum(cells(svg).values()) == 4
    assert "0" not in texts(svg)


def test_rows_keep_the_order_of_the_query_where_they_are_words_and_numbers_are_sorted():
    words = [text for text in texts(still(html(HOURS))) if text in ("Mon", "Fri")]
    assert words == ["Mon", "Fri"]
    numbered = HOURS.assign(day=[10, 10, 10, 9, 9])
    rows = [text for text in texts(still(html(numbered))) if text in ("9", "10")]
    assert rows == ["9", "10"]


def test_each_column_of_numbers_is_a_row_where_nothing_is_grouped():
    wide = pd.DataFrame({"name": ["a", "b"], "east": [1, 2], "west": [3, 4]})
    svg = still(html(wide, groupby=None))
    assert sum(cells(svg).values()) == 4
    assert {"east", "west", "a", "b"} <= set(texts(svg))


def test_values_stand_in_the_cells_from_the_width_on_that_has_room_for_them():
    assert widths(still(html(HOURS))) == {"kpi-from-240"}
    many = pd.DataFrame({"hour": range(24), "day": "Mon", "flights": range(100, 124)})
    [shown] = widths(still(html(many)))
    assert int(shown.removeprefix("kpi-from-")) >= 640
    assert "78" not in texts(still(html(HOURS, bar_labels=False)))


def test_values_can_be_read_on_every_colour():
    for position, ground in enumerate(HEAT):
        ink = LIGHT["ink"] if position < HEAT_PALE else LIGHT["card"]
        assert _contrast(ground, ink) >= 4.5, ground


def test_the_legend_goes_from_the_lowest_value_to_the_highest():
    shown = html(HOURS, unit="flights")
    ramp = shown[shown.index("kpi-ramp") : shown.index("</div>")]
    assert "<span>2 flights</span>" in ramp
    assert "<span>78 flights</span>" in ramp
    assert ramp.count("<i ") == len(HEAT)
    assert "kpi-ramp" not in html(HOURS, legend=False)


def test_it_says_where_the_values_are_highest_and_lowest():
    assert "Heatmap of Mon and Fri by hour, from 5 to 7." in html(HOURS)
    assert "Highest for Mon at 6 (78), lowest for Mon at 5 (2)." in html(HOURS)
    assert "5 throughout." in html(HOURS.assign(flights=5))
    assert "No data." in html(HOURS.assign(flights=[math.nan] * 5))


def test_days_are_columns_over_the_whole_period():
    days = pd.date_range("2013-02-04", periods=2, tz=ZONE)
    frame = pd.DataFrame({"time": days, "day": "all", "n": [1, 2]})
    [first] = [p for p in still(html(frame)).iter("path") if "heat-1" in p.get("fill", "")]
    assert first.get("d", "").startswith("M0 0h142.86v1000")


def test_names_are_text_and_nothing_else():
    hostile = "<script>alert(1)</script>"
    shown = html(HOURS.assign(day=hostile, hour=[1, 2, 3, 4, 5]), unit=hostile)
    assert hostile not in shown


def test_too_many_cells_are_refused_with_what_to_do():
    frame = pd.DataFrame({"hour": range(2_000), "day": "Mon", "n": 1})
    with pytest.raises(ViewError, match="at most 1,500 cells, not 2,000 × 1") as error:
        html(frame)
    assert "larger steps of 'hour'" in error.value.hint


def test_cells_cannot_be_stacked():
    with pytest.raises(ValidationError, match="cells cannot be stacked"):
        heatmap(stacked=True)


def _contrast(one: str, other: str) -> float:
    low, high = sorted(map(_luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    shares = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
