"""`kpisite check` and `kpisite schema`: are the definitions right, and what may they say."""

from __future__ import annotations

import json

import click

from kpisite.cli.settings import Settings, pass_settings
from kpisite.cli.terminal import count, say
from kpisite.plugins.schema import report_schema
from kpisite.site.documents import DOCUMENTS, document_schema


@click.command()
@pass_settings
def check(settings: Settings) -> None:
    """Look for mistakes in the report definitions; run nothing."""
    project = settings.project()
    reports = settings.reports(project)
    views = sum(len(report.views) for report in reports)
    say(f"{count(len(reports), 'report')}, {count(views, 'view')}: no mistakes.")


@click.command()
@click.argument("what", type=click.Choice(["report", *DOCUMENTS]), default="report")
def schema(what: str) -> None:
    """Print the JSON Schema of report.yml, or of the JSON files that a site has.

    WHAT is report, edition (edition.json), index (index.json of a report) or site (the site's).
    """
    found = report_schema() if what == "report" else document_schema(what)
    say(json.dumps(found, indent=2, ensure_ascii=False))
