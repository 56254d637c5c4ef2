"""Configuration files of KPI Reporter written as one report of a project."""

from __future__ import annotations

import copy
import functools
import io
import operator
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kpisite.errors import UsageError
from kpisite.kpi_reporter.left_out import left_out
from kpisite.kpi_reporter.sections import plugins_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ruamel.yaml import YAML

    from kpisite.kpi_reporter.configuration import Configuration

_NEEDS = "pip install 'kpisite[import]'"
_WIDTH = 120


def report_text(
    configuration: Configuration, places: Sequence[Path], folder: Path, zone: str
) -> str:
    """Return the report of a project, as YAML; comments of the files stay.

    Args:
        configuration: What the files say.
        places: Absolute: where their relative paths may start, the first that has the file.
        folder: Absolute: that of the report, where relative paths of its datasources start.
        zone: The machine's time zone.

    Raises:
        UsageError: The extra `import` is not installed, or cannot read a file.
    """
    try:
        from ruamel.yaml import YAML
    except ModuleNotFoundError as error:
        raise UsageError("kpisite import needs ruamel.yaml", hint=_NEEDS) from error
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = _WIDTH
    report: Any = None
    for file, text in configuration.files:
        report = _merged(report, _written_out(_read(yaml, file, text)))
    report = _merged(report, configuration.additions(zone))
    for (*parents, name), _ in left_out(configuration.source.raw):
        del functools.reduce(operator.getitem, parents, report)[name]
    for _, datasource in plugins_of(report, "datasources"):
        _moved(datasource.get("args"), places, folder)
    written = io.StringIO()
    yaml.dump(report, written)
    return written.getvalue()


def _read(yaml: YAML, file: str, text: str) -> Any:
    """Return what a file says, with its comments.

    Raises:
        UsageError: It has what only the loader of reports takes, such as two merge keys.
    """
    from ruamel.yaml.error import MarkedYAMLError

    try:
        return yaml.load(text)
    except MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        hint = "Write it in another way; of merge keys, '<<: [*one, *other]'."
        raise UsageError(f"{file}{line}: {error.problem}", hint=hint) from None


def _written_out(part: Any) -> Any:
    """Return a copy in which nothing stands in two places: no aliases and merge keys are left."""
    from ruamel.yaml.comments import Comment, CommentedMap, CommentedSeq, Format

    if isinstance(part, dict):
        written: Any = CommentedMap((key, _written_out(value)) for key, value in part.items())
    elif isinstance(part, list):
        written = CommentedSeq(_written_out(value) for value in part)
    else:
        if hasattr(part, "anchor"):  # a text or a number
            part.anchor.value = None
        return part
    for attribute in (Comment.attrib, Format.attrib):  # where comments and line breaks are
        if hasattr(part, attribute):
            setattr(written, attribute, copy.deepcopy(getattr(part, attribute)))
    return written


def _merged(earlier: Any, later: Any) -> Any:
    """Merge mappings deeply, in place: the later one wins, comments stay where they are."""
    if isinstance(earlier, str) and type(later) is str:
        return type(earlier)(later)  # block or quotes stay
    if not (isinstance(earlier, dict) and isinstance(later, dict)):
        return later
    for key, value in later.items():
        earlier[key] = _merged(earlier.get(key), value)
    return earlier


def _moved(args: Any, places: Sequence[Path], folder: Path) -> None:
    """Let relative paths of files that are there start in another folder."""
    for key, value in args.items() if isinstance(args, dict) else ():
        if isinstance(value, dict):
            _moved(value, places, folder)
        elif isinstance(value, str) and value and not Path(value).is_absolute():
            found = next((place / value for place in places if (place / value).is_file()), None)
            args[key] = Path(os.path.relpath(found, folder)).as_posix() if found else value
