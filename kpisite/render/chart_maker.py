"""Makes a chart's template: draws it with markers for values, and looks where Bokeh puts them."""

from __future__ import annotations

import json
import warnings
from collections import Counter
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bokeh.core.property.wrappers import PropertyValueContainer

from kpisite.render.chart_markers import Markers
from kpisite.render.chart_rules import NEVER, rule_of
from kpisite.render.chart_template import HOLE, ID, Hole, Part, Template
from kpisite.render.chart_values import HEIGHT, VALUE, accepts, kind, named, without_markup
from kpisite.render.charts import chart_text, document_json, numbered, renamed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from bokeh.core.property.bases import Property
    from bokeh.model import Model

    Draw = Callable[[Mapping[str, Any]], Any]

PREFIX = "kpi"
"""The id of charts that a template is compared to."""


class ComputedError(Exception):
    """A template cannot be made: a value reaches the chart as something else."""


def make_template(draw: Draw, values: Mapping[str, Any], height: int, expected: str) -> Template:
    """Return the template of all charts of a structure.

    Args:
        draw: Returns the figure with values.
        values: Of one chart of the structure: they tell of what kind values are.
        height: Of that chart, in CSS pixels.
        expected: The JSON of that chart, with the id PREFIX.

    Raises:
        UnfitError: Of that chart no template can be made, but of others of its structure.
        ComputedError: `draw` does not only put values in their places.
        Exception: Whatever `draw` or Bokeh say of a marker.
    """
    markers = Markers()
    marked, marked_height = markers.for_values(values), markers.of(height)
    markers.name(named(marked, marked_height))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        figure = draw(marked)
        document = document_json(figure, marked_height)
    models = {model.id: model for model in figure.references()}
    places = _places(document, models, markers)
    writer = _Writer(places, markers)
    text = writer.written({"doc": renamed(document, prefix=ID)})
    if Counter(writer.seen) != Counter(place.name for place in places.values()):
        raise ComputedError("a value is part of something else")
    template = Template(text=text, holes=tuple(writer.holes), rules=_rules(places.values()))
    _check(template, values, height, expected)
    for tried, tried_height in _with_defaults(places.values(), values, height):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = chart_text(draw(tried), id=PREFIX, height=tried_height)
        _check(template, tried, tried_height, expected)
    return template


def _check(template: Template, values: Mapping[str, Any], height: int, expected: str) -> None:
    """Compare a filled template to Bokeh's own JSON."""
    if template.filled(named(values, height), prefix=PREFIX) != expected:
        raise ComputedError("the template does not make what Bokeh makes")


@dataclass(frozen=True)
class _Place:
    """Where a value stands in the models."""

    name: str
    rule: list[Any]
    """What may stand there, as `accepts` reads it."""
    default: Any = None
    """Of the attribute, where the value is all of it, and can be equal to its default."""
    may_go: bool = False
    """Whether Bokeh leaves the attribute out where the value is its default."""


def _with_defaults(
    places: Collection[_Place], values: Mapping[str, Any], height: int
) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield values that are the defaults of the attributes they stand in."""
    now, defaults = named(values, height), dict[str, list[Any]]()
    rules = _rules(places)
    for name, default in ((p.name, p.default) for p in places if p.default is not None):
        fits = kind(default) == kind(now[name])
        fits = fits and all(accepts(rule, default) for rule in rules[name])
        if fits and default not in defaults.setdefault(name, []):
            defaults[name].append(default)
    for turn in range(max(map(len, defaults.values()), default=0)):
        changed = {name: all_[min(turn, len(all_) - 1)] for name, all_ in defaults.items() if all_}
        tried = {name: changed.get(VALUE + name, value) for name, value in values.items()}
        yield tried, changed.get(HEIGHT, height)


def _places(
    document: Mapping[str, Any], models: Mapping[str, Model], markers: Markers
) -> dict[tuple[str, str, str], _Place]:
    """Return the places of all markers, by the model's new id, the attribute, and the column."""
    found = {}
    for id_, number in numbered(dict(document)).items():
        if id_ not in models:
            continue  # Bokeh added it while it wrote
        for attribute in models[id_].properties_with_values(include_defaults=False):
            where = f"{ID}-{number}", attribute
            for column, place in _places_in(models[id_], attribute, markers):
                found[*where, column] = place
    return found


