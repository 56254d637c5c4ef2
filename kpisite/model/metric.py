"""One number of a view in an edition, with what it is measured against."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from kpisite.model.base import StrictModel
from kpisite.model.language import gettext
from kpisite.model.number import NumberFormat, exact, grouped
from kpisite.model.period import Period
from kpisite.model.words import period_short

_ANY_ZONE = ZoneInfo("UTC")
"""The words of a calendar period are the same everywhere."""

COMPARISON = "comparison"
"""The title of a comparison with the answer to another query."""

STAT = "{stat}"
"""Stands for the value in a label."""

Finite = Annotated[float, Field(allow_inf_nan=False)]
"""A number that JSON can hold; a gap is None."""

Direction = Literal["up", "down"]
Verdict = Literal["good", "bad", "neutral"]


class Metric(StrictModel):
    """One number of a view in an edition."""

    name: str
    """Unique in the edition: the view's id, or `<view>/<name>` where a view has several."""
    title: str
    value: Finite | None
    """In the metric's own unit; a ratio for percent, seconds for durations; None: no data."""
    format: NumberFormat = NumberFormat()
    comparison: Finite | None = None
    """The value it is compared with; None where there is none."""
    comparison_title: str = ""
    """What that is: the label of a period, such as `2013-W05`, else in words."""
    change_as: Literal["raw", "percent"] = "percent"
    """Whether the change is a difference or a ratio."""
    target: Finite | None = None
    good: Direction | None = None
    """Which way is better; None where neither is."""
    label: str = STAT
    """Text around the value where it stands for itself: `{stat} pieces`."""

    @property
    def text(self) -> str:
        """The value in a table or a sentence: `84.2 %`; an en dash where there is no data."""
        return self.format.text(self.value)

    @property
    def said(self) -> str:
        """The value as its card says it, in its label: `84 pieces`, `no data`."""
        if self.value is None:
            return gettext("no data")
        before, number, unit, after = self.said_parts
        return f"{before}{number}{unit and f' {unit}'}{after}"

    @property
    def said_parts(self) -> tuple[str, str, str, str]:
        """The label before the value, the number, its unit, and the label after it."""
        before, stat, after = " ".join(self.label.split()).partition(STAT)
        number, unit = self.format.parts(self.value) if stat else ("", "")
        return before, number, unit, after

    @property
    def change(self) -> float | None:
        """How far the value moved: a difference, or a ratio of the comparison's absolute value.

        None where a value is missing, or where the ratio's comparison is 0.
        """
        if self.value is None or self.comparison is None:
            return None
        difference = self.value - self.comparison
        if self.change_as == "raw":
            return difference
        return difference / abs(self.comparison) if self.comparison else None

    @property
    def change_text(self) -> str:
        """The change without its sign: `4.1 points`, `31.3 %`, `633`; "" where there is none."""
        number, unit = self.change_parts
        return f"{number} {unit}" if unit else number

    @property
    def change_parts(self) -> tuple[str, str]:
        """The number and the unit of `change_text`."""
        change = self.change
        if change is None:
            return "", ""
        if self.change_as == "percent":
            return grouped(abs(change) * 100, 1), "%"
        if self.format.style == "percent":
            return grouped(abs(change) * 100, max(self.format.precision, 1)), gettext("points")
        return self.format.parts(abs(change))

    @property
    def comparison_text(self) -> str:
        """What the value is compared with, in words: `week 5`."""
        period = Period.of_label(self.comparison_title, _ANY_ZONE)
        if period is not None:
            return period_short(period)
        if self.comparison_title == COMPARISON:
            return gettext("comparison")
        return self.comparison_title

    @property
    def change_direction(self) -> Literal["up", "down", "none"]:
        """Which way the value moved; none also where the change is too small to be shown."""
        if not self.change or not _shows(self.change_text):
            return "none"
        return "up" if self.change > 0 else "down"

    @property
    def change_verdict(self) -> Verdict:
        """Whether the change is for the better."""
        if self.change_direction == "none" or self.good is None:
            return "neutral"
        return "good" if self.change_direction == self.good else "bad"

    @property
    def target_met(self) -> bool | None:
        """Whether the target is met; None where there is no value or no target."""
        if self.value is None or self.target is None:
            return None
        return self.value <= self.target if self.good == "down" else self.value >= self.target

    @property
    def view(self) -> str:
        """Id of the view that it comes from."""
        return self.name.partition("/")[0]

    @property
    def target_alone(self) -> str:
        """The target as it was written: `80 %`; "" where there is none."""
        if self.target is None:
            return ""
        precision = _digits(self.target, self.format)
        return self.format.model_copy(update={"precision": precision}).text(self.target)

    @property
    def target_text(self) -> str:
        """The verdict in words: `target 80 % missed by 0.2 points`; "" without a target."""
        result = self.target_result
        return gettext("target {result}").format(result=result) if result else ""

    @property
    def target_result(self) -> str:
        """The verdict in fewer words: `80 % missed by 0.2 points`; "" without a target."""
        if self.target is None or self.value is None:
            return ""
        target = self.target_alone
        if self.target_met:
            return gettext("{target} met").format(target=target)
        gap = self.model_copy(update={"comparison": self.target, "change_as": "raw"}).change_text
        if _shows(gap):
            return gettext("{target} missed by {gap}").format(target=target, gap=gap)
        return gettext("{target} just missed").format(target=target)


def _shows(text: str) -> bool:
    """Tell whether a rounded number is not all zeros."""
    return any(digit in text for digit in "123456789∞")


def _digits(target: float, number_format: NumberFormat) -> int:
    """Return the digits that show a target as it was written: none where it is whole."""
    if number_format.style in ("bytes", "duration"):
        return number_format.precision
    shown = exact(target) * 100 if number_format.style == "percent" else exact(target)
    if shown == shown.to_integral_value():
        return 0
    exponent = shown.normalize().as_tuple().exponent
    return min(max(number_format.precision, -int(exponent)), 12)
