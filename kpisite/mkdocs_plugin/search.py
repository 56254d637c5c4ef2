"""The entries of the search index, of Material's plugin or MkDocs' own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kpisite.plugins.markup import escape_html

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import File
    from mkdocs.structure.pages import Page

_INDEXES = (("material/search", "entries"), ("search", "_entries"))
"""Name of a plugin → where its index has the list of entries."""


class SearchEntries:
    """Which entries of the index come from which page."""

    def __init__(self, config: MkDocsConfig, found_by: Mapping[str, str]) -> None:
        """Begin a build.

        Args:
            config: The configuration of the build.
            found_by: Path of a generated page → the words that the search finds it by.
        """
        self._entries = _entries(config)
        self._found_by = found_by
        self._seen = len(self._entries)
        self._content: str | None = None
        self._of: dict[str, list[Any]] = {}

    def show(self, page: Page) -> None:
        """Let the search read a few words instead of a whole generated page."""
        self._content = page.content
        words = self._found_by.get(page.file.src_uri)
        if words is not None:
            page.content = f"<p>{escape_html(words)}</p>"

    def indexed(self, page: Page) -> None:
        """Note that a page is indexed: what is new in the index is its."""
        if page.file.src_uri in self._found_by:
            page.content = self._content
        self._of[page.file.src_uri] = self._entries[self._seen :]
        self._seen = len(self._entries)

    def of(self, file: File) -> list[Any]:
        """Return the entries of an indexed page."""
        return self._of.get(file.src_uri, [])

    def complete(self, files: Iterable[File], finished: Mapping[str, Iterable[Any]]) -> None:
        """Put the entries of all pages in the order of the pages.

        Args:
            files: The files of all pages, in order.
            finished: Path of a page that was not rendered → its entries.
        """
        others = self._entries[self._seen :]
        ordered = [e for f in files for e in finished.get(f.src_uri, self.of(f))]
        self._entries[:] = ordered + others


def _entries(config: MkDocsConfig) -> list[Any]:
    for name, attribute in _INDEXES:
        index = getattr(config.plugins.get(name), "search_index", None)
        entries = getattr(index, attribute, None)
        if isinstance(entries, list):
            return entries
    return []
