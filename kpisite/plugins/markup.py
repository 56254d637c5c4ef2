"""Data is hostile until escaped: text for HTML and for Markdown."""

from __future__ import annotations

import html
import re

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~=^:$\"'/@])")
_SPACE = re.compile(r"\s+")


def escape_html(value: object) -> str:
    """Return text that shows as it is in HTML, in content and in quoted attributes."""
    return html.escape(str(value), quote=True)


def escape_markdown(value: object) -> str:
    """Return text that shows as it is in Markdown: no markup, no HTML, no links, one line."""
    line = _SPACE.sub(" ", str(value))
    return _MARKDOWN.sub(lambda m: f"&#{ord(m[1])};", html.escape(line, quote=False))
