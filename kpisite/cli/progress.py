"""A bar on a terminal while a command works through many things; nothing elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from kpisite.cli.terminal import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Item = TypeVar("Item")


def with_bar(items: Iterable[Item], total: int, title: Callable[[Item], str]) -> Iterator[Item]:
    """Pass items on; a terminal shows how many of them have come, and the title of the last."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield from items
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        bar = progress.add_task("", total=total)
        for item in items:
            progress.update(bar, advance=1, description=plain(title(item)))
            yield item
