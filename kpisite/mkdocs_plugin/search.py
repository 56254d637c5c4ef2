"""The entries of the search index, of Material's plugin or MkDocs' own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import File

_INDEXES = (("material/search", "entries"), ("search", "_entries"))
"""Name of a plugin → where its index has the list of entries."""


class SearchEntries:
    """Which entries of the index come from which page."""

    def __init__(self, config: MkDocsConfig) -> None:
        self._entries = _entries(config)
        self._seen = len(self._entries)
        self._of: dict[str, list[Any]] = {}

    def indexed(self, file: File) -> None:
        """Note that a page is indexed: what is new in the index is its."""
        self._of[file.src_uri] = self._entries[self._seen :]
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
