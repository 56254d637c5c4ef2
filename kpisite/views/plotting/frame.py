"""What all kinds of plots have: ranges, axes, a grid, layers of glyphs, a hover; without Bokeh."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from kpisite.plugins.svg import LIGHT, SERIES, TEXT_SIZE
from kpisite.plugins.ticks import Ticks
from kpisite.views.plotting.text import canvas_text, shorten

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kpisite.plugins import NumberFormat, Period
    from kpisite.views.plotting.data import XAxis
    from kpisite.views.plotting.marks import Band, ReferenceLine
    from kpisite.views.plotting.scale import Scale

Kind = Literal["line", "bar", "barh", "scatter", "heatmap", "box"]
Side = Literal["below", "left", "right"]

COLOURS = SERIES
"""The series' colours until the page's own replace them."""
INK, MUTED, CARD, LINE = (LIGHT[name] for name in ("ink", "muted", "card", "line"))
FONT = f"{TEXT_SIZE}px"


@dataclass(frozen=True)
class Look:
    """How a plot is drawn."""

    kind: Kind
    stacked: bool
    legend: bool
    """Whether the series are named, in whatever way suits the kind."""
    bar_labels: bool
    """Whether bars and cells say their values."""
    rotation: float | None
    """Of the labels below, in degrees against the clock; None leaves it to the width."""
    number_format: NumberFormat
    colours: tuple[str, ...]
    """Of the report's theme; empty for those of the page."""
    period: Period
    line_width: float = 2
    """Of lines, in CSS pixels."""
    outliers: bool = True
    """Whether values beyond the whiskers of boxes are drawn."""
    scale: Scale = "linear"
    """How the values become places on their axis."""
    secondary: Mapping[int, NumberFormat] = field(default_factory=dict)
    """Position of a series with an axis at the right → how its values are shown."""
    notes: Sequence[tuple[float, str]] = ()
    """Places of the x axis that have a note."""
    lines: tuple[ReferenceLine, ...] = ()
    """Values that are marked by a line."""
    bands: tuple[Band, ...] = ()
    """Stretches of values that are marked."""

    def format_of(self, position: int) -> NumberFormat:
        """Return how the values of a series are shown."""
        return self.secondary.get(position, self.number_format)

    @property
    def marked(self) -> list[float]:
        """The values of all lines and bands, which the axis has to show."""
        ends = [end for band in self.bands for end in (band.low, band.high) if end is not None]
        return [*(line.at for line in self.lines), *ends]

    @property
    def labels(self) -> list[str]:
        """What lines and bands are called, those that have a label."""
        labels = [*(band.label for band in self.bands), *(line.label for line in self.lines)]
        return [label for label in labels if label]

    def colour(self, position: int) -> str:
        """Return the colour that a series is drawn with."""
        colours = self.colours or COLOURS
        return colours[position % len(colours)]

    def css_colour(self, position: int) -> str:
        """Return the colour of a series for HTML: it follows the page's palette."""
        if self.colours:
            return self.colour(position)
        return f"var(--kpi-series-{position % len(COLOURS) + 1})"

    def tags(self, position: int) -> list[str]:
        """Return what makes a series follow the page's palette."""
        return [] if self.colours else [f"kpi-series-{position % len(COLOURS) + 1}"]


@dataclass(frozen=True)
class Slots:
    """The stretch of the x axis that belongs to each place."""

    middle: list[float]
    left: list[float]
    right: list[float]


@dataclass(frozen=True)
class Glyphs:
    """Marks of one kind. Attributes are those of the Bokeh model of that name."""

    name: str
    fields: Mapping[str, str]
    """Attribute → the column that it takes from."""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """Attribute → what all charts of this structure have in common."""
    values: Mapping[str, str] = field(default_factory=dict)
    """Attribute → name of the value that it takes."""

    def structure(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "name": self.name,
            "fields": dict(self.fields),
            "fixed": dict(self.fixed),
            "values": dict(self.values),
        }


