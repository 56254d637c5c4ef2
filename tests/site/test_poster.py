"""What is in the picture that stands for an edition."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from kpisite.plugins.svg import LIGHT
from kpisite.render.picture import Line, Polygon, Text
from kpisite.site.poster import Card, Poster, draw_poster

CARD = Card(
    title="On-time departures",
    value="79.8 %",
    direction="up",
    change="4.1 points",
    verdict="good",
    versus="vs week 5",
    target="target 80 % missed by 0.2 points",
    met=False,
    values=(0.8, 0.7, 0.79),
)
EDITION = Poster("Operations", "New York flights", "Week 6, 2013", "sealed", (CARD,))


def texts(poster: Poster) -> dict[str, Text]:
    return {text.text: text for text in draw_poster(poster).texts}


def with_cards(*cards: Card) -> Poster:
    return Poster("Operations", "New York flights", "Week 6, 2013", "sealed", cards)


def picture(poster: Poster) -> Image.Image:
    return Image.open(io.BytesIO(draw_poster(poster).png(1))).convert("RGB")


def test_it_says_site_report_period_status_and_each_kpi_whole():
    found = texts(EDITION)
    for text in ("Operations", "New York flights", "Week 6, 2013", "sealed", "79.8 %"):
        assert text in found
    assert {"On-time departures", "4.1 points", "vs week 5"} <= set(found)
    assert "target 80 % missed by 0.2 points" in " ".join(found)


def test_good_and_bad_have_their_colour_and_an_arrow_says_the_way():
    [arrow] = [shape for shape in draw_poster(EDITION).shapes if isinstance(shape, Polygon)]
    assert arrow.colour == LIGHT["good"]
    (_, foot), (_, tip), _ = arrow.points
    assert tip < foot
    [target] = [text for text in draw_poster(EDITION).texts if "target" in text.text]
    assert target.colour == LIGHT["bad"]


@pytest.mark.parametrize("text", ["<script>&", "a\n\x00b\ufffe\ud800", "x" * 500, "w " * 500, ""])
def test_any_text_is_drawn_and_none_leaves_the_picture(text):
    hostile = Card(title=text, value="1", change=text, versus=text, target=text, report=text)
    image = picture(Poster(text, text, text, text[:20], (hostile,) * 4))
    edges = [(0, 14, 40, 630), (1160, 14, 1200, 630), (0, 600, 1200, 630)]
    assert [image.crop(box).getcolors() for box in edges] == [
        [((right - left) * (bottom - top), (0xF7, 0xF8, 0xFA))]
        for left, top, right, bottom in edges
    ]


def test_a_number_gets_smaller_and_is_never_cut():
    long = "$1,234,567,890.12"
    found = texts(with_cards(Card("Revenue", long), Card("a", "1"), Card("b", "1"), Card("c", "1")))
    assert found[long].size < found["1"].size


def test_values_stand_in_a_line_though_one_title_needs_two():
    found = texts(with_cards(CARD, Card("Mean departure delay of all", "9.7 min"), CARD, CARD))
    assert found["79.8 %"].y == found["9.7 min"].y


def test_without_kpis_the_title_fills_the_picture():
    assert texts(Poster("Acme", "Notes", "2013", "sealed"))["Notes"].size > 80


def test_the_theme_colours_the_stripe_and_the_sparkline():
    poster = Poster("Acme", "Notes", "2013", "sealed", (CARD,), accent="#123456")
    assert picture(poster).getpixel((600, 5)) == (0x12, 0x34, 0x56)
    [line] = [shape for shape in draw_poster(poster).shapes if isinstance(shape, Line)]
    assert line.colour == "#123456"
    assert len(line.points) == len(CARD.values)


def test_a_sparkline_has_a_gap_where_values_are_missing():
    gaps = Card("a", "1", values=(1.0, 2.0, None, 4.0, float("nan")))
    lines = [shape for shape in draw_poster(with_cards(gaps)).shapes if isinstance(shape, Line)]
    assert [len(line.points) for line in lines] == [2, 1]
