"""Charts as PNG: what pages show as SVG, at a size, with the shipped font."""

from __future__ import annotations

import io
import math
import struct
import subprocess
import sys
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from PIL import Image

from kpisite.errors import KpisiteError
from kpisite.model.definition import Theme
from kpisite.plugins import Period
from kpisite.plugins.svg import LIGHT, SERIES, Canvas, LinkedDot, colour, series_colour
from kpisite.render.raster import can_draw, png
from kpisite.render.raster_svg import fill_colours, fixed_svg
from kpisite.render.sparkline import sparkline_svg
from kpisite.views.plot import Plot

ZONE = ZoneInfo("Europe/Berlin")
DAYS = pd.date_range("2013-02-04", periods=7, tz=ZONE)
NUMBERS = pd.DataFrame(
    {"time": DAYS, "a": [1.0, 2.0, math.nan, 4.0, 3.0, 2.0, 5.0], "b": [4.0, 3, 2, -1, 0, 1, 2]}
)
NAMES = pd.DataFrame({"name": ["ann", "bob", "cy"], "n": [3, 1, 2]})
LONG = pd.DataFrame({"name": [f"a very long name {n}" for n in range(8)], "n": range(1, 9)})


class KeepingPage:
    period = Period.containing(date(2013, 2, 4), "week", ZONE)
    theme = Theme()
    still = ""

    def chart_from(self, draw: Any, structure: Any, values: Any, **named: Any) -> str:
        self.still = named["still"]
        return ""

    def table(self, frame: pd.DataFrame, **named: Any) -> str:
        return ""

    def template(self, path: str, **values: Any) -> str:
        return ""


def still(frame: pd.DataFrame, **options: Any) -> str:
    asked = {"datasource": "d", "query": "select"} | options
    page = KeepingPage()
    Plot("v", "V", Plot.Options.model_validate(asked)).render_md({"main": frame}, page)
    return page.still


def picture(svg: str, width: int = 400, height: int = 200, scale: float = 1) -> Image.Image:
    drawn = png(fixed_svg(svg, width, height, background="#ffffff"), scale)
    return Image.open(io.BytesIO(drawn)).convert("RGB")


def rgb(hex_colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(hex_colour.removeprefix("#")))


def count(image: Image.Image, hex_colour: str) -> int:
    """Return how many pixels have exactly this colour."""
    return {c: n for n, c in image.getcolors(1 << 20) or []}.get(rgb(hex_colour), 0)


def inked(image: Image.Image, box: tuple[int, int, int, int]) -> bool:
    """Tell whether anything but white is in a box: left, top, right, bottom."""
    return image.crop(box).getcolors() != [((box[2] - box[0]) * (box[3] - box[1]), (255, 255, 255))]


def frame() -> Canvas:
    """Return a canvas whose frame is 340 × 150 pixels at 40, 20 in a chart of 400 × 200."""
    canvas = Canvas((0, 10), (0, 100))
    canvas.borders.left, canvas.borders.top = 40, 20
    canvas.borders.right, canvas.borders.bottom = 20, 30
    return canvas


def test_a_png_has_the_size_of_the_chart_times_the_scale():
    drawn = png(fixed_svg(still(NUMBERS), 400, 200))
    assert drawn.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", drawn[16:24]) == (800, 400)
    assert picture(still(NUMBERS), 311, 123).size == (311, 123)


@pytest.mark.parametrize("width", [300, 560, 1000])
@pytest.mark.parametrize(
    ("frame", "options"),
    [
        (NUMBERS, {}),
        (NUMBERS, {"stacked": True}),
        (NUMBERS, {"kind": "bar"}),
        (NUMBERS[["a", "b"]], {"kind": "scatter"}),
        (NAMES, {"kind": "barh"}),
        (LONG, {"kind": "bar"}),
    ],
    ids=["line", "area", "bar", "scatter", "barh", "leaning"],
)
def test_each_kind_of_chart_shows_its_marks_and_its_labels(frame, options, width):
    image = picture(still(frame, **options), width, 240)
    blue = [number for number, (r, _, b) in image.getcolors(1 << 20) or [] if b > r + 60]
    assert sum(blue) > 100, "marks in the first colour"
    assert inked(image, (0, 0, 30, 240)), "labels left of the frame"
    assert inked(image, (0, 225, width, 240)), "labels below the frame"


def test_places_are_where_a_browser_puts_them():
    canvas = frame()
    canvas.boxes([(2, 4, 0, 50)], series_colour(0))
    image = picture(canvas.svg())
    filled, white = rgb(SERIES[0]), (255, 255, 255)
    across = [40 + 340 * share for share in (0.2, 0.4)]
    assert image.getpixel((int(across[0]) + 1, 160)) == filled
    assert image.getpixel((int(across[1]) - 1, 97)) == filled
    assert image.getpixel((int(across[0]) - 2, 160)) == white
    assert image.getpixel((int(across[1]) + 1, 160)) == white
    assert image.getpixel((150, 93)) == white
    assert image.getpixel((150, 172)) == white


