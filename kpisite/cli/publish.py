"""`kpisite publish`: a strict build, then the outputs."""

from __future__ import annotations

import dataclasses
import functools
import shlex
import subprocess
from contextlib import nullcontext
from threading import Lock
from typing import TYPE_CHECKING

import click

from kpisite.cli.configured import Asked, configuration_options, configured
from kpisite.cli.interruption import STATUS, interruptible
from kpisite.cli.progress import side_by_side
from kpisite.cli.published import WRONG, print_results
from kpisite.cli.run import run_due
from kpisite.cli.selection import Wanted
from kpisite.cli.settings import Settings, pass_settings
from kpisite.cli.terminal import leave, say, tell
from kpisite.errors import KpisiteError, UsageError, nearest
from kpisite.mkdocs_plugin.build import BuiltSite, StoppedError, build_site
from kpisite.model.language import speaking
from kpisite.pipeline.announce import announce, check_edition
from kpisite.pipeline.due import Choice
from kpisite.pipeline.executors import THREADS
from kpisite.pipeline.owners import notify_owners
from kpisite.pipeline.publish import publish as publish_site
from kpisite.pipeline.publish import read_site
from kpisite.plugins import EditionOptions
from kpisite.site.announcing import announcement
from kpisite.site.mail import EditionContents

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from kpisite.pipeline.loading import LoadedReport
    from kpisite.pipeline.problems import Problem
    from kpisite.pipeline.project import Project
    from kpisite.pipeline.publish import OutputResult

_STDERR = 2
"""Where a command's own output goes: stdout is for results."""
_ONE_AT_A_TIME = Lock()


@click.command()
@configuration_options
@click.option("--dry-run", is_flag=True, help="Build, and say what would leave; deliver nothing.")
@click.option("--only", multiple=True, metavar="OUTPUT", help="Deliver through this output alone.")
@click.option("--edition", default="", metavar="KEY", help="Tell people of flights/2013-W06 alone.")
@click.option("--resend", is_flag=True, help="Tell people again; needs --edition.")
@click.option("--arrived", is_flag=True, help="Record that it arrived after all; needs --edition.")
@click.option("--allow-errors", is_flag=True, help="Go on although views could not be made.")
@click.option(
    "--before",
    metavar="COMMAND",
    help="Run this each time that it is recorded that people are told, before they are.",
)
@click.option("--json", "as_json", is_flag=True, help="Say what was done as JSON.")
@pass_settings
def publish(
    settings: Settings,
    *,
    files: tuple[Path, ...],
    start: str,
    end: str,
    theme: Path | None,
    dry_run: bool,
    only: tuple[str, ...],
    edition: str,
    resend: bool,
    arrived: bool,
    allow_errors: bool,
    before: str | None,
    as_json: bool,
) -> None:
    """Build the site strictly, then deliver it through the outputs of all reports.

    The build is that of `mkdocs build --strict`: it runs what is due, and one warning stops it.
    Then the site goes out, and when it is where it belongs, people are told of new editions.
    Where views failed, nothing goes out, and outputs with `notify_on_error` tell their owners.

    With -c, KPI Reporter's configuration files are run and delivered as they are.
    """
    _check_together(edition, resend=resend, arrived=arrived)
    project, reports, config_file = _asked(settings, Asked(files, start, end, theme))
    if not any(report.outputs for report in reports):
        say("[]" if as_json else "No report names an output: there is nothing to publish.")
        return
    _check_outputs(only, edition, reports)
    choice = Choice(
        only,
        edition,
        resend=resend,
        arrived=arrived,
        allow_errors=allow_errors,
        dry_run=dry_run,
        before=functools.partial(_call, before) if before else None,
    )
    built = _built(config_file, settings.now, project, reports, choice, as_json=as_json)
    with interruptible() as stop:
        choice = dataclasses.replace(choice, is_stopped=stop.is_set)
        results = _delivered(built, settings.now, project, reports, choice, as_json=as_json)
    print_results(results, choice, as_json=as_json)
    if stop.is_set():
        tell("Stopped: the next publish goes on from there.")
        leave(STATUS)
    wrong = any(result.status in WRONG for result in results)
    told = any(result.edition or not edition for result in results)
    if not (told or wrong or as_json):
        say(_nothing(choice, reports))
    leave(1 if wrong else 0)


def _check_together(edition: str, *, resend: bool, arrived: bool) -> None:
    if (resend or arrived) and not edition:
        name = "--resend" if resend else "--arrived"
        raise UsageError(f"{name} needs an edition", hint="Add --edition flights/2013-W06.")
    if resend and arrived:
        raise UsageError("--resend and --arrived exclude each other", hint="Did it arrive?")


