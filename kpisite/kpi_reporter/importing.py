"""Configuration files of KPI Reporter written as one report of a project."""

from __future__ import annotations

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
    from kpisite.kpi_reporter.configuration import Configuration

_NEEDS = "pip install 'kpisite[import]'"
_WIDTH = 120


def report_text(configuration: Configuration, here: Path, folder: Path, zone: str) -> str:
    """Return the report of a project, as YAML; comments of the files stay.

    Args:
        configuration: What the files say.
        here: Absolute: where their relative paths start.
        folder: Absolute: that of the report, where relative paths of its datasources start.
        zone: The machine's time zone.

    Raises:
        UsageError: The extra `import` is not installed.
    """
    try:
        from ruamel.yaml import YAML
    except ModuleNotFoundError as error:
        raise UsageError("kpisite import needs ruamel.yaml", hint=_NEEDS) from error
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = _WIDTH
    report: Any = None
    for _, text in configuration.files:
        report = _merged(report, yaml.load(text))
    report = _merged(report, configuration.additions(zone))
    for (*parents, name), _ in left_out(configuration.source.raw):
        functools.reduce(operator.getitem, parents, report).pop(name, None)  # aliases are one
    for _, datasource in plugins_of(report, "datasources"):
        _moved(datasource.get("args"), here, folder)
    written = io.StringIO()
    yaml.dump(report, written)
    return written.getvalue()


def _merged(earlier: Any, later: Any) -> Any:
    """Merge mappings deeply, in place: the later one wins, comments stay where they are."""
    if isinstance(earlier, str) and type(later) is str:
        return type(earlier)(later)  # block or quotes stay
    if not (isinstance(earlier, dict) and isinstance(later, dict)):
        return later
    for key, value in later.items():
        earlier[key] = _merged(earlier.get(key), value)
    return earlier


def _moved(args: Any, here: Path, folder: Path) -> None:
    """Let relative paths of files that are there start in another folder."""
    for key, value in args.items() if isinstance(args, dict) else ():
        if isinstance(value, dict):
            _moved(value, here, folder)
        elif isinstance(value, str) and _is_relative_file(value, here):
            args[key] = Path(os.path.relpath(here / value, folder)).as_posix()


def _is_relative_file(text: str, here: Path) -> bool:
    return bool(text) and not Path(text).is_absolute() and (here / text).is_file()
