"""A small line without axes: where a number comes from, at a glance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_PAD = 3.0
"""Room for the mark and the line's width, in CSS pixels."""


def sparkline_svg(values: Sequence[float | None], *, width: int = 104, height: int = 30) -> str:
    """Return an inline SVG of the values, the last one marked; hidden from screen readers.

    Args:
        values: Oldest first; None, NaN and infinities are gaps in the line.
        width: In CSS pixels.
        height: In CSS pixels.

    Returns:
        One line of SVG in the page's own colours; "" for fewer than two values.
    """
    points = [_known(value) for value in values]
    known = [value for value in points if value is not None]
    if len(known) < 2:
        return ""
    step = (width - 2 * _PAD) / (len(points) - 1)
    low, high = min(known) / 2, max(known) / 2
    spread = high - low
    path, mark, pen_down = "", "", False
    for position, value in enumerate(points):
        if value is None:
            pen_down = False
            continue
        share = (value / 2 - low) / spread if spread else 0.5
        x = f"{_PAD + position * step:.1f}"
        y = f"{_PAD + (1 - share) * (height - 2 * _PAD):.1f}"
        path += f"{'L' if pen_down else 'M'}{x} {y}"
        if not pen_down and (position + 1 == len(points) or points[position + 1] is None):
            path += "h0"
        pen_down = True
        mark = f'<circle cx="{x}" cy="{y}" r="2.8" fill="var(--kpi-ink)"/>'
    if points[-1] is None:
        mark = ""
    return (
        f'<svg class="kpi-spark" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        f' aria-hidden="true" focusable="false"><path d="{path}" fill="none"'
        ' stroke="var(--kpi-faint)" stroke-width="1.6" stroke-linecap="round"'
        f' stroke-linejoin="round"/>{mark}</svg>'
    )


def _known(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None
