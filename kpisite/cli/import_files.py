"""`kpisite import`: KPI Reporter's configuration files become a report of a project."""

from __future__ import annotations

from pathlib import Path

import click
import tzlocal

from kpisite.cli.settings import Settings, pass_settings
from kpisite.cli.terminal import say
from kpisite.errors import UsageError
from kpisite.kpi_reporter.changes import changes_of_meaning
from kpisite.kpi_reporter.configuration import read_configuration
from kpisite.kpi_reporter.importing import report_text
from kpisite.pipeline.loading import load_written, read_files


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…")
@pass_settings
def import_files(settings: Settings, files: tuple[Path, ...]) -> None:
    """Write KPI Reporter's configuration as a report of this project.

    Of several files the later one wins. What the report then means differently is said.
    """
    project = settings.project()
    here = Path.cwd()
    zone = tzlocal.get_localzone_name() or "UTC"
    configuration = read_configuration(read_files(files), settings.environment)
    load_written(configuration.written(here, zone, settings.environment))
    path = project.content.absolute() / configuration.id / "report.yml"
    if path.exists():
        raise UsageError(
            f"{_shown(path)} is there already", hint="Move it away, or change the title."
        )
    places = [here, *(file.absolute().parent for file in files)]
    text = report_text(configuration, places, path.parent, zone)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    say(f"Written: {_shown(path)}")
    say("What it means differently:")
    for change in changes_of_meaning(configuration.source.raw):
        say(f"- {change}")


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
