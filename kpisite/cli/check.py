"""`kpisite check` and `kpisite schema`: are the definitions right, and what may they say."""

from __future__ import annotations

import json

import click

from kpisite.cli.settings import Settings, pass_settings
from kpisite.cli.terminal import count, say
from kpisite.plugins.schema import report_schema


@click.command()
@pass_settings
def check(settings: Settings) -> None:
    """Look for mistakes in the report definitions; run nothing."""
    project = settings.project()
    reports = settings.reports(project)
    views = sum(len(report.views) for report in reports)
    say(f"{count(len(reports), 'report')}, {count(views, 'view')}: no mistakes.")


@click.command()
def schema() -> None:
    """Print the JSON Schema of report.yml, for editors."""
    say(json.dumps(report_schema(), indent=2, ensure_ascii=False))
