"""`kpisite plugins`: which plugins are installed, and what options they take."""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any, get_args

import click

from kpisite.cli.terminal import say, table
from kpisite.errors import PluginError, UsageError, nearest
from kpisite.model.documented_schema import DocumentedSchema
from kpisite.plugins.registry import Kind, Plugin, load, names

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_KINDS: tuple[Kind, ...] = get_args(Kind)
_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
}


@click.command()
@click.argument("name", required=False)
def plugins(name: str | None) -> None:
    """List the installed plugins, or the options of one."""
    if name is None:
        rows = [
            (kind, known, _summary(kind, known), _package(point))
            for kind in _KINDS
            for known, point in sorted(names(kind).items())
        ]
        table(("KIND", "NAME", "WHAT IT DOES", "PACKAGE"), rows)
        return
    kinds = [kind for kind in _KINDS if name in names(kind)]
    if not kinds:
        known = {known for kind in _KINDS for known in names(kind)}
        raise UsageError(f"there is no plugin '{name}'", hint=nearest(name, known))
    for kind in kinds:
        _print_options(load(kind, name))


def _print_options(plugin: Plugin) -> None:
    say(f"{plugin.name} ({plugin.kind}): {_first_line(plugin.cls)}")
    schema = plugin.options.model_json_schema(schema_generator=DocumentedSchema)
    required = schema.get("required", [])
    rows = [
        (name, type_text(option), _default(option, required=name in required), _help(option))
        for name, option in schema.get("properties", {}).items()
    ]
    if rows:
        say()
        table(("OPTION", "TYPE", "DEFAULT", "HELP"), rows)
    else:
        say("It has no options.")


def type_text(schema: dict[str, Any]) -> str:
    """Return what a value has to be, in the words of the error messages."""
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    if "anyOf" in schema:
        branches = [b for b in schema["anyOf"] if b.get("type") != "null"]
        return " | ".join(dict.fromkeys(map(type_text, branches)))
    kind = schema.get("type")
    if kind == "array":
        return f"list of {type_text(schema['items'])}" if schema.get("items") else "list"
    if kind == "object" or "$ref" in schema:
        inner = schema.get("additionalProperties")
        return f"mapping of name to {type_text(inner)}" if isinstance(inner, dict) else "mapping"
    return _WORDS.get(str(kind), "anything")


def _default(option: dict[str, Any], *, required: bool) -> str:
    if required:
        return "required"
    default = option.get("default")
    return "" if default in (None, "") else json.dumps(default, ensure_ascii=False)


def _help(option: dict[str, Any]) -> str:
    return " ".join(str(option.get("description", "")).split())


def _summary(kind: Kind, name: str) -> str:
    try:
        return _first_line(load(kind, name).cls)
    except PluginError as error:
        return f"cannot be used: {error.message}. {error.hint}".rstrip()


def _first_line(cls: type) -> str:
    return (inspect.getdoc(cls) or "").partition("\n")[0]


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else ""
