"""A project around configuration files, with a `mkdocs.yml` that is made for its site."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kpisite.archive.store import Archive
from kpisite.errors import UsageError
from kpisite.kpi_reporter.configuration import read_configuration
from kpisite.pipeline.loading import LoadedReport, load_written, read_files
from kpisite.pipeline.project import Project

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

ARCHIVE = "archive"
"""Folder of the archive, in the folder where the command is called."""


@dataclass(frozen=True)
class ConfiguredProject:
    """What configuration files of KPI Reporter describe."""

    project: Project
    report: LoadedReport
    config_file: Path
    """A `mkdocs.yml` that shows the archive; it runs nothing."""


def configured_project(
    files: Sequence[Path],
    here: Path,
    now: datetime,
    environment: Mapping[str, str],
    *,
    zone: str,
    start: str = "",
    end: str = "",
    theme_dir: Path | None = None,
) -> ConfiguredProject:
    """Return the project of configuration files; writes the `mkdocs.yml` of its site.

    Args:
        files: The later file wins.
        here: Absolute: where relative paths start, where the archive and the caches are.
        now: Aware: what counts as now.
        environment: What `${NAME}` is filled in from.
        zone: The machine's time zone.
        start: The period's start, in place of what the files say.
        end: The period's end.
        theme_dir: Folder whose templates go before those of the site, in place of the one that
            the files name.

    Raises:
        DefinitionError: The files have mistakes.
        UsageError: There is no such folder of templates.
    """
    configuration = read_configuration(read_files(files), environment)
    written = configuration.written(here, zone, environment, start=start, end=end)
    report = load_written(written)
    named = report.report.theme.theme_dir
    look = theme_dir or (here / named if named else None)
    if look is not None and not look.is_dir():
        option = "--theme-dir" if theme_dir else "theme_dir"
        raise UsageError(f"there is no folder '{theme_dir or named}'", hint=f"Correct {option}.")
    folder = here / ".cache" / "kpisite" / "configured" / report.id
    content = folder / "content"
    content.mkdir(parents=True, exist_ok=True)
    config_file = folder / "mkdocs.yml"
    settings = {
        "site_name": configuration.title,
        "docs_dir": str(content),
        "site_dir": str(folder / "site"),
        "theme": {
            "name": "material",
            "font": False,
            **({"custom_dir": str(look.absolute())} if look else {}),
        },
        "plugins": [{"kpisite": {"archive": str(here / ARCHIVE), "run": "none"}}],
    }
    config_file.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    archive = Archive(str(here / ARCHIVE))
    project = Project(here, content, archive, now, environment)
    return ConfiguredProject(project, report, config_file)
