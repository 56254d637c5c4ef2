"""A small line without axes: where a number comes from, at a glance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Sequence

Points = list[tuple[float, float]]
"""Places from left to right, in pixels: across, and down from the top."""

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
    drawn = sparkline_lines(values, width - 2 * _PAD, height - 2 * _PAD)
    if not drawn:
        return ""
    lines = [[(_PAD + x, _PAD + y) for x, y in line] for line in drawn]
    path = "".join(
        "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in line) + ("h0" if len(line) == 1 else "")
        for line in lines
    )
    mark = ""
    if is_known(values[-1]):
        x, y = lines[-1][-1]
        mark = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.8" fill="var(--kpi-ink)"/>'
    return (
        f'<svg class="kpi-spark" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        f' aria-hidden="true" focusable="false"><path d="{path}" fill="none"'
        ' stroke="var(--kpi-faint)" stroke-width="1.6" stroke-linecap="round"'
        f' stroke-linejoin="round"/>{mark}</svg>'
    )


def sparkline_lines(values: Sequence[float | None], width: float, height: float) -> list[Points]:
    """Return the lines of a sparkline from edge to edge: several where values are missing.

    Args:
        values: Oldest first; None, NaN and infinities are gaps in the line.
        width: Of the drawing, in pixels.
        height: Of the drawing, in pixels.

    Returns:
        Nothing for fewer than two values.
    """
    known = [float(value) for value in values if is_known(value)]
    if len(known) < 2:
        return []
    step = width / (len(values) - 1)
    low, high = min(known) / 2, max(known) / 2
    spread = high - low
    lines: list[Points] = [[]]
    for position, value in enumerate(values):
        if is_known(value):
            share = (value / 2 - low) / spread if spread else 0.5
            lines[-1].append((position * step, (1 - share) * height))
        else:
            lines.append([])
    return [line for line in lines if line]


def is_known(value: float | None) -> TypeGuard[float]:
    """Tell whether there is a number to draw."""
    return value is not None and math.isfinite(value)
