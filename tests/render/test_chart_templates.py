"""Charts from templates: what Bokeh would make, without Bokeh."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from datetime import date
from html import unescape
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from bokeh.document import Document
from bokeh.models import ColumnDataSource, Line, Plot, Range1d
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpisite.errors import ViewError
from kpisite.model.period import Period
from kpisite.render.chart_templates import ChartTemplates
from kpisite.render.charts import chart_html
from kpisite.testing.view import MemoryPage
from kpisite.views.plot import Plot as PlotView

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TEMPLATE = re.compile(r"<template>(.*)</template>", re.DOTALL)
TEXTS = [
    "kpi-1",
    "p1003",
    "kpi-marker-712345678902",
    '{"id": "p1"}',
    "</script>",
    "$$x$$",
    "a\u2028b",
    "",
]
NUMBERS = {
    "int64": st.integers(-(2**53) + 1, 2**53 - 1),
    "large": st.integers(-(2**63), 2**63 - 1),
    "float64": st.floats(width=64) | st.just(-0.0),
    "Int64": st.none() | st.integers(-5, 5),
    "Float64": st.none() | st.floats(-5, 5),
    "timedelta64[ms]": st.integers(0, 10**7),
}


class Charts(MemoryPage):
    """Keeps what a view draws."""

    def __init__(self, view: PlotView, period: Period) -> None:
        super().__init__(view, period)
        self.drawn: list[dict[str, Any]] = []

    def chart_from(self, draw, structure, values, *, description, height=240):
        self.drawn.append(
            {"draw": draw, "structure": structure, "values": values, "height": height}
        )
        return ""


@st.composite
def frames(draw: Any) -> tuple[pd.DataFrame, dict[str, Any], Period]:
    """A frame, the options of a plot of it, and a period in some timezone."""
    zone = ZoneInfo(draw(st.sampled_from(["America/New_York", "Asia/Kolkata", "UTC"])))
    period = Period.containing(date(2013, 3, 10), "week", zone)
    rows = draw(st.integers(0, 6))
    column = {
        "instants": pd.date_range(
            "2013-03-04", periods=rows, tz=draw(st.sampled_from([zone, "UTC"]))
        ),
        "days": pd.date_range("2013-03-04", periods=rows),
        "numbers": pd.Series(draw(st.lists(st.floats(-9, 9), min_size=rows, max_size=rows))),
        "names": [f"{draw(st.sampled_from(TEXTS))}{n}" for n in range(rows)],
    }[draw(st.sampled_from(["instants", "days", "numbers", "names"]))]
    made: dict[str, Any] = {"time": column}
    for name in ("a", "b")[: draw(st.integers(1, 2))]:
        dtype, values = draw(st.sampled_from(sorted(NUMBERS.items(), key=lambda item: item[0])))
        drawn = draw(st.lists(values, min_size=rows, max_size=rows))
        made[name] = pd.Series(drawn, dtype="int64" if dtype == "large" else dtype)
    kind = draw(st.sampled_from(["line", "bar", "barh", "scatter"]))
    options = {"kind": kind}
    if kind != "scatter":
        options["stacked"] = draw(st.booleans())
    return pd.DataFrame(made), options, period


def drawn(frame: pd.DataFrame, options: Mapping[str, Any], period: Period) -> list[dict[str, Any]]:
    """Return what a plot draws of a frame."""
    view = PlotView("v", "Title", PlotView.Options(datasource="d", query="q", **options))
    page = Charts(view, period)
    try:
        view.render_md({"main": frame}, page)
    except ViewError:
        return []
    return page.drawn


def by_bokeh(chart: Mapping[str, Any], id_: str = "kpi-v") -> str:
    figure = chart["draw"](chart["structure"], chart["values"])
    return chart_html(figure, id=id_, description="A chart", height=chart["height"])


TEMPLATES = ChartTemplates()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(frames())
@pytest.mark.filterwarnings("ignore:out of range integer")
def test_a_filled_template_is_what_bokeh_makes_and_bokeh_takes_it(case):
    for chart in drawn(*case):
        filled = TEMPLATES.html(**chart, id="kpi-v", description="A chart")
        assert filled == by_bokeh(chart)
        match = TEMPLATE.search(filled)
        assert match is not None
        Document.from_json(json.loads(unescape(match[1]))["doc"])


WEEK = Period.containing(date(2013, 2, 4), "week", ZoneInfo("UTC"))


def week(*values: float) -> pd.DataFrame:
    return pd.DataFrame({"time": pd.date_range("2013-02-04", periods=len(values)), "a": values})


def test_charts_of_one_structure_share_a_template(tmp_path: Path):
    templates = ChartTemplates.kept_in(tmp_path, "code")
    for values in ((1.0, 2.0), (3.0, math.nan, 5.0), (0.0,)):
        [chart] = drawn(week(*values), {"kind": "bar"}, WEEK)
        assert templates.html(**chart, id="kpi-v", description="A chart") == by_bokeh(chart)
    assert len(list(tmp_path.rglob("*.json"))) == 1


def test_the_ids_begin_with_the_elements_id(tmp_path: Path):
    [chart] = drawn(week(1.0, 2.0), {"kind": "line"}, WEEK)
    for id_ in ("kpi-one", "kpi-two-2"):
        html = TEMPLATES.html(**chart, id=id_, description="A chart")
        assert html == by_bokeh(chart, id_)
        assert f'"id":"{id_}-0"' in html


def test_the_next_process_draws_without_bokeh(tmp_path: Path):
    script = f"""