class Drawing:
    """A plot in the making: its structure, and the values that fill it.

    `plotting.draw.draw` says what the structure means to Bokeh.
    """

    def __init__(self, x: Ticks, y: Ticks, height: int, *, grid: Side | None = "left") -> None:
        """Begin with ranges and a grid, without axes.

        Args:
            x: Extent of the plot from left to right, and its ticks.
            y: Extent from the bottom to the top.
            height: In CSS pixels.
            grid: The axis of the values, whose ticks have lines; None where neither has values.
        """
        self.height = height
        self.structure: dict[str, Any] = {"grid": grid, "axes": [], "layers": [], "zero": None}
        self.values: dict[str, Any] = {
            "x start": x.start,
            "x end": x.end,
            "y start": y.start,
            "y end": y.end,
            "border top": 8,
            "border right": 10,
        }
        self._ticks: dict[Side, Ticks] = {"below": x, "left": y}

    def right_axis(self, ticks: Ticks) -> None:
        """Add an axis at the right, its ticks in places of the one at the left."""
        self._ticks["right"] = ticks
        self.axis("right")

    def axis(self, side: Side, **look: Any) -> None:
        """Add an axis with exactly its ticks; below, `charts.js` leaves out what does not fit."""
        ticks = self._ticks[side]
        if side == "below":
            look.setdefault("tags", ["kpi-thin"])
        labels = map(canvas_text, ticks.labels)
        self.structure["axes"].append({"side": side, "look": look})
        self.values[f"{side} ticks"] = list(ticks.at)
        self.values[f"{side} labels"] = dict(zip(ticks.at, labels, strict=True))

    def category_axis(self, rotation: float | None) -> None:
        """Add names below; without a rotation, `charts.js` turns them where they are long."""
        look: dict[str, Any] = {"tags": ["kpi-thin", "kpi-turn"]}
        if rotation is not None:
            look = {"tags": ["kpi-thin"], "major_label_orientation": math.radians(rotation)}
        self.axis("below", **look)

    def zero(self, ticks: Ticks, dimension: Literal["width", "height"]) -> None:
        """Mark the zero that bars go both ways from."""
        if ticks.start < 0 < ticks.end:
            self.structure["zero"] = dimension

    def layer(
        self,
        source: str,
        glyphs: Glyphs,
        *,
        lit: Glyphs | None = None,
        level: str = "glyph",
        tags: Sequence[str] = (),
    ) -> int:
        """Add glyphs, and return which layer they are.

        Args:
            source: Name of the value that has the columns.
            glyphs: What is drawn for each row.
            lit: What is drawn for a row that the pointer is at.
            level: Bokeh's word for what is above what.
            tags: What `charts.js` does with them.
        """
        layer = {
            "source": source,
            "glyphs": glyphs.structure(),
            "lit": lit.structure() if lit else None,
            "level": level,
            "tags": list(tags),
        }
        self.structure["layers"].append(layer)
        return len(self.structure["layers"]) - 1

    def hover(self, tip: str, layers: Sequence[int], **look: Any) -> None:
        """Show a tip at the rows of layers.

        Args:
            tip: HTML with Bokeh's placeholders.
            layers: As `layer` returned them.
            look: Further attributes of Bokeh's `HoverTool`.
        """
        self.structure["hover"] = {"layers": list(layers), "look": look}
        self.values["tip"] = tip

    def hover_bands(self, tip: str, fields: Mapping[str, str], values: Mapping[str, str]) -> None:
        """Add bands that show the hover and light up, over the whole height of the plot.

        Args:
            tip: HTML with Bokeh's placeholders.
            fields: Sides of the bands that are columns of the source `data`.
            values: Sides of the bands that are one value for all.
        """
        unlit, lit = (
            Glyphs(
                "Quad", fields, {"fill_alpha": alpha, "line_alpha": 0, "fill_color": INK}, values
            )
            for alpha in (0, 0.06)
        )
        bands = self.layer("data", unlit, lit=lit, level="underlay", tags=["kpi-ink"])
        self.hover(tip, [bands], point_policy="follow_mouse", show_arrow=False)

    def texts(
        self, source: str, fields: Mapping[str, str], *, wide: bool = False, **fixed: Any
    ) -> None:
        """Add small grey texts that may reach over the frame's edge.

        Args:
            source: Name of the value that has the columns.
            fields: Attributes of Bokeh's `Text` that are columns.
            wide: Whether there are too many for a narrow chart.
            fixed: Attributes that all texts have in common.
        """
        glyphs = Glyphs("Text", fields, {**fixed, "text_font_size": FONT, "text_color": MUTED})
        tags = ["kpi-muted", *(["kpi-wide"] if wide else [])]
        self.layer(source, glyphs, level="annotation", tags=tags)


def category_ticks(x: XAxis, pixels: float) -> Ticks:
    """Return one tick per place, its name at most so wide."""
    at = tuple(float(place) for place in range(len(x.at)))
    return Ticks(-0.5, len(at) - 0.5, at, tuple(shorten(label, pixels) for label in x.labels))


def value_texts(values: Sequence[float], number_format: NumberFormat) -> list[str]:
    """Return numbers as a reader sees them."""
    return [number_format.text(value) for value in values]


def padded(ticks: Ticks, share: float) -> Ticks:
    """Return an axis that goes a little beyond its ticks, so that no line is cut in half."""
    room = (ticks.end - ticks.start) * share
    return Ticks(ticks.start - room, ticks.end + room, ticks.at, ticks.labels)
