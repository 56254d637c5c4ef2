"""The JSON Schema of `report.yml`, options of the installed plugins included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kpisite.errors import PluginError
from kpisite.model.base import Variable
from kpisite.model.definition import Report
from kpisite.model.documented_schema import DocumentedSchema
from kpisite.plugins.registry import Kind, load, names

if TYPE_CHECKING:
    from collections.abc import Callable

Schema = dict[str, Any]

_DEFINITIONS: dict[Kind, str] = {
    "datasources": "DatasourceDefinition",
    "views": "ViewDefinition",
    "outputs": "OutputDefinition",
}
_VARIABLE: Schema = {"type": "string", "pattern": r"\$\{"}
"""`${NAME}` may stand for any scalar: nobody knows yet what it will be."""

_CHECKED = ("enum", "const", "pattern", "minLength", "maxLength")
_NESTED = ("items", "additionalProperties", "propertyNames", "contains")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_MAPS = ("properties", "patternProperties", "$defs")


def report_schema() -> Schema:
    """Return the schema (draft 2020-12) that editors complete and check `report.yml` with.

    Plugins that cannot be imported here are named, their options are not checked.
    """
    schema = _clean(Report.model_json_schema(schema_generator=DocumentedSchema))
    for kind, definition in _DEFINITIONS.items():
        section = schema["properties"][kind]
        section["additionalProperties"] = False
        section["patternProperties"] = {
            pattern: {"$ref": f"#/$defs/{definition}"} for pattern in section["patternProperties"]
        }
        _add_plugins(schema["$defs"], definition, kind)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A report of kpisite",
        **{key: value for key, value in schema.items() if key != "$defs"},
        "$defs": dict(sorted(schema["$defs"].items())),
    }


def _add_plugins(defs: Schema, definition: str, kind: Kind) -> None:
    """Tie `args` to the options of the plugin that `plugin` names."""
    target = defs[definition]
    known = sorted(names(kind))
    by_path = {"type": "string", "pattern": r"^[^:]+:[^:]+$"}
    target["properties"]["plugin"] = {
        "description": target["properties"]["plugin"]["description"],
        "anyOf": [{"enum": known}, by_path, _VARIABLE],
    }
    rules = []
    for name in known:
        try:
            options = load(kind, name).options
        except PluginError:
            continue
        prefix = f"{kind}.{name}"
        own = _clean(
            options.model_json_schema(
                ref_template=f"#/$defs/{prefix}.{{model}}", schema_generator=DocumentedSchema
            )
        )
        needed = [name for name in own.pop("required", ()) if not Variable.of(options, name)]
        if needed:
            own["required"] = needed
        for inner, nested in own.pop("$defs", {}).items():
            defs[f"{prefix}.{inner}"] = nested
        if kind == "views":  # what stands beside `args` may stand inside them too
            beside = {k: v for k, v in target["properties"].items() if k not in ("plugin", "args")}
            own["properties"] = {**own.get("properties", {}), **beside}
        defs[prefix] = own
        then: Schema = {"properties": {"args": {"$ref": f"#/$defs/{prefix}"}}}
        if own.get("required"):
            then["required"] = ["args"]
        is_it = {"properties": {"plugin": {"const": name}}, "required": ["plugin"]}
        rules.append({"if": is_it, "then": then})
    if rules:
        target["allOf"] = rules


def _clean(schema: Schema) -> Schema:
    """Return pydantic's schema as an editor needs it.

    Without the titles that repeat a key, defaults that YAML writes otherwise, and `date-time`,
    which is stricter than what is read; with `${NAME}` wherever a scalar is checked.
    """
    cleaned = _mapped(schema, _clean)
    cleaned.pop("title", None)
    if cleaned.get("default") in ("PT0S", None):
        cleaned.pop("default", None)
    if cleaned.get("format") == "date-time":
        del cleaned["format"]
    return _with_variable(cleaned) if _is_checked_scalar(cleaned) else cleaned


def _mapped(schema: Schema, change: Callable[[Schema], Schema]) -> Schema:
    """Return a copy whose direct subschemas are changed."""
    copy = dict(schema)
    for key in _NESTED:
        if isinstance(copy.get(key), dict):
            copy[key] = change(copy[key])
    for key in _LISTS:
        if key in copy:
            copy[key] = [change(item) for item in copy[key]]
    for key in _MAPS:
        if key in copy:
            copy[key] = {name: change(item) for name, item in copy[key].items()}
    return copy


def _is_checked_scalar(schema: Schema) -> bool:
    kind = schema.get("type")
    if kind in ("integer", "number", "boolean"):
        return True
    return kind == "string" and (
        any(key in schema for key in _CHECKED) or schema.get("format") == "date"
    )


def _with_variable(schema: Schema) -> Schema:
    notes = {k: v for k, v in schema.items() if k in ("description", "default", "examples")}
    check = {key: value for key, value in schema.items() if key not in notes}
    return {**notes, "anyOf": [check, _VARIABLE]}
