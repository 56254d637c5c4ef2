"""A Bokeh figure as HTML that stays the same: themed, with stable ids, drawn by `charts.js`."""

from __future__ import annotations

import functools
import importlib.util
import json
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kpisite.plugins.markup import escape_html
from kpisite.render.chart_values import without_markup

if TYPE_CHECKING:
    from collections.abc import Iterable

_GRID, _MUTED = "#edf0f3", "#5b6776"
"""Colours of the light palette; `charts.js` replaces them by those of the page."""
_TICK_SIZE = "11px"


def bokeh_asset() -> tuple[str, bytes]:
    """Return the name and the content of the script that draws the charts.

    The name holds Bokeh's version, so that a browser may keep the file for ever.
    """
    spec = importlib.util.find_spec("bokeh")
    assert spec is not None  # noqa: S101 - kpisite depends on bokeh
    assert spec.origin is not None  # noqa: S101 - it is an ordinary package
    script = Path(spec.origin).parent / "server" / "static" / "js" / "bokeh.min.js"
    return _script_name(), script.read_bytes()


def chart_html(figure: Any, *, id: str, description: str, height: int) -> str:  # noqa: A002
    """Return one element that holds a figure as data; `charts.js` draws it in the reader's browser.

    Equal figures give equal HTML, whatever was made before them in this process.

    Args:
        figure: A `bokeh.model.Model`. A plot loses its own frame, background and toolbar, and
            keeps its glyphs' colours.
        id: The element's id, which the ids of the Bokeh models begin with.
        description: What the chart shows, for those who cannot see it.
        height: In CSS pixels; the width follows the page.
    """
    return chart_box(
        chart_text(figure, id=id, height=height), id=id, description=description, height=height
    )


def chart_box(
    text: str,
    *,
    id: str,  # noqa: A002
    description: str,
    height: int,
    still: str = "",
) -> str:
    """Return the element around a chart's data.

    Args:
        text: As `chart_text` returns it.
        id: As in `chart_html`.
        description: As in `chart_html`.
        height: As in `chart_html`.
        still: SVG of the same chart, which shows until Bokeh takes its place.
    """
    return (
        f'<div class="kpi-chart" id="{escape_html(id)}" role="img" tabindex="0"'
        f' aria-label="{escape_html(description)}" style="height:{height}px"'
        f' data-kpi-bokeh="{_script_name()}">'
        f"{still}<template>{text}</template></div>"
    )


def chart_text(figure: Any, *, id: str, height: int) -> str:  # noqa: A002
    """Return the JSON of a figure that nothing in it can end: no markup, no line breaks."""
    data = {"doc": renamed(document_json(figure, height), prefix=id)}
    return without_markup(json.dumps(data, separators=(",", ":"), allow_nan=False))


def renamed(document: dict[str, Any], *, prefix: str) -> dict[str, Any]:
    """Return a Bokeh document's JSON with the ids `<prefix>-0`, `<prefix>-1` … in reading order.

    Only the ids of objects and the references to them change; a text or a number of the data
    that looks like an id does not. A mapping in the data cannot be taken for a reference: Bokeh
    writes it as a list of pairs.
    """
    numbers = numbered(document)

    def walk(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [walk(item) for item in value]
        if not isinstance(value, dict):
            return value
        if _is_named(value):
            name = f"{prefix}-{numbers[value['id']]}"
            return {key: name if key == "id" else walk(item) for key, item in value.items()}
        return {key: walk(item) for key, item in value.items()}

    return {key: walk(value) for key, value in _roots_first(document).items()}


def numbered(document: dict[str, Any]) -> dict[str, int]:
    """Return the ids in a Bokeh document's JSON, numbered from 0 in reading order."""
    numbers: dict[str, int] = {}

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if _is_named(value):
                numbers.setdefault(value["id"], len(numbers))
            value = list(value.values())
        if isinstance(value, list | tuple):
            for item in value:
                walk(item)

    walk(_roots_first(document))
    return numbers


def _roots_first(document: dict[str, Any]) -> dict[str, Any]:
    return {"roots": document["roots"], **document}


def _is_named(value: dict[str, Any]) -> bool:
    """Tell whether this is an object with an id, or a reference to one."""
    return isinstance(value.get("id"), str) and (value.get("type") == "object" or len(value) == 1)


@functools.cache
def _script_name() -> str:
    return f"bokeh-{version('bokeh')}.min.js"


def document_json(figure: Any, height: int) -> dict[str, Any]:
    """Return Bokeh's own JSON of a figure in the page's look.

    Args:
        figure: A `bokeh.model.Model`; its looks are changed.
        height: In CSS pixels.
    """
    from bokeh.document import Document  # here: it costs more than a second

    _theme(figure, height)
    document = Document()
    document.add_root(figure)
    try:
        return dict(document.to_json(deferred=False))
    finally:
        document.clear()


def _theme(figure: Any, height: int) -> None:
    from bokeh.models import Plot

    figure.update(height=height, sizing_mode="stretch_width")
    plots = [figure] if isinstance(figure, Plot) else figure.select({"type": Plot})
    for plot in plots:
        plot.update(
            background_fill_color=None,
            border_fill_color=None,
            outline_line_color=None,
            toolbar_location=None,
        )
        plot.toolbar.update(logo=None, tools=_inspectors(plot.toolbar.tools))
        for axis in plot.axis:
            _theme_axis(axis)
        for grid in plot.grid:
            _theme_grid(grid)


def _inspectors(tools: Iterable[Any]) -> list[Any]:
    """Return the tools that only look: no chart takes the wheel or a swipe from the page."""
    from bokeh.models.tools import InspectTool

    return [tool for tool in tools if isinstance(tool, InspectTool)]


def _theme_axis(axis: Any) -> None:
    axis.update(
        axis_line_color=None,
        major_tick_line_color=None,
        minor_tick_line_color=None,
        major_label_text_color=_MUTED,
        major_label_text_font_size=_TICK_SIZE,
        axis_label_text_color=_MUTED,
        axis_label_text_font_size=_TICK_SIZE,
        axis_label_text_font_style="normal",
    )


def _theme_grid(grid: Any) -> None:
    """Draw hairlines across; a grid that is tagged `kpi-grid` is drawn whatever its direction."""
    across = grid.dimension == 1 or "kpi-grid" in grid.tags
    grid.update(grid_line_color=_GRID if across else None, minor_grid_line_color=None)
