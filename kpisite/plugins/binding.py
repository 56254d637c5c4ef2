"""From names and arguments in a definition to plugins with validated options."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel, SecretStr, ValidationError

from kpisite.errors import PluginError, nearest
from kpisite.model.base import Variable
from kpisite.model.definition import DatasourceDefinition, OutputDefinition, ViewDefinition
from kpisite.model.mistakes import mistakes_of
from kpisite.plugins.registry import Kind, Plugin, load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kpisite.errors import Mistake
    from kpisite.model.yaml_source import Source
    from kpisite.plugins.options import PluginOptions
    from kpisite.plugins.view import View


@dataclass(frozen=True)
class Bound:
    """A plugin with its options, not yet an instance."""

    plugin: Plugin
    options: PluginOptions = field(repr=False)

    @property
    def secrets(self) -> frozenset[str]:
        """The values of the options that may not be shown, at any depth."""
        return frozenset(_secrets(self.options))

    def masked(self, written: Mapping[str, Any]) -> dict[str, Any]:
        """Return arguments as they were written, secret ones hidden; `${NAME}` is no secret.

        All texts are hidden in an option that a `repr` leaves out, as it is handed on to others
        who may take a password, and in one that has another name in the options.
        """
        fields = type(self.options).model_fields
        shown = {n for name, field_ in fields.items() for n in (name, field_.alias) if field_.repr}
        return {
            key: _masked(value, _part(self.options, key), self.secrets)
            if key in shown
            else _hidden(value)
            for key, value in written.items()
        }


def bind(
    kind: Kind, source: Source, environment: Mapping[str, str]
) -> tuple[dict[str, Bound], list[Mistake]]:
    """Load the plugins that a file names and validate their options.

    Args:
        kind: The section of the file.
        source: The file; sections that are no mapping of mappings are left to the report's model.
        environment: What options with a `Variable` are taken from where they are left out.

    Returns:
        What could be bound by id, and the mistakes of the rest.
    """
    bound: dict[str, Bound] = {}
    mistakes: list[Mistake] = []
    section = source.values.get(kind)
    for id_, definition in (section if isinstance(section, dict) else {}).items():
        name = definition.get("plugin") if isinstance(definition, dict) else None
        args = definition.get("args") if isinstance(definition, dict) else None
        if not isinstance(name, str) or not isinstance(args, dict | None):
            continue
        try:
            plugin = load(kind, name)
        except PluginError as error:
            path = (kind, id_, "plugin")
            mistakes.append(source.mistake(path, error.message, error.hint))
            continue
        mistakes += _beside_args(kind, id_, definition, plugin, source)
        own = {k: v for k, v in (args or {}).items() if kind != "views" or k not in _VIEW_KEYS}
        given = _from_environment(plugin.options, environment)
        try:
            bound[id_] = Bound(plugin, plugin.options.model_validate({**given, **own}))
        except ValidationError as error:
            found = mistakes_of(error, plugin.options, source, (kind, id_, "args"))
            mistakes += [_below_args(kind, id_, mistake) for mistake in found]
    return bound, mistakes


def _beside_args(
    kind: Kind, id_: str, written: Mapping[str, Any], plugin: Plugin, source: Source
) -> Iterator[Mistake]:
    """Yield the mistakes of options that stand beside `args` instead of below."""
    for key in written:
        if key not in _DEFINITIONS[kind].model_fields and key in plugin.options.model_fields:
            hint = f"It is an option of '{plugin.name}': write it below `args:`."
            mistake = source.mistake((kind, id_, key), f"unknown key '{key}'", hint)
            yield replace(mistake, meant=f"args.{key}")


def _below_args(kind: Kind, id_: str, mistake: Mistake) -> Mistake:
    """Return a mistake in `args`, with other advice for a key whose place is beside `args`."""
    for key in _DEFINITIONS[kind].model_fields:
        if (mistake.path, mistake.message) == (f"{kind}.{id_}.args.{key}", f"unknown key '{key}'"):
            return replace(mistake, hint="Write it beside `args:`, not below.", meant="")
    return mistake


def _from_environment(
    options: type[PluginOptions], environment: Mapping[str, str]
) -> dict[str, str]:
    """Return the options that environment variables give."""
    names = {option: Variable.of(options, option) for option in options.model_fields}
    return {o: environment[name] for o, name in names.items() if name and environment.get(name)}


def bind_view(id_: str, definition: ViewDefinition) -> View:
    """Return the view of a recorded definition.

    Raises:
        PluginError: The plugin is gone, or no longer takes these options.
    """
    plugin = load("views", definition.plugin)
    try:
        options = plugin.options.model_validate(definition.args)
    except ValidationError as error:
        first = error.errors()[0]
        raise PluginError(
            f"view plugin '{definition.plugin}' no longer takes the options of this edition: "
            f"{'.'.join(map(str, first['loc']))}: {first['msg']}",
            hint="Install the version that made it, or one that still takes them.",
        ) from error
    return make_view(id_, definition, Bound(plugin, options))


def make_view(id_: str, definition: ViewDefinition, bound: Bound) -> View:
    """Return a view.

    Raises:
        PluginError: The plugin's class has a bug.
    """
    try:
        return cast("type[View]", bound.plugin.cls)(id_, view_title(id_, definition), bound.options)
    except Exception as error:
        raise PluginError(
            f"view plugin '{bound.plugin.name}' fails: {type(error).__name__}: {error}",
            hint="This is a bug of the plugin.",
        ) from error


def view_title(id_: str, definition: ViewDefinition) -> str:
    """Return what a view is called: without a title of its own, by its id in words."""
    return definition.title or id_.replace("_", " ").replace("-", " ").capitalize()


def check_queries(views: Mapping[str, View], source: Source) -> list[Mistake]:
    """Return the mistakes of views that ask a datasource that is not there."""
    section = source.values.get("datasources")
    known = list(section) if isinstance(section, dict) else []
    mistakes = []
    for id_, view in views.items():
        try:
            asked = {query.datasource for query in view.queries().values()}
        except Exception as error:  # noqa: BLE001 - a plugin's bug is its view's mistake
            message = f"the view cannot say what it asks: {type(error).__name__}: {error}"
            mistakes.append(source.mistake(("views", id_), message, "This is a bug of its plugin."))
            continue
        for name in sorted(asked - set(known)):
            path = ("views", id_, "args", "datasource")
            message = f"there is no datasource '{name}' in this report"
            mistakes.append(source.mistake(path, message, nearest(name, known)))
    return mistakes


_DEFINITIONS: dict[Kind, type[BaseModel]] = {
    "datasources": DatasourceDefinition,
    "views": ViewDefinition,
    "outputs": OutputDefinition,
}
_VIEW_KEYS = ("title", "description", "cols")
_MASK = "**********"
_REFERENCE = re.compile(r"(\$\{[A-Za-z_][A-Za-z0-9_]*)(?::-[^}]*)?\}")


def _secrets(value: object) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name))
    elif isinstance(value, dict):
        for part in value.values():
            yield from _secrets(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _secrets(part)


def _masked(written: Any, value: object, secrets: frozenset[str]) -> Any:
    """Return what was written without secrets."""
    if isinstance(value, SecretStr) or (isinstance(written, str) and written in secrets):
        return _hidden(str(written))
    if isinstance(written, dict):
        return {key: _masked(part, _part(value, key), secrets) for key, part in written.items()}
    if isinstance(written, list):
        return [_masked(part, _part(value, n), secrets) for n, part in enumerate(written)]
    return written


def _hidden(written: Any) -> Any:
    """Return what was written without its texts: of `${NAME:-default}` only the name."""
    if isinstance(written, dict):
        return {key: _hidden(part) for key, part in written.items()}
    if isinstance(written, list):
        return [_hidden(part) for part in written]
    if not isinstance(written, str):
        return written
    reference = _REFERENCE.fullmatch(written)
    return reference[1] + "}" if reference else _MASK


def _part(value: object, key: str | int) -> object:
    """Return what stands under a key of options, a mapping or a list; None where nothing does."""
    if isinstance(value, BaseModel):
        for name, field_ in type(value).model_fields.items():
            if key in (name, field_.alias):
                return getattr(value, name)
    elif isinstance(value, dict):
        return value.get(key)
    elif isinstance(value, list | tuple) and isinstance(key, int) and key < len(value):
        return value[key]
    return None
