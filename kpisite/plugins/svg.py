"""A chart as inline SVG: drawn once, it fits any width, follows the palette, and needs no script.

All places are percentages of the frame, so that a browser scales it; texts, dots and strokes keep
their size. What depends on the width (which labels have room, which lean) is said by classes, and
`kpisite.css` decides by container queries. Where SVG stands without that stylesheet, everything
shows in the light palette.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kpisite.plugins.markup import escape_html

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LIGHT = {
    "page": "#f7f8fa",
    "card": "#ffffff",
    "ink": "#16202c",
    "muted": "#5b6776",
    "faint": "#8a95a2",
    "line": "#e3e7ec",
    "grid": "#edf0f3",
    "accent": "#2563c9",
    "good": "#157347",
    "bad": "#b3261e",
}
"""The page's colours by name, in the light palette."""
SERIES = ("#2563c9", "#c2680c", "#0b8276", "#8b3fbf", "#a8326b", "#6d7278", "#7a6a00")
"""The colours of series in the light palette, which stay apart for the colour-blind."""
TEXT_SIZE = 11
"""Of all texts in charts, in CSS pixels."""
TICK_ROOM = 14
"""From the frame's edge to the labels of an axis, in CSS pixels."""
WIDTHS = (240, 280, 320, 360, 420, 480, 560, 640, 760, 900, 1100)
"""Widths of a chart, in CSS pixels, that `kpisite.css` tells apart."""
WIDE = 480
"""From that width on a chart has room for texts that a narrow one leaves out."""

_NARROW, _WIDE = frozenset("iljtfrI.,:;|!'()[]- "), frozenset("mwMW@%—…")
_LINE, _ASCENT = 13, 10.6
_ANCHORS = {"left": "", "center": ' text-anchor="middle"', "right": ' text-anchor="end"'}
_BASELINES = {"middle": 4.0, "bottom": -2.5, "alphabetic": 0.0, "top": 9.0}
"""Where a text stands → how far its baseline is below that, in CSS pixels."""


def text_width(text: str) -> float:
    """Return about how many CSS pixels a text of 11 px is wide; rather more than less."""
    pixels = 0.0
    for character in text:
        if character in _NARROW:
            pixels += 4.2
        elif character in _WIDE:
            pixels += 9.8
        elif character.isascii():
            pixels += 7.1
        elif not unicodedata.combining(character):
            pixels += 11 if unicodedata.east_asian_width(character) in "WF" else 7.1
    return pixels


def colour(name: str) -> str:
    """Return a colour of the page for SVG and CSS, by its name in `LIGHT`."""
    return f"var(--kpi-{name},{LIGHT[name]})"


def series_colour(position: int) -> str:
    """Return the colour of a series of the page, for SVG and CSS."""
    number = position % len(SERIES)
    return f"var(--kpi-series-{number + 1},{SERIES[number]})"


