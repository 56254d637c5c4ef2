"""The paths of a chart's lines, areas and cells, in thousandths of its frame."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kpisite.plugins.svg_numbers import per_mille

if TYPE_CHECKING:
    from collections.abc import Iterable


def line_path(points: Iterable[tuple[float, float]], *, lone: bool = False) -> str:
    """Return the path through points; a gap at each that is not finite.

    Args:
        points: Places in the frame, each from 0 to 1.
        lone: Whether a point between two gaps is drawn.
    """
    path, run = [], 0
    for x, y in points:
        if math.isfinite(x) and math.isfinite(y):
            path.append(f"{'L' if run else 'M'}{per_mille(x)} {per_mille(y)}")
            run += 1
        else:
            if lone and run == 1:
                path.append("h0")
            run = 0
    if lone and run == 1:
        path.append("h0")
    return "".join(path)


def area_path(sides: Iterable[tuple[float, float, float]]) -> str:
    """Return the path around what is between two lines; a gap where one of them is not finite.

    Args:
        sides: Where on the x axis, and how far down the lower and the upper line are: places in
            the frame, each from 0 to 1.
    """
    shapes, top, bottom = [], list[str](), list[str]()
    for at, under, over in [*sides, (math.nan,) * 3]:
        if math.isfinite(under) and math.isfinite(over):
            place = per_mille(at)
            top.append(f"{place} {per_mille(over)}")
            bottom.append(f"{place} {per_mille(under)}")
        elif top:
            shapes.append(f"M{'L'.join(top)}L{'L'.join(reversed(bottom))}Z")
            top, bottom = [], []
    return "".join(shapes)


def cells_path(middles: Iterable[tuple[float, float]], width: float, height: float) -> str:
    """Return the path around rectangles of one size.

    Args:
        middles: Places in the frame, each from 0 to 1.
        width: As a share of the frame's.
        height: As a share of the frame's.
    """
    across, down = per_mille(width), per_mille(height)
    return "".join(
        f"M{per_mille(x - width / 2)} {per_mille(y - height / 2)}h{across}v{down}h-{across}z"
        for x, y in middles
    )
