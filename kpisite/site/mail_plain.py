"""A mail in plain text: tables with straight columns, lines that a terminal shows whole."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_WIDTH = 78
"""Characters of a line, so that a quotation of it has room in 80."""
_KEPT, _KEPT_SPACE = re.compile(r"(?<=\d) (?=\S)"), "\x1f"
"""A number stays beside its unit."""
_INDENT = re.compile(r"(?: *(?:- |\d+\. )?)")


def lined_up(rows: Sequence[Sequence[str]], numbers: Collection[int], caption: str) -> str:
    """Return a table in plain text, columns as wide as their longest cell.

    Args:
        rows: The first are the titles of the columns.
        numbers: The columns that are lined up on the right; where there are none, that is seen
            from what is in them.
        caption: Stands above it.
    """
    rows = [[" ".join(cell.split()) for cell in row] for row in rows if row]
    columns = max(map(len, rows), default=0)
    rows = [[*row, *[""] * (columns - len(row))] for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(columns)]
    right = [
        column in numbers if numbers else all(_is_number(row[column]) for row in rows[1:])
        for column in range(columns)
    ]
    lines = [
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in rows
    ]
    caption = " ".join(caption.split())
    return "\n".join([caption, *lines] if caption else lines)


def tidy(text: str) -> str:
    """Return text without blank lines in a row, and without spaces at the ends of lines."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"(?m)^ (?=\S)", "", lines)).strip("\n")


def folded(text: str) -> str:
    """Return text with its long lines folded between words; those of tables stay as they are."""
    return "\n".join(_folded(line) for line in text.split("\n"))


def _folded(line: str) -> str:
    if len(line) <= _WIDTH or "  " in line.strip():
        return line
    indent = _INDENT.match(line)
    lines = textwrap.wrap(
        _KEPT.sub(_KEPT_SPACE, line),
        _WIDTH,
        subsequent_indent=" " * len(indent[0]) if indent else "",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines).replace(_KEPT_SPACE, " ")


def _is_number(text: str) -> bool:
    return not text or text[-1] == "–" or any(sign.isdigit() for sign in text[:2])
