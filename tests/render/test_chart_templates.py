from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from bokeh.document import Document
from bokeh.models import (
    ColumnDataSource,
    FixedTicker,
    HoverTool,
    LinearAxis,
    Plot,
    Range1d,
    Scatter,
    VBar,
)
from bokeh.util.warnings import BokehUserWarning
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kpisite.model.definition import Theme
from kpisite.plugins import Period
from kpisite.render.block_cache import BlockCache
from kpisite.render.chart_templates import ChartTemplates
from kpisite.render.chart_values import UnfitError
from kpisite.render.charts import chart_html
from kpisite.render.tables import table_html
from kpisite.testing import MemoryPage, ViewContract
from kpisite.views.plot import Plot as PlotView

if TYPE_CHECKING:
    from pathlib import Path

STRUCTURE: dict[str, Any] = {"colour": "#112233", "text": "fixed"}
VALUES: dict[str, Any] = {
    "start": -1.5,
    "end": 8,
    "ticks": [1.0, 2.0],
    "labels": {1.0: "one", 2.0: "two"},
    "width": 0.8,
    "tip": "<b>@x</b>",
    "tags": ["a"],
    "name": "p1001",
    "label": None,
    "data": {"x": [1, 2, 3], "y": [1.5, float("nan"), 3], "note": ["a", None, "p1002"]},
}
CALLS: list[Any] = []
"""The structures that `draw` was called with."""


def draw(structure: Any, values: Any) -> Plot:
    CALLS.append(structure)
    plot = Plot(
        x_range=Range1d(start=values["start"], end=values["end"]),
        y_range=Range1d(start=0, end=5),
        name=values["name"],
        tags=values["tags"],
    )
    ticker = FixedTicker(ticks=values["ticks"])
    axis = LinearAxis(
        ticker=ticker, major_label_overrides=values["labels"], axis_label=values["label"]
    )
    plot.add_layout(axis, "below")
    source = ColumnDataSource(values["data"], name=structure["text"])
    bars = VBar(x="x", top="y", width=values["width"], fill_color=structure["colour"])
    plot.add_glyph(source, bars)
    plot.add_tools(HoverTool(tooltips=values["tip"]))
    return plot


def draw_more(structure: Any, values: Any) -> Plot:
    plot = draw(structure, values)
    plot.x_range.end = values["end"] * 2
    return plot


def draw_by_size(structure: Any, values: Any) -> Plot:
    plot = draw(structure, values)
    if len(values["data"]["x"]) > 2 and values["end"] < 1_000:
        plot.add_glyph(ColumnDataSource(values["data"]), Scatter(x="x", y="y"))
    return plot


def draw_twice(structure: Any, values: Any) -> Plot:
    """Bokeh writes a default that replaces another value."""
    plot = draw(structure, values | {"width": 0.5})
    plot.renderers[0].glyph.width = values["width"]
    return plot


def draw_words(structure: Any, values: Any) -> Plot:
    return draw(structure, values | {"tip": f"See {values['tip']}"})


def both(
    templates: ChartTemplates,
    values: Any,
    structure: Any = STRUCTURE,
    height: int = 230,
    by: Any = draw,
) -> tuple[str, str]:
    """The chart from a template, and Bokeh's own."""
    named = {"id": "kpi-x", "description": "A < b", "height": height}
    made = templates.html(by, structure, values, **named)
    return made, chart_html(by(structure, values), **named)


def document_of(html: str) -> Any:
    (text,) = re.findall(r"<template>(.*?)</template>", html, re.DOTALL)
    return json.loads(text)["doc"]


@pytest.fixture(scope="module")
def templates() -> ChartTemplates:
    made = ChartTemplates()
    assert made.template(draw, STRUCTURE, VALUES, 230) is not None
    return made


def test_bokeh_is_asked_once_for_a_structure(templates):
    CALLS.clear()
    columns = {"x": [9], "y": [0.1], "note": ["other"]}
    html = templates.html(
        draw, STRUCTURE, VALUES | {"data": columns}, id="kpi-y", description="", height=99
    )
    assert CALLS == []
    assert '"id":"kpi-y-0"' in html
    templates.html(draw, {**STRUCTURE, "n": 1}, VALUES, id="kpi-y", description="", height=99)
    assert CALLS


