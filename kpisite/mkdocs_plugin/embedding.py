"""Views in the project's own pages: fenced blocks become cards, when the search has read the page.

The cards come in last, so that the search index holds what the author wrote and no charts.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from kpisite.errors import KpisiteError, Mistake
from kpisite.mkdocs_plugin.fences import kpi_fences
from kpisite.model.yaml_reader import read_yaml

if TYPE_CHECKING:
    from mkdocs.structure.pages import Page

    from kpisite.mkdocs_plugin.fences import Fence
    from kpisite.site.embedded import Embedded, EmbeddedViews

_PLACE = re.compile(r"<!--kpisite view (\d+)-->(.*?)<!--kpisite end \1-->", re.DOTALL)
_HEADING = re.compile(r"<h([1-6])[\s>]")


class PageViews:
    """The views in the project's own pages, during one build."""

    def __init__(self, views: EmbeddedViews, docs: Path) -> None:
        """Begin a build.

        Args:
            views: Finds views.
            docs: Folder of the pages, for messages about pages that have no file of their own.
        """
        self._views = views
        self._docs = docs
        self._found: dict[str, list[Embedded]] = {}

    def found_in(self, markdown: str, page: Page) -> str:
        """Return a page's Markdown with marks where its views will be.

        Raises:
            KpisiteError: A block has a mistake; the message has those of all blocks.
        """
        lines = markdown.split("\n")
        fences = list(kpi_fences(lines))
        if not fences:
            return markdown
        file, above = self._shown_path(page), _lines_above(markdown, page)
        found: list[Embedded] = []
        mistakes: list[Mistake] = []
        for number, fence in enumerate(fences):
            embedded = self._find(fence, number, file, above, mistakes)
            if embedded is not None:
                found.append(embedded)
        if mistakes:
            raise KpisiteError("\n".join(map(str, mistakes)))
        self._found[page.file.src_uri] = found
        for number in reversed(range(len(fences))):
            fence = fences[number]
            marks = (f"<!--kpisite view {number}-->", f"<!--kpisite end {number}-->")
            lines[fence.first : fence.end] = [
                "",
                f"\n\n{found[number].markdown}\n\n".join(marks),
                "",
            ]
        return "\n".join(lines)

    def shown_in(self, html: str, page: Page) -> str:
        """Return a page's HTML with its views.

        Raises:
            KpisiteError: The Markdown of a view runs on over its end, or a template is wrong.
        """
        found = self._found.pop(page.file.src_uri, None)
        if found is None:
            return html
        parts = _PLACE.split(html)  # before, number, Markdown of a view, and so on
        if [int(number) for number in parts[1::3]] != list(range(len(found))):
            raise KpisiteError(
                "the Markdown of a view runs on over its end: is a mark left open in it?",
                where=self._shown_path(page),
            )
        here = posixpath.dirname(page.file.dest_uri)
        shown, level = [parts[0]], _last_level(parts[0], 1)
        for number, embedded in enumerate(found):
            content, after = parts[3 * number + 2 : 3 * number + 4]
            card = self._views.html(embedded, here, min(level + 1, 6), content.strip())
            shown += [card, after]
            level = _last_level(after, level)
        return "".join(shown)

    def _find(
        self, fence: Fence, number: int, file: str, above: int, mistakes: list[Mistake]
    ) -> Embedded | None:
        line = above + fence.first + 1
        if not fence.closed:
            mistakes.append(Mistake("the block `kpi` is not closed", file, line))
            return None
        if not fence.text.strip():
            hint = "It takes three lines: `report:`, `view:` and `period:`."
            mistakes.append(Mistake("the block `kpi` is empty", file, line, hint=hint))
            return None
        source = read_yaml("\n" * line + fence.text, file, {})
        embedded = None if source.mistakes else self._views.find(source, number)
        for mistake in source.mistakes:
            known = mistake.line > line  # else it is about the block as a whole
            place = mistake.line if known else line
            mistakes.append(
                Mistake(mistake.message, mistake.file, place, mistake.path, mistake.hint)
            )
        return embedded

    def _shown_path(self, page: Page) -> str:
        """Return the path of a page's source as a reader would type it."""
        path = Path(page.file.abs_src_path or self._docs / page.file.src_uri)
        here = Path.cwd()
        return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _lines_above(markdown: str, page: Page) -> int:
    """Return how many lines of a page's file stand before its Markdown: the front matter."""
    return max(page.file.content_string.count("\n") - markdown.count("\n"), 0)


def _last_level(html: str, level: int) -> int:
    """Return the level of the last heading; the given one where there is none."""
    levels = _HEADING.findall(html)
    return int(levels[-1]) if levels else level
