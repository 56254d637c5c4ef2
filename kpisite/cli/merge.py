"""`kpisite merge`: brings what another archive has into the project's."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from kpisite.archive.merge import merge as merge_archives
from kpisite.archive.store import Archive
from kpisite.cli.settings import Settings, pass_settings
from kpisite.cli.terminal import count, say
from kpisite.errors import UsageError


@click.command()
@click.argument("source")
@click.option("--into", metavar="TARGET", help="Another archive.  [default: the project's]")
@pass_settings
def merge(settings: Settings, source: str, into: str | None) -> None:
    """Bring the editions and deliveries of another archive into this one.

    SOURCE is its folder or URL, and is only read. What is sealed here stays as it is; a
    preliminary edition gives way to a sealed one, or to a later run.
    """
    other = Archive(source)
    if other.storage.local and not Path(other.storage.root).is_dir():
        raise UsageError("there is no such folder", where=source, hint="Name another archive.")
    archive = Archive(into) if into else settings.project().archive
    results: Counter[str] = Counter()
    for brought in merge_archives(archive, other):
        results[brought.result] += 1
        if brought.result != "equal":
            say(f"{brought.title}: {brought.result}")
    archive.save_index()
    changed = results["added"] + results["replaced"]
    say(
        f"{count(changed, 'change')}, {results['kept']:,} kept as here, {results['equal']:,} equal."
    )
