"""The front matter of generated pages, in the terms of Material."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from kpisite.site.content import SitePage


def front_matter(page: SitePage) -> str:
    """Return the metadata of a page as YAML between dashes."""
    meta: dict[str, Any] = {"title": page.title, "hide": ["navigation", "toc"]}
    if not page.searchable:
        meta["search"] = {"exclude": True}
    return f"---\n{yaml.safe_dump(meta, allow_unicode=True, sort_keys=False)}---\n"
