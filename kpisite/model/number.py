"""How a number is shown: thousands, percent, durations, bytes, money."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal

from kpisite.model.base import StrictModel

Style = Literal["number", "percent", "duration", "bytes", "currency"]

_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_BYTES = ("B", "kB", "MB", "GB", "TB", "PB")


class NumberFormat(StrictModel):
    """How a number is shown. `percent` takes ratios (0.8), `duration` seconds."""

    style: Style = "number"
    precision: int = 0
    """Digits after the point; halves round to the even neighbour."""
    unit: str = ""
    """Shown behind the number: `min`."""
    currency: str = ""
    """ISO 4217 code, only for the style `currency`."""

    def text(self, value: float | None) -> str:
        """Return the number with its unit, as a reader sees it; an en dash where there is none."""
        number, unit = self.parts(value)
        return f"{number} {unit}" if unit else number

    def parts(self, value: float | None) -> tuple[str, str]:
        """Return the number and its unit apart, so that a page can set the unit smaller."""
        if value is None or math.isnan(value):
            return "–", ""
        match self.style:
            case "percent":
                return self._digits(value * 100), "%"
            case "duration":
                return _duration(value), ""
            case "bytes":
                number, unit = _bytes(value)
                return grouped(number, max(self.precision, 1) if unit != "B" else 0), unit
            case "currency":
                symbol = _SYMBOLS.get(self.currency)
                text = self._digits(abs(value))
                sign = "−" if value < 0 else ""
                return (f"{sign}{symbol}{text}", "") if symbol else (sign + text, self.currency)
            case "number":
                return self._digits(value), self.unit

    def _digits(self, value: float) -> str:
        return grouped(value, self.precision)


def grouped(value: float, precision: int) -> str:
    """Return `6,104.5`: thousands apart, a real minus sign, halves rounded to even.

    Args:
        value: Finite, or an infinity, which reads "∞".
        precision: Digits after the point.
    """
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    exact = Decimal(repr(float(value))) if isinstance(value, float) else Decimal(value)
    rounded = exact.quantize(Decimal(1).scaleb(-precision), rounding=ROUND_HALF_EVEN)
    text = f"{abs(rounded):,}"
    return f"−{text}" if rounded < 0 else text


def _duration(seconds: float) -> str:
    sign, rest = ("−" if seconds < 0 else ""), abs(seconds)
    if rest < 60:
        return f"{sign}{grouped(rest, 0 if rest == int(rest) else 1)} s"
    parts = []
    whole = round(rest)
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        count, whole = divmod(whole, size)
        if count:
            parts.append(f"{count} {unit}")
    return sign + " ".join(parts[:2])


def _bytes(value: float) -> tuple[float, str]:
    power = 0
    while abs(value) >= 1000 and power < len(_BYTES) - 1:
        value, power = value / 1000, power + 1
    return value, _BYTES[power]
