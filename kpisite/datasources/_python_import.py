"""Functions by name: of an installed module, or of a file."""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
import sys
import traceback
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from typing import TYPE_CHECKING, Any

from kpisite.errors import DatasourceError, nearest
from kpisite.plugins.files import existing_file, shown_paths

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

_FILE = "kpisite_file_"
"""How the names of modules begin that were files."""


def function_of(module: str, name: str, folder: Path) -> Callable[..., Any]:
    """Return a function, imported now.

    Args:
        module: `package.module` on Python's path, or the path of a file that ends in `.py`.
        name: The function's, also `Class.method`.
        folder: The report's, where paths of files start. It is not put on Python's path: a file
            there would hide a module of the same name from everybody else.

    Raises:
        DatasourceError: There is none, or it cannot be imported.
    """
    found: Any = _imported(module, folder)
    for part in name.split("."):
        if not hasattr(found, part):
            names = [each for each, value in vars(found).items() if callable(value)]
            hint = nearest(part, [each for each in names if not each.startswith("_")])
            raise DatasourceError(f"{module} has no function '{name}'", hint=hint)
        found = getattr(found, part)
    if not callable(found):
        raise DatasourceError(f"{module}:{name} is no function but {type(found).__name__}")
    function: Callable[..., Any] = found
    return function


def raised_at(error: BaseException, function: Callable[..., Any], module: str) -> str:
    """Return where a function failed: the last line in its own file that led there.

    Args:
        error: What it raised, with its traceback.
        function: As `function_of` has found it.
        module: As the report has it.
    """
    own = getattr(getattr(function, "__code__", None), "co_filename", None)
    lines = traceback.extract_tb(error.__traceback__)
    inside = [line for line in lines if line.filename == own]
    name = function.__module__ if inside else lines[-1].filename
    return _shown(inside[-1] if inside else lines[-1], module if name.startswith(_FILE) else name)


def _imported(module: str, folder: Path) -> ModuleType:
    try:
        if module.endswith(".py"):
            return _of_file(existing_file(folder, module))
        return importlib.import_module(module)
    except DatasourceError:
        raise
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if f"{module}.".startswith(f"{missing}."):
            raise DatasourceError(
                f"there is no module '{missing}'", hint=_near_module(missing)
            ) from None
        raise DatasourceError(
            f"{module} needs the module '{missing}'", hint="Install its package."
        ) from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a module may raise anything
        raise DatasourceError(
            f"{module} cannot be imported: {type(error).__name__}: {error}",
            hint=_raised_in_import(error, folder),
        ) from None


def _raised_in_import(error: BaseException, folder: Path) -> str:
    if isinstance(error, SyntaxError):
        return f"{error.text or ''}".strip()  # the message has file and line
    line = traceback.extract_tb(error.__traceback__)[-1]
    return shown_paths(_shown(line, line.filename), folder)


def _shown(line: traceback.FrameSummary, file: str) -> str:
    return f"{file}, line {line.lineno}{': ' if line.line else ''}{line.line or ''}"


class _Loader(SourceFileLoader):
    """Writes no bytecode: folders of reports are copied into sites."""

    def set_data(self, path: str, data: Any, *, _mode: int = 0o666) -> None:
        pass


def _of_file(path: Path) -> ModuleType:
    """Return a file as a module of its own name: other reports may have one called the same."""
    name = f"{_FILE}{hashlib.sha256(str(path).encode()).hexdigest()[:16]}"
    spec = spec_from_file_location(name, path, loader=_Loader(name, str(path)))
    assert spec is not None  # noqa: S101 - there is a loader
    assert spec.loader is not None  # noqa: S101
    module = module_from_spec(spec)
    sys.modules[name] = module  # dataclasses, among others, look for it there
    spec.loader.exec_module(module)
    return module


def _near_module(missing: str) -> str:
    """Return a hint with the module that is almost called so, where there is one."""
    package, _, name = missing.rpartition(".")
    paths = list(getattr(sys.modules.get(package), "__path__", [])) if package else None
    hint = nearest(name, [each.name for each in pkgutil.iter_modules(paths)])
    if hint.startswith("Did"):
        return hint
    return "Install its package; a file beside the report is written kpis.py:function."
