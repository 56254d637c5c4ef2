"""What a drawing's structure means in SVG: the chart as it stands before any script has run."""

from __future__ import annotations

import math
from itertools import cycle, repeat
from typing import TYPE_CHECKING, Any

from kpisite.plugins.svg import LIGHT, Canvas, colour, text_width

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_LEAST_FRAME = 220
"""Width in pixels of the narrowest frame that names at the ends of lines leave."""


def still(structure: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """Return the SVG of a `Drawing`, as `plotting.draw.draw` returns its Bokeh plot.

    Args:
        structure: `Drawing.structure`.
        values: `Drawing.values`.
    """
    canvas = Canvas((values["x start"], values["x end"]), (values["y start"], values["y end"]))
    canvas.borders.top, canvas.borders.right = values["border top"], values["border right"]
    canvas.values_along = None
    _level(canvas, "underlay", structure, values)
    if grid := structure["grid"]:
        canvas.values_along = "x" if grid == "below" else "y"
        lines = canvas.lines_up if grid == "below" else canvas.lines_across
        lines(values[f"{grid} ticks"], colour("grid"))
    if structure["zero"]:
        zero = canvas.lines_across if structure["zero"] == "width" else canvas.lines_up
        zero([0.0], colour("line"))
    for level in ("glyph", "annotation"):
        _level(canvas, level, structure, values)
    for axis in sorted(structure["axes"], key=lambda axis: axis["side"], reverse=True):
        _axis(canvas, axis, values)
    return canvas.svg()


def _level(
    canvas: Canvas, level: str, structure: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    """Draw the layers of a level; Bokeh has the grid above those of the lowest."""
    for layer in structure["layers"]:
        if layer["level"] == level:
            _Layer(canvas, layer, values).draw()


class _Layer:
    """One layer: attributes of its glyphs as Bokeh would find them."""

    def __init__(self, canvas: Canvas, layer: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        self._canvas = canvas
        self._values = values
        self._glyphs = layer["glyphs"]
        self._source = values[layer["source"]]
        self._tags = layer["tags"]

    def draw(self) -> None:
        """Add the layer to the canvas, where it shows at all."""
        if self._one("fill_alpha", 1) == 0:
            return
        match self._glyphs["name"]:
            case "Line":
                width = self._one("line_width", 1)
                self._canvas.line(self._each("x"), self._each("y"), self._colour(), width=width)
            case "VArea":
                low, high = self._each("y1"), self._each("y2")
                opacity = self._one("fill_alpha", 1)
                self._canvas.area(self._each("x"), low, high, self._colour(), opacity)
            case "VBar":
                self._bars("x", "width", ("bottom", "top"), upright=True)
            case "HBar":
                self._bars("y", "height", ("left", "right"), upright=False)
            case "HSpan":
                self._canvas.lines_across(self._each("y"), self._colour(), dashes=self._dashes())
            case "VSpan":
                self._canvas.lines_up(self._each("x"), self._colour(), dashes=self._dashes())
            case "HStrip":
                self._strips(upright=True)
            case "VStrip":
                self._strips(upright=False)
            case "Rect":
                self._cells()
            case "Scatter":
                self._canvas.dots(
                    self._each("x"),
                    self._each("y"),
                    self._colour(),
                    size=self._one("size", 4),
                    opacity=self._one("fill_alpha", 1),
                    rim=colour("card") if self._one("line_alpha", 1) else "",
                )
            case "Text" if "kpi-cell" in self._tags:
                self._cell_texts()
            case "Text":
                self._texts()

    def _bars(self, middle: str, across: str, ends: tuple[str, str], *, upright: bool) -> None:
        half = self._one(across, 1) / 2
        bars = zip(self._each(middle), self._each(ends[0]), self._each(ends[1]), strict=True)
        if upright:
            sides = [(at - half, at + half, low, high) for at, low, high in bars]
        else:
            sides = [(low, high, at - half, at + half) for at, low, high in bars]
        self._canvas.boxes(
            sides,
            self._colour(),
            opacity=self._one("fill_alpha", 1),
            radius=self._one("border_radius", 0),
            rim=self._colour() if self._one("line_alpha", 1) else "",
        )

    def _strips(self, *, upright: bool) -> None:
        along, across = ("y", "x") if upright else ("x", "y")
        start, end = self._values[f"{across} start"], self._values[f"{across} end"]
        strips = zip(self._each(f"{along}0"), self._each(f"{along}1"), strict=True)
        sides = [
            (start, end, low, high) if upright else (low, high, start, end) for low, high in strips
        ]
        self._canvas.boxes(sides, self._colour(), opacity=self._one("fill_alpha", 1))

    def _dashes(self) -> str:
        return " ".join(map(str, self._one("line_dash", ())))

    def _cells(self) -> None:
        size = self._one("width", 1), self._one("height", 1)
        places: dict[str, list[tuple[float, float]]] = {}
        rows = zip(self._each("x"), self._each("y"), self._source["series"], strict=True)
        for x, y, tag in rows:
            places.setdefault(tag, []).append((x, y))
        own = dict(zip(self._source["series"], self._each("fill_color"), strict=True))
        for tag in sorted(places):
            self._canvas.cells(places[tag], size, _follows(tag, own[tag]), rim=colour("card"))

    def _cell_texts(self) -> None:
        tags = [tag.removeprefix("kpi-") for tag in self._tags]
        self._canvas.texts_in_the_middle(
            self._each("text"),
            self._each("x"),
            self._each("y"),
            fill=colour(next(tag for tag in tags if tag in LIGHT)),
            from_width=next(int(tag[5:]) for tag in tags if tag.startswith("from-")),
        )

    def _texts(self) -> None:
        wide, ends = "kpi-wide" in self._tags, "kpi-end" in self._tags
        bold = self._one("text_font_style", "normal") == "bold"
        x, y, text = self._each("x"), self._each("y"), self._each("text")
        rows = zip(
            text, x, y, self._colours(), self._all("x_offset", 0), self._all("y_offset", 0),
            self._all("text_align", "left"), strict=False,
        )  # fmt: skip
        for written, at, up, fill, right, down, align in rows:
            self._canvas.text(
                written,
                at,
                up,
                fill=fill,
                shift=(right, down),
                align=align,
                baseline=self._one("text_baseline", "bottom"),
                bold=bold,
                wide=wide,
            )
        if ends:
            self._make_room(text, x, wide=wide)

    def _make_room(self, names: Sequence[str], x: Sequence[float], *, wide: bool) -> None:
        """Leave room for names right of the frame."""
        borders = self._canvas.borders
        needs = [
            text_width(name) * 1.04 + 12 - (1 - self._canvas.x(at)) * _LEAST_FRAME
            for name, at in zip(names, x, strict=True)
        ]
        if wide:
            borders.narrow_right = borders.right
        borders.right = max(borders.right, round(max(needs, default=0)))

    def _colours(self) -> Iterator[str]:
        """Yield the colour of each row."""
        fields = self._glyphs["fields"]
        if "text_color" not in fields:
            return repeat(colour("muted"))
        own = zip(self._source["series"], self._each("text_color"), strict=True)
        return iter([_follows(tag, fixed) for tag, fixed in own])

    def _colour(self) -> str:
        fixed = self._one("fill_color", None) or self._one("line_color", "currentColor")
        named = (f"kpi-{name}" for name in LIGHT)
        own = ("kpi-series-", *named)
        tag = next((tag for tag in self._tags if tag.startswith(own)), "")
        return _follows(tag, fixed)

    def _one(self, attribute: str, default: Any) -> Any:
        """Return an attribute that all rows have in common."""
        if attribute in self._glyphs["values"]:
            return self._values[self._glyphs["values"][attribute]]
        return self._glyphs["fixed"].get(attribute, default)

    def _each(self, attribute: str) -> Sequence[Any]:
        """Return the column that an attribute is taken from."""
        column: Sequence[Any] = self._source[self._glyphs["fields"][attribute]]
        return column

    def _all(self, attribute: str, default: Any) -> Iterator[Any]:
        """Yield an attribute of all rows, whether it is a column or not."""
        if attribute in self._glyphs["fields"]:
            return iter(self._each(attribute))
        return cycle([self._one(attribute, default)])


def _follows(tag: str, fixed: str) -> str:
    """Return the colour of a series: the page's, where a tag says so."""
    return f"var(--{tag},{fixed})" if tag else fixed


def _axis(canvas: Canvas, axis: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    side, look = axis["side"], axis["look"]
    ticks = values[f"{side} ticks"]
    labels = [values[f"{side} labels"][tick] for tick in ticks]
    tags = look.get("tags", ())
    fill = colour("ink" if "kpi-ink" in tags else "muted")
    if side != "below":
        (canvas.labels_left if side == "left" else canvas.labels_right)(ticks, labels, fill)
        return
    canvas.labels_below(
        ticks,
        labels,
        fill,
        turn="kpi-turn" in tags,
        angle=math.degrees(look.get("major_label_orientation", 0)),
        name=values.get("x name", ""),
    )
