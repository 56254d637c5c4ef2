"""Files that a datasource reads, found from the folder of its report."""

from __future__ import annotations

import os
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
    """Return a text in which paths below the report's folder start there."""
    return text.replace(f"{folder.resolve()}{os.sep}", "")
