"""From names and arguments in a definition to plugins with validated options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from pydantic import SecretStr, ValidationError

from kpisite.errors import PluginError, nearest
from kpisite.model.mistakes import mistakes_of
from kpisite.plugins.registry import Kind, Plugin, load
from kpisite.plugins.view import View

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kpisite.errors import Mistake
    from kpisite.model.definition import ViewDefinition
    from kpisite.model.yaml_source import Source
    from kpisite.plugins.options import PluginOptions


@dataclass(frozen=True)
class Bound:
    """A plugin with its options, not yet an instance."""

    plugin: Plugin
    options: PluginOptions

    @property
    def secrets(self) -> frozenset[str]:
        """The values of the options that may not be shown."""
        values = [getattr(self.options, name) for name in type(self.options).model_fields]
        return frozenset(v.get_secret_value() for v in values if isinstance(v, SecretStr))

    def masked(self, written: Mapping[str, Any]) -> dict[str, Any]:
        """Return arguments as they were written, secret ones hidden; `${NAME}` is no secret."""
        secret = {
            name
            for name in type(self.options).model_fields
            if isinstance(getattr(self.options, name), SecretStr)
        }
        return {
            name: "**********" if name in secret and "${" not in str(value) else value
            for name, value in written.items()
        }


def bind(kind: Kind, source: Source) -> tuple[dict[str, Bound], list[Mistake]]:
    """Load the plugins that a file names and validate their options.

    Args:
        kind: The section of the file.
        source: The file; sections that are no mapping of mappings are left to the report's model.

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
        own = {k: v for k, v in (args or {}).items() if kind != "views" or k not in _VIEW_KEYS}
        try:
            bound[id_] = Bound(plugin, plugin.options.model_validate(own))
        except ValidationError as error:
            mistakes += mistakes_of(error, plugin.options, source, (kind, id_, "args"))
    return bound, mistakes


def bind_view(id_: str, definition: ViewDefinition) -> View:
    """Return the view of a recorded definition.

    Raises:
        PluginError: The plugin is gone, or no longer takes these options.
    """
    plugin = load("views", definition.plugin)
    try:
        options = plugin.options.model_validate(definition.args)
    except ValidationError as error:
        raise PluginError(
            f"view plugin '{definition.plugin}' no longer takes the options of this edition: "
            f"{error.errors()[0]['msg']}",
            hint="Install the version that made it, or one that still takes them.",
        ) from error
    return make_view(id_, definition, Bound(plugin, options))


def make_view(id_: str, definition: ViewDefinition, bound: Bound) -> View:
    """Return a view; without a title of its own it is called by its id in words."""
    title = definition.title or id_.replace("_", " ").replace("-", " ").capitalize()
    return cast("type[View]", bound.plugin.cls)(id_, title, bound.options)


def check_queries(views: Mapping[str, View], source: Source) -> list[Mistake]:
    """Return the mistakes of views that ask a datasource that is not there."""
    section = source.values.get("datasources")
    known = list(section) if isinstance(section, dict) else []
    mistakes = []
    for id_, view in views.items():
        asked = {query.datasource for query in view.queries().values()}
        for name in sorted(asked - set(known)):
            path = ("views", id_, "args", "datasource")
            message = f"there is no datasource '{name}' in this report"
            mistakes.append(source.mistake(path, message, nearest(name, known)))
    return mistakes


_VIEW_KEYS = ("title", "description", "cols")
