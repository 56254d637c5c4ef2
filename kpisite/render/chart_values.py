"""The values that fill a chart's template: of what kind they are, and how Bokeh writes them."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

HEIGHT = "height"
"""Name of the chart's height among all that fills a template."""
VALUE = "value\n"
"""Begins all other names."""
_SAFE = 2**53 - 1
"""Beyond it Bokeh warns, and writes a float."""
_PLAIN = frozenset((str, float, bool, type(None)))
_WHOLE = _PLAIN | {int}
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


class UnfitError(Exception):
    """A value is none that a template can take: Bokeh itself has to see it."""


def named(values: Mapping[str, Any], height: int) -> dict[str, Any]:
    """Return all that fills a chart, by the names that templates use.

    Each column of a source is a value of its own. None and booleans are left out: they belong to
    the structure.

    Args:
        values: Numbers, texts, lists, mappings.
        height: The chart's, in CSS pixels.

    Raises:
        UnfitError: The columns of a source are not of one length.
    """
    found: dict[str, Any] = {HEIGHT: height}
    for name, value in values.items():
        if is_columns(value):
            if len({len(column) for column in value.values()}) > 1:
                raise UnfitError(f"the columns of '{name}' are not of one length")
            found |= {f"{VALUE}{name}\n{key}": column for key, column in value.items()}
        elif value is not None and not isinstance(value, bool):
            found[VALUE + name] = value
    return found


def is_columns(value: Any) -> bool:
    """Tell whether a value is a mapping of texts to lists, as a source of data is."""
    return (
        isinstance(value, dict)
        and all(isinstance(key, str) for key in value)
        and all(isinstance(column, list) for column in value.values())
    )


def kind(value: Any) -> Any:
    """Return what a template has to know of a value beforehand, as JSON.

    Raises:
        UnfitError: It is no plain value.
    """
    if value is None or isinstance(value, bool):
        return [value]
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list):
        return "texts" if value and isinstance(value[0], str) else "list"
    if is_columns(value):
        return [[key, kind(column)] for key, column in value.items()]
    if isinstance(value, dict):
        key, item = next(iter(value.items()))
        return {"map": [kind(key), kind(item)]}
    raise UnfitError(f"{type(value).__name__} is not plain, or too large: {value!r}")


def text_of(value: Any) -> str:
    """Return the JSON text of a value as Bokeh writes it, without markup or line breaks.

    Raises:
        UnfitError: It holds something that is not plain, or a number that is too large.
    """
    try:
        text = _encode(_written(value, finite=True))
    except ValueError:  # a missing number, or an infinite one
        text = _encode(_written(value, finite=False))
    return without_markup(text)


def without_markup(text: str) -> str:
    """Return JSON that no browser takes for the end of an element."""
    for character in "<>&":
        if character in text:
            text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _written(value: Any, *, finite: bool) -> Any:
    """Return a value as Bokeh's serializer does.

    Args:
        value: The value.
        finite: Leave all floats as they are.
    """
    if isinstance(value, list):
        types = set(map(type, value))
        if finite and (types <= _PLAIN or (types <= _WHOLE and _all_safe(value))):
            return value
        return [_written(item, finite=finite) for item in value]
    if isinstance(value, dict):
        pairs = [[_written(part, finite=finite) for part in pair] for pair in value.items()]
        return {"type": "map", "entries": pairs} if pairs else {"type": "map"}
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, float):
        return value if finite or math.isfinite(value) else _not_finite(value)
    if isinstance(value, int) and -_SAFE < value <= _SAFE:
        return value
    raise UnfitError(f"{type(value).__name__} is not plain, or too large: {value!r}")


def _all_safe(values: list[Any]) -> bool:
    return all(-_SAFE < value <= _SAFE for value in values if type(value) is int)


def _not_finite(value: float) -> dict[str, str]:
    name = "nan" if math.isnan(value) else "-inf" if value < 0 else "+inf"
    return {"type": "number", "value": name}


def accepts(rule: Any, value: Any) -> bool:
    """Tell whether a Bokeh property is sure to take a value as it is.

    Args:
        rule: As `chart_rules.rule_of` made it.
        value: A plain value.
    """
    name, *parts = rule
    if name == "either":
        return any(accepts(part, value) for part in parts)
    if name == "list":
        return isinstance(value, list) and _all_accepted(parts[0], value)
    if name == "map":
        keys, items = parts
        return (
            isinstance(value, dict)
            and _all_accepted(keys, list(value))
            and _all_accepted(items, list(value.values()))
        )
    if name == "text":
        return isinstance(value, str)
    if name == "any":
        return True
    whole = int if name == "whole" else int | float
    number = isinstance(value, whole) and not isinstance(value, bool)
    return number and not (parts and value < parts[0])


def _all_accepted(rule: Any, values: list[Any]) -> bool:
    if rule == ["any"] or (rule == ["number"] and set(map(type, values)) <= {int, float}):
        return True
    return all(accepts(rule, value) for value in values)
