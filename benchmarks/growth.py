"""Rows about growth: how CPU time and memory go with the number of editions."""

from __future__ import annotations

import math
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from project import Project
from rows import Row

if TYPE_CHECKING:
    from measuring import Cost
    from workshop import Workshop

VIEWS = 7
_REACH = 1.05
_PAGE_KB = 20.0
"""Memory that a page may cost a warm build, in units of 1,000 bytes."""


@dataclass(frozen=True)
class _Step:
    """A project of one size."""

    editions: int
    pages: int
    costs: dict[str, Cost]
    """What was done → what it cost."""


def growth(shop: Workshop) -> list[Row]:
    """Measure projects of growing size: backfill, cold build, a warm build with one new edition."""
    steps = [_measured(shop, weeks) for weeks in shop.sizes.growth]
    sizes = " → ".join(f"{step.editions:,}" for step in steps)
    rows = [
        Row(
            f"{name}, {sizes} editions",
            "linear",
            _exponent(steps[-2], steps[-1], name),
            _REACH,
            unit="exponent",
            costs={f"{step.editions} editions": step.costs[name] for step in steps},
        )
        for name in steps[0].costs
    ]
    last = steps[-1]
    warm = last.costs["one new edition, warm"]
    memory = Row(
        f"peak memory of a warm build, {last.pages:,} pages",
        "—",
        warm.peak / last.pages / 1000,
        _PAGE_KB,
        unit="KB a page",
        costs={"measured": warm},
    )
    return [*rows, memory]


def _measured(shop: Workshop, weeks: int) -> _Step:
    folder = shop.folder / f"growth-{weeks}"
    project = Project.make(folder, shop.sizes.reports, weeks, VIEWS)
    costs = {
        "backfill": project.run(),
        "cold build": project.build_cold(),
        "one new edition, warm": project.build_one_more(),
    }
    step = _Step(project.editions, project.pages(), costs)
    shutil.rmtree(folder)
    return step


def _exponent(before: _Step, after: _Step, name: str) -> float:
    """Return the power of the number of editions that the CPU time grows with."""
    times = after.costs[name].cpu / before.costs[name].cpu
    return math.log(times) / math.log(after.editions / before.editions)
