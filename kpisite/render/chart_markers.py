"""Markers that stand for a chart's values, and are found again where Bokeh put them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kpisite.render.chart_values import is_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIRST = 712_345_678_901
"""Markers are numbers from here on, and texts that end with one."""


class Markers:
    """Values that stand for others, and are found again in Bokeh's models and JSON."""

    def __init__(self) -> None:
        self._next = _FIRST
        self._known: dict[tuple[str, Any], tuple[str, Any]] = {}

    def for_values(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return markers for a chart's values; None and booleans stay, as do names of columns."""
        return {name: self._for_value(value) for name, value in values.items()}

    def _for_value(self, value: Any) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if is_columns(value):
            return {key: self.of(column) for key, column in value.items()}
        return self.of(value)

    def of(self, value: Any) -> Any:
        """Return a marker of the same kind as a value."""
        if isinstance(value, dict):
            key, item = next(iter(value.items()))
            return {self.of(key): self.of(item)}
        if isinstance(value, list):
            first = value[0] if value and isinstance(value[0], int | str) else 0.0
            return [self.of(first)] * max(1, len(value))
        self._next += 1
        if isinstance(value, str):
            return f"kpi-marker-{self._next}"
        return self._next if isinstance(value, int) else self._next + 0.5

    def name(self, values: Mapping[str, Any]) -> None:
        """Note the name of each marker."""
        self._known = {_mark_of(value): (name, value) for name, value in values.items()}

    def found(self, value: Any) -> str | None:
        """Return the name of a marker that a property holds; None where it is none."""
        name, marker = self._known.get(_mark_of(value), (None, None))
        return name if value == marker else None

    def written(self, node: Any) -> str | None:
        """Return the name of a marker in Bokeh's JSON; None where it is none."""
        if not isinstance(node, dict):
            return self.found(node)
        if node.get("type") != "map" or not isinstance(node["entries"][0][0], str | float):
            return None
        return self.found(dict(node["entries"]))


def _mark_of(value: Any) -> tuple[str, Any]:
    """Return what a marker is known by; lists and mappings by the marker that they begin with."""
    if isinstance(value, dict):
        return "map", next(iter(value), None)
    if isinstance(value, list):
        first = value[0] if value else None
        return "list", first if isinstance(first, str | int | float) else None
    return "value", value if isinstance(value, str | int | float) else None
