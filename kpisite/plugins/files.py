"""Files that a datasource reads, found from the folder of its report."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from kpisite.errors import DatasourceError, nearest

if TYPE_CHECKING:
    from pathlib import Path


def existing_file(folder: Path, written: str) -> Path:
    """Return the whole path of a file.

    Args:
        folder: The folder of the report.
        written: The path as the report has it, relative to the folder or absolute.

    Raises:
        DatasourceError: There is no such file; the hint names one that is almost called so.
    """
    path = (folder / written).resolve()
    if path.is_file():
        return path
    hint = nearest(path.name, [other.name for other in path.parent.glob("*") if other.is_file()])
    raise DatasourceError(
        f"there is no file {shown_paths(str(path), folder)}",
        hint=hint if hint.startswith("Did") else "Paths start at the folder of the report.",
    )


def shown_paths(text: str, folder: Path) -> str:
    """Return a text in which paths start at the report's folder: pages show no others.

    So do those below the two folders above it, where a project has its data: `../../data/x.csv`.
    """
    whole = folder.resolve()
    for up, path in enumerate([whole, *whole.parents[:2]]):
        if path.parent != path:
            text = re.sub(rf"(?<![\w./-]){re.escape(f'{path}{os.sep}')}", "../" * up, text)
    return text
