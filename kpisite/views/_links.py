"""Addresses that came with the data, and that a reader may follow."""

from __future__ import annotations

import re
from urllib.parse import urlsplit


def web_address(value: object) -> str:
    """Return an address of http or https; "" where the value is none, or a script, or a guess."""
    text = value if isinstance(value, str) else ""
    if re.search(r"[\x00-\x20\x7f\\]", text):
        return ""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return text if parts.scheme in ("http", "https") and parts.hostname else ""
