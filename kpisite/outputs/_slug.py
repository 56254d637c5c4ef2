"""Titles as parts of addresses."""

import re


def slug(title: str) -> str:
    """Return a title in small letters, digits and hyphens; "" where it has none of them."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
