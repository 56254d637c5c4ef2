"""What pydantic found wrong, said in the words of the YAML file."""

from __future__ import annotations

import types
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from kpisite.errors import closest, nearest
from kpisite.model.base import Variable

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from kpisite.errors import Mistake
    from kpisite.model.yaml_source import KeyPath, Source

_KINDS = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "`key: value` pairs",
    "model_type": "`key: value` pairs",
    "list_type": "a list",
    "tuple_type": "a list",
    "date_type": "a date like 2013-02-04",
    "date_from_datetime_inexact": "a date like 2013-02-04, without a time",
}


def mistakes_of(
    error: ValidationError, model: type[BaseModel], source: Source, prefix: KeyPath = ()
) -> list[Mistake]:
    """Return what a validation found, at the places in the file.

    Args:
        error: What pydantic raised.
        model: What was validated.
        source: The file that the values came from.
        prefix: Where in the file the validated value stands.
    """
    places: dict[KeyPath, list[ErrorDetails]] = {}
    for detail in error.errors():
        places.setdefault(_without_branches(detail["loc"], model), []).append(detail)
    found = []
    for inner, details in places.items():
        if all(detail["type"] in _KINDS for detail in details):
            found.append(_wrong_kind(details, inner, model, source, prefix))
        else:
            found += [_mistake(detail, inner, model, source, prefix) for detail in details]
    return list(dict.fromkeys(found))


def _wrong_kind(
    details: list[ErrorDetails],
    inner: KeyPath,
    model: type[BaseModel],
    source: Source,
    prefix: KeyPath,
) -> Mistake:
    """Return one mistake for a value that is of none of the kinds it may be of."""
    path = (*prefix, *inner)
    expected = " or ".join(dict.fromkeys(_KINDS[detail["type"]] for detail in details))
    written = _shown(source.raw, path, model, inner)
    hint = _other_kind(details[0]["type"], details[0]["input"])
    return source.mistake(path, f"expected {expected}, found {written}", hint)


def _other_kind(expected: str, value: object) -> str:
    """Return how a value is written as another kind, "" where that is not known."""
    if isinstance(value, dict | list | None):
        return ""
    if expected == "string_type":
        return "Put it in quotes."
    if expected in ("list_type", "tuple_type") and isinstance(value, str):
        return "Write it like [a, b]."
    if expected == "float_parsing" and any(sign.isdecimal() for sign in str(value)):
        return "A number has digits and a point: 1234.5, and 0.8 for 80 %."
    return ""


def _mistake(
    detail: ErrorDetails, inner: KeyPath, model: type[BaseModel], source: Source, prefix: KeyPath
) -> Mistake:
    if inner[-1:] == ("[key]",):
        path = (*prefix, *inner[:-1])
        hint = "An id begins with a letter and has letters, digits, '_' and '-'."
        return source.mistake(path, f"'{inner[-2]}' is no valid id", hint)
    path = (*prefix, *inner)
    kind = detail["type"]
    if kind == "extra_forbidden":
        key, valid = str(inner[-1]), _keys_at(model, inner[:-1])
        unknown = source.mistake(path, f"unknown key '{key}'", nearest(key, valid))
        return replace(unknown, meant=closest(key, valid))
    if kind == "missing":
        return source.mistake(path, f"'{inner[-1]}' is missing", _or_variable(model, inner))
    if kind == "too_short" and inner:
        return source.mistake(path, f"'{inner[-1]}' is empty")
    if kind == "value_error":
        return source.mistake(path, str(detail["ctx"]["error"]))
    written = _shown(source.raw, path, model, inner)
    if kind == "literal_error":
        valid = [str(value) for value in get_args(_annotation_at(model, inner))]
        hint = nearest(str(detail["input"]), valid)
        return source.mistake(path, f"{written} is not valid here", hint)
    if kind == "string_pattern_mismatch":
        return source.mistake(path, f"{written} is not valid here", _example(model, inner))
    message = detail["msg"].removeprefix("Input ")
    return source.mistake(path, f"{message[:1].lower()}{message[1:]}, found {written}")


def _or_variable(model: type[BaseModel], inner: KeyPath) -> str:
    """Return how an option that is missing could be given by an environment variable."""
    variable = Variable.of(model, str(inner[0])) if len(inner) == 1 else ""
    return f"Or set the environment variable {variable}." if variable else ""


def _without_branches(location: KeyPath, model: type[BaseModel]) -> KeyPath:
    """Return pydantic's path to a value without the names of branches of unions."""
    found: Any = model
    kept: list[str | int] = []
    for part in location:
        found = _bare(found)
        if get_origin(found) in (Union, types.UnionType):
            branches = [_bare(branch) for branch in get_args(found)]
            named = [b for b in branches if str(part).startswith(getattr(b, "__name__", "?"))]
            found = (named or branches)[0]
        else:
            kept.append(part)
            found = _step(found, part)
    return tuple(kept)


def _shown(raw: Any, path: KeyPath, model: type[BaseModel], inner: KeyPath) -> str:
    """Return what was written, unless it is a secret."""
    annotation = _annotation_at(model, inner)
    secret = annotation is SecretStr or SecretStr in get_args(annotation)
    return "another value" if secret else _written(raw, path)


def _written(raw: Any, path: KeyPath) -> str:
    for key in path:
        try:
            raw = raw[key]
        except (KeyError, IndexError, TypeError):
            return "nothing"
    if isinstance(raw, dict):
        return "`key: value` pairs"
    if isinstance(raw, list):
        return "a list"
    if raw is None:
        return "nothing"
    text = str(raw) if not isinstance(raw, bool) else str(raw).lower()
    return f"'{text[:60]}…'" if len(text) > 60 else f"'{text}'"


def _annotation_at(model: type[BaseModel], path: KeyPath) -> Any:
    found: Any = model
    for key in path:
        found = _step(_plain(found), key)
    return _plain(found)


def _step(annotation: Any, key: str | int) -> Any:
    """Return the annotation of what a model, a mapping or a list holds under a key."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        field = annotation.model_fields.get(str(key))
        return field.annotation if field else None
    args = get_args(annotation)
    return args[-1 if get_origin(annotation) is dict else 0] if args else None


def _bare(annotation: Any) -> Any:
    """Return an annotation without Annotated and without None."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        rest = [part for part in get_args(annotation) if part is not type(None)]
        if len(rest) == 1:
            return _bare(rest[0])
        return Union[tuple(rest)]  # noqa: UP007 - made from a list
    return annotation


def _plain(annotation: Any) -> Any:
    """Return an annotation without Annotated; of a union its model, else its first branch."""
    annotation = _bare(annotation)
    if get_origin(annotation) not in (Union, types.UnionType):
        return annotation
    branches = [_bare(branch) for branch in get_args(annotation)]
    models = [b for b in branches if isinstance(b, type) and issubclass(b, BaseModel)]
    return (models or branches)[0]


def _keys_at(model: type[BaseModel], path: KeyPath) -> list[str]:
    found = _annotation_at(model, path)
    if isinstance(found, type) and issubclass(found, BaseModel):
        return list(found.model_fields)
    return []


def _example(model: type[BaseModel], path: KeyPath) -> str:
    parent = _annotation_at(model, path[:-1])
    if isinstance(parent, type) and issubclass(parent, BaseModel):
        metadata: tuple[Any, ...] = (parent.model_fields.get(str(path[-1])),)
    else:
        metadata = getattr(_step(parent, path[-1]), "__metadata__", ())
    examples = [e for m in metadata if isinstance(m, FieldInfo) for e in m.examples or ()]
    return f"Write it like {', '.join(map(str, examples))}." if examples else ""
