"""Writes a project without kpisite: bare MkDocs and Material, of one page or of kpisite's pages."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from kpisite.site.content import SitePage

ROOT = Path(__file__).parent.parent
_MARKS = re.compile("[\x02\x03]")
"""What kpisite sets around Markdown in a page of HTML."""


def write_one_page(folder: Path) -> None:
    """Write a project of one page."""
    _write_config(folder, ["index.md"])
    _write(folder, "index.md", "# One page\n\nIt has *some* text.\n")


def write_same_pages(folder: Path, project: Path) -> None:
    """Write the pages that kpisite makes for a project, and the files beside them, as plain files.

    Args:
        folder: Is made.
        project: Has an archive.
    """
    # Here, so that the project of one page does without them.
    from kpisite.mkdocs_plugin.options import load_project
    from kpisite.render.block_cache import BlockCache
    from kpisite.render.digests import code_digest
    from kpisite.render.templates import Templates
    from kpisite.site.archive_site import ArchiveSite
    from kpisite.site.urls import Urls

    config = str(project / "mkdocs.yml")
    entries = load_project(config, datetime.now(UTC), {}).archive.editions()
    look = Templates([ROOT / "site_template"])
    site = ArchiveSite(entries, look, Urls(directory_urls=True), code_digest())
    front = site.front(BlockCache(folder / ".cache", code_digest()))
    _write_config(folder, sorted(page.uri for page in front if page.in_nav))
    for page in front:
        _write_page(folder, page)
    for content in (planned.content() for planned in chain(site.editions(), site.overviews())):
        for page in content.pages:
            _write_page(folder, page)
        for asset in content.assets:
            _write(folder, asset.uri, asset.content)


def _write_config(folder: Path, nav: list[str]) -> None:
    """Write a `mkdocs.yml` with the repository's theme and extensions; all else stays outside."""
    config = {
        "INHERIT": str(ROOT / "mkdocs.yml"),
        "theme": {"custom_dir": str(ROOT / "site_template")},
        "plugins": ["search"],
        "nav": nav,
        "not_in_nav": "*",
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mkdocs.yml").write_text(yaml.safe_dump(config), encoding="utf-8")


def _write_page(folder: Path, page: SitePage) -> None:
    """Write a page with its front matter; its HTML and its Markdown as one text."""
    from kpisite.mkdocs_plugin.markdown import front_matter, metadata

    _write(folder, page.uri, front_matter(metadata(page)) + _MARKS.sub("", page.text))


def _write(folder: Path, uri: str, content: str | bytes) -> None:
    path = folder / "content" / uri
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        write_same_pages(Path(sys.argv[1]), Path(sys.argv[2]))
    else:
        write_one_page(Path(sys.argv[1]))
