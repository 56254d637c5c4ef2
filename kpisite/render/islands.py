"""Islands of Markdown in a page of HTML: only they go through Markdown.

What a template writes, and the data in it, never meets a Markdown extension: attribute lists, for
example, would take `{: onclick=… }` at the end of a table's cell for an attribute of the cell.
"""

from __future__ import annotations

import re

from markupsafe import Markup

_OPEN, _CLOSE = "\x02", "\x03"
_ISLAND = re.compile(f"{_OPEN}(.*?){_CLOSE}", re.DOTALL)
_PLACE = re.compile(r"<!--kpisite (\d+)-->")


def island(text: str) -> Markup:
    """Return a text that is to be rendered as Markdown, marked as such.

    What is `Markup` is HTML already, and stays as it is.
    """
    plain = str(text).replace(_OPEN, "").replace(_CLOSE, "")
    if isinstance(text, Markup):
        return Markup(plain)  # noqa: S704 - it was Markup before
    return Markup(f"{_OPEN}{plain}{_CLOSE}")  # noqa: S704 - Markdown decides what shows


def split_islands(page: str) -> tuple[str, tuple[str, ...]]:
    """Return a page's Markdown with numbered comments where there is HTML, and the HTML."""
    parts = _ISLAND.split(page)
    html, markdown = tuple(parts[::2]), parts[1::2]
    lines = ["<!--kpisite 0-->"]
    for number, text in enumerate(markdown, 1):
        lines += [text.strip("\n"), f"<!--kpisite {number}-->"]
    return "\n\n".join(lines) + "\n", html


def has_islands(markdown: str) -> bool:
    """Tell whether there is Markdown between the comments that `split_islands` has left."""
    return bool(_PLACE.sub("", markdown).strip())


def join_islands(rendered: str, html: tuple[str, ...]) -> str:
    """Return a page from its rendered Markdown and its HTML.

    Raises:
        ValueError: A comment is gone: some Markdown runs on over its end.
    """
    found = [int(number) for number in _PLACE.findall(rendered)]
    if found != list(range(len(html))):
        raise ValueError("the Markdown of a view runs on over its end: is a mark left open in it?")
    return _PLACE.sub(lambda match: html[int(match[1])].strip("\n"), rendered)
