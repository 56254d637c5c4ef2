"""Addresses within the site, relative to the page they stand on."""

from __future__ import annotations

import hashlib
import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kpisite.render.blocks import ASSET_SCHEME

if TYPE_CHECKING:
    from collections.abc import Iterable

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST = 60
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

    def pages_in(self, here: str, folder: str, names: Iterable[str]) -> dict[str, str]:
        """Return the addresses of many pages in one folder, by the names of their own folders.

        Args:
            here: Folder of the page with the links, not below any of them.
            folder: The folder that they are in.
            names: Without a slash.
        """
        base = posixpath.relpath(folder or ".", here or ".")
        end = "/" if self.directory_urls else "/index.html"
        return {name: f"{base}/{name}{end}" for name in names}

    @staticmethod
    def asset(here: str, uri: str) -> str:
        """Return the address of a file, seen from a page's folder."""
        return posixpath.relpath(uri, here or ".")

    def resolve_assets(self, text: str, here: str) -> str:
        """Return a block's text with the addresses of its assets as seen from a page's folder."""
        return _ASSET.sub(lambda match: self.asset(here, match[1]), text)


def kpis_folder(report: str) -> str:
    """Return the folder of the pages of a report's metrics."""
    return f"{report}/kpis"


def kpi_folder(report: str, metric: str) -> str:
    """Return the folder of a metric's page: `flights/kpis/on_time`.

    Args:
        report: The report's id.
        metric: The metric's name: the view's id, or `<view>/<name>`, of which the second may be
            any text. What no address should hold is replaced, and a digest keeps names apart.
    """
    view, slash, name = metric.partition("/")
    safe = _UNSAFE.sub("-", name)[:_LONGEST]
    if safe != name or (slash and not name):
        safe = f"{safe}-{hashlib.sha256(name.encode()).hexdigest()[:8]}".lstrip("-")
    folder = f"{kpis_folder(report)}/{view}"
    return f"{folder}/{safe}" if slash else folder
