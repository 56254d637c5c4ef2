"""Plugins by name: found by entry points or `package.module:Class`, imported when named."""

from __future__ import annotations

import functools
import importlib
import re
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Literal, cast

from kpisite.errors import PluginError, nearest
from kpisite.plugins.datasource import Datasource
from kpisite.plugins.options import PluginOptions
from kpisite.plugins.output import OutputDriver
from kpisite.plugins.view import View

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["datasources", "views", "outputs"]

_BASES: dict[Kind, type] = {"datasources": Datasource, "views": View, "outputs": OutputDriver}

_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")

PluginClass = type[Datasource] | type[View] | type[OutputDriver]


@dataclass(frozen=True)
class Plugin:
    """A plugin's class under the name that a report gives it."""

    kind: Kind
    name: str
    cls: PluginClass

    @property
    def options(self) -> type[PluginOptions]:
        """The plugin's options model."""
        return self.cls.Options


@functools.cache
def names(kind: Kind) -> Mapping[str, EntryPoint]:
    """Return the installed plugins of a kind by name; nothing is imported."""
    return {point.name: point for point in entry_points(group=f"kpisite.{kind}")}


def load(kind: Kind, name: str) -> Plugin:
    """Return the plugin of that name, imported now.

    Args:
        kind: The group it is looked up in.
        name: Entry point name, or `package.module:Class`.

    Raises:
        PluginError: No such plugin, it needs something that is not installed, or it is not of
            this kind.
    """
    singular = kind.removesuffix("s")
    if ":" in name:
        if _PATH.fullmatch(name) is None:
            raise PluginError(f"'{name}' is no plugin", hint="Write it like package.module:Class.")
        point = EntryPoint(name, name, f"kpisite.{kind}")
    else:
        found = names(kind)
        if name not in found:
            raise PluginError(f"there is no {singular} plugin '{name}'", hint=nearest(name, found))
        point = found[name]
    cls = _import(point, singular)
    if not (isinstance(cls, type) and issubclass(cls, _BASES[kind])):
        raise PluginError(
            f"{singular} plugin '{name}' is not a kpisite.plugins.{_BASES[kind].__name__}"
        )
    if abstract := sorted(getattr(cls, "__abstractmethods__", ())):
        raise PluginError(f"{singular} plugin '{name}' lacks {', '.join(abstract)}")
    plugin = Plugin(kind, name, cast("PluginClass", cls))
    if not issubclass(plugin.options, PluginOptions):
        raise PluginError(f"the Options of {singular} plugin '{name}' are no PluginOptions")
    return plugin


def _import(point: EntryPoint, singular: str) -> object:
    try:
        found: object = importlib.import_module(point.module)
        for part in (point.attr or "").split("."):
            found = getattr(found, part)
    except ModuleNotFoundError as error:
        if error.name and point.module.split(".")[0] == error.name.split(".")[0]:
            raise PluginError(
                f"{singular} plugin '{point.name}': there is no module '{error.name}'",
                hint="Is its package installed in this environment?",
            ) from error
        raise PluginError(
            f"{singular} plugin '{point.name}' needs the package '{error.name}'",
            hint=_install_hint(point),
        ) from error
    except AttributeError as error:
        raise PluginError(f"{singular} plugin '{point.name}': {error}") from error
    except Exception as error:
        raise PluginError(
            f"{singular} plugin '{point.name}' cannot be imported: {type(error).__name__}: {error}",
            hint="This is a bug of the plugin, or of a package that it needs.",
        ) from error
    return found


def _install_hint(point: EntryPoint) -> str:
    package = point.dist.name if point.dist else point.module.split(".")[0]
    extras = point.dist.metadata.get_all("Provides-Extra") or [] if point.dist else []
    if point.name in extras:
        return f"pip install '{package}[{point.name}]'"
    return f"Install what '{package}' needs for it."