def test_a_line_keeps_its_width_however_far_the_frame_is_stretched():
    canvas = frame()
    canvas.line([0, 10], [50, 50], series_colour(0), width=2)
    for width in (400, 1600):
        image = picture(canvas.svg(), width, 200)
        column = [image.getpixel((width // 2, y)) for y in range(200)]
        assert [y for y, pixel in enumerate(column) if pixel == rgb(SERIES[0])] == [94, 95]


def test_dots_links_and_areas_are_drawn():
    canvas = frame()
    canvas.area([0, 10], [0, 0], [100, 100], series_colour(1), 1)
    canvas.dots([5], [50], series_colour(2), size=10)
    canvas.linked_dots([LinkedDot(2, 50, "../a/?b=1&c", "<b>")], colour("bad"), size=8)
    image = picture(canvas.svg())
    assert image.getpixel((40 + 170, 95)) == rgb(SERIES[2])
    assert image.getpixel((40 + 68, 95)) == rgb(LIGHT["bad"])
    assert count(image, SERIES[1]) > 340 * 150 * 0.95


def test_a_narrow_chart_leaves_out_what_the_page_leaves_out():
    svg = still(NUMBERS)
    shown = [fixed_svg(svg, width, 200).count("<text") for width in (240, 400, 900)]
    assert shown == sorted(shown)
    assert shown[0] < shown[2]


def test_labels_lean_only_where_they_have_no_room():
    svg = still(LONG, kind="bar")
    assert fixed_svg(svg, 300, 240).count("rotate(-45 ") == len(LONG)
    assert "rotate(" not in fixed_svg(svg, 1600, 240)


def test_a_fixed_svg_needs_no_stylesheet_and_nothing_from_elsewhere():
    canvas = frame()
    canvas.text("a & b", 5, 50, fill=colour("ink"))
    canvas.labels_below([0, 5, 10], ["x", "y", "z"], colour("muted"), angle=30, name="axis")
    canvas.linked_dots([LinkedDot(1, 1, "https://example.org/", "there")], colour("bad"), size=8)
    fixed = fixed_svg(canvas.svg(), 400, 200, title="Flights fell < 3")
    for word in ("var(", "class=", "style=", "href", "%", "vector-effect", "aria-"):
        assert word not in fixed
    assert "<title>Flights fell &lt; 3</title>" in fixed
    assert "a &amp; b" in fixed


def test_a_sparkline_is_drawn_in_the_pages_colours():
    image = picture(sparkline_svg([1, 2, None, 4]), 208, 60)
    assert count(image, LIGHT["ink"]) > 10
    assert inked(image, (0, 30, 100, 60))


def test_a_variable_becomes_its_fallback_or_the_light_palette():
    assert fill_colours("var(--kpi-ink)") == LIGHT["ink"]
    assert fill_colours("var(--kpi-series-1,#abcdef)") == "#abcdef"
    assert fill_colours("var(--kpi-faint)", {"kpi-faint": "#123456"}) == "#123456"


def test_text_shows_without_any_font_of_the_machine():
    for text in ("Flights", "Größe", "Ωμέγα", "Рейсы", "12 % €"):
        canvas = frame()
        canvas.text(text, 2, 50, fill=colour("ink"))
        assert inked(picture(canvas.svg()), (100, 80, 220, 110)), text


def test_the_same_chart_gives_the_same_bytes_in_another_process():
    code = (
        "import sys; from kpisite.render.raster import png;"
        "sys.stdout.buffer.write(png(sys.stdin.read()))"
    )
    fixed = fixed_svg(still(NUMBERS), 400, 200)
    done = subprocess.run(
        [sys.executable, "-c", code], input=fixed.encode(), capture_output=True, check=True
    )
    assert done.stdout == png(fixed)


def test_without_the_extra_one_is_told_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(KpisiteError) as caught:
        png("<svg/>")
    assert "kpisite[mail]" in caught.value.hint


def test_characters_that_xml_must_not_hold_are_left_out():
    canvas = frame()
    canvas.text("a\ufffeb\ud800c", 5, 50, fill=colour("ink"))
    assert ">abc</text>" in fixed_svg(canvas.svg(), 400, 200)


def test_what_is_no_svg_is_refused():
    assert can_draw()
    with pytest.raises(KpisiteError, match="cannot be read"):
        fixed_svg("<svg><g></svg>", 10, 10)
    with pytest.raises(KpisiteError, match="could not be drawn"):
        png("no svg")
