"""The parts of a configuration of KPI Reporter, as far as they can be told before it is checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

SQL = ("sql", "mysql")
"""What the datasource of databases is called."""


def plugins_of(values: Mapping[str, Any], section: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield id and definition of what a section names, where that can be told."""
    found = values.get(section)
    for id_, part in (found if isinstance(found, dict) else {}).items():
        if isinstance(part, dict) and isinstance(part.get("plugin"), str):
            yield id_, part


def views_of(
    raw: Mapping[str, Any], fits: Callable[[Mapping[str, Any]], bool]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield id and arguments of the views that ask a datasource of some kind."""
    asked = [id_ for id_, part in plugins_of(raw, "datasources") if fits(part)]
    for id_, view in plugins_of(raw, "views"):
        args = view.get("args")
        if isinstance(args, dict) and args.get("datasource") in asked:
            yield id_, args
