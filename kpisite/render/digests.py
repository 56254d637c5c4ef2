"""Digests of what a rendered text depends on beside its data: the code and the templates."""

from __future__ import annotations

import functools
import hashlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import kpisite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_TEMPLATES = "templates"
"""The folder of a package with the Jinja templates of its views."""


def file_names(folder: Path) -> list[str]:
    """Return the paths of all files below a folder, `/` between the parts; links are followed."""
    return [
        Path(parent, name).relative_to(folder).as_posix()
        for parent, _, names in os.walk(folder, followlinks=True)
        for name in names
    ]


def files_digest(folder: Path, names: Iterable[str]) -> str:
    """Return a digest of files and their names; one that cannot be read counts as absent.

    Args:
        folder: Where they are; its own name does not matter.
        names: Paths below it.
    """
    digest = hashlib.sha256()
    for name in sorted(names):
        try:
            content = (folder / name).read_bytes()
        except OSError:
            continue
        digest.update(f"{len(name)} {len(content)} {name}".encode("utf-8", "surrogateescape"))
        digest.update(content)
    return digest.hexdigest()


@functools.cache
def code_digest() -> str:
    """Return a digest of kpisite's sources, of Python and of the installed packages' versions.

    It is made once in a process, as modules are imported once.
    """
    own = _sources_digest(Path(kpisite.__file__).parent)
    text = "\n".join([kpisite.__version__, own, sys.version, *_installed()])
    return hashlib.sha256(text.encode()).hexdigest()


def _installed() -> list[str]:
    """Return the installed packages as their folders say it, which is fast: `pandas-3.1.1`."""
    folders = [Path(folder or ".") for folder in sys.path]
    names = {n for folder in folders if folder.is_dir() for n in os.listdir(folder)}  # noqa: PTH208
    return sorted(name for name in names if name.endswith((".dist-info", ".egg-info")))


def template_folders(cls: type) -> list[Path]:
    """Return the folders `templates` of the packages that define a class and its bases, in turn.

    kpisite's own classes have theirs elsewhere, and a module that is in no package has none: what
    is beside it is not its own.
    """
    modules = [sys.modules.get(base.__module__) for base in cls.__mro__]
    files = [m.__file__ for m in modules if m and m.__package__ and m.__file__]
    beside = [Path(file).parent / _TEMPLATES for file in dict.fromkeys(files)]
    own = Path(kpisite.__file__).parent
    return [f for f in dict.fromkeys(beside) if own not in f.parents and f.is_dir()]


@functools.cache
def class_digest(cls: type) -> str:
    """Return a digest of the packages that define a class and its bases; "" for kpisite's own.

    `code_digest` has kpisite's sources; a plugin's may change without its version.
    """
    tops = {base.__module__.partition(".")[0] for base in cls.__mro__}
    tops -= {"kpisite", *sys.stdlib_module_names}
    return "\n".join(_module_digest(top) for top in sorted(tops))


@functools.cache
def function_digest(function: Callable[..., object]) -> str:
    """Return a digest of the package that defines a function; "" for kpisite's own."""
    top = function.__module__.partition(".")[0]
    return "" if top == "kpisite" else _module_digest(top)


def _module_digest(name: str) -> str:
    module = sys.modules.get(name)
    if folders := getattr(module, "__path__", None):
        return "\n".join(_sources_digest(Path(folder)) for folder in folders)
    file = Path(getattr(module, "__file__", None) or name)
    return files_digest(file.parent, [file.name])


def _sources_digest(folder: Path) -> str:
    names = file_names(folder)
    return files_digest(
        folder, (n for n in names if n.endswith(".py") or _TEMPLATES in n.split("/"))
    )
