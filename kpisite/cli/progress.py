"""Bars on a terminal while a command works; nothing elsewhere."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from kpisite.cli.terminal import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rich.progress import TaskID

Item = TypeVar("Item")


def with_bar(items: Iterable[Item], total: int, title: Callable[[Item], str]) -> Iterator[Item]:
    """Pass items on; a terminal shows how many of them have come, and the title of the last."""
    if not on_terminal():
        yield from items
        return
    with _bars() as progress:
        bar = progress.add_task("", total=total)
        for item in items:
            progress.update(bar, advance=1, description=plain(title(item)))
            yield item


@contextmanager
def side_by_side() -> Iterator[Callable[[tuple[str, ...], int, int], None] | None]:
    """Give what shows how far each of several works is, a bar each; None without a terminal.

    It is called with the names of a work, how much of it is through, and of how much. Any thread
    may call it.
    """
    if not on_terminal():
        yield None
        return
    bars: dict[tuple[str, ...], TaskID] = {}
    turn = Lock()
    with _bars() as progress:

        def show(names: tuple[str, ...], done: int, total: int) -> None:
            with turn:
                if names not in bars:
                    bars[names] = progress.add_task(plain(", ".join(names)), total=total)
            progress.update(bars[names], completed=done, total=total)

        yield show


def on_terminal() -> bool:
    """Tell whether somebody looks on: `FORCE_COLOR` asks for colours in a log, not for bars."""
    return sys.stderr.isatty()


def _bars() -> Progress:
    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeRemainingColumn(), console=console, transient=True)
