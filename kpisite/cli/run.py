"""`kpisite run`: runs the editions that are due into the archive, or sealed ones again."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

import click

from kpisite.cli.configured import Asked, configuration_options, configured, write_folders
from kpisite.cli.interruption import STATUS, interruptible
from kpisite.cli.progress import on_terminal, with_bar
from kpisite.cli.selection import Wanted, select
from kpisite.cli.settings import Settings, pass_settings
from kpisite.cli.terminal import count, leave, say, tell
from kpisite.errors import UsageError
from kpisite.model.language import speaking
from kpisite.pipeline.executors import ExecutorChoice, ExecutorName
from kpisite.pipeline.problems import grouped
from kpisite.pipeline.run import Outcome, run_tasks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from kpisite.pipeline.loading import LoadedReport
    from kpisite.pipeline.plan import Task
    from kpisite.pipeline.problems import Problem
    from kpisite.pipeline.project import Project

_DAY = click.DateTime(["%Y-%m-%d"])
_AGAIN = "What is committed stays; the same command goes on."
_AGAIN_FORCED = "What is committed stays; the same command would make a revision of that too."


@click.command()
@configuration_options
@click.argument("reports", nargs=-1, metavar="[REPORT]...")
@click.option("--period", "periods", multiple=True, metavar="LABEL", help="Only this period.")
@click.option("--since", type=_DAY, metavar="DATE", help="Only periods that begin then or later.")
@click.option("--until", type=_DAY, metavar="DATE", help="Only periods that begin earlier.")
@click.option("--force", is_flag=True, help="Run sealed editions again too, as new revisions.")
@click.option("--reason", default="", metavar="TEXT", help="With --force: why, for its pages.")
@click.option(
    "--executor",
    type=click.Choice(get_args(ExecutorName)),
    default="threads",
    show_default=True,
    help="What runs them side by side.",
)
@click.option(
    "--jobs", type=click.IntRange(1), metavar="N", help="How many at once.  [default: CPUs]"
)
@click.option("--scheduler", metavar="URL", help="Of --executor dask: tcp://host:8786.")
@pass_settings
def run(
    settings: Settings,
    files: tuple[Path, ...],
    start: str,
    end: str,
    theme: Path | None,
    reports: tuple[str, ...],
    periods: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    *,
    force: bool,
    reason: str,
    executor: str,
    jobs: int | None,
    scheduler: str | None,
) -> None:
    """Run the editions that are due into the archive.

    Due is what the archive lacks, and what is preliminary. A sealed edition is run again only
    with --force; the older revision stays.

    With -c, KPI Reporter's configuration files are run as they are, into the folder 'archive', and
    outputs that write folders of this machine are written.
    """
    if files:  # KPI Reporter takes several files after one -c
        files, reports = (*files, *map(Path, reports)), ()
    choice = _choice(cast("ExecutorName", executor), jobs, scheduler)
    first, after = since.date() if since else None, until.date() if until else None
    wanted = Wanted(reports, periods, first, after, force=force, why=" ".join(reason.split()))
    asked = Asked(files, start, end, theme)
    if not files:
        project = settings.project()
        leave(run_due(project, settings.reports(project), wanted, choice))
        return
    found = configured(settings, asked)
    status = run_due(found.project, [found.report], wanted, choice)
    leave(max(status, write_folders(found, asked, settings.now)) if status < STATUS else status)


def run_due(
    project: Project, reports: Sequence[LoadedReport], wanted: Wanted, choice: ExecutorChoice
) -> int:
    """Run what is due and wanted, and return the exit status."""
    with speaking(project.language):
        tasks, sealed = select(reports, project.archive.editions(), project.now, wanted)
    for key in sealed:
        say(f"{key} is sealed already; it is run again only with --force.")
    if not tasks:
        project.archive.save_index()
        say("Nothing is due.")
        return 0
    return _run(tasks, project, choice, force=wanted.force)


def _choice(executor: ExecutorName, jobs: int | None, scheduler: str | None) -> ExecutorChoice:
    if executor == "dask" and not scheduler:
        raise UsageError(
            "--executor dask needs a scheduler", hint="Add --scheduler tcp://host:8786."
        )
    if executor == "dask" and jobs:
        raise UsageError(
            "--jobs is not for --executor dask",
            hint="As many editions run at once as its workers have threads.",
        )
    if executor != "dask" and scheduler:
        raise UsageError("--scheduler is for dask", hint="Add --executor dask.")
    return ExecutorChoice(executor, jobs, scheduler or "")


def _run(tasks: Sequence[Task], project: Project, choice: ExecutorChoice, *, force: bool) -> int:
    """Run tasks, say what became of them, and return the exit status."""
    started = time.perf_counter()
    counts: Counter[str] = Counter()
    problems: list[Problem] = []
    with interruptible() as stop:
        outcomes = run_tasks(tasks, project.archive, project.now, choice, stop)
        for outcome in _shown(outcomes, len(tasks)):
            counts["failed" if outcome.failed else str(outcome.status)] += 1
            problems += outcome.problems
    project.archive.save_index()
    for group in grouped(problems):
        tell(f"{group.problem.severity.capitalize()}: {group.text()}")
    say(summary(counts, time.perf_counter() - started))
    left = len(tasks) - counts.total()
    if left:
        say(f"{count(left, 'edition')} not run. {_AGAIN_FORCED if force else _AGAIN}")
    if stop.is_set():
        return STATUS
    return 1 if left or counts["failed"] else 0


def summary(counts: Mapping[str, int], seconds: float) -> str:
    """Return `65 editions: 64 sealed, 1 failed. 4.1 s`."""
    names = [name for name in ("sealed", "preliminary", "failed") if counts.get(name)]
    parts = ", ".join(f"{counts[name]:,} {name}" for name in names)
    total = count(sum(counts.values()), "edition")
    return f"{total}{': ' if parts else ''}{parts}. {seconds:.1f} s"


def _shown(outcomes: Iterable[Outcome], total: int) -> Iterator[Outcome]:
    """Pass outcomes on; show a bar on a terminal, else a line for each."""
    if not on_terminal():
        for outcome in outcomes:
            tell(f"{outcome.task.key}: {'failed' if outcome.failed else outcome.status}")
            yield outcome
        return
    yield from with_bar(outcomes, total, lambda outcome: str(outcome.task.key))
