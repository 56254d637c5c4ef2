"""The empty Bokeh plot that all kinds of plots draw in: ranges, axes, grid, hover."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from bokeh.models import (
    CDSView,
    ColumnDataSource,
    FixedTicker,
    Grid,
    HoverTool,
    LinearAxis,
    Plot,
    Quad,
    Range1d,
    Text,
)

from kpisite.views._plot_scale import Ticks
from kpisite.views._plot_text import canvas_text, shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kpisite.plugins import NumberFormat, Period
    from kpisite.views._plot_data import XAxis

Kind = Literal["line", "bar", "barh", "scatter"]
Side = Literal["below", "left"]

COLOURS = ("#2563c9", "#c2680c", "#0b8276", "#8b3fbf", "#a8326b", "#6d7278", "#7a6a00")
"""The series' colours until the page's own replace them."""
INK, MUTED, CARD, LINE = "#16202c", "#5b6776", "#ffffff", "#e3e7ec"
FONT = "11px"


@dataclass(frozen=True)
class Look:
    """How a plot is drawn."""

    kind: Kind
    stacked: bool
    legend: bool
    """Whether the series are named, in whatever way suits the kind."""
    bar_labels: bool
    rotation: float | None
    """Of the labels below, in degrees against the clock; None leaves it to the width."""
    number_format: NumberFormat
    colours: tuple[str, ...]
    """Of the report's theme; empty for those of the page."""
    period: Period

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


def empty_plot(x: Ticks, y: Ticks, height: int, *, vertical_grid: bool = False) -> Plot:
    """Return a plot with ranges and a grid, and no axes yet."""
    return Plot(
        x_range=Range1d(start=x.start, end=x.end),
        y_range=Range1d(start=y.start, end=y.end),
        title=None,
        height=height,
        min_border_top=8,
        min_border_right=10,
        min_border_bottom=4,
        min_border_left=4,
        center=[
            Grid(
                dimension=0 if vertical_grid else 1,
                ticker=FixedTicker(ticks=list((x if vertical_grid else y).at)),
                tags=["kpi-grid"],
            )
        ],
    )


def add_axis(plot: Plot, side: Side, ticks: Ticks, **look: Any) -> LinearAxis:
    """Add an axis with exactly these ticks; below, `charts.js` leaves out what does not fit."""
    if side == "below":
        look.setdefault("tags", ["kpi-thin"])
    labels = map(canvas_text, ticks.labels)
    axis = LinearAxis(
        ticker=FixedTicker(ticks=list(ticks.at)),  # type: ignore[arg-type]
        major_label_overrides=dict(zip(ticks.at, labels, strict=True)),
        major_label_standoff=8,
        **look,
    )
    plot.add_layout(axis, side)
    return axis


def add_category_axis(plot: Plot, ticks: Ticks, rotation: float | None) -> None:
    """Add names below the plot; without a rotation, `charts.js` turns them where they are long."""
    look: dict[str, Any] = {"tags": ["kpi-thin", "kpi-turn"]}
    if rotation is not None:
        look = {"tags": ["kpi-thin"], "major_label_orientation": math.radians(rotation)}
    add_axis(plot, "below", ticks, **look)


def category_ticks(x: XAxis, pixels: float) -> Ticks:
    """Return one tick per place, its name at most so wide."""
    at = tuple(float(place) for place in range(len(x.at)))
    return Ticks(-0.5, len(at) - 0.5, at, tuple(shorten(label, pixels) for label in x.labels))


def add_hover(
    plot: Plot, source: ColumnDataSource, view: CDSView, tip: str, **corners: Any
) -> None:
    """Add bands that show the hover and light up, over the whole height of the plot."""
    bands = plot.add_glyph(
        source,
        Quad(**corners, fill_alpha=0, line_alpha=0, fill_color=INK),
        hover_glyph=Quad(**corners, fill_alpha=0.06, line_alpha=0, fill_color=INK),
        view=view,
        level="underlay",
        tags=["kpi-ink"],
    )
    plot.add_tools(
        HoverTool(renderers=[bands], tooltips=tip, point_policy="follow_mouse", show_arrow=False)
    )


def add_texts(
    plot: Plot, source: ColumnDataSource, view: CDSView, *, wide: bool = False, **place: Any
) -> None:
    """Add small grey texts that may reach over the frame's edge.

    Args:
        plot: Where.
        source: Its columns are named in `place`.
        view: All of the source.
        wide: Whether there are too many for a narrow chart.
        place: Fields of Bokeh's `Text`.
    """
    glyph = Text(**place, text_font_size=FONT, text_color=MUTED)
    tags = ["kpi-muted", *(["kpi-wide"] if wide else [])]
    plot.add_glyph(source, glyph, view=view, level="annotation", tags=tags)


def value_texts(values: Sequence[float], number_format: NumberFormat) -> list[str]:
    """Return numbers as a reader sees them."""
    return [number_format.text(value) for value in values]


def padded(ticks: Ticks, share: float) -> Ticks:
    """Return an axis that goes a little beyond its ticks, so that no line is cut in half."""
    room = (ticks.end - ticks.start) * share
    return Ticks(ticks.start - room, ticks.end + room, ticks.at, ticks.labels)
