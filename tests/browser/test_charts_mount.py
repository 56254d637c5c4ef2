from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from bokeh.models import HoverTool
from bokeh.plotting import figure

from kpisite.render.charts import bokeh_asset, chart_html

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ASSETS = Path(__file__).parents[2] / "site_template" / "assets" / "kpisite"
MOUNTED = "document.querySelectorAll('[data-kpi-mounted]').length === 2"
COLOURS = "Bokeh.documents.map((d) => d.roots()[0].renderers[0].glyph.line_color.value)"

BROKEN = "<template>{</template></div>"
MATERIAL = """<script>
window.document$ = {subscribe(f) { window.nextPage = f; f(); }};
</script>"""

pytestmark = pytest.mark.browser


def chart(id_: str) -> str:
    plot = figure(x_range=(0, 4), y_range=(0, 4))
    plot.line([1, 2, 3], [1, 3, 2]).tags = ["kpi-series-1"]
    plot.scatter([2], [2], size=90)  # in the middle, for the pointer
    plot.add_tools(HoverTool(tooltips="<b>value @y</b>"))
    return chart_html(plot, id=id_, description="Lines", height=230)


@pytest.fixture
def page(browser: Browser, tmp_path: Path):
    name, script = bokeh_asset()
    (tmp_path / name).write_bytes(script)
    for asset in ("words.js", "charts.js", "kpisite.css"):
        shutil.copy(ASSETS / asset, tmp_path)
    tools = chart("b").replace('id="b"', 'id="b" data-kpi-tools', 1)
    broken = f'<div class="kpi-chart" id="broken" data-kpi-bokeh="{name}">' + BROKEN
    (tmp_path / "index.html").write_text(
        "<!doctype html><meta charset=utf-8><link rel=stylesheet href=kpisite.css>"
        f"<body>{broken}{chart('a')}{tools}{MATERIAL}"
        "<script src=words.js></script><script src=charts.js></script>"
    )
    opened = browser.new_page(viewport={"width": 360, "height": 800})
    opened.requests = []  # type: ignore[attr-defined]
    opened.errors = []  # type: ignore[attr-defined]
    opened.on("request", lambda r: opened.requests.append(r.url))  # type: ignore[attr-defined]
    opened.on("console", lambda m: m.type == "error" and opened.errors.append(m.text))  # type: ignore[attr-defined]
    opened.goto((tmp_path / "index.html").as_uri())
    opened.wait_for_function(MOUNTED)
    yield opened
    opened.close()


def test_charts_draw_within_a_phone_and_ask_no_other_host(page: Page):
    box = page.locator("#a canvas").first.bounding_box()
    assert box is not None
    assert box["width"] > 200
    assert box["height"] > 200
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate("Bokeh.documents.map((d) => d.roots()[0].renderers.length)") == [2, 2]
    assert all(url.startswith("file:") for url in page.requests)  # type: ignore[attr-defined]
    assert len([u for u in page.requests if "bokeh-" in u]) == 1  # type: ignore[attr-defined]


def test_a_broken_chart_says_so_and_stops_no_other(page: Page):
    assert "could not be drawn" in page.locator("#broken").inner_text()
    assert len(page.errors) == 1  # type: ignore[attr-defined]
    assert page.errors[0].startswith("broken")  # type: ignore[attr-defined]


def test_series_follow_the_palette(page: Page):
    light = page.evaluate(COLOURS)
    page.evaluate("document.body.setAttribute('data-md-color-scheme', 'slate')")
    page.wait_for_function(f"{COLOURS}[0] !== '{light[0]}'")
    assert page.evaluate(COLOURS) == ["#6aa2ff", "#6aa2ff"]


def test_the_hover_shows_values(page: Page):
    page.locator("#a").hover()
    shown = page.locator(".bk-Tooltip", has_text="value 2")  # in a shadow tree
    shown.first.wait_for(state="visible")


def test_only_a_chart_that_asks_for_tools_has_them(page: Page):
    tools = "Bokeh.documents.map((d) => [d.roots()[0].id, d.roots()[0].toolbar_location])"
    assert sorted(page.evaluate(tools)) == [["a-0", None], ["b-0", "above"]]


def test_a_chart_that_left_the_page_is_cleaned_up_on_the_next_page(page: Page):
    page.evaluate("document.getElementById('a').remove()")
    page.evaluate("nextPage()")
    assert page.evaluate("Bokeh.documents.map((d) => d.roots()[0].id)") == ["b-0"]
