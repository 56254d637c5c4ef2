"""Texts of Slack's messages: data is text in them, tables keep their columns, long ones are cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kpisite.plugins.language import gettext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LINES, _CHARACTERS = 12, 1_500
"""Of what a view says: the page has all of it."""


def escaped(text: str) -> str:
    """Return a text in which Slack finds no link, no mention and no formatting."""
    text = _entities(text)
    for mark in "*_~`":
        text = text.replace(mark, f"\u200b{mark}\u200b")
    return text


def address(url: str) -> str:
    """Return an address that ends where it ends, in a link."""
    return _entities(url).replace("|", "%7C")


def cut(text: str, most: int) -> str:
    """Return a text of at most so many characters, with an ellipsis where it is cut."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def first_lines(text: str) -> str:
    """Return the first lines of a view's plain text, tables as such; says so where it is cut."""
    parts: list[str] = []
    lines, room = _LINES, _CHARACTERS
    for part in text.strip("\n").split("\n\n"):
        form, fence = (_unformatted, "```\n{}\n```") if _has_columns(part) else (escaped, "{}")
        given = part.split("\n")
        shown = list(_fitting(given[:lines], room, form))
        if shown:
            parts.append(fence.format("\n".join(shown)))
        if len(shown) < len(given) or shown[-1] != form(given[-1]):
            parts.append(gettext("… the rest is on the page"))
            break
        lines, room = lines - len(shown), room - sum(map(len, shown))
    return "\n\n".join(parts).replace("\n\n```\n", "\n```\n")


def _fitting(lines: list[str], room: int, form: Callable[[str], str]) -> Iterator[str]:
    """Yield lines while there is room; the first of all is cut where it alone has none."""
    for line in lines:
        said, most = form(line), room
        while room == _CHARACTERS and len(said) > room:
            said, most = form(cut(line, most)), most - 1
        if len(said) > room:
            return
        yield said
        room -= len(said)


def _has_columns(text: str) -> bool:
    """Tell whether a part of a plain text is a table: nothing else has two spaces in a row."""
    return any("  " in line.strip() for line in text.split("\n"))


def _unformatted(text: str) -> str:
    """Return a text as it stands between ```: Slack reads nothing there but entities."""
    return _entities(text).replace("`", "\u02cb")


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
