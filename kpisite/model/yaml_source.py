"""YAML files as values that remember where each of them was written."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from kpisite.errors import Mistake

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

KeyPath = tuple[str | int, ...]
"""Keys and list positions that lead to a value."""


@dataclass(frozen=True)
class Location:
    """A place in a YAML file."""

    file: str
    line: int
    """Counted from 1."""


@dataclass
class Source:
    """One or several merged YAML files.

    `${NAME}` in a scalar is filled in from the environment and is always text; `${NAME:-default}`
    has a default, `$${NAME}` stays `${NAME}`.
    """

    values: dict[str, Any] = field(default_factory=dict, repr=False)
    """The content, environment filled in."""
    raw: dict[str, Any] = field(default_factory=dict)
    """The content as it was written: what may be recorded and shown."""
    locations: dict[KeyPath, Location] = field(default_factory=dict)
    """Where each key and list item stands."""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Values that came from the environment into a datasource or an output, each with what was
    written: `${NAME}`."""
    mistakes: list[Mistake] = field(default_factory=list)
    files: tuple[str, ...] = ()
    unreadable: bool = False
    """Whether a file is no YAML mapping, so that nothing can be said about its keys."""

    def location(self, path: Sequence[str | int]) -> Location:
        """Return where the value at `path` stands, or its nearest parent."""
        keys = tuple(path)
        while keys and keys not in self.locations:
            keys = keys[:-1]
        return self.locations.get(keys, Location(self.files[0] if self.files else "", 1))

    def mistake(self, path: Sequence[str | int], message: str, hint: str = "") -> Mistake:
        """Return a mistake at the place of `path`."""
        place = self.location(path)
        return Mistake(message, place.file, place.line, ".".join(map(str, path)), hint)

    def merged(self, later: Source) -> Source:
        """Return both: mappings merge deeply, all else the later file replaces."""
        merged = Source(
            _merge(self.values, later.values),
            _merge(self.raw, later.raw),
            {**self.locations, **later.locations},
            {**later.secrets, **self.secrets},
            self.mistakes + later.mistakes,
            self.files + later.files,
            self.unreadable or later.unreadable,
        )
        for path in later.locations:  # a replaced list keeps nothing of the earlier one
            if isinstance(path[-1], int) and path[-1] == 0:
                _forget_items(merged.locations, path[:-1], later.locations)
        return merged

    def without(self, paths: Collection[KeyPath]) -> Source:
        """Return what is left without some keys, and without the mistakes below them.

        Args:
            paths: They lead to keys that are there.
        """
        left = replace(self, values=deepcopy(self.values), raw=deepcopy(self.raw))
        for *parents, name in paths:
            for tree in (left.values, left.raw):
                mapping: Any = tree
                for key in parents:
                    mapping = mapping[key]
                del mapping[name]
        gone = [".".join(map(str, path)) for path in paths]
        left.mistakes = [
            mistake
            for mistake in self.mistakes
            if not any(f"{mistake.path}.".startswith(f"{path}.") for path in gone)
        ]
        return left

    def renamed(self, names: Mapping[str, str]) -> Source:
        """Return this with other names for some keys.

        Args:
            names: Path of a key, as its mistake has it → its name, or the way to its place from
                where it stands: `args.query`. What is there already stays.
        """
        paths = {".".join(map(str, path)): path for path in self.locations}
        other = replace(self, values=deepcopy(self.values), raw=deepcopy(self.raw))
        for path, name in names.items():
            *parents, key = paths[path]
            for tree in (other.values, other.raw):
                mapping: Any = tree
                for parent in parents:
                    mapping = mapping[parent]
                value = mapping.pop(key)
                *inside, new = name.split(".")
                for part in inside:
                    mapping[part] = dict(mapping.get(part) or {})
                    mapping = mapping[part]
                mapping.setdefault(new, value)
        return other


def _merge(earlier: Any, later: Any) -> Any:
    if not (isinstance(earlier, dict) and isinstance(later, dict)):
        return later
    merged = {**earlier, **later}
    for key in earlier.keys() & later.keys():
        merged[key] = _merge(earlier[key], later[key])
    return merged


def _forget_items(
    locations: dict[KeyPath, Location], parent: KeyPath, later: Mapping[KeyPath, Location]
) -> None:
    depth = len(parent)
    for path in [p for p in locations if p[:depth] == parent and len(p) > depth]:
        if path not in later:
            del locations[path]
