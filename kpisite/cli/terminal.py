"""What commands print: results to stdout, progress and problems to stderr, nothing of it markup."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from kpisite.model.number import NumberFormat

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_WIDE = 10_000


def say(text: str = "") -> None:
    """Print a line of a result."""
    click.echo(plain(text))


def tell(text: str) -> None:
    """Print a line about what is going on, or what went wrong, to stderr."""
    click.echo(plain(text), err=True)


def plain(text: str) -> str:
    """Return a text without control characters: data must not steer the terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows as columns; where stdout is no terminal, a row is a line."""
    shown = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for heading in headings:
        shown.add_column(heading, overflow="fold")
    for row in rows:
        shown.add_row(*(Text(plain(cell)) for cell in row))
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_WIDE)
    with console.capture() as capture:
        console.print(shown)
    click.echo("\n".join(line.rstrip() for line in capture.get().splitlines()))


def count(number: int, noun: str) -> str:
    """Return `1 edition`, `65 editions`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def size(number: int) -> str:
    """Return bytes in a unit that suits: `1.5 MB`."""
    return NumberFormat(style="bytes", precision=1).text(number)


def leave(status: int) -> None:
    """End the command with this exit status."""
    click.get_current_context().exit(status)
