"""Digests of what MkDocs puts around a page: configuration, theme, plugins, navigation."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from mkdocs import utils
from mkdocs.plugins import BasePlugin

from kpisite.render.digests import class_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure import StructureItem
    from mkdocs.structure.nav import Navigation

_ELSEWHERE = {"plugins", "theme", "hooks"}
"""Parts of the configuration that are looked into on their own."""
_NOT_IN_PAGES = {
    *("config_file_path", "docs_dir", "site_dir", "dev_addr", "watch", "strict", "validation"),
    *("exclude_docs", "draft_docs", "not_in_nav", "remote_branch", "remote_name"),
}
"""Parts of the configuration that no page shows."""
_VERSIONED = ("mkdocs", "material")
"""Packages that change with their version alone, which the digest of the code has."""


def layout_digest(config: MkDocsConfig, code: str, *, own: str) -> str:
    """Return a digest of all that stands around a page, but for the navigation.

    Args:
        config: The configuration of the build.
        code: Digest of the installed packages.
        own: Name of kpisite's plugin: its options show in no page.
    """
    plugins = {
        name: [dict(plugin.config), _sources(type(plugin))]
        for name, plugin in config.plugins.items()
        if name != own and isinstance(plugin, BasePlugin)  # a hook is a module
    }
    parts = {
        "config": {k: v for k, v in config.items() if k not in _ELSEWHERE | _NOT_IN_PAGES},
        "theme": [config.theme.name, {k: config.theme[k] for k in config.theme}],
        "plugins": plugins,
        "hooks": [Path(str(hook.__file__)).read_bytes().hex() for hook in _hooks(config)],
        "templates": _templates(config),
        "code": code,
    }
    return _digest(parts)


def navigation_digest(nav: Navigation) -> str:
    """Return a digest of the navigation as pages show it; known when all its pages are read."""
    return _digest([_item(item) for item in nav.items])


def _item(item: StructureItem) -> list[Any]:
    url, meta = getattr(item, "url", None), getattr(item, "meta", {})
    return [
        type(item).__name__,
        item.title,
        url,
        meta,
        [_item(i) for i in getattr(item, "children", None) or ()],
    ]


def _hooks(config: MkDocsConfig) -> Iterable[ModuleType]:
    return cast("dict[str, ModuleType]", config.hooks).values()


def _sources(cls: type) -> str:
    return "" if cls.__module__.partition(".")[0] in _VERSIONED else class_digest(cls)


def _templates(config: MkDocsConfig) -> list[Any]:
    """Return digests of the theme's templates; and the date, where one of them shows it."""
    found: list[Any] = []
    dated = False
    for folder in config.theme.dirs:
        own = folder == config.theme.custom_dir
        for name in sorted(_shaping_files(folder, own=own)):
            content = Path(folder, name).read_bytes()
            dated = dated or b"build_date_utc" in content or b"update_date" in content
            found.append([name, hashlib.sha256(content).hexdigest()])
    return [found, utils.get_build_date() if dated else ""]


def _shaping_files(folder: str, *, own: bool) -> Iterator[str]:
    """Yield the files of a theme that shape pages: templates, and a project's own icons.

    Args:
        folder: One of the theme's.
        own: Whether it is the project's; what else a theme has changes with its version.
    """
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "assets" and (own or name[0] != ".")]
        for name in names:
            if own or name.endswith(".html"):
                yield os.path.relpath(f"{parent}/{name}", folder)


def _digest(value: Any) -> str:
    text = json.dumps(_plain(value), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Return a value of the configuration as JSON: functions by name, everything else as text."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if hasattr(value, "items"):
        return [[_plain(key), _plain(part)] for key, part in value.items()]
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, set | frozenset):
        return sorted(str(part) for part in value)
    if callable(value):
        return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', '')}"
    return str(value)
