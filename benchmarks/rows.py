"""The shape of a row: what was measured, against what, and whether that is within reach."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from measuring import Cost


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    measured: str
    against: str
    figure: float
    """What is compared with the reach: the lower, the better."""
    reach: float
    """The largest figure that is good enough."""
    unit: str = "×"
    """`×` for a ratio of CPU times."""
    costs: dict[str, Cost] = field(default_factory=dict)
    """What the figure was made of."""

    @property
    def ok(self) -> bool:
        """Whether the figure is good enough."""
        return self.figure <= self.reach

    def record(self) -> dict[str, Any]:
        """Return the row for `results.json`."""
        return {
            "measured": self.measured,
            "against": self.against,
            "figure": round(self.figure, 4),
            "reach": self.reach,
            "unit": self.unit,
            "ok": self.ok,
            "costs": {
                name: {
                    "cpu_seconds": round(cost.cpu, 6),
                    "wall_seconds": round(cost.wall, 6),
                    "peak_mb": round(cost.peak / 1e6, 1),
                }
                for name, cost in self.costs.items()
            },
        }


def ratio(measured: str, against: str, cost: Cost, base: Cost, reach: float) -> Row:
    """Return a row that compares two CPU times."""
    costs = {"measured": cost, "against": base}
    return Row(measured, against, cost.cpu / base.cpu, reach, costs=costs)
