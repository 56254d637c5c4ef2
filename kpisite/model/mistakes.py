"""What pydantic found wrong, said in the words of the YAML file."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from kpisite.errors import nearest

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
    "date_parsing": "a date like 2013-02-04",
    "date_from_datetime_parsing": "a date like 2013-02-04",
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
    found = [_mistake(detail, model, source, prefix) for detail in error.errors()]
    return list(dict.fromkeys(found))


def _mistake(
    detail: ErrorDetails, model: type[BaseModel], source: Source, prefix: KeyPath
) -> Mistake:
    inner = tuple(key for key in detail["loc"] if not _is_branch(key))
    if inner[-1:] == ("[key]",):
        path = (*prefix, *inner[:-1])
        hint = "An id begins with a letter and has letters, digits, '_' and '-'."
        return source.mistake(path, f"'{inner[-2]}' is no valid id", hint)
    path = (*prefix, *inner)
    kind = detail["type"]
    if kind == "extra_forbidden":
        valid = _keys_at(model, inner[:-1])
        return source.mistake(path, f"unknown key '{inner[-1]}'", nearest(str(inner[-1]), valid))
    if kind == "missing":
        return source.mistake(path, f"'{inner[-1]}' is missing")
    if kind == "value_error":
        return source.mistake(path, str(detail["ctx"]["error"]))
    written = _written(source.raw, path)
    if kind in _KINDS:
        return source.mistake(path, f"expected {_KINDS[kind]}, found {written}")
    if kind == "literal_error":
        valid = [str(value) for value in _literals(model, inner)]
        return source.mistake(path, f"{written} is not valid here", nearest(str(written), valid))
    if kind == "string_pattern_mismatch":
        return source.mistake(path, f"{written} is not valid here", _example(model, inner))
    return source.mistake(path, f"{detail['msg'][:1].lower()}{detail['msg'][1:]}, found {written}")


def _is_branch(key: str | int) -> bool:
    """Tell whether a part of pydantic's path names a branch of a union, not a key."""
    return isinstance(key, str) and (("[" in key and key != "[key]") or key in ("date", "datetime"))


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
        found = _plain(found)
        if isinstance(found, type) and issubclass(found, BaseModel):
            field = found.model_fields.get(str(key))
            found = field.annotation if field else None
        else:
            args = get_args(found)
            found = args[-1 if get_origin(found) is dict else 0] if args else None
    return _plain(found)


def _plain(annotation: Any) -> Any:
    """Return an annotation without Annotated, and without None in a union."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, types.UnionType):
            rest = [a for a in get_args(annotation) if a is not type(None)]
            models = [a for a in map(_plain, rest) if isinstance(a, type)]
            annotation = next((a for a in models if issubclass(a, BaseModel)), _plain(rest[0]))
        else:
            return annotation


def _keys_at(model: type[BaseModel], path: KeyPath) -> list[str]:
    found = _annotation_at(model, path)
    if isinstance(found, type) and issubclass(found, BaseModel):
        return list(found.model_fields)
    return []


def _literals(model: type[BaseModel], path: KeyPath) -> tuple[Any, ...]:
    return get_args(_annotation_at(model, path))


def _example(model: type[BaseModel], path: KeyPath) -> str:
    field: Any = None
    parent = _annotation_at(model, path[:-1])
    if isinstance(parent, type) and issubclass(parent, BaseModel):
        field = parent.model_fields.get(str(path[-1]))
    examples = field.examples if field else None
    return f"Write it like {', '.join(map(str, examples))}." if examples else ""
