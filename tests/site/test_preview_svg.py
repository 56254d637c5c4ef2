"""What is in the picture that stands for an edition."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET

import pytest
from PIL import Image

from kpisite.plugins.svg import LIGHT
from kpisite.render.raster import png
from kpisite.site.preview_svg import Card, Poster, poster_svg

SVG = "{http://www.w3.org/2000/svg}"
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


def drawn(poster: Poster) -> ET.Element:
    return ET.fromstring(poster_svg(poster))


def texts(poster: Poster) -> list[str]:
    return [text.text or "" for text in drawn(poster).iter(f"{SVG}text")]


def with_cards(*cards: Card) -> Poster:
    return Poster("Operations", "New York flights", "Week 6, 2013", "sealed", cards)


def picture(poster: Poster) -> Image.Image:
    return Image.open(io.BytesIO(png(poster_svg(poster), 1))).convert("RGB")


def test_it_says_site_report_period_status_and_each_kpi_whole():
    found = texts(EDITION)
    for text in ("Operations", "New York flights", "Week 6, 2013", "sealed", "79.8 %"):
        assert text in found
    assert {"On-time departures", "4.1 points", "vs week 5"} <= set(found)
    assert "target 80 % missed by 0.2 points" in " ".join(found)


def test_good_and_bad_have_their_colour_and_an_arrow_says_the_way():
    [arrow] = [
        path for path in drawn(EDITION).iter(f"{SVG}path") if path.get("fill") == LIGHT["good"]
    ]
    assert arrow.get("d", "").startswith("M0 0L9 -16")
    [target] = [t for t in drawn(EDITION).iter(f"{SVG}text") if "target" in (t.text or "")]
    assert target.get("fill") == LIGHT["bad"]


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
    cards = with_cards(Card("Revenue", long), Card("a", "1"), Card("b", "1"), Card("c", "1"))
    sizes = {t.text: int(t.get("font-size", 0)) for t in drawn(cards).iter(f"{SVG}text")}
    assert sizes[long] < sizes["1"]


def test_values_stand_in_a_line_though_one_title_needs_two():
    cards = with_cards(CARD, Card("Mean departure delay of all", "9.7 min"), CARD, CARD)
    found = [t for t in drawn(cards).iter(f"{SVG}text") if t.text in ("79.8 %", "9.7 min")]
    assert len({text.get("y") for text in found}) == 1


def test_without_kpis_the_title_fills_the_picture():
    [size] = [
        int(text.get("font-size", 0))
        for text in drawn(Poster("Acme", "Notes", "2013", "sealed")).iter(f"{SVG}text")
        if text.text == "Notes"
    ]
    assert size > 80


def test_the_theme_colours_the_stripe_and_the_sparkline():
    poster = Poster("Acme", "Notes", "2013", "sealed", (CARD,), accent="#123456")
    image = picture(poster)
    assert image.getpixel((600, 5)) == (0x12, 0x34, 0x56)
    assert poster_svg(poster).count("#123456") >= 3
