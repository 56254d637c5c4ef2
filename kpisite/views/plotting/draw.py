"""What a drawing's structure means to Bokeh: models are made of it, and values put in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bokeh.models
from bokeh.models import (
    CDSView,
    ColumnDataSource,
    FixedTicker,
    Grid,
    HoverTool,
    LinearAxis,
    Plot,
    Range1d,
)
from bokeh.models.annotations import Span

from kpisite.views.plotting.frame import LINE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bokeh.models.renderers import GlyphRenderer


def draw(structure: Mapping[str, Any], values: Mapping[str, Any]) -> Plot:
    """Return the plot of a `Drawing`; nothing is computed from the values.

    Args:
        structure: `Drawing.structure`.
        values: `Drawing.values`.
    """
    grid = structure["grid"]
    plot = Plot(
        x_range=Range1d(start=values["x start"], end=values["x end"]),
        y_range=Range1d(start=values["y start"], end=values["y end"]),
        title=None,
        min_border_top=values["border top"],
        min_border_right=values["border right"],
        min_border_bottom=4,
        min_border_left=4,
        center=[_grid(grid, values)] if grid else [],
    )
    for axis in structure["axes"]:
        _add_axis(plot, axis["side"], axis["look"], values)
    if structure["zero"]:
        span = Span(location=0, dimension=structure["zero"], line_color=LINE, tags=["kpi-line"])
        plot.add_layout(span)
    _add_layers(plot, structure, values)
    return plot


def _grid(side: str, values: Mapping[str, Any]) -> Grid:
    return Grid(
        dimension=0 if side == "below" else 1,
        ticker=FixedTicker(ticks=values[f"{side} ticks"]),
        tags=["kpi-grid"],
    )


def _add_axis(plot: Plot, side: Any, look: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    label = {"axis_label": values["x name"]} if side == "below" and "x name" in values else {}
    axis = LinearAxis(
        ticker=FixedTicker(ticks=values[f"{side} ticks"]),  # type: ignore[arg-type]
        major_label_overrides=values[f"{side} labels"],
        major_label_standoff=8,
        **label,
        **look,
    )
    plot.add_layout(axis, side)


def _add_layers(plot: Plot, structure: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    layers = structure["layers"]
    names = dict.fromkeys(layer["source"] for layer in layers)
    sources = {name: ColumnDataSource(values[name]) for name in names}
    views = {name: CDSView() for name in names}  # of one source each, or nothing is hit
    drawn: list[GlyphRenderer[Any]] = []
    for layer in layers:
        lit = {"hover_glyph": _glyph(layer["lit"], values)} if layer["lit"] else {}
        renderer = plot.add_glyph(
            sources[layer["source"]],
            _glyph(layer["glyphs"], values),
            view=views[layer["source"]],
            level=layer["level"],
            tags=layer["tags"],
            **lit,
        )
        drawn.append(renderer)
    hover = structure["hover"]
    renderers = [drawn[position] for position in hover["layers"]]
    plot.add_tools(HoverTool(renderers=renderers, tooltips=values["tip"], **hover["look"]))


def _glyph(glyphs: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    return getattr(bokeh.models, glyphs["name"])(
        **glyphs["fields"],
        **{attribute: values[name] for attribute, name in glyphs["values"].items()},
        **glyphs["fixed"],
    )
