"""Which files of a project and its theme do not come into the site."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kpisite.mkdocs_plugin.options import LOCALE
from kpisite.pipeline.loading import FILE_NAMES

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import File, Files

_KEY_FILES = ("", ".json", ".key", ".pem")
_LARGEST_KEY = 50_000
"""In bytes."""
_FOR_US = (LOCALE, "mail")
"""Folders of a theme with what no browser asks for: catalogues of words, templates of mails."""


def leave_out(files: Files, config: MkDocsConfig) -> None:
    """Take definitions, private keys, and what of a theme is not for browsers out of the files."""
    for file in [file for file in files if _stays_behind(file, config)]:
        files.remove(file)


def _stays_behind(file: File, config: MkDocsConfig) -> bool:
    path = Path(file.src_uri)
    if path.name in FILE_NAMES or _is_private_key(file, config):
        return True
    return path.parts[0] in _FOR_US and file.src_dir in config.theme.dirs


def _is_private_key(file: File, config: MkDocsConfig) -> bool:
    """Tell whether a file of the docs folder is a key, such as that of a service account."""
    if file.src_dir != config.docs_dir or Path(file.src_uri).suffix not in _KEY_FILES:
        return False
    path = Path(config.docs_dir, file.src_uri)
    return path.stat().st_size < _LARGEST_KEY and b"PRIVATE KEY-----" in path.read_bytes()