def _built(
    config_file: str,
    now: datetime,
    project: Project,
    reports: Sequence[LoadedReport],
    choice: Choice,
    *,
    as_json: bool,
) -> BuiltSite:
    """Build the site strictly; where failed views stop that, owners are told."""
    allowed = [report.id for report in reports if choice.allow_errors or _allows_errors(report)]
    try:
        return build_site(config_file, now=now, log=tell, allowed=allowed)
    except StoppedError as error:
        failures = _by_edition(error.failures)
        with speaking(project.language):
            print_results(
                notify_owners(project, reports, failures, choice), choice, as_json=as_json
            )
        raise


def _delivered(
    built: BuiltSite,
    now: datetime,
    project: Project,
    reports: Sequence[LoadedReport],
    choice: Choice,
    *,
    as_json: bool,
) -> list[OutputResult]:
    """Publish the site, then tell people of editions, unless somebody has stopped it meanwhile."""
    check_edition(project, choice)
    site = read_site(built.folder)
    with nullcontext() if as_json else side_by_side() as show:
        results = publish_site(
            project, reports, site, dry_run=choice.dry_run, only=choice.only, show=show
        )
    if choice.is_stopped():
        return results
    make = functools.partial(
        announcement,
        folder=built.folder,
        site_url=built.url,
        now=now,
        content=EditionContents(built.archive, built.folder, project.browser).of,
    )
    failures = _by_edition(built.failures)
    with speaking(project.language):
        return results + announce(project, reports, make, choice, _held(results), failures)


def _asked(settings: Settings, asked: Asked) -> tuple[Project, Sequence[LoadedReport], str]:
    """Return the project, its reports and its `mkdocs.yml`; a configuration is run at once."""
    if not asked.files:
        project = settings.project()
        return project, settings.reports(project), settings.config_file
    found = configured(settings, asked)
    run_due(found.project, [found.report], Wanted(), THREADS)
    return found.project, [found.report], str(found.config_file)


def _allows_errors(report: LoadedReport) -> bool:
    """Tell whether somebody is told of a report's editions although views of them failed."""
    options = (bound.options for bound in report.outputs.values())
    return any(isinstance(one, EditionOptions) and one.allow_errors for one in options)


def _by_edition(problems: Iterable[Problem]) -> dict[str, list[Problem]]:
    found: dict[str, list[Problem]] = {}
    for problem in problems:
        found.setdefault(f"{problem.report}/{problem.period}", []).append(problem)
    return found


def _call(command: str) -> None:
    """Run the command of --before; nobody is told where it fails.

    Raises:
        KpisiteError: It cannot be run, or its exit status is not 0.
    """
    try:
        with _ONE_AT_A_TIME:
            done = subprocess.run(  # noqa: S603 - what the caller of kpisite asked for
                shlex.split(command), stdin=subprocess.DEVNULL, stdout=_STDERR, check=False
            )
        problem = f"failed: exit status {done.returncode}" if done.returncode else ""
        hint = "What it said stands above."
    except (OSError, ValueError) as error:
        problem = f"cannot be run: {error.strerror if isinstance(error, OSError) else error}"
        hint = "It is run without a shell, in the current folder."
    if problem:
        raise KpisiteError(
            f"nobody was told, since the command of --before {problem}",
            where=command,
            hint=f"{hint} The next publish tries again.",
        )


def _check_outputs(only: Sequence[str], edition: str, reports: Sequence[LoadedReport]) -> None:
    known = sorted({id_ for report in reports for id_ in report.outputs})
    for id_ in only:
        if id_ not in known:
            raise UsageError(f"no report has an output '{id_}'", hint=nearest(id_, known))
    for report in reports:
        if only and report.id == edition.rpartition("/")[0] and not report.outputs.keys() & only:
            names = ", ".join(report.outputs) or "none"
            raise UsageError(
                f"the report of {edition} has no output '{only[0]}'", hint=f"It has: {names}."
            )


def _nothing(choice: Choice, reports: Iterable[LoadedReport]) -> str:
    """Return why nobody was told of anything, or of the edition that somebody asked for."""
    if not choice.edition:
        return "There is nothing new to tell people."
    outputs = [
        bound.options
        for report in reports
        if report.id == choice.edition.rpartition("/")[0]
        for id_, bound in report.outputs.items()
        if not choice.only or id_ in choice.only
    ]
    if any(isinstance(options, EditionOptions) for options in outputs):
        return f"People know of {choice.edition}. Add --resend to tell them again."
    return f"No output that is asked for tells people of {choice.edition}."


def _held(results: Sequence[OutputResult]) -> dict[str, str]:
    """Return the reports whose site did not arrive, with what that means for people."""
    return {
        output.rpartition("/")[0]: f"people are told when {output} has the site"
        for result in results
        if result.status == "failed"
        for output in result.outputs
    }
