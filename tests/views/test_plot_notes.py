"""Notes at places of the x axis."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from pydantic import ValidationError

from kpisite.errors import ViewError
from kpisite.plugins import Period
from kpisite.testing.view import MemoryPage
from kpisite.views.plot import Plot

WEEK = Period.containing(date(2013, 2, 4), "week", ZoneInfo("America/New_York"))
DAYS = pd.date_range("2013-02-04", periods=7, tz="America/New_York")
FRAME = pd.DataFrame({"time": DAYS, "n": range(7)})
STORM = {"x": date(2013, 2, 8), "label": "Blizzard"}


def plot(*notes: dict[str, Any], **options: Any) -> Plot:
    asked = {"datasource": "d", "query": "select", "annotations": list(notes), **options}
    return Plot("v", "V", Plot.Options.model_validate(asked))


def html(*notes: dict[str, Any], frame: pd.DataFrame = FRAME, **options: Any) -> str:
    view = plot(*notes, **options)
    view.check({"main": frame})
    return str(view.render_md({"main": frame}, MemoryPage(view, WEEK)))


def drawn(shown: str) -> tuple[list[str], list[str]]:
    """Return the dotted lines, and the labels above the frame."""
    svg = ET.fromstring(shown[shown.index("<svg") : shown.rindex("</svg>")] + "</svg>")
    lines = [p.get("d", "") for p in svg.iter("path") if p.get("stroke-dasharray") == "2 3"]
    above = [
        str(t.text) for t in svg.iter("text") if t.get("y") == "0%" and t.get("dy", "")[0] == "-"
    ]
    return lines, above


@pytest.mark.parametrize(
    ("kind", "place"),
    [("line", "571.43"), ("scatter", "571.43"), ("bar", "642.86"), ("box", "642.86")],
)
def test_a_note_stands_at_its_day_or_in_the_middle_of_its_bar(kind, place):
    assert drawn(html(STORM, kind=kind)) == ([f"M{place} 0V1000"], ["Blizzard"])


def test_a_time_by_the_reports_clock_and_text_of_either_are_taken():
    for x in (datetime(2013, 2, 8, 12), "2013-02-08T12:00"):
        assert drawn(html({"x": x, "label": "noon"}))[0] == ["M642.86 0V1000"]


def test_what_is_outside_the_period_or_not_on_the_axis_is_left_out():
    later = {"x": "2014-01-01", "label": "later"}
    assert drawn(html(later)) == ([], [])
    names = pd.DataFrame({"name": ["ann", "bob"], "n": [1, 2]})
    notes = [{"x": "bob", "label": "new"}, {"x": "cy", "label": "gone"}]
    assert drawn(html(*notes, frame=names, kind="bar")) == (["M750 0V1000"], ["new"])


def test_labels_that_would_meet_are_one_above_the_other():
    near = {"x": "2013-02-07", "label": "A long label before it"}
    one, two = html(STORM), html(near, STORM)
    assert "--kpi-t:21px" in one
    assert "--kpi-t:34px" in two
    assert "--kpi-t:21px" in html({"x": "2013-02-04", "label": "far"}, STORM)


def test_many_notes_leave_room_for_the_chart():
    notes = [{"x": f"2013-02-08T{hour:02}:00", "label": f"note {hour}"} for hour in range(12)]
    shown = html(*notes)
    lines, above = drawn(shown)
    assert lines[0].count("M") == 12
    assert above == ["note 0", "note 1", "note 2", "note 3"]
    assert "--kpi-t:60px" in shown
    assert "note 11" in shown


def test_those_who_cannot_see_it_are_told():
    assert "Noted: Blizzard." in html(STORM)
    assert "Noted" not in html({"x": "2014-01-01", "label": "later"})


def test_labels_are_text_and_nothing_else():
    assert "<script" not in html({"x": "2013-02-05", "label": "<script>alert(1)</script>"})


def test_an_x_that_the_axis_cannot_have_is_refused():
    with pytest.raises(ViewError, match="'Friday' is not a date or time, as the column 'time'"):
        plot({"x": "Friday", "label": "?"}).check({"main": FRAME})
    numbers = pd.DataFrame({"x": [1, 2], "n": [1, 2]})
    with pytest.raises(ViewError, match="'Friday' is not a number") as error:
        plot({"x": "Friday", "label": "?"}).check({"main": numbers})
    assert error.value.hint


@pytest.mark.parametrize("kind", ["barh", "heatmap"])
def test_not_every_kind_has_notes(kind):
    with pytest.raises(ValidationError, match="'annotations' are not for"):
        plot(STORM, kind=kind)