@pytest.mark.parametrize(
    "change",
    [
        {"start": 0, "end": 1},
        {"start": 0.0},
        {"end": 1.0, "width": 1},
        {"ticks": [], "labels": {}},
        {"labels": {"1": "a", 2.5: "$$x$$"}},
        {"tags": []},
        {"label": "x"},
        {"label": ""},
        {"tip": ""},
        {"name": None},
        {"start": float("nan"), "end": float("-inf"), "width": float("nan")},
        {"data": {"x": [], "y": [], "note": []}},
        {"data": {}},
        {"data": {"x": [2**53 - 1], "y": [-(2**53) + 2], "note": [True]}},
        {"data": {"x": [[1.0, None], []], "y": [{"id": "p1001"}, {}], "note": [(1, "a"), "\x00"]}},
        {"data": {"x": [1], "y": [2], "p1003": ["kpi-marker-712345678902"]}},
        {"data": {"x": [712345678902], "y": [712345678903.5], "note": ["\x01</script>&\u2028"]}},
        {"data": {"x": [np.float64(1.5)], "y": [np.int64(3)], "note": [pd.Timestamp(0)]}},
        {"data": {"x": np.array([1, 2]), "y": np.array([1.5, 2]), "note": ["a", "b"]}},
        {"width": np.float64(0.5), "start": np.int64(3)},
        {"ticks": (1.0, 2.0)},
        {"name": "\ud800"},
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_filled_template_is_what_bokeh_makes(templates, change, first):
    if first:
        templates = ChartTemplates()
    made, own = both(templates, VALUES | change)
    assert made == own
    Document.from_json(document_of(made))


@pytest.mark.parametrize("height", [0, 230, 600])
def test_the_height_may_be_bokehs_default(templates, height):
    made, own = both(templates, VALUES, height=height)
    assert made == own


@pytest.mark.parametrize(
    "wrong",
    [
        {"start": "Monday"},
        {"ticks": ["a"]},
        {"ticks": 3},
        {"width": -1},
        {"labels": {1.0: 5}},
        {"labels": {None: "a"}},
        {"label": 5},
        {"tip": 5},
        {"data": {"x": 5}},
        {"data": [1]},
        {"end": True},
    ],
)
def test_what_bokeh_refuses_fails_as_without_a_template(templates, wrong):
    with pytest.raises(ValueError, match=r".") as own:
        draw(STRUCTURE, VALUES | wrong)
    with pytest.raises(ValueError, match=r".") as ours:
        both(templates, VALUES | wrong)
    assert without_ids(str(ours.value)) == without_ids(str(own.value))
    made, expected = both(templates, VALUES)
    assert made == expected


def without_ids(message: str) -> str:
    return re.sub(r"p\d{4,}", "p", message)


def test_a_negative_height_fails_as_without_a_template(templates):
    with pytest.raises(ValueError, match="NonNegative"):
        both(templates, VALUES, height=-1)


@pytest.mark.filterwarnings("ignore::bokeh.util.warnings.BokehUserWarning")
def test_what_bokeh_warns_of_is_left_to_bokeh(templates):
    for odd in ({"x": [1], "y": [1, 2]}, {"x": [2**60], "y": [1]}):
        with pytest.warns(BokehUserWarning):
            templates.html(
                draw, STRUCTURE, VALUES | {"data": odd}, id="x", description="", height=1
            )
        made, own = both(templates, VALUES | {"data": odd})
        assert made == own


@pytest.mark.parametrize("by", [draw_more, draw_by_size, draw_twice, draw_words])
def test_a_draw_that_computes_is_left_to_bokeh(by):
    templates = ChartTemplates()
    assert templates.template(by, STRUCTURE, VALUES, 230) is None
    for change in ({}, {"end": 4.0}, {"width": 1}, {"data": {"x": [1], "y": [2]}}):
        made, own = both(templates, VALUES | change, by=by)
        assert made == own


def draw_dashed(structure: Any, values: Any) -> Plot:
    return Plot(below=[LinearAxis(minor_tick_line_dash=values["dash"])])


def test_a_value_that_bokeh_checks_one_by_one_is_left_to_bokeh():
    templates = ChartTemplates()
    assert templates.template(draw_dashed, {}, {"dash": "dashed"}, 230) is None
    made, own = both(templates, {"dash": "dotted"}, by=draw_dashed)
    assert made == own
    with pytest.raises(ValueError, match="dotty"):
        both(templates, {"dash": "dotty"}, by=draw_dashed)


def test_a_draw_with_a_state_of_its_own_is_left_to_bokeh():
    templates = ChartTemplates()

    def drawn(structure: Any, values: Any) -> Plot:
        return draw({"text": text, "colour": "red"}, values)

    for text in ("one", "two"):
        assert text in templates.html(drawn, STRUCTURE, VALUES, id="x", description="", height=230)
    with pytest.raises(UnfitError):
        templates.template(drawn, STRUCTURE, VALUES, 230)


def test_a_first_chart_that_fits_no_template_spoils_no_other():
    templates = ChartTemplates()
    with pytest.raises(ValueError, match="positive"):
        both(templates, VALUES | {"width": -1})
    assert templates.template(draw, STRUCTURE, VALUES, 230) is not None


@pytest.mark.parametrize("id_", ["kpi-x", "", "p1001", 'a"b', "<&>", "ü\u2028", "\\", "{}"])
def test_ids_begin_with_any_id(templates, id_):
    made = templates.html(draw, STRUCTURE, VALUES, id=id_, description="", height=230)
    own = chart_html(draw(STRUCTURE, VALUES), id=id_, description="", height=230)
    assert made == own


@pytest.mark.parametrize("text", ["kpi-marker-712345678902", "\x00", "\x01", "\x00-1", "</div>"])
def test_texts_of_the_structure_cannot_be_taken_for_values(text):
    templates, structure = ChartTemplates(), {**STRUCTURE, "text": text}
    for change in ({}, {"name": "other"}):
        made, own = both(templates, VALUES | change, structure)
        assert made == own


# On disk


def cached(folder: Path, code: str = "code") -> ChartTemplates:
    return ChartTemplates.kept_in(folder, code)


def test_a_cache_serves_the_next_process(tmp_path):
    _, own = both(cached(tmp_path), VALUES)
    CALLS.clear()
    again = cached(tmp_path)
    assert again.template(draw, STRUCTURE, VALUES, 230) is not None
    assert CALLS == []
    assert both(again, VALUES)[0] == own


def test_that_there_is_no_template_is_kept_too(tmp_path):
    assert cached(tmp_path).template(draw_more, STRUCTURE, VALUES, 230) is None
    CALLS.clear()
    assert cached(tmp_path).template(draw_more, STRUCTURE, VALUES, 230) is None
    assert CALLS == []


@pytest.mark.parametrize("content", ["", "{", "null", '{"text":"{}"}', '{"text":"","holes":1}'])
def test_a_corrupt_file_is_made_again(tmp_path, content):
    _, own = both(cached(tmp_path), VALUES)
    (file,) = tmp_path.glob("*/*.json")
    good = file.read_bytes()
    file.write_text(content)
    assert both(cached(tmp_path), VALUES)[0] == own
    assert file.read_bytes() == good


def test_other_code_finds_nothing_and_leaves_nothing(tmp_path):
    both(cached(tmp_path), VALUES)
    CALLS.clear()
    both(cached(tmp_path, "other"), VALUES)
    assert len(CALLS) > 1
    assert len(list(tmp_path.glob("*/*.json"))) == 1


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path):
    (tmp_path / "file").write_text("")
    made, own = both(ChartTemplates(BlockCache(tmp_path / "file" / "x", "code")), VALUES)
    assert made == own


WITHOUT_BOKEH = """
import sys
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo
import pandas as pd
from kpisite.model.definition import Theme
from kpisite.plugins import Period
from kpisite.render.chart_templates import ChartTemplates
from kpisite.views.plot import Plot

class Page:
    period = Period.containing(date(2013, 2, 4), "week", ZoneInfo("UTC"))
    theme = Theme()
    templates = ChartTemplates.kept_in(Path(sys.argv[1]), "code")
    def chart_from(self, draw, structure, values, **more):
        return self.templates.html(draw, structure, values, id="kpi-x", **more)
    def table(self, frame, **options):
        return ""

days = pd.date_range("2013-02-04", periods=3, tz="UTC")
for kind in ("line", "bar", "barh", "scatter", "heatmap", "box"):
    view = Plot("v", "V", Plot.Options(datasource="d", query="q", kind=kind))
    frame = pd.DataFrame({"time": days, "a": [1, 2, float(sys.argv[2])], "b": [1, None, 3]})
    print(view.render_md({"main": frame}, Page()))
print("bokeh" in sys.modules)
"""


def test_a_plot_whose_template_is_kept_never_imports_bokeh(tmp_path):
    lines = []
    for folder, number, seed in (("a", "5", "1"), ("a", "7", "2"), ("b", "7", "3")):
        made = subprocess.run(
            [sys.executable, "-c", WITHOUT_BOKEH, str(tmp_path / folder), number],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        *charts, imported = made.stdout.splitlines()
        lines.append((charts, imported))
    assert [imported for _, imported in lines] == ["True", "False", "True"]
    assert lines[1][0] == lines[2][0]
    assert lines[0][0] != lines[1][0]


# Any plot

SHARED = ChartTemplates()
ZONES = ("America/New_York", "UTC", "Asia/Kolkata", "Australia/Lord_Howe")
NAMES = st.sampled_from(["p1001", "kpi-x-0", "id", "", "</b>", "$$x$$", "é\u2028", "n" * 99])
COLUMNS: dict[str, st.SearchStrategy[Any]] = {
    "float64": st.floats(-1e9, 1e9) | st.just(float("nan")) | st.just(float("inf")),
    "float32": st.floats(-1e6, 1e6, width=32),
    "int64": st.integers(-(10**9), 10**9) | st.integers(-(2**63), 2**63 - 1),
    "uint8": st.integers(0, 255),
    "Int64": st.integers(-5, 5) | st.none(),
    "timedelta64[us]": st.integers(-1000, 10**6).map(lambda n: timedelta(milliseconds=n)),
    "object": st.decimals(-100, 100, places=2).map(Decimal) | st.none(),
}


class Page:
    def __init__(self, period: Period) -> None:
        self.period = period
        self.theme = Theme()
        self.pairs: list[tuple[str, str]] = []

    def chart_from(
        self, by: Any, structure: Any, values: Any, *, description: str, height: int, still: str
    ):
        assert SHARED.template(by, structure, values, height) is not None
        self.pairs.append(both(SHARED, values, structure, height, by))
        return ""

    def template(self, path: str) -> str:
        return path

    def table(self, frame: pd.DataFrame, **options: Any) -> str:
        return table_html(frame, **options)


@st.composite
def plots(draw: st.DrawFn) -> tuple[PlotView, pd.DataFrame, Period]:
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    period = Period.containing(date(2013, 3, 10), draw(st.sampled_from(["week", "month"])), zone)
    rows = draw(st.integers(1, 4))
    x = draw(st.sampled_from(["time", "naive", "number", "name"]))
    if x == "time":
        at = pd.date_range(period.start, period.end, periods=rows + 1)[:-1].tz_convert("UTC")
    elif x == "naive":
        at = pd.date_range(period.start.date(), periods=rows)
    else:
        items = st.floats(-99, 99) if x == "number" else NAMES | st.none()
        at = draw(st.lists(items, min_size=rows, max_size=rows))
    frame = pd.DataFrame({"x": at})
    for name in draw(st.sampled_from([["a"], ["a", "b"]])):
        dtype = draw(st.sampled_from(list(COLUMNS)))
        values = draw(st.lists(COLUMNS[dtype], min_size=rows, max_size=rows))
        frame[name] = pd.Series(values, dtype=dtype)
    kind = draw(st.sampled_from(["line", "bar", "barh", "scatter", "heatmap", "box"]))
    if kind == "scatter" and draw(st.booleans()):
        frame["note"] = draw(st.lists(NAMES, min_size=rows, max_size=rows))
    stacked = kind in ("line", "bar", "barh") and draw(st.booleans())
    options = {"datasource": "d", "query": "q", "kind": kind, "stacked": stacked}
    if kind in ("line", "scatter", "box") and not stacked:
        options["scale"] = draw(st.sampled_from(["linear", "log"]))
    if kind == "line" and options["scale" if not stacked else "kind"] == "linear" and "b" in frame:
        options["secondary"] = draw(st.sampled_from([None, {"series": ["b"], "unit": "mm"}]))
    if kind != "heatmap" and options.get("scale") != "log":
        options["lines"] = draw(st.sampled_from([[], [{"at": 2, "label": "$$x$$"}, {"at": -0.5}]]))
        options["bands"] = draw(st.sampled_from([[], [{"low": 1, "label": "b"}, {"high": 0}]]))
    return PlotView("v", "V", PlotView.Options.model_validate(options)), frame, period


@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(plots())
def test_any_plot_from_a_template_is_what_bokeh_makes(made):
    view, frame, period = made
    page = Page(period)
    view.render_md({"main": frame}, page)
    for ours, own in page.pairs:
        assert ours == own
        document = Document.from_json(document_of(ours))
        assert document.roots[0].id == "kpi-x-0"


# For authors


def test_a_memory_page_tells_of_a_draw_that_computes():
    view = PlotView("v", "V", PlotView.Options(datasource="d", query="q"))
    page = MemoryPage(view, ViewContract.period)
    assert "a &lt; b" in page.chart_from(draw, STRUCTURE, VALUES, description="a < b")
    with pytest.raises(AssertionError, match="only put values in their places"):
        page.chart_from(draw_more, STRUCTURE, VALUES, description="")
    with pytest.raises(AssertionError, match="not plain"):
        page.chart_from(draw, STRUCTURE, VALUES | {"end": np.arange(3)}, description="")