import sys, json
import pandas as pd
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo
from kpisite.model.period import Period
from kpisite.render.chart_templates import ChartTemplates
from kpisite.testing.view import MemoryPage
from kpisite.views.plot import Plot

class Charts(MemoryPage):
    def chart_from(self, draw, structure, values, *, description, height=240):
        return templates.html(
            draw, structure, values, id="kpi-v", description=description, height=height
        )

templates = ChartTemplates.kept_in(Path({str(tmp_path)!r}), "code")
frame = pd.DataFrame({{"time": pd.date_range("2013-02-04", periods=3), "a": [1.0, 2.0, 3.0]}})
view = Plot("v", "Title", Plot.Options(datasource="d", query="q", kind="line"))
page = Charts(view, Period.containing(date(2013, 2, 4), "week", ZoneInfo("UTC")))
html = view.render_md({{"main": frame}}, page)
print(json.dumps(["bokeh" in sys.modules, html]))
"""
    said = [
        json.loads(
            subprocess.run(
                [sys.executable, "-c", script], capture_output=True, text=True, check=True
            ).stdout
        )
        for _ in range(2)
    ]
    assert [imported for imported, _ in said] == [True, False]
    assert said[0][1] == said[1][1]
    assert "data-kpi-bokeh" in said[0][1]


@pytest.mark.parametrize("damage", [b"", b"{", b'{"text": "{}"}', b'{"text": "null"'])
def test_a_damaged_template_is_made_again(tmp_path: Path, damage):
    [chart] = drawn(week(1.0, 2.0), {"kind": "line"}, WEEK)
    ChartTemplates.kept_in(tmp_path, "code").html(**chart, id="kpi-v", description="A chart")
    for path in tmp_path.rglob("*.json"):
        path.write_bytes(damage)
    templates = ChartTemplates.kept_in(tmp_path, "code")
    assert templates.html(**chart, id="kpi-v", description="A chart") == by_bokeh(chart)


def test_templates_of_other_code_are_removed(tmp_path: Path):
    [chart] = drawn(week(1.0, 2.0), {"kind": "line"}, WEEK)
    ChartTemplates.kept_in(tmp_path, "old").html(**chart, id="kpi-v", description="A chart")
    ChartTemplates.kept_in(tmp_path, "new").html(**chart, id="kpi-v", description="A chart")
    assert len(list(tmp_path.rglob("*.json"))) == 1


def computing(structure: Any, values: Mapping[str, Any]) -> Plot:
    """Draw with a value that is computed from another, which no template can know."""
    plot = Plot(x_range=Range1d(start=0, end=values["end"] * 2), y_range=Range1d(start=0, end=1))
    plot.add_glyph(ColumnDataSource({"x": [0, 1], "y": [0, 1]}), Line(x="x", y="y"))
    return plot


def refusing(structure: Any, values: Mapping[str, Any]) -> Plot:
    """Draw with a value where Bokeh takes no such value."""
    return Plot(x_range=Range1d(), y_range=Range1d(), min_border_top=values["border"])


def test_a_drawing_that_computes_is_left_to_bokeh():
    templates = ChartTemplates()
    for end in (2.0, 3.0):
        chart = {"draw": computing, "structure": [], "values": {"end": end}, "height": 200}
        assert templates.html(**chart, id="kpi-v", description="A chart") == by_bokeh(chart)


def test_what_bokeh_refuses_is_refused_also_where_there_is_a_template():
    templates = ChartTemplates()
    chart = {"draw": refusing, "structure": [], "values": {"border": 5}, "height": 200}
    templates.html(**chart, id="kpi-v", description="A chart")
    with pytest.raises(ValueError, match="min_border_top"):
        templates.html(**{**chart, "values": {"border": -5.5}}, id="kpi-v", description="A chart")
