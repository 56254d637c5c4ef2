"""`kpisite publish`: a strict build, then the outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kpisite.cli.settings import Settings, pass_settings
from kpisite.cli.terminal import count, leave, say, table, tell
from kpisite.mkdocs_plugin.build import build_site
from kpisite.pipeline.publish import OutputResult, read_site
from kpisite.pipeline.publish import publish as publish_site

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN_LINES = 20


@click.command()
@click.option("--dry-run", is_flag=True, help="Build, and say what would leave; deliver nothing.")
@pass_settings
def publish(settings: Settings, *, dry_run: bool) -> None:
    """Build the site strictly, then deliver it through the outputs of all reports.

    The build is that of `mkdocs build --strict`: it runs what is due, and one warning stops it.
    """
    project = settings.project()
    reports = settings.reports(project)
    if not any(report.outputs for report in reports):
        say("No report names an output: there is nothing to publish.")
        return
    built = build_site(settings.config_file, now=settings.now, log=tell)
    results = publish_site(project, reports, read_site(built.folder), dry_run=dry_run)
    if dry_run:
        _print_plans(results)
    else:
        rows = [(", ".join(r.outputs), r.plugin, r.target, r.status, _what(r)) for r in results]
        table(("OUTPUT", "PLUGIN", "TARGET", "STATUS", "WHAT"), rows)
    for result in results:
        if result.status == "failed":
            tell(f"Error: {', '.join(result.outputs)}: {result.message}")
    leave(1 if any(result.status == "failed" for result in results) else 0)


def _what(result: OutputResult) -> str:
    parts = [f"{value} {name}" for name, value in result.details.items()]
    if result.recorded:
        parts.append(f"{count(result.recorded, 'edition')} recorded")
    return ", ".join(parts)


def _print_plans(results: Sequence[OutputResult]) -> None:
    for result in results:
        if result.status == "failed":
            continue
        say(f"{', '.join(result.outputs)} ({result.plugin}) to {result.target}:")
        for line in result.plan[:_SHOWN_LINES] or ("nothing to do",):
            say(f"  {line}")
        if len(result.plan) > _SHOWN_LINES:
            say(f"  and {count(len(result.plan) - _SHOWN_LINES, 'more line')}")
