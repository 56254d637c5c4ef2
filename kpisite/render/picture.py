"""A picture drawn from boxes, lines and texts, as PNG.

What is drawn is plain and small, and there may be thousands of such pictures: Pillow paints them in
a quarter of the time that an SVG of the same takes.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Literal

from kpisite.plugins.markup import escape_html
from kpisite.render.raster import BOLD, REGULAR, can_draw, is_in_font, png, well_formed

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

    from kpisite.render.sparkline import Points

_FINE = 3
"""Pillow draws edges without smoothing: shapes are drawn so much larger, then made smaller."""
_COMPRESSION = 4
"""Of PNG: a higher level takes longer, and saves less than a hundredth here."""


@dataclass(frozen=True)
class Box:
    """A rectangle; its colours are `#rrggbb`, or "" for none."""

    left: float
    top: float
    width: float
    height: float
    fill: str = ""
    line: str = ""
    line_width: float = 0
    radius: float = 0


@dataclass(frozen=True)
class Line:
    """A line through points."""

    points: Points
    colour: str
    width: float


@dataclass(frozen=True)
class Dot:
    """A filled circle."""

    x: float
    y: float
    radius: float
    colour: str


@dataclass(frozen=True)
class Polygon:
    """A filled polygon."""

    points: Points
    colour: str


Shape = Box | Line | Dot | Polygon


@dataclass(frozen=True)
class Text:
    """One line of text; `y` is that of its baseline."""

    text: str
    x: float
    y: float
    size: float
    colour: str
    bold: bool = False
    align: Literal["left", "middle"] = "left"


@dataclass
class Picture:
    """What is drawn, in pixels of the drawing: shapes in their order, then texts."""

    width: int
    height: int
    ground: str
    shapes: list[Shape] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)

    def png(self, scale: float) -> bytes:
        """Return it as a PNG.

        Args:
            scale: Pixels of the picture for one of the drawing.
        """
        from PIL import Image, ImageDraw

        size = round(self.width * scale), round(self.height * scale)
        large = Image.new("RGB", (size[0] * _FINE, size[1] * _FINE), self.ground)
        draw = ImageDraw.Draw(large)
        for shape in self.shapes:
            _draw(draw, shape, scale * _FINE)
        image = large.reduce(_FINE)
        for text in self.texts:
            _write(image, text, scale)
        file = io.BytesIO()
        image.save(file, "png", compress_level=_COMPRESSION)
        return file.getvalue()


def _draw(draw: ImageDraw, shape: Shape, scale: float) -> None:
    match shape:
        case Box(left, top, width, height, fill, line, line_width, radius):
            draw.rounded_rectangle(
                [left * scale, top * scale, (left + width) * scale - 1, (top + height) * scale - 1],
                radius * scale,
                fill=fill or None,
                outline=line or None,
                width=round(line_width * scale),
            )
        case Line(points, colour, width):
            places = _scaled(points, scale)
            draw.line(places, fill=colour, width=round(width * scale), joint="curve")
            for x, y in (places[0], places[-1]):  # round ends
                draw.circle((x, y), width * scale / 2, fill=colour)
        case Dot(x, y, radius, colour):
            draw.circle((x * scale, y * scale), radius * scale, fill=colour)
        case Polygon(points, colour):
            draw.polygon(_scaled(points, scale), fill=colour)


def _scaled(points: Points, scale: float) -> Points:
    return [(x * scale, y * scale) for x, y in points]


def _write(image: Image, text: Text, scale: float) -> None:
    """Put a text on a picture; what the shipped font lacks comes from the machine's fonts."""
    words = " ".join(well_formed(text.text).split())
    x, y, size = text.x * scale, text.y * scale, text.size * scale
    if not is_in_font(words) and can_draw():
        _write_foreign(image, words, x, y, size, text)
        return
    from PIL import ImageDraw

    font = _font(BOLD if text.bold else REGULAR, size)
    anchor = "ms" if text.align == "middle" else "ls"
    ImageDraw.Draw(image).text((x, y), words, text.colour, font, anchor)


def _write_foreign(image: Image, words: str, x: float, y: float, size: float, text: Text) -> None:
    from PIL import Image as Images

    weight = ' font-weight="700"' if text.bold else ""
    middle = ' text-anchor="middle"' if text.align == "middle" else ""
    drawn = png(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{image.width}" height="{image.height}">'
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:.1f}" fill="{text.colour}"'
        f"{weight}{middle}>{escape_html(words)}</text></svg>",
        1,
    )
    over = Images.open(io.BytesIO(drawn))
    image.paste(over, mask=over)


@cache
def _font(path: str, size: float) -> FreeTypeFont:
    """Return a font; its layout is the one that each build of Pillow has."""
    from PIL import ImageFont

    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)