def _places_in(model: Model, attribute: str, markers: Markers) -> Iterator[tuple[str, _Place]]:
    value, descriptor = getattr(model, attribute), model.lookup(attribute)
    if (name := markers.found(value)) is not None:
        default = _plain(descriptor.instance_default(model))
        may_go = default is not None and _leaves_out(descriptor.property, default)
        yield "", _Place(name, rule_of(descriptor.property), default, may_go)
    elif isinstance(value, dict):
        rule = rule_of(descriptor.property)
        for column, item in value.items():
            if (name := markers.found(item)) is not None:
                yield str(column), _Place(name, rule[2] if rule[0] == "map" else NEVER)


def _plain(default: Any) -> Any:
    """Return a default that plain values can be equal to; None where it is another one."""
    try:
        same = json.loads(json.dumps(default, allow_nan=False)) == default
    except (TypeError, ValueError):
        return None
    return default if same else None


def _leaves_out(prop: Property[Any], default: Any) -> bool:
    """Tell whether Bokeh leaves a default out; what is mutable only where it sees it change."""
    mutable = isinstance(default, list | dict)
    return not mutable or isinstance(prop.wrap(copy(default)), PropertyValueContainer)


def _rules(places: Collection[_Place]) -> dict[str, tuple[list[Any], ...]]:
    rules: dict[str, list[Any]] = {}
    for place in places:
        mine = rules.setdefault(place.name, [])
        if place.rule not in mine:
            mine.append(place.rule)
    return {name: tuple(mine) for name, mine in rules.items()}


class _Writer:
    """Writes Bokeh's JSON with holes where markers are."""

    def __init__(self, places: Mapping[tuple[str, str, str], _Place], markers: Markers) -> None:
        self._places = places
        self._markers = markers
        self.holes: list[Hole] = []
        self.seen: list[str] = []
        """The names of all markers that it met."""

    def written(self, node: Any) -> str:
        """Return a node as JSON, and add its holes."""
        name = self._markers.written(node)
        if name is not None:
            self.seen.append(name)
            self.holes.append(Hole(parts=(Part(name=name),)))
            return HOLE
        if isinstance(node, list):
            return f"[{','.join(map(self.written, node))}]"
        if not isinstance(node, dict):
            return _static(node)
        members = [self._member(node, key, value) for key, value in node.items()]
        return "{" + "".join(members).removeprefix(",") + "}"

    def _member(self, node: Mapping[str, Any], key: str, value: Any) -> str:
        """Return `,"key":value`."""
        if key != "attributes" or node.get("type") != "object":
            return f",{_static(key)}:{self.written(value)}"
        return self._attributes(node.get("id", ""), value)

    def _attributes(self, id_: str, attributes: Mapping[str, Any]) -> str:
        """Return the attributes of a model; some of them, or all, may be left out."""
        head, tail = f",{_static('attributes')}:{{", "}"
        optional = [name for name in attributes if self._optional(id_, name)]
        if len(optional) == len(attributes):
            parts = tuple(self._part(id_, name, attributes[name]) for name in attributes)
            self.holes.append(Hole(parts=parts, before=head, after=tail))
            return HOLE
        text = ""
        for name, value in attributes.items():
            if name in optional:
                part = self._part(id_, name, value)
                before, after = (",", "") if text.strip(HOLE) else ("", ",")
                self.holes.append(Hole(parts=(part,), before=before, after=after))
                text += HOLE
            else:
                comma = "," if text.strip(HOLE) else ""
                text += f"{comma}{_static(name)}:{self.written(value)}"
        return head + text + tail

    def _optional(self, id_: str, attribute: str) -> bool:
        place = self._places.get((id_, attribute, ""))
        return place is not None and place.may_go

    def _part(self, id_: str, attribute: str, value: Any) -> Part:
        place = self._places[id_, attribute, ""]
        text = f"{_static(attribute)}:{self.written(value)}"
        if text.count(HOLE) != 1:
            raise ComputedError(f"the attribute {attribute} is more than one value")
        self.holes.pop()
        head, tail = text.split(HOLE)
        return Part(name=place.name, head=head, tail=tail, may_go=True, default=place.default)


def _static(value: Any) -> str:
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return without_markup(text).replace(json.dumps(ID)[1:-1], ID)
