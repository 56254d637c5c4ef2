"""Fenced blocks of the language `kpi` in a Markdown page: where they are, and what is in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LANGUAGE = "kpi"
"""Of the fences that are looked for: the first word behind the marks."""

_OPEN = re.compile(r"( {0,3})(?:(`{3,})([^`]*)|(~{3,})(.*))$")
_HTML = (
    (re.compile(r" {0,3}<!--"), re.compile(r"-->")),
    (
        re.compile(r" {0,3}<(?:script|pre|style|textarea)(?:[\s>]|$)", re.IGNORECASE),
        re.compile(r"</(?:script|pre|style|textarea)>", re.IGNORECASE),
    ),
)
"""Begin and end of HTML in which a fence is none."""


@dataclass(frozen=True)
class Fence:
    """A fenced block of the language `kpi`."""

    first: int
    """Line of its opening marks, counted from 0."""
    end: int
    """Line after its closing marks."""
    text: str
    """What is between them, without the indentation of the marks."""
    closed: bool
    """False where the page ends before it."""


def kpi_fences(lines: Sequence[str]) -> Iterator[Fence]:
    """Yield the blocks of a page in their order, as CommonMark finds them.

    A block stands at the margin: what is in another block, in a list or a quote, in a comment or
    in preformatted HTML is none.

    Args:
        lines: The page's Markdown, without line breaks.
    """
    position = 0
    while position < len(lines):
        first = position
        opened = _OPEN.match(lines[first])
        if opened is None:
            position = _after_html(lines, first)
            continue
        indent, marks = len(opened[1]), opened[2] or opened[4]
        last = _closing(lines, first + 1, marks)
        position = min(last + 1, len(lines))
        if (opened[3] or opened[5] or "").split()[:1] == [LANGUAGE]:
            inside = (_without_indent(line, indent) for line in lines[first + 1 : last])
            yield Fence(first, position, "\n".join(inside), closed=last < len(lines))


def _closing(lines: Sequence[str], start: int, marks: str) -> int:
    """Return the line that closes a fence; the number of lines where none does."""
    closing = re.compile(f" {{0,3}}{re.escape(marks[0])}{{{len(marks)},}}[ \t]*$")
    found = (at for at in range(start, len(lines)) if closing.match(lines[at]))
    return next(found, len(lines))


def _after_html(lines: Sequence[str], start: int) -> int:
    """Return the line after a comment or preformatted HTML that begins here, else the next one."""
    for begin, end in _HTML:
        opened = begin.match(lines[start])
        if opened is None:
            continue
        if end.search(lines[start], opened.end()):
            break
        found = (at + 1 for at in range(start + 1, len(lines)) if end.search(lines[at]))
        return next(found, len(lines))
    return start + 1


def _without_indent(line: str, indent: int) -> str:
    return line[min(indent, len(line) - len(line.lstrip(" "))) :]
