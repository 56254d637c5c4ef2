"""Addresses within the site, relative to the page they stand on."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from kpisite.render.blocks import ASSET_SCHEME

_ASSET = re.compile(re.escape(ASSET_SCHEME) + r"([^\s\"'<>)]+)")


@dataclass(frozen=True)
class Urls:
    """Makes relative addresses, so that a site works under any path, and from a folder."""

    directory_urls: bool = True
    """Whether pages are addressed by their folder; else by `index.html` in it."""

    def page(self, here: str, there: str) -> str:
        """Return the address of a page's folder, seen from another page's folder.

        Args:
            here: Folder of the page with the link, "" for the site's root.
            there: Folder of the page that the link leads to.
        """
        relative = posixpath.relpath(there or ".", here or ".")
        return f"{relative}/" if self.directory_urls else f"{relative}/index.html"

    @staticmethod
    def asset(here: str, uri: str) -> str:
        """Return the address of a file, seen from a page's folder."""
        return posixpath.relpath(uri, here or ".")

    def resolve_assets(self, text: str, here: str) -> str:
        """Return a block's text with the addresses of its assets as seen from a page's folder."""
        return _ASSET.sub(lambda match: self.asset(here, match[1]), text)
