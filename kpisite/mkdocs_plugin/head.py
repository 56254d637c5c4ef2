"""What stands in the head of pages for other programs: previews of links, feeds, JSON.

It is put into the finished page, so that it is there with every theme, and also where a project has
a `main.html` of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from mkdocs.utils import get_relative_url

from kpisite.plugins.markup import escape_html
from kpisite.site.machine import FEED
from kpisite.site.preview_svg import SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.pages import Page

    from kpisite.render.templates import Templates
    from kpisite.site.content import SitePage

_END = "</head>"


class Heads:
    """Completes the heads of pages."""

    def __init__(self, config: MkDocsConfig, look: Templates, pages: Iterable[SitePage]) -> None:
        """Begin a build.

        Args:
            config: The configuration of the build.
            look: The templates.
            pages: All that are made by kpisite and are not from the cache.
        """
        self._config = config
        self._look = look
        self._pages = {page.uri: page for page in pages}

    def describe(self, page: Page) -> None:
        """Tell the theme what a generated page is about; MkDocs wants it escaped."""
        own = self._pages.get(page.file.src_uri)
        if own is not None and own.description:
            page.meta.setdefault("description", escape_html(own.description))

    def complete(self, output: str, page: Page) -> str:
        """Return a page with a complete head.

        Args:
            output: Its HTML.
            page: What MkDocs knows of it.

        Raises:
            ViewError: The template has a mistake.
        """
        end = output.find(_END)
        if end < 0:
            return output
        tags = self._tags(page, previewed='property="og:' in output[:end])
        return f"{output[:end]}{tags}{output[end:]}"

    def _tags(self, page: Page, *, previewed: bool) -> str:
        """Return the tags of a page; `previewed`: whether another plugin cares for previews."""
        own = self._pages.get(page.file.src_uri)
        has_feeds = bool(self._config.site_url)
        report = own.report if own else ""
        feed = f"{report}/{FEED}" if report else FEED
        return self._look.render(
            "pages/head.html",
            page=None if previewed else own,
            description=(own.description if own else "") or self._config.site_description,
            url=page.canonical_url,
            site_name=self._config.site_name,
            picture=self._absolute(own.picture) if own and own.picture else None,
            picture_size=SIZE,
            json=_address(own.json, page) if own and own.json else None,
            feed=_address(feed, page) if has_feeds else None,
            feed_title=self._title(report),
        )

    def _absolute(self, path: str) -> str | None:
        """Return the whole address of a file; None where that of the site is not known."""
        site = self._config.site_url
        return f"{site.rstrip('/')}/{quote(path)}" if site else None

    def _title(self, report: str) -> str:
        """Return the title of a feed: the report's, which is that of its page."""
        if not report:
            return self._config.site_name
        front = self._pages.get(f"{report}/index.md")
        return front.title if front else report


def _address(path: str, page: Page) -> str:
    return get_relative_url(quote(path), page.url)
