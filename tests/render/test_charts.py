from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from bokeh.document import Document
from bokeh.layouts import column
from bokeh.models import ColumnDataSource, HoverTool
from bokeh.plotting import figure
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from kpisite.render.charts import bokeh_asset, chart_html, renamed

MADE_ELSEWHERE = """
from bokeh.plotting import figure
from kpisite.render.charts import chart_html
figure()
plot = figure(tags=["a", "b"])
plot.line([1, 2], [3, float("nan")])
print(chart_html(plot, id="kpi-x", description="Lines", height=230))
"""


def line(values: list[float] | None = None) -> Any:
    plot = figure()
    plot.line([1, 2], values or [3, float("nan")])
    return plot


def html_of(plot: Any, **options: Any) -> str:
    return chart_html(plot, **({"id": "kpi-x", "description": "Lines", "height": 230} | options))


def document_of(html: str) -> dict[str, Any]:
    (text,) = re.findall(r"<template>(.*?)</template>", html, re.DOTALL)
    return json.loads(text)["doc"]


def data_of(html: str) -> dict[str, Any]:
    document = Document.from_json(document_of(html))
    return document.roots[0].select_one({"type": ColumnDataSource}).data


def test_a_chart_is_one_element_that_fits_into_markdown():
    html = html_of(line(), description='The "best" <lines>')
    assert html.startswith('<div class="kpi-chart" id="kpi-x" role="img"')
    assert 'aria-label="The &quot;best&quot; &lt;lines&gt;"' in html
    assert 'style="height:230px"' in html
    assert "\n" not in html
    assert html.count("<div") == html.count("</div>") == 1


def test_equal_figures_give_equal_html_in_any_order():
    first = html_of(line())
    line()
    html_of(line([8, 9]))
    assert html_of(line()) == first


def test_a_figure_gives_the_same_html_twice():
    plot = line()
    plot.add_tools(HoverTool())
    assert html_of(plot) == html_of(plot)


@pytest.mark.parametrize("seed", ["1", "2"])
def test_another_process_gives_the_same_html(seed):
    made = subprocess.run(
        [sys.executable, "-c", MADE_ELSEWHERE],
        env={"PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
    )
    plot = line()
    plot.tags = ["a", "b"]
    assert made.stdout.strip() == html_of(plot)


def test_data_cannot_end_the_element():
    source = ColumnDataSource({"x": [1], "y": [1], "name": ["</script><b>&amp;\u2028"]})
    plot = figure()
    plot.scatter("x", "y", source=source)
    html = html_of(plot)
    assert html.count("</") == 2  # of the template and of the chart
    assert "<b>" not in html
    assert data_of(html)["name"] == ["</script><b>&amp;\u2028"]


def test_a_plot_loses_its_chrome_and_keeps_its_colours():
    plot = figure()
    plot.line([1], [1], line_color="#ff0000")
    document = Document.from_json(document_of(html_of(plot)))
    back = document.roots[0]
    assert back.toolbar_location is None
    assert [type(tool).__name__ for tool in back.toolbar.tools] == []
    assert back.outline_line_color is None
    assert back.background_fill_color is None
    assert [grid.grid_line_color for grid in back.grid] == [None, "#edf0f3"]
    assert back.renderers[0].glyph.line_color == "#ff0000"


def test_a_layout_of_plots_is_themed_too():
    document = Document.from_json(document_of(html_of(column(line(), line()))))
    assert [child.toolbar_location for child in document.roots[0].children] == [None, None]


def test_the_script_is_bokehs_own_and_the_chart_names_it():
    name, content = bokeh_asset()
    assert re.fullmatch(r"bokeh-[\d.]+\.min\.js", name)
    assert len(content) > 500_000
    assert f'data-kpi-bokeh="{name}"' in html_of(line())


LIKE_IDS = st.sampled_from(["p1001", "p1002", "id", "kpi-x-0", "", "<", "$$x$$"])
NUMBERS = st.floats(width=32) | st.integers(-5, 5)
COLUMNS = st.one_of(
    st.lists(LIKE_IDS | st.none(), min_size=3, max_size=3),
    st.lists(NUMBERS | st.none(), min_size=3, max_size=3),
    st.lists(st.fixed_dictionaries({"id": LIKE_IDS}), min_size=3, max_size=3),
    st.lists(st.fixed_dictionaries({"type": LIKE_IDS, "id": LIKE_IDS}), min_size=3, max_size=3),
    st.lists(NUMBERS, min_size=3, max_size=3).map(lambda v: np.array(v, dtype="float32")),
    st.lists(st.integers(0, 9), min_size=3, max_size=3).map(lambda v: np.array(v, dtype="int16")),
    st.lists(st.booleans(), min_size=3, max_size=3).map(np.array),
    st.lists(LIKE_IDS, min_size=3, max_size=3).map(lambda v: np.array(v, dtype=object)),
    st.just(np.array(["2013-02-04", "NaT", "2013-02-06"], dtype="datetime64[ms]")),
)


def in_bokehs_words(document: dict[str, Any]) -> str:
    """The JSON with Bokeh's ids replaced textually where, and only where, they are Bokeh's."""
    made = {"roots": document["roots"], **document}
    text = json.dumps(made)
    ids = re.findall(r'"type": "object", "name": "\w+", "id": "(p\d{4,})"', text)
    for count, name in enumerate(dict.fromkeys(ids)):
        text = text.replace(f'"id": "{name}"', f'"id": "kpi-x-{count}"')
    return text


@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(column=COLUMNS, kind=st.sampled_from(["line", "scatter", "vbar"]), bulk=st.booleans())
def test_the_round_trip_equals_bokehs_own(column, kind, bulk):
    source = ColumnDataSource({"x": [1, 2, 3], "top": [1, 2, 3], "other": column})
    plot = figure(name="p1001", tags=[{"id": "p1001"}] if bulk else ["p1001"])
    if kind == "vbar":
        plot.vbar(x="x", top="top", source=source, width=0.5)
    else:
        getattr(plot, kind)("x", "top", source=source)
    ours = document_of(html_of(plot))
    assert all(name.startswith("kpi-x-") for name in object_ids(ours))
    theirs = Document()
    theirs.add_root(plot)
    own = theirs.to_json(deferred=False)
    theirs.clear()
    assert json.loads(in_bokehs_words(own)) == json.loads(json.dumps(ours))
    assert reread(ours) == reread(own)


def reread(document: dict[str, Any]) -> dict[str, Any]:
    again = Document.from_json(document)
    return json.loads(json.dumps(renamed(again.to_json(deferred=False), prefix="kpi-x")))


def object_ids(value: Any) -> list[str]:
    if isinstance(value, list):
        return [name for item in value for name in object_ids(item)]
    if not isinstance(value, dict):
        return []
    mine = [value["id"]] if value.get("type") == "object" and "id" in value else []
    return mine + [name for item in value.values() for name in object_ids(item)]
