"""`kpisite new`: writes a starter project."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from kpisite.cli.settings import Settings, pass_settings
from kpisite.cli.terminal import count, say
from kpisite.starter import write_project


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@pass_settings
def new(settings: Settings, folder: Path) -> None:
    """Write a project to start from: a report on sample data, and a workflow for GitHub.

    FOLDER is made. If it is there, it has to be empty, but for `.git`.
    """
    written = write_project(folder, settings.now.date())
    say(f"{folder}: {count(len(written), 'file')} written. Look at it:")
    say(f"  cd {shlex.quote(str(folder))}")
    say("  mkdocs serve")
    say("README.md says how to publish it on GitHub.")
