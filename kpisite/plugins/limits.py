"""From where on a number is good or bad, as an option of views."""

from __future__ import annotations

import operator
import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from kpisite.plugins.options import PluginOptions

Verdict = Literal["good", "bad", ""]

_CONDITION = re.compile(r"(<=|>=|<|>|=)\s*(-?\d+(?:\.\d+)?)")
_COMPARE = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}


def _condition(text: str) -> str:
    if text and not _CONDITION.fullmatch(text.strip()):
        raise ValueError(f"'{text}' is no condition; write it like '>= 0.8' or '< 100'")
    return text


Condition = Annotated[
    str, AfterValidator(_condition), Field(examples=[">= 0.8", "< 100"], default="")
]
"""A comparison with a number, in the number's own unit."""


class Limits(PluginOptions):
    """Which numbers are marked as good, and which as bad; the others are not marked."""

    good: Condition = ""
    """`>= 0.8`"""
    bad: Condition = ""
    """`< 0.7`"""

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        if not self.good and not self.bad:
            raise ValueError("name 'good', 'bad' or both, like good: '>= 0.8'")
        return self

    def verdict(self, value: float) -> Verdict:
        """Return what a number is; where both conditions hold, it is bad."""
        if _holds(self.bad, value):
            return "bad"
        return "good" if _holds(self.good, value) else ""


def _holds(condition: str, value: float) -> bool:
    match = _CONDITION.fullmatch(condition.strip())
    return match is not None and _COMPARE[match[1]](value, float(match[2]))
