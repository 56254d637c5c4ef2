"""The stretch of the x axis that a bar, a cell or a box stands over."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from kpisite.plugins.ticks import Ticks, time_ticks
from kpisite.plugins.wall_clock import wall_clock, wall_time
from kpisite.views.plotting.frame import Slots, category_ticks
from kpisite.views.plotting.text import canvas_text, shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kpisite.plugins import Period
    from kpisite.views.plotting.data import XAxis

FULL = 0.78
"""Share of its slot that a bar takes."""
_LEAST = 4
"""Fewer places than that leave the bars slim."""
_DAY = 86_400_000.0


def bar_share(places: int) -> float:
    """Return which share of its slot a bar takes, among so many places."""
    return FULL * min(1.0, places / _LEAST)


def bar_slots(x: XAxis, period: Period) -> tuple[Ticks, Slots]:
    """Return the x axis, and the stretch of it that each place counts."""
    if x.kind == "category":
        at = [float(place) for place in range(len(x.at))]
        slots = Slots(at, [p - 0.5 for p in at], [p + 0.5 for p in at])
        return category_ticks(x, 94), slots
    if x.kind == "time":
        step = _time_step(x.at, period)
        ticks = time_ticks(period, shift=step / 2)
        return ticks, Slots([t + step / 2 for t in x.at], list(x.at), [t + step for t in x.at])
    step = _least_gap(x.at) or 1.0
    names = tuple(canvas_text(shorten(label, 94)) for label in x.labels)
    ticks = Ticks(x.at[0] - step / 2, x.at[-1] + step / 2, x.at, names)
    return ticks, Slots(list(x.at), [p - step / 2 for p in x.at], [p + step / 2 for p in x.at])


def _time_step(at: Sequence[float], period: Period) -> float:
    """Return how much time a bar stands for: the least gap, days where all are midnights."""
    start, end = (wall_clock(moment, period.zone) for moment in (period.start, period.end))
    midnights = all(wall_time(t).time() == wall_time(0).time() for t in at)
    step = _least_gap(at) or (_DAY if midnights else _DAY / 24)
    if midnights and _DAY < step < 7 * _DAY:
        step = _DAY
    return min(step, end - start)


def _least_gap(at: Sequence[float]) -> float | None:
    return min((b - a for a, b in pairwise(at) if b > a), default=None)
