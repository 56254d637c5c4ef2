"""Reads YAML text: every mistake is collected with its line, variables are filled in."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

import yaml

from kpisite.errors import Mistake
from kpisite.model.yaml_advice import advice
from kpisite.model.yaml_source import Location, Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kpisite.model.yaml_source import KeyPath

    _Loader = yaml.SafeLoader | yaml.CSafeLoader

_MOST_VALUES = 100_000

VARIABLE = re.compile(r"\$(\$?)\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
"""`${NAME}`, `${NAME:-default}` or `$${NAME}`: a second `$`, the name, the default."""


def read_yaml(text: str, file: str, environment: Mapping[str, str]) -> Source:
    """Read one YAML file; mistakes are collected in the result, not raised.

    Args:
        text: The file's content.
        file: The file's path, for messages.
        environment: What `${NAME}` is filled in from.
    """
    source = Source(files=(file,))

    def refuse(message: str, line: int, hint: str = "") -> None:
        source.unreadable = True
        source.mistakes.append(Mistake(message, file, line, hint=hint))

    try:
        loader, node = _parsed(text)
        if node is None:
            refuse("the file is empty", 1, "A report needs at least `views:`.")
        elif not isinstance(node, yaml.MappingNode):
            refuse("expected `key: value` pairs", node.start_mark.line + 1)
        else:
            reader = _Reader(loader, text, source, environment)
            source.values, source.raw = reader.read(node, ())
            source.secrets = reader.secrets
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        context = error.context or ""
        if context and error.context_mark and mark and error.context_mark.line < mark.line:
            context += f" of line {error.context_mark.line + 1}"
        problem = ", ".join(part for part in (context, error.problem) if part)
        refuse(
            f"not valid YAML: {problem}",
            mark.line + 1 if mark else 1,
            advice(problem, mark, text),
        )
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        refuse(f"not valid YAML: the character U+{error.character:04X} may not stand here", line)
    except RecursionError:
        refuse("not valid YAML: nested too deeply", 1)
    return source


def _parsed(text: str) -> tuple[_Loader, yaml.Node | None]:
    """Return the nodes of a text, and the loader that makes values of them.

    LibYAML takes a tenth of the time, where PyYAML has it. What it does not take is read again by
    PyYAML's own parser, whose messages are the same on all machines.
    """
    with contextlib.suppress(AttributeError, yaml.YAMLError):
        fast = yaml.CSafeLoader(text)
        return fast, fast.get_single_node()
    loader = yaml.SafeLoader(text)
    return loader, loader.get_single_node()


class _Reader:
    """Walks the node tree of one file once, for the values filled in and as written."""

    def __init__(
        self, loader: _Loader, text: str, source: Source, environment: Mapping[str, str]
    ) -> None:
        self.loader = loader
        self.text = text
        self.source = source
        self.environment = environment
        self.secrets: dict[str, str] = {}
        self.open: list[yaml.Node] = []
        self.flat: dict[int, yaml.Node] = {}
        self.values = 0

    def read(self, node: yaml.Node, path: KeyPath) -> tuple[Any, Any]:
        """Return the node's value twice: filled in, and as written."""
        if path:
            place = Location(self.source.files[0], node.start_mark.line + 1)
            self.source.locations.setdefault(path, place)
        self.values += 1
        for problem, found in (
            ("an anchor contains itself", any(node is parent for parent in self.open)),
            (f"aliases make more than {_MOST_VALUES} values", self.values > _MOST_VALUES),
        ):
            if found:
                raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        self.open.append(node)
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, path)
            if isinstance(node, yaml.SequenceNode):
                items = [self.read(item, (*path, i)) for i, item in enumerate(node.value)]
                return [item[0] for item in items], [item[1] for item in items]
            return self._scalar(node, path)
        finally:
            self.open.pop()

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> tuple[Any, Any]:
        if id(node) not in self.flat:  # else an alias leads here again
            self.flat[id(node)] = node
            self._check_keys(node, path)
            self.loader.flatten_mapping(node)
        values: dict[str, Any] = {}
        raw: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            line = key_node.start_mark.line + 1
            self.source.locations[(*path, key)] = Location(self.source.files[0], line)
            values[key], raw[key] = self.read(value_node, (*path, key))
        return values, raw

    def _check_keys(self, node: yaml.MappingNode, path: KeyPath) -> None:
        first: dict[str, int] = {}
        for key_node, _ in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                problem = "a key is text, not a list and not `key: value` pairs"
                raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
            key = key_node.value
            if key in first and key != "<<":
                message = f"'{key}' stands here twice, first in line {first[key]}"
                self._refuse((*path, key), line, message, "Rename or remove one of them.")
            first.setdefault(key, line)

    def _scalar(self, node: yaml.Node, path: KeyPath) -> tuple[Any, Any]:
        written = node.value
        if "${" not in written:
            value = self._plain(node, path)
            return value, value

        def fill(match: re.Match[str]) -> str:
            escaped, name, default = match.groups()
            if escaped:
                return match[0][1:]
            value = self.environment.get(name) or default
            if value is None:
                state = "is empty" if name in self.environment else "is not set"
                message = f"the environment variable {name} {state}"
                hint = f"Set it, or write ${{{name}:-default}}."
                self._refuse(path, self._line(node, match[0]), message, hint)
                return match[0]
            if path and path[0] in ("datasources", "outputs") and value != default:
                self.secrets.setdefault(value, f"${{{name}}}")
            return value

        return VARIABLE.sub(fill, written), written

    def _plain(self, node: yaml.Node, path: KeyPath) -> Any:
        try:
            value = self.loader.construct_object(node, deep=True)
        except (ValueError, LookupError, AttributeError):
            kind = node.tag.rpartition(":")[2]
            kind = {"timestamp": "date", "int": "number", "float": "number"}.get(kind, kind)
            self._refuse(path, node.start_mark.line + 1, f"'{node.value}' is no valid {kind}")
            return None
        if isinstance(value, bytes):
            self._refuse(path, node.start_mark.line + 1, "binary values have no place here")
        return value

    def _line(self, node: yaml.Node, part: str) -> int:
        """Return the line of a part of a scalar, which may be folded or indented."""
        start, end = node.start_mark, node.end_mark
        before, found, _ = self.text[start.index : end.index].partition(part)
        return int(start.line) + 1 + (before.count("\n") if found else 0)

    def _refuse(self, path: KeyPath, line: int, message: str, hint: str = "") -> None:
        place = ".".join(map(str, path))
        self.source.mistakes.append(Mistake(message, self.source.files[0], line, place, hint))