@dataclass
class Borders:
    """What is around the frame, in CSS pixels."""

    left: float = 4
    top: float = 8
    right: float = 10
    bottom: float = 4
    narrow_right: float | None = None
    """Right of the frame where the chart is narrow, and texts for wide ones are left out."""
    lean: float = 0
    """Below the frame where the labels lean."""
    lean_below: int = 0
    """The labels lean in charts that are narrower than this; 0: never."""


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
        self.values_along: Literal["x", "y"] = "y"
        """The axis of the values: charts of two editions are shown on the same scale of it."""
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
        path = "".join(f"M0 {_per_mille(self.y(value))}H1000" for value in at)
        self._path(path, f'stroke="{stroke}"' + _dashed(dashes))

    def lines_up(self, at: Iterable[float], stroke: str) -> None:
        """Draw hairlines from the bottom edge to the top.

        Args:
            at: Where on the x axis.
            stroke: The colour.
        """
        path = "".join(f"M{_per_mille(self.x(value))} 0V1000" for value in at)
        self._path(path, f'stroke="{stroke}"')

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
        pairs = zip(x, y, strict=True)
        look = f'stroke="{stroke}" stroke-width="{_short(width)}" stroke-linejoin="round"'
        if lone:
            look += ' stroke-linecap="round"'
        self._path(_run(self._points(pairs), lone=lone), look + _dashed(dashes))

    def area(
        self,
        x: Sequence[float],
        low: Sequence[float],
        high: Sequence[float],
        fill: str,
        opacity: float,
    ) -> None:
        """Fill what is between two lines; where one of them is NaN is a gap."""
        shapes, top, bottom = [], list[str](), list[str]()
        for at, under, over in [*zip(x, low, high, strict=True), (math.nan,) * 3]:
            if math.isfinite(under) and math.isfinite(over):
                place = _per_mille(self.x(at))
                top.append(f"{place} {_per_mille(self.y(over))}")
                bottom.append(f"{place} {_per_mille(self.y(under))}")
            elif top:
                shapes.append(f"M{'L'.join(top)}L{'L'.join(reversed(bottom))}Z")
                top, bottom = [], []
        if shapes:
            self._stretched(f'<path d="{"".join(shapes)}" fill="{fill}" opacity="{opacity}"/>')

    def boxes(
        self,
        sides: Iterable[tuple[float, float, float, float]],
        fill: str,
        *,
        opacity: float = 1,
        radius: float = 0,
    ) -> None:
        """Fill rectangles.

        Args:
            sides: Left, right, bottom and top of each; one with a NaN is left out.
            fill: The colour.
            opacity: From 0 to 1.
            radius: Of the corners, in CSS pixels.
        """
        drawn = []
        for left, right, bottom, top in sides:
            x1, x2 = sorted((self.x(left), self.x(right)))
            y1, y2 = sorted((self.y(bottom), self.y(top)))
            if math.isfinite(x2 - x1) and math.isfinite(y2 - y1):
                drawn.append(
                    f'<rect x="{_percent(x1)}" y="{_percent(y1)}"'
                    f' width="{_percent(x2 - x1)}" height="{_percent(y2 - y1)}"'
                    + (f' rx="{_short(radius)}"/>' if radius else "/>")
                )
        self._group(drawn, f'fill="{fill}"' + (f' opacity="{opacity}"' if opacity != 1 else ""))

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
        radius = _short(size / 2)
        drawn = [
            f'<circle cx="{_percent(at)}" cy="{_percent(up)}" r="{radius}"/>'
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
        radius, drawn = _short(size / 2), []
        for dot in dots:
            at, up = self.x(dot.x), self.y(dot.y)
            if math.isfinite(at) and math.isfinite(up):
                title = escape_html(dot.title)
                drawn.append(
                    f'<a xlink:href="{escape_html(dot.url)}" tabindex="-1" aria-label="{title}">'
                    f'<title>{title}</title><circle cx="{_percent(at)}" cy="{_percent(up)}"'
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
            f'<text x="{_percent(at)}" y="{_percent(up)}"'
            + (f' dx="{_short(shift[0])}"' if shift[0] else "")
            + (f' dy="{_short(down)}"' if down else "")
            + f' fill="{fill}"{_ANCHORS[align]}'
            + (' font-weight="700"' if bold else "")
            + (' class="kpi-wide"' if wide else "")
            + f">{escape_html(text)}</text>"
        )

    def labels_left(self, at: Sequence[float], labels: Sequence[str], fill: str) -> None:
        """Write labels left of the frame, and make room for them.

        Args:
            at: Where on the y axis.
            labels: Plain texts.
            fill: The colour.
        """
        widest = max(map(text_width, labels), default=0)
        self.borders.left = max(self.borders.left, round(widest) + TICK_ROOM + 5)
        drawn = [
            f'<text x="-{TICK_ROOM}" y="{_percent(self.y(value))}" dy="4">'
            f"{escape_html(label)}</text>"
            for value, label in zip(at, labels, strict=True)
        ]
        self._group(drawn, f'fill="{fill}" text-anchor="end"')

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
        count = len(at)
        widest = max(map(text_width, labels), default=0) + 6
        self.borders.bottom = TICK_ROOM + _LINE + 3
        needs, gaps = widest, max(1, count - 1)
        if angle:
            turned = math.radians(angle)
            self.borders.bottom = (
                TICK_ROOM
                + 3
                + round(abs(math.sin(turned)) * widest + abs(math.cos(turned)) * _LINE)
            )
            needs = abs(math.cos(turned)) * widest + abs(math.sin(turned)) * _LINE
        elif turn:
            self.borders.lean_below = self._wide_enough(widest * count) or WIDTHS[-1] * 10
            self.borders.lean = TICK_ROOM + 6 + round(0.71 * widest)
            needs, gaps = 16, count
        if name:
            self.borders.bottom += _LINE + 4
        drawn = []
        for position, (value, label) in enumerate(zip(at, labels, strict=True)):
            shares = position & -position  # half of all places have 1, a quarter 2, …
            shown = self._shown_from(needs * gaps / shares) if position else ""
            drawn.append(self._label_below(value, label, shown, angle))
        self._group(drawn, f'class="kpi-below" fill="{fill}"')
        if name:
            self._parts.append(
                f'<text x="50%" y="100%" dy="{_short(self.borders.bottom - 4)}" fill="{fill}"'
                f' text-anchor="middle">{escape_html(name)}</text>'
            )

    def _shown_from(self, frame: float) -> str:
        """Return the class of a label that needs so wide a frame."""
        width = self._wide_enough(frame)
        return f"kpi-from-{width}" if width else "kpi-never"

    def _wide_enough(self, frame: float) -> int:
        """Return the first of `WIDTHS` that leaves so wide a frame; 0 where there is none."""
        borders = self.borders
        narrow = borders.right if borders.narrow_right is None else borders.narrow_right
        for width in WIDTHS:
            right = narrow if width < WIDE else borders.right
            if width - borders.left - right >= frame:
                return width
        return 0

    def _label_below(self, value: float, label: str, shown: str, angle: float) -> str:
        hidden = f' class="{shown}"' if shown else ""
        place = f'x="{_percent(self.x(value))}" y="100%"'
        if not angle:
            down = _short(TICK_ROOM + _ASCENT)
            return f'<text {place} dy="{down}"{hidden}>{escape_html(label)}</text>'
        side = "end" if angle > 0 else "start"
        return (
            f'<svg {place} overflow="visible"{hidden}><text y="{TICK_ROOM}" dy="4"'
            f' style="text-anchor:{side}" transform="rotate({_short(-angle)} 0 {TICK_ROOM})">'
            f"{escape_html(label)}</text></svg>"
        )

    def svg(self) -> str:
        """Return the SVG in one line.

        It is hidden from screen readers, as its box says what it shows; not so its links.
        """
        borders = self.borders
        style = (
            f"--kpi-l:{_short(borders.left)}px;--kpi-t:{_short(borders.top)}px;"
            f"--kpi-r:{_short(borders.right)}px;--kpi-b:{_short(borders.bottom)}px"
        )
        if borders.narrow_right is not None:
            style += f";--kpi-r-narrow:{_short(borders.narrow_right)}px"
        classes = "kpi-still"
        if borders.lean_below:
            style += f";--kpi-b-lean:{_short(borders.lean)}px"
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
        low, high = self._ends[self.values_along]
        if not (math.isfinite(low) and math.isfinite(high)):
            return ""
        return f' data-kpi-values="{self.values_along} {low:.9g} {high:.9g}"'

    def _points(self, pairs: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(self.x(at), self.y(up)) for at, up in pairs]

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


def _run(points: Iterable[tuple[float, float]], *, lone: bool = False) -> str:
    """Return the path through points; a gap at each that is not finite."""
    path, run = [], 0
    for x, y in points:
        if math.isfinite(x) and math.isfinite(y):
            path.append(f"{'L' if run else 'M'}{_per_mille(x)} {_per_mille(y)}")
            run += 1
        else:
            if lone and run == 1:
                path.append("h0")
            run = 0
    if lone and run == 1:
        path.append("h0")
    return "".join(path)


def _dashed(dashes: str) -> str:
    return f' stroke-dasharray="{dashes}"' if dashes else ""


def _percent(share: float) -> str:
    return f"{_short(share * 100)}%"


def _per_mille(share: float) -> str:
    return _short(share * 1000)


def _short(value: float) -> str:
    """Return a number with at most two digits after the point."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
