"""A second axis of values, at the right: for lines of another unit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from kpisite.errors import ViewError, nearest
from kpisite.model.number import Style, check_unit
from kpisite.plugins import NumberFormat, PluginOptions
from kpisite.plugins.ticks import Ticks, number_ticks
from kpisite.views.plotting.frame import padded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self


class Secondary(PluginOptions):
    """Series with an axis of their own."""

    series: tuple[str, ...] = Field(min_length=1)
    """Columns, or values of `groupby`, as the query names them."""
    format: Style = "number"
    """How their values are shown, as in the plot's own `format`."""
    precision: int = Field(default=0, ge=0, le=12)
    """Digits after the point, in the hover."""
    unit: str = ""
    """Shown behind a plain number."""
    currency: str = Field(default="", pattern=r"^([A-Z]{3})?$", examples=["EUR"])
    """ISO 4217 code; only with `format: currency`."""

    @model_validator(mode="after")
    def _check_unit(self) -> Self:
        check_unit(self.format, self.unit, self.currency)
        return self

    @property
    def number_format(self) -> NumberFormat:
        """How their values are shown."""
        return NumberFormat(
            style=self.format, precision=self.precision, unit=self.unit, currency=self.currency
        )


def check_series(secondary: Secondary, names: Sequence[str]) -> None:
    """Refuse what would leave one of the axes without a line.

    Raises:
        ViewError: A series is not there, or none is left for the axis at the left.
    """
    for name in secondary.series:
        if name not in names:
            hint = nearest(name, names)
            raise ViewError(f"secondary: there is no series '{name}'", hint=hint)
    if set(names) <= set(secondary.series):
        raise ViewError(
            "secondary: no series is left for the axis at the left",
            hint="Leave out 'secondary' where all have the same unit.",
        )


class RightAxis:
    """The second axis, laid over the first: both go from the bottom to the top of the frame."""

    def __init__(self, values: Sequence[float], number_format: NumberFormat, left: Ticks) -> None:
        """Begin with the values that stand on it.

        Args:
            values: Finite numbers.
            number_format: How they are shown.
            left: The axis at the left, whose places a drawing counts in.
        """
        self._own = padded(number_ticks(values, number_format, from_zero=False), 0.02)
        self._left = left

    def placed(self, values: Sequence[float]) -> list[float]:
        """Return where values stand, in places of the axis at the left."""
        scale = (self._left.end - self._left.start) / (self._own.end - self._own.start)
        return [
            value if math.isnan(value) else self._left.start + (value - self._own.start) * scale
            for value in values
        ]

    @property
    def ticks(self) -> Ticks:
        """Its ticks, in places of the axis at the left."""
        at = tuple(self.placed(self._own.at))
        return Ticks(self._left.start, self._left.end, at, self._own.labels)
