"""Data is hostile until escaped: text for HTML and for Markdown."""

from __future__ import annotations

import html
import re

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~=^:$\"'/@])")
_SPACE = re.compile(r"\s+")
_BREAK = re.compile(r"[\n\r\v\f\x1c-\x1f\x85\u2028\u2029]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")


def escape_html(value: object) -> str:
    """Return text that shows as it is in HTML, in content and in quoted attributes.

    It stays on one line, so that HTML in the midst of Markdown is not cut in two by a blank line
    that came with the data.
    """
    text = html.escape(_CONTROL.sub("\ufffd", str(value)), quote=True)
    return _BREAK.sub("&#10;", text.replace("\r\n", "\n"))


def escape_markdown(value: object) -> str:
    """Return text that shows as it is in Markdown: no markup, no HTML, no links, one line."""
    line = _SPACE.sub(" ", _CONTROL.sub("\ufffd", str(value)))
    return _MARKDOWN.sub(lambda m: f"&#{ord(m[1])};", html.escape(line, quote=False))
