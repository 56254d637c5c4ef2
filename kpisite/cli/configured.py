"""The options of commands that take KPI Reporter's configuration files instead of a project."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
import tzlocal

from kpisite.cli.terminal import say, tell
from kpisite.errors import UsageError
from kpisite.kpi_reporter.project import ConfiguredProject, configured_project
from kpisite.mkdocs_plugin.build import build_site
from kpisite.pipeline.publish import publish, read_site
from kpisite.plugins.output import SiteDriver

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from kpisite.cli.settings import Settings
    from kpisite.plugins.binding import Bound

_FILE = click.Path(path_type=Path)

_OPTIONS = (
    click.option(
        "-c",
        "--config",
        "files",
        multiple=True,
        type=_FILE,
        metavar="FILE",
        help="KPI Reporter's configuration, instead of a project; of several, the later one wins.",
    ),
    click.option(
        "-s",
        "--start-date",
        "start",
        default="",
        metavar="DATE",
        help="With -c: the period's start.",
    ),
    click.option(
        "-e", "--end-date", "end", default="", metavar="DATE", help="With -c: the period's end."
    ),
    click.option(
        "--theme-dir",
        "theme",
        type=_FILE,
        metavar="DIR",
        help="With -c: templates that go before the site's.",
    ),
)


def configuration_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that `Asked` holds."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True)
class Asked:
    """What a command was told of configuration files."""

    files: tuple[Path, ...]
    """None where it works on a project."""
    start: str
    end: str
    theme: Path | None
    """Folder with templates."""

    def __post_init__(self) -> None:
        """Refuse what only means something with configuration files."""
        if not self.files and (self.start or self.end or self.theme):
            raise UsageError(
                "--start-date, --end-date and --theme-dir belong to -c",
                hint="In a project, use `kpisite run --since … --until …`, and 'custom_dir' in "
                "mkdocs.yml.",
            )

    @property
    def options(self) -> str:
        """The options as they are typed, for another command."""
        given = [("-c", str(file)) for file in self.files]
        given += [("-s", self.start), ("-e", self.end), ("--theme-dir", str(self.theme or ""))]
        return shlex.join(part for option in given if option[1] for part in option)


def configured(settings: Settings, asked: Asked) -> ConfiguredProject:
    """Return what configuration files describe, around the folder where the command is called.

    Raises:
        DefinitionError: The files have mistakes.
    """
    return configured_project(
        asked.files,
        Path.cwd(),
        settings.now,
        settings.environment,
        zone=tzlocal.get_localzone_name() or "UTC",
        start=asked.start,
        end=asked.end,
        theme_dir=asked.theme,
    )


def write_folders(found: ConfiguredProject, asked: Asked, now: datetime) -> int:
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
        again = f"kpisite publish {asked.options}"
        say(f"Not delivered: {', '.join(others)}. `{again}` does that.")
    return status


def _quiet(line: str) -> None:
    """Say nothing of what MkDocs says on the way."""


def _is_local(bound: Bound) -> bool:
    return issubclass(bound.plugin.cls, SiteDriver) and bound.plugin.cls.local
