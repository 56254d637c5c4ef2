"""Boxes, lines and texts as a PNG."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image
from required import needs

from kpisite.render import picture as picture_module
from kpisite.render.picture import Box, Dot, Line, Picture, Polygon, Shape, Text

WHITE, RED = (255, 255, 255), (255, 0, 0)


def drawn(*shapes: Shape, texts: tuple[Text, ...] = (), scale: float = 1) -> Image.Image:
    made = Picture(200, 100, "#ffffff", [*shapes], [*texts])
    return Image.open(io.BytesIO(made.png(scale)))


def ink(image: Image.Image) -> tuple[int, int, int, int] | None:
    """Return the box of what is not white."""
    return image.convert("L").point(lambda level: 255 * (level < 250)).getbbox()


@pytest.mark.parametrize(
    ("shape", "box"),
    [
        (Box(20, 10, 100, 50, fill="#ff0000"), (20, 10, 120, 60)),
        (Box(20, 10, 100, 50, line="#ff0000", line_width=2, radius=8), (20, 10, 120, 60)),
        (Line([(20, 10), (60, 30)], "#ff0000", 2), (19, 9, 62, 32)),
        (Line([(20, 10)], "#ff0000", 4), (18, 8, 23, 13)),
        (Dot(50, 40, 10, "#ff0000"), (40, 30, 61, 51)),
        (Polygon([(20, 10), (40, 10), (30, 30)], "#ff0000"), (20, 10, 41, 31)),
    ],
)
def test_a_shape_is_where_it_is_said_to_be_at_each_scale(shape, box):
    for scale in (1, 0.5, 2):
        found = ink(drawn(shape, scale=scale))
        assert found is not None
        assert found == pytest.approx([side * scale for side in box], abs=1)


def test_the_inside_of_a_box_is_filled_and_that_of_an_outline_is_not():
    assert drawn(Box(20, 10, 100, 50, fill="#ff0000")).getpixel((50, 30)) == RED
    outline = drawn(Box(20, 10, 100, 50, line="#ff0000", line_width=2))
    assert (outline.getpixel((50, 30)), outline.getpixel((50, 10))) == (WHITE, RED)


def test_edges_are_smooth():
    image = drawn(Line([(10, 10), (190, 80)], "#000000", 2))
    assert len(image.convert("L").getcolors() or []) > 5


@pytest.mark.parametrize("text", ["79.8 %", "Größe – žluť", "Ελλάδα · Київ"])
def test_a_text_stands_on_its_baseline(text):
    image = drawn(texts=(Text(text, 20, 50, 20, "#ff0000"),))
    found = ink(image)
    assert found is not None
    left, top, _, bottom = found
    assert 20 <= left <= 23
    assert 28 <= top <= 37
    assert 50 <= bottom <= 56
    assert RED in {colour for _, colour in image.getcolors() or []}


HEBREW = Text("שלום 1", 20, 50, 20, "#ff0000")


@needs(Path("/usr/share/fonts/truetype/liberation").is_dir(), "needs a font with Hebrew letters")
def test_what_the_font_lacks_comes_from_a_font_of_the_machine():
    left, top, right, bottom = ink(drawn(texts=(HEBREW,))) or (0, 0, 0, 0)
    assert left >= 18
    assert 28 <= top <= 37
    assert right > 60
    assert 49 <= bottom <= 57


def test_without_the_extra_what_the_font_lacks_is_left_out(monkeypatch):
    monkeypatch.setattr(picture_module, "can_draw", lambda: False)
    one = Text(" 1", 20, 50, 20, "#ff0000")
    found, alone = ink(drawn(texts=(HEBREW,))), ink(drawn(texts=(one,)))
    assert found is not None
    assert alone is not None
    assert found[2] - found[0] == alone[2] - alone[0]


def test_a_text_in_the_middle_has_as_much_on_either_side():
    left, _, right, _ = ink(drawn(texts=(Text("middle", 100, 50, 20, "#000000", align="middle"),)))
    assert abs((100 - left) - (right - 100)) <= 2


def test_a_bold_text_has_more_ink():
    plain, bold = (
        sum(drawn(texts=(Text("bold", 20, 50, 20, "#000000", bold=bold),)).convert("L").tobytes())
        for bold in (False, True)
    )
    assert bold < plain


def test_lines_of_a_text_become_one_and_what_xml_must_not_hold_is_left_out():
    odd = drawn(texts=(Text("a\n\tb\x00\ufffe\ud800", 20, 50, 20, "#000000"),))
    assert odd.tobytes() == drawn(texts=(Text("a b", 20, 50, 20, "#000000"),)).tobytes()


def test_the_same_picture_is_the_same_bytes():
    made = Picture(
        200, 100, "#ffffff", [Dot(50, 40, 10, "#ff0000")], [Text("a", 9, 50, 20, "#000")]
    )
    assert made.png(0.5) == made.png(0.5)
