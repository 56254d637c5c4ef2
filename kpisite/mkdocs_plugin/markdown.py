"""What generated pages say of themselves, in the terms of Material."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kpisite.site.content import SitePage


def metadata(page: SitePage) -> dict[str, Any]:
    """Return the metadata of a page; themes take a title for HTML."""
    title = html.escape(page.title, quote=False)
    meta: dict[str, Any] = {"title": title, "hide": ["navigation", "toc"]}
    if page.search is None:
        meta["search"] = {"exclude": True}
    return meta


def front_matter(meta: Mapping[str, Any]) -> str:
    """Return metadata as YAML between dashes."""
    return f"---\n{yaml.safe_dump(dict(meta), allow_unicode=True, sort_keys=False)}---\n"
