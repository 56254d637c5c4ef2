"""`kpisite run`: runs the editions that are due into the archive."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from kpisite.cli.selection import Wanted, select
from kpisite.cli.settings import Settings, pass_settings
from kpisite.cli.terminal import count, leave, plain, say, tell
from kpisite.pipeline.problems import grouped
from kpisite.pipeline.run import Outcome, run_tasks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("reports", nargs=-1, metavar="[REPORT]...")
@click.option("--period", "periods", multiple=True, metavar="LABEL", help="Only this period.")
@click.option("--since", type=_DAY, metavar="DATE", help="Only periods that begin then or later.")
@click.option("--until", type=_DAY, metavar="DATE", help="Only periods that begin earlier.")
@pass_settings
def run(
    settings: Settings,
    reports: tuple[str, ...],
    periods: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
) -> None:
    """Run the editions that are due into the archive.

    Due is what the archive lacks, and what is preliminary. A sealed edition is never run again.
    """
    started = time.perf_counter()
    project = settings.project()
    wanted = Wanted(
        reports, periods, since.date() if since else None, until.date() if until else None
    )
    tasks, sealed = select(
        settings.reports(project), project.archive.editions(), project.now, wanted
    )
    for key in sealed:
        say(f"{key} is sealed already; it is not run again.")
    if not tasks:
        say("Nothing is due.")
        return
    outcomes = list(_shown(run_tasks(tasks, project.archive, project.now), len(tasks)))
    for group in grouped(problem for o in outcomes for problem in o.problems):
        tell(f"{group.problem.severity.capitalize()}: {group.text()}")
    say(summary(outcomes, time.perf_counter() - started))
    leave(1 if any(outcome.failed for outcome in outcomes) else 0)


def summary(outcomes: Sequence[Outcome], seconds: float) -> str:
    """Return `65 editions: 64 sealed, 1 failed. 4.1 s`."""
    counts = Counter("failed" if o.failed else str(o.status) for o in outcomes)
    names = [name for name in ("sealed", "preliminary", "failed") if counts[name]]
    parts = ", ".join(f"{counts[name]:,} {name}" for name in names)
    return f"{count(len(outcomes), 'edition')}: {parts}. {seconds:.1f} s"


def _shown(outcomes: Iterable[Outcome], total: int) -> Iterator[Outcome]:
    """Pass outcomes on; show a bar on a terminal, else a line for each."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        for outcome in outcomes:
            tell(f"{outcome.task.key}: {'failed' if outcome.failed else outcome.status}")
            yield outcome
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        bar = progress.add_task("Running", total=total)
        for outcome in outcomes:
            progress.update(bar, advance=1, description=plain(outcome.task.key))
            yield outcome
