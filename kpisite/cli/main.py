"""The command `kpisite`."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

import click

from kpisite import __version__
from kpisite.cli.cache import cache
from kpisite.cli.check import check, schema
from kpisite.cli.diff import diff
from kpisite.cli.editions import list_editions, show
from kpisite.cli.import_files import import_files
from kpisite.cli.merge import merge
from kpisite.cli.new import new
from kpisite.cli.plugins import plugins
from kpisite.cli.prune import prune
from kpisite.cli.publish import publish
from kpisite.cli.run import run
from kpisite.cli.settings import Settings
from kpisite.cli.terminal import tell
from kpisite.cli.verify import verify
from kpisite.errors import KpisiteError, UsageError
from kpisite.pipeline.project import parse_now


class _Main(click.Group):
    """Says what kpisite raised on purpose; anything else keeps its traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KpisiteError as error:
            tell(f"Error: {error}")
            ctx.exit(2 if isinstance(error, UsageError) else 1)


@click.group(cls=_Main, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-f", "--config-file", default="mkdocs.yml", show_default=True, help="MkDocs' configuration."
)
@click.option(
    "--now",
    envvar="KPISITE_NOW",
    show_envvar=True,
    metavar="TIME",
    help="What counts as now, such as 2013-02-11T06:00+01:00.",
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def main(ctx: click.Context, config_file: str, now: str | None) -> None:
    """Turn data into a published, browsable archive of KPI reports."""
    instant = parse_now(now) if now else datetime.now(UTC)
    ctx.obj = Settings(config_file, instant, dict(os.environ))


_COMMANDS = (
    *(run, publish, check, list_editions, show, diff, verify, prune),
    *(merge, new, import_files, plugins, schema, cache),
)
for _command in _COMMANDS:
    main.add_command(_command)
