"""The options of `plot`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from kpisite.model.number import Style, check_unit
from kpisite.plugins import NumberFormat, QueryOptions
from kpisite.plugins.options import Link
from kpisite.views.plotting.marks import Band, ReferenceLine
from kpisite.views.plotting.notes import Annotation
from kpisite.views.plotting.scale import Scale
from kpisite.views.plotting.secondary import Secondary
from kpisite.views.plotting.shares import SHARE
from kpisite.views.plotting.smooth import Resample

if TYPE_CHECKING:
    from kpisite.views.plotting.frame import Kind

_TURNED = {"horizontal": 0, "vertical": 90}
Rotation = Annotated[
    float,
    BeforeValidator(
        lambda value: _TURNED.get(value, value) if isinstance(value, str) else value,
        json_schema_input_type=float | Literal["horizontal", "vertical"],
    ),
    Field(ge=-90, le=90),
]
"""Degrees against the clock."""
_DRAWN = {"scatter": "points", "heatmap": "cells", "box": "boxes"}


class PlotOptions(QueryOptions):
    """Every column of numbers is a series, or every value of `groupby`."""

    time_column: str = "time"
    """The column of the x axis; where the query has no such column, its first one."""
    kind: Literal["line", "area", "bar", "barh", "scatter", "heatmap", "box"] = "line"
    """What is drawn: lines, areas that stand on each other, upright bars, lying bars, points,
    cells coloured by value, or boxes with the quartiles of all values in a place."""
    stacked: bool | Literal["percent"] = False
    """Whether bars, or lines as areas, stand on each other; `percent`: as shares of all. Areas
    always do."""
    groupby: str | None = None
    """Column with a series per value, of the first column of numbers; in a heatmap, a row."""
    top: int | None = Field(default=None, ge=1)
    """Only so many groups, or categories without `groupby`: those whose sums are largest."""
    resample: Resample | None = None
    """Makes one number of all in a step of time: `{every: day, how: sum}`."""
    rolling: int | None = Field(default=None, ge=2)
    """Shows means of so many values, each with those before; the query may begin earlier."""
    label_map: dict[str, str] = Field(default_factory=dict)
    """Series → the name that is shown."""
    legend: bool | dict[str, Any] | None = None
    """Whether the series are named, or the colours of a heatmap explained; by default, from two
    series on. A mapping counts as true."""
    bar_labels: bool | None = None
    """Whether bars say their values; by default, lying bars of one series do, and the cells of
    a heatmap where they have room."""
    outliers: bool = True
    """Whether a box plot shows the values that are beyond its whiskers."""
    xtick_rotation: Rotation | None = None
    """Degrees that the names of categories are turned by, or `vertical`, `horizontal`; by default,
    they are turned where they are long."""
    scale: Scale = "linear"
    """linear, or log: values ten times as large are always equally far apart."""
    secondary: Secondary | None = None
    """Lines with an axis of their own, at the right: `{series: [rain], unit: mm}`."""
    lines: tuple[ReferenceLine, ...] = ()
    """Values that are marked by a dashed line: `{at: 0.8, label: target}`."""
    bands: tuple[Band, ...] = ()
    """Stretches of values that are shaded: `{low: 0.7, high: 0.8, label: usual}`."""
    annotations: tuple[Annotation, ...] = ()
    """Notes at places of the x axis: `{x: 2013-02-08, label: Blizzard}`."""
    plot_rc: dict[str, Any] = Field(default_factory=dict)
    """Settings of Matplotlib in files of KPI Reporter: `axes.prop_cycle`, `lines.linewidth` and
    `axes.grid` are taken."""
    link_url: Link = ""
    """Where a link below the chart leads: http, https, mailto, or a relative address."""
    format: Style = "number"
    """number, percent (of ratios: 0.8), duration (of seconds), bytes, or currency."""
    precision: int = Field(default=0, ge=0, le=12)
    """Digits after the point, in the hover and at bars; ticks have those that they need."""
    unit: str = ""
    """Shown behind a plain number."""
    currency: str = Field(default="", pattern=r"^([A-Z]{3})?$", examples=["EUR"])
    """ISO 4217 code; only with `format: currency`."""

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        check_unit(self.format, self.unit, self.currency)
        if self.stacked and self.kind not in ("line", "area", "bar", "barh"):
            drawn = _DRAWN[self.kind]
            raise ValueError(f"{drawn} cannot be stacked; use 'kind: bar' or leave out 'stacked'")
        if self.top is not None and self.kind in ("scatter", "box"):
            raise ValueError(f"'top' is not for 'kind: {self.kind}': let the query choose")
        for option in ("resample", "rolling"):
            if getattr(self, option) and self.kind not in ("line", "area", "bar"):
                raise ValueError(
                    f"'{option}' is not for 'kind: {self.kind}'; use line, area or bar"
                )
        if self.secondary and (self.kind != "line" or self.stacked or self.scale == "log"):
            raise ValueError("'secondary' is for lines that do not stack, on a linear scale")
        if self.annotations and self.kind in ("barh", "heatmap"):
            raise ValueError(f"'annotations' are not for 'kind: {self.kind}'")
        if self.scale == "log":
            self._check_log()
        if self.kind == "heatmap" and (self.lines or self.bands):
            raise ValueError("a heatmap has no 'lines' and no 'bands'; use another 'kind'")
        return self

    def _check_log(self) -> None:
        if self.stacked or self.kind not in ("line", "scatter", "box"):
            what = "stacked plots" if self.stacked else f"'kind: {self.kind}'"
            raise ValueError(
                f"{what} cannot have 'scale: log', as nothing on it begins at 0; "
                "use 'kind: line', scatter or box"
            )
        marks = [line.at for line in self.lines]
        marks += [end for band in self.bands for end in (band.low, band.high) if end is not None]
        if any(mark <= 0 for mark in marks):
            raise ValueError("lines and bands on 'scale: log' are to be above 0")

    @property
    def drawn(self) -> Kind:
        """What is drawn in the end: areas are lines that stand on each other."""
        return "line" if self.kind == "area" else self.kind

    @property
    def stacks(self) -> bool:
        """Whether values stand on each other."""
        return bool(self.stacked) or self.kind == "area"

    @property
    def number_format(self) -> NumberFormat:
        """How the values that are drawn are shown."""
        return SHARE if self.stacked == "percent" else self.query_format

    @property
    def query_format(self) -> NumberFormat:
        """How the query's own numbers are shown."""
        return NumberFormat(
            style=self.format, precision=self.precision, unit=self.unit, currency=self.currency
        )
