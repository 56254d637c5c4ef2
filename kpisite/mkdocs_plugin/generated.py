"""The pages that kpisite makes in one build, on their way through MkDocs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kpisite.mkdocs_plugin.files import KpiFile
from kpisite.mkdocs_plugin.markdown import metadata
from kpisite.render.islands import join_islands, split_islands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import File, Files
    from mkdocs.structure.pages import Page

    from kpisite.site.content import SitePage


class GeneratedPages:
    """All pages that are made and not from the cache."""

    def __init__(self, config: MkDocsConfig) -> None:
        """Begin a build.

        Args:
            config: The configuration of the build.
        """
        self._config = config
        self._pages: list[SitePage] = []
        self._html: dict[str, tuple[str, ...]] = {}

    def __iter__(self) -> Iterator[SitePage]:
        """Yield them as they were made."""
        return iter(self._pages)

    def file(self, page: SitePage) -> KpiFile:
        """Return the file of a page: only its islands of Markdown go through MkDocs."""
        self._pages.append(page)
        markdown, self._html[page.uri] = split_islands(page.text)
        file = KpiFile.of(self._config, page.uri, markdown, in_nav=page.in_nav)
        file.meta = metadata(page)
        return file

    def whole(self, html: str, file: File) -> str:
        """Return the HTML of a page around its rendered Markdown; any other page as it is.

        Raises:
            ValueError: The Markdown of a part runs on over its end.
        """
        own = self._html.pop(file.src_uri, None)
        return html if own is None else join_islands(html, own)

    def relate(self, files: Files) -> None:
        """Give the pages outside the navigation their neighbours and the pages above them."""
        for page in self._pages:
            file = files.get_file_from_path(page.uri)
            if page.in_nav or file is None or file.page is None:
                continue
            file.page.parent = _page_in(page.parent, files)  # type: ignore[assignment]
            file.page.previous_page = _page_in(page.previous, files)
            file.page.next_page = _page_in(page.next, files)


def _page_in(folder: str | None, files: Files) -> Page | None:
    file = None if folder is None else files.get_file_from_path(f"{folder}/index.md")
    return None if file is None else file.page
