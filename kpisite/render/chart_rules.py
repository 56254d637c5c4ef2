"""What Bokeh's properties take: rules that a template can follow without Bokeh.

A rule never takes what the property would refuse or change. Whatever no rule takes is left
to Bokeh itself.
"""

from __future__ import annotations

from typing import Any

from bokeh.core import properties as bokeh
from bokeh.core.property.bases import Property

_NUMBERS = (bokeh.Float, bokeh.NumberSpec, bokeh.FloatSpec, bokeh.AlphaSpec)
_DISTANCES = (bokeh.DistanceSpec,)
_TEXTS = (bokeh.String, bokeh.MathString)
_ANY = (bokeh.Any, bokeh.AnyRef)
NEVER: list[Any] = ["either"]
"""Takes nothing."""


def rule_of(prop: Property[Any]) -> list[Any]:
    """Return which plain values a property surely takes as they are, for `accepts`.

    Only types are known whose checks are repeated here; a subclass may check more.
    """
    if prop.assertions and type(prop) is not bokeh.ColumnData:
        return NEVER
    match type(prop), getattr(prop, "type_params", []):
        case known, _ if known in _NUMBERS:
            return ["number"]
        case known, _ if known in _DISTANCES:
            return ["number", 0]
        case bokeh.Int, _:
            return ["whole"]
        case known, _ if known in _TEXTS:
            return ["text"]
        case known, _ if known in _ANY:
            return ["any"]
        case ((bokeh.Required | bokeh.Nullable), [inner]):
            return rule_of(inner)
        case bokeh.NonNegative, [inner] if type(inner) is bokeh.Int:
            return ["whole", 0]
        case ((bokeh.Either | bokeh.TextLike), [first, *_] as inner) if _leaves_alone(first):
            return ["either", *map(rule_of, inner)]
        case ((bokeh.Seq | bokeh.List), [item]):
            return ["list", rule_of(item)]
        case ((bokeh.Dict | bokeh.ColumnData), [key, item]):
            return ["map", rule_of(key), rule_of(item)]
    return NEVER


def _leaves_alone(first: Property[Any]) -> bool:
    """Tell whether the first of several types, which all values go through, changes none."""
    return type(first).transform is Property.transform
