"""The options of commands that take KPI Reporter's configuration files instead of a project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import tzlocal

from kpisite.cli.terminal import say, tell
from kpisite.kpi_reporter.project import ConfiguredProject, configured_project
from kpisite.mkdocs_plugin.build import build_site
from kpisite.pipeline.publish import publish, read_site
from kpisite.plugins.output import SiteDriver

if TYPE_CHECKING:
    from datetime import datetime

    from kpisite.cli.settings import Settings
    from kpisite.plugins.binding import Bound

_FILE = click.Path(path_type=Path)

config_files = click.option(
    "-c",
    "--config",
    "files",
    multiple=True,
    type=_FILE,
    metavar="FILE",
    help="KPI Reporter's configuration, instead of a project; of several, the later one wins.",
)
start_date = click.option(
    "-s", "--start-date", "start", default="", metavar="DATE", help="With -c: the period's start."
)
end_date = click.option(
    "-e", "--end-date", "end", default="", metavar="DATE", help="With -c: the period's end."
)
theme_dir = click.option(
    "--theme-dir",
    "theme",
    type=_FILE,
    metavar="DIR",
    help="With -c: templates that go before the site's.",
)


def configured(
    settings: Settings,
    files: tuple[Path, ...],
    start: str = "",
    end: str = "",
    folder: Path | None = None,
) -> ConfiguredProject:
    """Return what configuration files describe, around the folder where the command is called.

    Raises:
        DefinitionError: The files have mistakes.
    """
    return configured_project(
        files,
        Path.cwd(),
        settings.now,
        settings.environment,
        zone=tzlocal.get_localzone_name() or "UTC",
        start=start,
        end=end,
        theme_dir=folder,
    )


def write_folders(found: ConfiguredProject, files: tuple[Path, ...], now: datetime) -> int:
    """Write the outputs that are folders of this machine, say so, and return the exit status."""
    outputs = found.report.outputs
    local = [id_ for id_, bound in outputs.items() if _is_local(bound)]
    others = [id_ for id_ in outputs if id_ not in local]
    status = 0
    if local:
        allowed = [found.report.id]
        built = build_site(str(found.config_file), now=now, log=_quiet, allowed=allowed)
        site = read_site(built.folder)
        for result in publish(found.project, [found.report], site, dry_run=False, only=local):
            if result.status == "failed":
                tell(f"Error: {result.outputs[0].partition('/')[2]}: {result.message}")
                status = 1
            else:
                say(f"{result.outputs[0].partition('/')[2]}: written to {result.target}")
    if others:
        again = " ".join(f"-c {file}" for file in files)
        say(f"Not delivered: {', '.join(others)}. `kpisite publish {again}` does that.")
    return status


def _quiet(line: str) -> None:
    """Say nothing of what MkDocs says on the way."""


def _is_local(bound: Bound) -> bool:
    return issubclass(bound.plugin.cls, SiteDriver) and bound.plugin.cls.local
