"""A chart's JSON with holes in it, and how values fill them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kpisite.model.base import StrictModel
from kpisite.render.chart_values import UnfitError, accepts, text_of, without_markup

if TYPE_CHECKING:
    from collections.abc import Mapping

ID, HOLE = "\x00", "\x01"
"""What stands for the chart's id, and for a hole: JSON has neither character."""


class Part(StrictModel):
    """One value in a hole."""

    name: str
    head: str = ""
    """JSON before it."""
    tail: str = ""
    """JSON after it."""
    may_go: bool = False
    """Whether it is an attribute that Bokeh leaves out where it is the default."""
    default: Any = None


class Hole(StrictModel):
    """A place in the JSON; where all of its parts are left out, nothing stands there."""

    parts: tuple[Part, ...]
    before: str = ""
    after: str = ""

    def filled(self, values: Mapping[str, Any], texts: Mapping[str, str]) -> str:
        """Return what stands in it.

        Args:
            values: The values by name.
            texts: The values as JSON.
        """
        inner = [
            f"{part.head}{texts[part.name]}{part.tail}"
            for part in self.parts
            if not (part.may_go and values[part.name] == part.default)
        ]
        return f"{self.before}{','.join(inner)}{self.after}" if inner else ""


class Template(StrictModel):
    """The JSON of all charts of one structure."""

    text: str
    """With ID and HOLE in it."""
    holes: tuple[Hole, ...]
    """In reading order."""
    rules: dict[str, tuple[list[Any], ...]]
    """Name of a value → what the properties take that it is put in."""

    def filled(self, values: Mapping[str, Any], *, prefix: str) -> str:
        """Return the JSON that Bokeh would make of a chart with these values.

        Args:
            values: As `chart_values.flat` returns them.
            prefix: What the ids of the models begin with.

        Raises:
            UnfitError: Bokeh itself has to see these values: it might refuse one of them.
        """
        for name, rules in self.rules.items():
            if not all(accepts(rule, values[name]) for rule in rules):
                raise UnfitError(f"Bokeh might refuse the value '{name}'")
        texts = {name: text_of(values[name]) for name in self.rules}
        text = self.text.replace(ID, without_markup(json.dumps(prefix))[1:-1])
        pieces = text.split(HOLE)
        filled = [hole.filled(values, texts) for hole in self.holes]
        return "".join(part for pair in zip(pieces, [*filled, ""], strict=True) for part in pair)
