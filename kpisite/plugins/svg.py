"""A chart as inline SVG: drawn once, it fits any width, follows the palette, and needs no script.

All places are percentages of the frame, so that a browser scales it; texts, dots and strokes keep
their size. What depends on the width (which labels have room, which lean) is said by classes, and
`kpisite.css` decides by container queries. Where SVG stands without that stylesheet, everything
shows in the light palette.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kpisite.plugins.markup import escape_html
from kpisite.plugins.svg_axes import (
    TICK_ROOM,
    WIDE,
    WIDTHS,
    Borders,
    Label,
    axis_name,
    labels_below,
    labels_left,
    labels_right,
)
from kpisite.plugins.svg_colours import (
    HEAT,
    HEAT_PALE,
    LIGHT,
    SERIES,
    colour,
    heat_colour,
    series_colour,
)
from kpisite.plugins.svg_numbers import per_mille, percent, short
from kpisite.plugins.svg_paths import area_path, cells_path, line_path
from kpisite.plugins.svg_text import TEXT_SIZE, text_width

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "HEAT",
    "HEAT_PALE",
    "LIGHT",
    "SERIES",
    "TEXT_SIZE",
    "TICK_ROOM",
    "WIDE",
    "WIDTHS",
    "Borders",
    "Canvas",
    "LinkedDot",
    "colour",
    "heat_colour",
    "series_colour",
    "text_width",
]

_ANCHORS = {"left": "", "center": ' text-anchor="middle"', "right": ' text-anchor="end"'}
_BASELINES = {"middle": 4.0, "bottom": -2.5, "alphabetic": 0.0, "top": 9.0}
"""Where a text stands → how far its baseline is below that, in CSS pixels."""


@dataclass(frozen=True)
class LinkedDot:
    """A dot that leads somewhere."""

    x: float
    y: float
    url: str
    title: str
    """What a screen reader says, and a browser shows under the pointer."""


class Canvas:
    """An SVG in the making: a frame with scales, and what is drawn in it and around it."""

    def __init__(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        """Begin with an empty frame.

        Args:
            x: What the left and the right edge stand for.
            y: What the bottom and the top edge stand for.
        """
        self.borders = Borders()
        self.values_along: Literal["x", "y"] | None = "y"
        """The axis of the values: charts of two editions are shown on the same scale of it.
        None where neither has values."""
        self._ends = {"x": x, "y": y}
        self._x_start, self._x_range = x[0], (x[1] - x[0]) or 1.0
        self._y_end, self._y_range = y[1], (y[1] - y[0]) or 1.0
        self._parts: list[str] = []
        self._links: list[str] = []

    def x(self, value: float) -> float:
        """Return where a value is: 0 at the left edge, 1 at the right."""
        return (value - self._x_start) / self._x_range

    def y(self, value: float) -> float:
        """Return where a value is: 0 at the top edge, 1 at the bottom."""
        return (self._y_end - value) / self._y_range

    def lines_across(self, at: Iterable[float], stroke: str, *, dashes: str = "") -> None:
        """Draw hairlines from the left edge to the right.

        Args:
            at: Where on the y axis.
            stroke: The colour.
            dashes: Lengths of dashes and of the gaps between them, in CSS pixels; "" for none.
        """
        path = "".join(f"M0 {per_mille(self.y(value))}H1000" for value in at)
        self._path(path, f'stroke="{stroke}"' + _dashed(dashes))

    def lines_up(self, at: Iterable[float], stroke: str, *, dashes: str = "") -> None:
        """Draw hairlines from the bottom edge to the top.

        Args:
            at: Where on the x axis.
            stroke: The colour.
            dashes: Lengths of dashes and of the gaps between them, in CSS pixels; "" for none.
        """
        path = "".join(f"M{per_mille(self.x(value))} 0V1000" for value in at)
        self._path(path, f'stroke="{stroke}"' + _dashed(dashes))

    def line(
        self,
        x: Sequence[float],
        y: Sequence[float],
        stroke: str,
        *,
        width: float = 2,
        dashes: str = "",
        lone: bool = False,
    ) -> None:
        """Draw a line through points; NaN is a gap.

        Args:
            x: Where on the x axis.
            y: Where on the y axis.
            stroke: The colour.
            width: In CSS pixels.
            dashes: Lengths of dashes and of the gaps between them, in CSS pixels; "" for none.
            lone: Whether a point between two gaps is drawn.
        """
        points = [(self.x(at), self.y(up)) for at, up in zip(x, y, strict=True)]
        look = f'stroke="{stroke}" stroke-width="{short(width)}" stroke-linejoin="round"'
        if lone:
            look += ' stroke-linecap="round"'
        self._path(line_path(points, lone=lone), look + _dashed(dashes))

    def area(
        self,
        x: Sequence[float],
        low: Sequence[float],
        high: Sequence[float],
        fill: str,
        opacity: float,
    ) -> None:
        """Fill what is between two lines; where one of them is NaN is a gap."""
        sides = zip(x, low, high, strict=True)
        path = area_path((self.x(at), self.y(under), self.y(over)) for at, under, over in sides)
        if path:
            self._stretched(f'<path d="{path}" fill="{fill}" opacity="{opacity}"/>')

    def boxes(
        self,
        sides: Iterable[tuple[float, float, float, float]],
        fill: str,
        *,
        opacity: float = 1,
        radius: float = 0,
        rim: str = "",
    ) -> None:
        """Fill rectangles.

        Args:
            sides: Left, right, bottom and top of each; one with a NaN is left out.
            fill: The colour.
            opacity: From 0 to 1.
            radius: Of the corners, in CSS pixels.
            rim: The colour of a hairline around each, with which the narrowest one shows; "" for
                none.
        """
        drawn = []
        for left, right, bottom, top in sides:
            x1, x2 = sorted((self.x(left), self.x(right)))
            y1, y2 = sorted((self.y(bottom), self.y(top)))
            if math.isfinite(x2 - x1) and math.isfinite(y2 - y1):
                drawn.append(
                    f'<rect x="{percent(x1)}" y="{percent(y1)}"'
                    f' width="{percent(x2 - x1)}" height="{percent(y2 - y1)}"'
                    + (f' rx="{short(radius)}"/>' if radius else "/>")
                )
        look = f'fill="{fill}"' + (f' opacity="{opacity}"' if opacity != 1 else "")
        self._group(drawn, look + (f' stroke="{rim}"' if rim else ""))

    def cells(
        self,
        places: Iterable[tuple[float, float]],
        size: tuple[float, float],
        fill: str,
        *,
        rim: str,
    ) -> None:
        """Fill rectangles of one size.

        Args:
            places: The middle of each, on the x and on the y axis.
            size: Width and height, as the axes count.
            fill: The colour.
            rim: The colour of a hairline around each.
        """
        width, height = abs(size[0] / self._x_range), abs(size[1] / self._y_range)
        path = cells_path(((self.x(at), self.y(up)) for at, up in places), width, height)
        if path:
            self._stretched(
                f'<path d="{path}" fill="{fill}" stroke="{rim}"'
                ' vector-effect="non-scaling-stroke"/>'
            )

    def dots(
        self,
        x: Iterable[float],
        y: Iterable[float],
        fill: str,
        *,
        size: float,
        opacity: float = 1,
        rim: str = "",
    ) -> None:
        """Draw dots; one with a NaN is left out.

        Args:
            x: Where on the x axis.
            y: Where on the y axis.
            fill: The colour.
            size: Their diameter, in CSS pixels.
            opacity: From 0 to 1.
            rim: The colour of a line around each; "" for none.
        """
        radius = short(size / 2)
        drawn = [
            f'<circle cx="{percent(at)}" cy="{percent(up)}" r="{radius}"/>'
            for at, up in ((self.x(a), self.y(b)) for a, b in zip(x, y, strict=True))
            if math.isfinite(at) and math.isfinite(up)
        ]
        look = f'fill="{fill}"' + (f' fill-opacity="{opacity}"' if opacity != 1 else "")
        self._group(drawn, look + (f' stroke="{rim}"' if rim else ""))

    def linked_dots(
        self, dots: Iterable[LinkedDot], fill: str, *, size: float, rim: str = "", kind: str = ""
    ) -> None:
        """Draw dots that lead somewhere, above all else; one with a NaN is left out.

        They are not in the tab order: whoever draws hundreds of them has a table with the links.
        The address is an `xlink:href`, since Material's instant navigation writes to all `href`,
        and those of SVG cannot be written.

        Args:
            dots: The dots.
            fill: The colour.
            size: Their diameter, in CSS pixels.
            rim: The colour of a line around each; "" for none.
            kind: A class for stylesheets; "" for none.
        """
        radius, drawn = short(size / 2), []
        for dot in dots:
            at, up = self.x(dot.x), self.y(dot.y)
            if math.isfinite(at) and math.isfinite(up):
                title = escape_html(dot.title)
                drawn.append(
                    f'<a xlink:href="{escape_html(dot.url)}" tabindex="-1" aria-label="{title}">'
                    f'<title>{title}</title><circle cx="{percent(at)}" cy="{percent(up)}"'
                    f' r="{radius}"/></a>'
                )
        look = f'fill="{fill}"' + (f' stroke="{rim}" stroke-width="1.5"' if rim else "")
        if drawn:
            named = f' class="{kind}"' if kind else ""
            self._links.append(f"<g{named} {look}>{''.join(drawn)}</g>")

    def text(
        self,
        text: str,
        x: float,
        y: float,
        *,
        fill: str,
        shift: tuple[float, float] = (0, 0),
        align: str = "left",
        baseline: str = "middle",
        bold: bool = False,
        wide: bool = False,
    ) -> None:
        """Write a text at a point.

        Args:
            text: Plain text.
            x: Where on the x axis.
            y: Where on the y axis.
            fill: The colour.
            shift: From there to the right and down, in CSS pixels.
            align: Which end of the text is there: `left`, `center` or `right`.
            baseline: What of the text is there: `middle`, `bottom`, `alphabetic` or `top`.
            bold: Whether the text is bold.
            wide: Whether a narrow chart leaves it out.
        """
        at, up = self.x(x), self.y(y)
        if not (text and math.isfinite(at) and math.isfinite(up)):
            return
        down = shift[1] + _BASELINES[baseline]
        self._parts.append(
            f'<text x="{percent(at)}" y="{percent(up)}"'
            + (f' dx="{short(shift[0])}"' if shift[0] else "")
            + (f' dy="{short(down)}"' if down else "")
            + f' fill="{fill}"{_ANCHORS[align]}'
            + (' font-weight="700"' if bold else "")
            + (' class="kpi-wide"' if wide else "")
            + f">{escape_html(text)}</text>"
        )

    def texts_in_the_middle(
        self,
        texts: Iterable[str],
        x: Iterable[float],
        y: Iterable[float],
        *,
        fill: str,
        from_width: int = 0,
    ) -> None:
        """Write texts whose middles are at points; one with a NaN is left out.

        Args:
            texts: Plain texts.
            x: Where on the x axis.
            y: Where on the y axis.
            fill: The colour.
            from_width: The first of `WIDTHS` that has room for them; 0 where all have.
        """
        places = ((text, self.x(a), self.y(b)) for text, a, b in zip(texts, x, y, strict=True))
        drawn = [
            f'<text x="{percent(at)}" y="{percent(up)}" dy="4">{escape_html(text)}</text>'
            for text, at, up in places
            if math.isfinite(at) and math.isfinite(up)
        ]
        shown = f' class="kpi-from-{from_width}"' if from_width else ""
        self._group(drawn, f'fill="{fill}" text-anchor="middle"{shown}')

    def labels_left(self, at: Sequence[float], labels: Sequence[str], fill: str) -> None:
        """Write labels left of the frame, and make room for them.

        Args:
            at: Where on the y axis.
            labels: Plain texts.
            fill: The colour.
        """
        shown = [Label(self.y(value), label) for value, label in zip(at, labels, strict=True)]
        drawn = labels_left(self.borders, shown)
        self._group(drawn, f'fill="{fill}" text-anchor="end"')

    def labels_right(self, at: Sequence[float], labels: Sequence[str], fill: str) -> None:
        """Write labels right of the frame, and make room for them.

        Args:
            at: Where on the y axis.
            labels: Plain texts.
            fill: The colour.
        """
        shown = [Label(self.y(value), label) for value, label in zip(at, labels, strict=True)]
        self._group(labels_right(self.borders, shown), f'fill="{fill}"')

    def labels_below(
        self,
        at: Sequence[float],
        labels: Sequence[str],
        fill: str,
        *,
        turn: bool = False,
        angle: float = 0,
        name: str = "",
    ) -> None:
        """Write labels below the frame; call it after all else that needs room at the sides.

        Every second is left out where they have no room, then three of four, and so on.

        Args:
            at: Where on the x axis.
            labels: Plain texts.
            fill: The colour.
            turn: Whether labels lean in charts that are too narrow for them, instead of leaving
                some out.
            angle: By which all are turned, in degrees against the clock; 0 for none.
            name: What the axis is called.
        """
        shown = [Label(self.x(value), label) for value, label in zip(at, labels, strict=True)]
        drawn = labels_below(self.borders, shown, turn=turn, angle=angle)
        self._group(drawn, f'class="kpi-below" fill="{fill}"')
        if name:
            self._parts.append(axis_name(self.borders, name, fill))

    def svg(self) -> str:
        """Return the SVG in one line.

        It is hidden from screen readers, as its box says what it shows; not so its links.
        """
        borders = self.borders
        style = (
            f"--kpi-l:{short(borders.left)}px;--kpi-t:{short(borders.top)}px;"
            f"--kpi-r:{short(borders.right)}px;--kpi-b:{short(borders.bottom)}px"
        )
        if borders.narrow_right is not None:
            style += f";--kpi-r-narrow:{short(borders.narrow_right)}px"
        classes = "kpi-still"
        if borders.lean_below:
            style += f";--kpi-b-lean:{short(borders.lean)}px"
            always = borders.lean_below > WIDTHS[-1]
            classes += " kpi-lean" if always else f" kpi-lean-{borders.lean_below}"
        drawn, hidden = "".join(self._parts), ' aria-hidden="true" focusable="false"'
        if self._links:
            drawn, hidden = f'<g aria-hidden="true">{drawn}</g>{"".join(self._links)}', ""
        return (
            f'<svg class="{classes}"{self._scale()} style="{style}" font-size="{TEXT_SIZE}"'
            f' overflow="visible"{hidden}>{drawn}</svg>'
        )

    def _scale(self) -> str:
        if self.values_along is None:
            return ""
        low, high = self._ends[self.values_along]
        if not (math.isfinite(low) and math.isfinite(high)):
            return ""
        return f' data-kpi-values="{self.values_along} {low:.9g} {high:.9g}"'

    def _path(self, path: str, look: str) -> None:
        if path:
            self._stretched(
                f'<path d="{path}" fill="none" {look} vector-effect="non-scaling-stroke"/>'
            )

    def _stretched(self, elements: str) -> None:
        """Add elements whose places are thousandths of the frame."""
        self._parts.append(
            '<svg width="100%" height="100%" viewBox="0 0 1000 1000" preserveAspectRatio="none"'
            f' overflow="visible">{elements}</svg>'
        )

    def _group(self, elements: Sequence[str], look: str) -> None:
        if elements:
            self._parts.append(f"<g {look}>{''.join(elements)}</g>")


def _dashed(dashes: str) -> str:
    return f' stroke-dasharray="{dashes}"' if dashes else ""
