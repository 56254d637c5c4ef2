"""What every command is told: the project's file, the time, the environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kpisite.errors import UsageError
from kpisite.mkdocs_plugin.options import load_project
from kpisite.pipeline.loading import LoadedReport, load_reports

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from kpisite.pipeline.project import Project

_CONFIGURATION = "config.yaml"
"""What KPI Reporter reads without being told."""


@dataclass(frozen=True)
class Settings:
    """The global options."""

    config_file: str
    """The `mkdocs.yml`."""
    now: datetime
    """Aware: what counts as now."""
    environment: Mapping[str, str] = field(repr=False)

    def project(self) -> Project:
        """Return the project of the configuration file.

        Raises:
            UsageError: There is no such file, or it is not valid.
        """
        if not Path(self.config_file).is_file() and Path(_CONFIGURATION).is_file():
            raise UsageError(
                "there is no such file",
                where=self.config_file,
                hint=f"Is {_CONFIGURATION} one of KPI Reporter? "
                f"Then say `kpisite run -c {_CONFIGURATION}`.",
            )
        return load_project(self.config_file, self.now, self.environment)

    def reports(self, project: Project) -> list[LoadedReport]:
        """Return the reports of a project.

        Raises:
            DefinitionError: A definition has mistakes.
        """
        return load_reports(project.content, self.environment)


pass_settings = click.make_pass_decorator(Settings)
