"""Reference lines and bands of a plot: what its values are measured against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field, model_validator

from kpisite.plugins import Metric, PluginOptions, escape_html
from kpisite.plugins.language import gettext
from kpisite.views.plotting.ends import End, add_ends
from kpisite.views.plotting.frame import INK, MUTED, Glyphs
from kpisite.views.plotting.scale import placed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kpisite.plugins import NumberFormat
    from kpisite.plugins.ticks import Ticks
    from kpisite.views.plotting.frame import Drawing, Look
    from kpisite.views.plotting.scale import Scale

Value = Annotated[float, Field(allow_inf_nan=False)]


class ReferenceLine(PluginOptions):
    """A line across the chart, at a value."""

    at: Value
    """In the values' own unit; a ratio with `format: percent`."""
    label: str = ""
    """What it stands for: `target`."""


class Band(PluginOptions):
    """A stretch of the values; without one of its ends it goes on to the edge of the chart."""

    low: Value | None = None
    """Where it begins, in the values' own unit."""
    high: Value | None = None
    """Where it ends."""
    label: str = ""
    """What it stands for: `usual`."""

    @model_validator(mode="after")
    def _has_a_height(self) -> Self:
        if self.low is None and self.high is None:
            raise ValueError("a band needs 'low', 'high', or both")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"'low' is to be below 'high', not {self.low:g} and {self.high:g}")
        return self


def add_marks(drawing: Drawing, look: Look, values: Ticks, names: Sequence[End] = ()) -> None:
    """Draw the lines and bands, with their labels behind the frame where values go upwards.

    Args:
        drawing: Has its axes and all else.
        look: Has the lines and bands.
        values: The axis of the values.
        names: Those of the chart's own lines, which stand there too.
    """
    upright = drawing.structure["grid"] == "left"
    ends = list(names)
    if look.bands:
        spans = [_span(band, values, look.scale) for band in look.bands]
        drawing.values["bands"] = {"low": [s[0] for s in spans], "high": [s[1] for s in spans]}
        sides = {"y0": "low", "y1": "high"} if upright else {"x0": "low", "x1": "high"}
        paint = {"fill_color": MUTED, "fill_alpha": 0.12, "line_alpha": 0}
        strips = Glyphs("HStrip" if upright else "VStrip", sides, paint)
        drawing.layer("bands", strips, level="underlay", tags=["kpi-muted"])
        middles = [low / 2 + high / 2 for low, high in spans]
        labels = [band.label for band in look.bands]
        ends += _ends(drawing, zip(labels, middles, strict=True))
    if look.lines:
        at = placed((line.at for line in look.lines), look.scale)
        drawing.values["lines"] = {"at": at}
        place = {"y" if upright else "x": "at"}
        stroke = {"line_color": INK, "line_dash": [5, 4]}
        dashed = Glyphs("HSpan" if upright else "VSpan", place, stroke)
        drawing.layer("lines", dashed, level="annotation", tags=["kpi-ink"])
        ends += _ends(drawing, zip((line.label for line in look.lines), at, strict=True))
    if upright and not look.secondary:
        add_ends(drawing, ends, values)


def marks_legend(look: Look, *, narrow_only: bool) -> str:
    """Return the labels of lines and bands, for where they do not stand in the chart."""
    marks = [("kpi-dash", line.label) for line in look.lines]
    marks += [("kpi-band", band.label) for band in look.bands]
    items = "".join(
        f'<span><i class="{kind}"></i>{escape_html(label)}</span>' for kind, label in marks if label
    )
    narrow = " kpi-legend-narrow" if narrow_only else ""
    return f'<div class="kpi-legend{narrow}">{items}</div>' if items else ""


def marks_words(look: Look) -> str:
    """Return "Line at 80 % (target). Band from 70 % (usual)." for those who cannot see them."""
    number_format = look.number_format
    lines = [
        _named(
            gettext("Line at {value}").format(value=_written(line.at, number_format)), line.label
        )
        for line in look.lines
    ]
    bands = [_named(_reach(band, number_format), band.label) for band in look.bands]
    return " ".join([*lines, *bands])


def _reach(band: Band, number_format: NumberFormat) -> str:
    low, high = (
        None if end is None else _written(end, number_format) for end in (band.low, band.high)
    )
    if low is None:
        return gettext("Band up to {high}").format(high=high)
    if high is None:
        return gettext("Band from {low} up").format(low=low)
    return gettext("Band from {low} to {high}").format(low=low, high=high)


def _named(what: str, label: str) -> str:
    return f"{what} ({label})." if label else f"{what}."


def _written(value: float, number_format: NumberFormat) -> str:
    """Return a value with as many digits as it was written with."""
    return Metric(name="", title="", value=None, format=number_format, target=value).target_alone


def _span(band: Band, values: Ticks, scale: Scale) -> tuple[float, float]:
    low, high = (
        edge if end is None else placed([end], scale)[0]
        for edge, end in ((values.start, band.low), (values.end, band.high))
    )
    return low, high


def _ends(drawing: Drawing, labels: Iterable[tuple[str, float]]) -> list[End]:
    edge = drawing.values["x end"]
    return [End(label, edge, at, MUTED, "kpi-muted") for label, at in labels if label]
