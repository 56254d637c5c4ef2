"""How a number is shown: thousands, percent, durations, bytes, money."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from kpisite.model.base import StrictModel
from kpisite.model.language import language

Style = Literal["number", "percent", "duration", "bytes", "currency"]

MISSING = "–"
"""What stands where there is no number."""

_BYTES = ("B", "kB", "MB", "GB", "TB", "PB")
_EXACT = Context(prec=400)


class NumberFormat(StrictModel):
    """How a number is shown. `percent` takes ratios (0.8), `duration` seconds."""

    style: Style = "number"
    """number, percent, duration, bytes or currency."""
    precision: int = Field(default=0, ge=0, le=12)
    """Digits after the point; halves round to the even neighbour."""
    unit: str = ""
    """Shown behind the number: `min`; only for the style `number`."""
    currency: str = Field(default="", pattern=r"^([A-Z]{3})?$", examples=["EUR"])
    """ISO 4217 code, only for the style `currency`."""

    @model_validator(mode="after")
    def _check_unit(self) -> Self:
        check_unit(self.style, self.unit, self.currency)
        return self

    def text(self, value: float | Decimal | None) -> str:
        """Return the number with its unit, as a reader sees it; an en dash where there is none."""
        number, unit = self.parts(value)
        return f"{number} {unit}" if unit else number

    @property
    def around(self) -> tuple[str, str]:
        """What stands before and after an amount of money, or a number with a unit."""
        if self.style == "currency":
            amount, unit = language().money("0", self.currency)
            return amount.removesuffix("0"), f" {unit}" if unit else ""
        return "", f" {self.unit}" if self.unit else ""

    def parts(self, value: float | Decimal | None) -> tuple[str, str]:
        """Return the number and its unit apart, so that a page can set the unit smaller."""
        if value is None or math.isnan(value):
            return MISSING, ""
        match self.style:
            case "percent":
                return grouped(exact(value) * 100, self.precision), "%"
            case "duration":
                return _duration(float(value)), ""
            case "bytes":
                return _bytes(float(value), max(self.precision, 1))
            case "currency":
                text = grouped(value, self.precision)
                amount, unit = language().money(text.removeprefix("−"), self.currency)
                return f"{'−' * text.startswith('−')}{amount}", unit
            case "number":
                return grouped(value, self.precision), self.unit


def check_unit(style: str, unit: str, currency: str) -> None:
    """Refuse a unit or a currency that the style would not show.

    Raises:
        ValueError: They do not go together.
    """
    if style == "currency" and not currency:
        raise ValueError("format 'currency' needs a currency, such as 'currency: EUR'")
    if style != "currency" and currency:
        raise ValueError(f"a currency goes with format 'currency', not with '{style}'")
    if style != "number" and unit:
        raise ValueError(f"a unit goes with format 'number'; '{style}' has its own")


def grouped(value: float | Decimal, precision: int) -> str:
    """Return `6,104.5`, as the site's language has it; a real minus, halves rounded to even.

    Args:
        value: Not NaN; an infinity reads "∞".
        precision: Digits after the point.
    """
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    step = Decimal(1).scaleb(-precision)
    rounded = exact(value).quantize(step, rounding=ROUND_HALF_EVEN, context=_EXACT)
    text = language().number(f"{rounded.copy_abs():,f}")
    return f"−{text}" if rounded < 0 else text


def exact(value: float | Decimal) -> Decimal:
    """Return the decimal number that a reader sees when it is printed: 0.285, not 0.28499."""
    return Decimal(value) if isinstance(value, int | Decimal) else Decimal(repr(float(value)))


def plain(value: float | Decimal) -> str:
    """Return all digits of a number and nothing else: no thousands, no noise of binary floats."""
    if math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    number = exact(value) if isinstance(value, int | Decimal) else Decimal(f"{value:.15g}")
    text = f"{number.copy_abs():f}"
    if "." in text:
        text = language().number(text.rstrip("0").rstrip("."))
    return f"−{text}" if number < 0 else text


def _duration(seconds: float) -> str:
    """Return the two largest neighbouring units: `2 h 5 min`, `1 d`, `40 ms`."""
    sign, rest = ("−" if seconds < 0 else ""), abs(seconds)
    if math.isinf(rest):
        return f"{sign}∞"
    if rest == 0:
        return "0 s"
    if rest < 0.9995:
        return f"{sign}{grouped(exact(rest) * 1000, 0 if rest >= 0.01 else 1)} ms"
    if rest < 59.95:
        return f"{sign}{grouped(rest, 0 if rest == int(rest) else 1)} s"
    step = 3_600 if rest >= 86_400 else 60 if rest >= 3_600 else 1
    whole = round(rest / step) * step
    parts = []
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        count, whole = divmod(whole, size)
        if count:
            parts.append(f"{grouped(count, 0)} {unit}")
    return sign + " ".join(parts[:2])


def _bytes(value: float, precision: int) -> tuple[str, str]:
    power = 0
    while power < len(_BYTES) - 1 and round(abs(value), precision if power else 0) >= 1000:
        value, power = value / 1000, power + 1
    return grouped(value, precision if power else 0), _BYTES[power]
