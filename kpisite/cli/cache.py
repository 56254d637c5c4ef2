"""`kpisite cache`: what is kept so that it need not be made again."""

from __future__ import annotations

import click

from kpisite.cli.settings import Settings, pass_settings
from kpisite.cli.terminal import say, size, table
from kpisite.site.page_cache import CacheUse, cache_use, prune_pages


@click.command()
@click.option("--prune", is_flag=True, help="Keep only the pages of the site that was built last.")
@pass_settings
def cache(settings: Settings, *, prune: bool) -> None:
    """Show how much room the cache takes. It may be deleted at any time, and costs only time."""
    folder = settings.project().cache
    before = cache_use(folder)
    if prune:
        prune_pages(folder / "pages")
    used = {path.name: cache_use(path) for path in sorted(folder.glob("*")) if path.is_dir()}
    if not used:
        say(f"There is nothing in {folder}.")
        return
    rows = [_row(name, use) for name, use in used.items()]
    table(("FOLDER", "FILES", "SIZE"), [*rows, _row("all", cache_use(folder))])
    if prune:
        say(f"{size(before.bytes - cache_use(folder).bytes)} removed.")


def _row(name: str, use: CacheUse) -> tuple[str, str, str]:
    return name, f"{use.files:,}", size(use.bytes)
