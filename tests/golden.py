"""Goldens: files of what was looked at and found right, which what is made now is compared with.

`KPISITE_WRITE_GOLDENS=1` writes them instead: look at the difference before it is committed.
"""

from __future__ import annotations

import os
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

GOLDENS = Path(__file__).parent / "goldens"
WRITE = "KPISITE_WRITE_GOLDENS"


def check(name: str, made: str) -> None:
    """Fail where a text is not that of a golden, or there is none.

    Args:
        name: `views/sold/mail.txt`.
        made: What it is to be; it ends with a line's end.
    """
    path = GOLDENS / name
    if os.environ.get(WRITE):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made, encoding="utf-8")
    if not path.is_file():
        pytest.fail(f"there is no golden {name}; {WRITE}=1 writes it, then look at it")
    golden = path.read_text(encoding="utf-8")
    if made != golden:
        lines = unified_diff(golden.splitlines(), made.splitlines(), "golden", "made", lineterm="")
        pytest.fail("\n".join([f"this is not the golden {name}:", *lines]))


def strays(folder: str, expected: Iterable[str]) -> set[str]:
    """Return the files of a folder that are none of these."""
    found = (path for path in (GOLDENS / folder).rglob("*") if path.is_file())
    return {path.relative_to(GOLDENS / folder).as_posix() for path in found} - set(expected)
