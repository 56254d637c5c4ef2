"""Recorded values as one line of a terminal shows them."""

from __future__ import annotations

from datetime import date, time
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kpisite.model.number import MISSING, NumberFormat
from kpisite.model.words import moment_text

if TYPE_CHECKING:
    from kpisite.model.metric import Metric

_SIGNS = {"up": "+", "down": "−", "none": "±"}


def signed_change(before: float | None, metric: Metric) -> str:
    """Return how far a metric moved from another value: `+4.1 points`; "" where a value is missing.

    A ratio of nothing is shown as a difference.
    """
    moved = metric.model_copy(update={"comparison": before})
    if before == 0:
        moved = moved.model_copy(update={"change_as": "raw"})
    text = moved.change_text
    return f"{_SIGNS[moved.change_direction]}{text}" if text else ""


def size_text(size: int) -> str:
    """Return a number of bytes as `9.4 MB`."""
    return NumberFormat(style="bytes").text(size)


def one_line(text: str) -> str:
    """Return a text with single spaces."""
    return " ".join(text.split())


def where_they_differ(before: str, after: str, length: int) -> tuple[str, str]:
    """Return two texts on one line each, cut to a length around their first difference."""
    old, new = one_line(before), one_line(after)
    alike = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), 0)
    start = max(alike - length // 4, 0) if max(len(old), len(new)) > length else 0
    return _piece(old, start, length), _piece(new, start, length)


def _piece(text: str, start: int, length: int) -> str:
    end = start + length
    return f"{'…' * (start > 0)}{text[start:end]}{'…' * (len(text) > end)}"


def cell_text(value: object, length: int) -> str:
    """Return a cell of a frame with all its digits, cut to a length."""
    if pd.api.types.is_scalar(value) and pd.isna(value):  # type: ignore[call-overload]
        return MISSING
    if isinstance(value, float | np.floating):
        text = repr(float(value)).removesuffix(".0")
    elif isinstance(value, date | time) and not isinstance(value, pd.Period):
        text = moment_text(value)
    else:
        text = one_line(str(value))
    return text if len(text) <= length else f"{text[: length - 1]}…"
