"""The starter project that `kpisite new` writes: one report on sample data, and its workflow.

The files stand in `project/`, names that begin with a dot without it. In them, `__SINCE__` and
`__UNTIL__` are the days that the sample data begins and ends, `__VERSION__` is kpisite's.
"""

from __future__ import annotations

import shutil
import tempfile
from datetime import date, timedelta
from pathlib import Path, PurePosixPath

from kpisite import __version__
from kpisite.errors import UsageError

_FILES = Path(__file__).parent / "project"
_DATA = "data/sales.csv"
_DOTTED = ("github", "gitignore")
_WEEKS_BEFORE = 12
"""How many whole weeks the sample has before the current one, which is half of it."""


def project_files(today: date) -> dict[str, str]:
    """Return the files of a starter project by their paths.

    Args:
        today: The sample data is moved in time, so that half of it lies before this week.
    """
    since = today - timedelta(days=today.weekday(), weeks=_WEEKS_BEFORE)
    data = _moved((_FILES / _DATA).read_text(encoding="utf-8"), since)
    last = date.fromisoformat(data.splitlines()[-1].partition(",")[0])
    words = {
        "__SINCE__": since.isoformat(),
        "__UNTIL__": (last + timedelta(days=1)).isoformat(),
        "__VERSION__": __version__,
    }
    found = {}
    for path in sorted(file for file in _FILES.rglob("*") if file.is_file()):
        text = path.read_text(encoding="utf-8")
        for word, meaning in words.items():
            text = text.replace(word, meaning)
        found[_project_path(path)] = text
    return found | {_DATA: data}


def write_project(folder: Path, today: date) -> list[str]:
    """Write a starter project, all of it or nothing; return the paths of its files.

    Args:
        folder: Made, unless it is there and has nothing in it but `.git`.
        today: See `project_files`.

    Raises:
        UsageError: The folder has something in it, or cannot be written.
    """
    _refuse_what_is_taken(folder)
    files = project_files(today)
    made = not folder.exists()
    try:
        folder.mkdir(exist_ok=True)
        _write(folder, files)
    except OSError as error:
        if made:
            shutil.rmtree(folder, ignore_errors=True)
        raise UsageError(
            f"the project cannot be written there: {error.strerror or error}",
            where=str(folder),
            hint="Nothing was written. Name a folder that can be made.",
        ) from error
    return list(files)


def _refuse_what_is_taken(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise UsageError(
            "there is a file of that name",
            where=str(folder),
            hint="Name a folder that is not there yet.",
        )
    try:
        taken = sorted(p.name for p in folder.iterdir() if p.name != ".git")
    except FileNotFoundError:
        return
    except OSError as error:
        raise UsageError(
            f"the folder cannot be read: {error.strerror}",
            where=str(folder),
            hint="Name a folder that is not there yet.",
        ) from error
    if taken:
        raise UsageError(
            f"the folder is not empty: '{taken[0]}' is in it",
            where=str(folder),
            hint="Name a folder that is empty or not there yet. Only `.git` may be in it.",
        )


def _write(folder: Path, files: dict[str, str]) -> None:
    """Write files beside their place first: what then can still fail is a rename."""
    with tempfile.TemporaryDirectory(prefix=".kpisite-", dir=folder) as name:
        beside = Path(name)
        for path, text in files.items():
            file = beside / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="\n")
        for entry in beside.iterdir():
            entry.rename(folder / entry.name)


def _project_path(path: Path) -> str:
    relative = PurePosixPath(path.relative_to(_FILES).as_posix())
    dot = "." if relative.parts[0] in _DOTTED else ""
    return f"{dot}{relative}"


def _moved(data: str, since: date) -> str:
    """Return CSV whose first column is a day, moved in time so that it begins at `since`."""
    heading, *rows = data.splitlines()
    pairs = [row.split(",", 1) for row in rows]
    shift = since - date.fromisoformat(pairs[0][0])
    moved = [f"{date.fromisoformat(day) + shift},{rest}" for day, rest in pairs]
    return "\n".join([heading, *moved]) + "\n"
