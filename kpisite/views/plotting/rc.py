"""KPI Reporter's `plot_rc`: settings of Matplotlib, as far as they have a counterpart here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}\b|#[0-9A-Fa-f]{3}\b")
_POINT = 4 / 3
"""CSS pixels of a typographic point."""


@dataclass(frozen=True)
class PlotRc:
    """What is taken of the settings."""

    colours: tuple[str, ...] = ()
    """Of `axes.prop_cycle`: its hexadecimal colours."""
    line_width: float = 2
    """Of `lines.linewidth`, in CSS pixels."""
    grid: bool = True
    """Of `axes.grid`."""
    ignored: tuple[str, ...] = ()
    """Settings that are not taken, sorted."""


def plot_rc(settings: Mapping[str, Any]) -> PlotRc:
    """Return what is taken of settings; values that make no sense are ignored too."""
    taken: dict[str, Any] = {}
    ignored = []
    for name, value in settings.items():
        match name, value:
            case "axes.prop_cycle", _ if colours := _COLOUR.findall(str(value)):
                taken["colours"] = tuple(colours)
            case "lines.linewidth", int() | float() if 0 < value <= 10:
                taken["line_width"] = round(value * _POINT, 2)
            case "axes.grid", bool():
                taken["grid"] = value
            case _:
                ignored.append(name)
    return PlotRc(**taken, ignored=tuple(sorted(ignored)))
