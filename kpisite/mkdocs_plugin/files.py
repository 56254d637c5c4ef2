"""Files and pages of editions, in MkDocs' terms: to be rendered, or finished already."""

from __future__ import annotations

import functools
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mkdocs.structure.files import File, InclusionLevel
from mkdocs.structure.pages import Page
from mkdocs.structure.toc import TableOfContents

from kpisite.mkdocs_plugin.markdown import front_matter
from kpisite.render.islands import has_islands

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

    from kpisite.site.page_cache import CachedPage

_OUTSIDE = InclusionLevel.NOT_IN_NAV


class KpiFile(File):
    """A generated file; once it is finished, MkDocs neither renders nor copies it."""

    finished: bool = False
    """Whether it comes from the cache; a link to it works all the same."""
    meta: Mapping[str, Any] = MappingProxyType({})
    """What a page of kpisite's own says of itself, instead of front matter."""

    @classmethod
    def of(
        cls, config: MkDocsConfig, uri: str, content: bytes | str, *, in_nav: bool = False
    ) -> KpiFile:
        """Return a file of the site.

        Args:
            config: The configuration of the build.
            uri: Its path below the docs folder.
            content: What is in it.
            in_nav: Whether it is a page for the navigation.
        """
        level = _OUTSIDE if uri.endswith(".md") and not in_nav else InclusionLevel.INCLUDED
        file = cls.generated(config, uri, content=content, inclusion=level)
        assert isinstance(file, KpiFile)  # noqa: S101 - `generated` makes one of its own class
        return file

    @classmethod
    def finished_at(cls, config: MkDocsConfig, uri: str, path: str) -> KpiFile:
        """Return a file that is written already, made in a fraction of the time: there are many.

        Args:
            config: The configuration of the build.
            uri: Its path below the docs folder.
            path: Its path below the site.
        """
        file = cls.__new__(cls)
        file.__dict__ = {
            "src_uri": uri,
            "src_dir": None,
            "dest_uri": path,
            "dest_dir": config.site_dir,
            "use_directory_urls": config.use_directory_urls,
            "inclusion": _OUTSIDE if uri.endswith(".md") else InclusionLevel.INCLUDED,
            "generated_by": "kpisite",
            "abs_src_path": None,
            "_content": b"",
            "finished": True,
        }
        return file

    def write_front_matter(self) -> None:
        """Say in the text what the page says of itself, where MkDocs makes the page."""
        self.content_string = f"{front_matter(self.meta)}{self.content_string}"

    def is_documentation_page(self) -> bool:
        """Tell whether MkDocs is to render it."""
        return not self.finished and super().is_documentation_page()

    def copy_file(self, dirty: bool = False) -> None:
        """Write it, unless it is written already."""
        if not self.finished:
            super().copy_file(dirty)


class RenderedPage(Page):
    """A page that remembers what its links led to, and needs no front matter."""

    file: KpiFile

    def __init__(self, file: KpiFile, config: MkDocsConfig) -> None:
        super().__init__(None, file, config)
        self.targets: dict[str, str | None] = {}
        """File that was looked for → its address, None where there was no such file."""

    def read_source(self, config: MkDocsConfig) -> None:
        """Read its text, and what it says of itself."""
        source = config.plugins.on_page_read_source(page=self, config=config)
        self.markdown = self.file.content_string if source is None else source
        self.meta = dict(self.file.meta)

    def render(self, config: MkDocsConfig, files: Files) -> None:
        """Render its Markdown, where it has any."""
        if has_islands(self.markdown or ""):
            super().render(config, _AskedFiles(files, self.targets))  # type: ignore[arg-type]
            return
        self.content = self.markdown
        self.toc = TableOfContents([])
        self.present_anchor_ids = set()

    @property
    def anchored(self) -> dict[str, dict[str, str]]:
        """File that it links to → place in it → the link as it was written."""
        return {file.src_uri: links for file, links in (self.links_to_anchors or {}).items()}


class FinishedPage(Page):
    """A page from the cache: what the rest of a build needs to know of it."""

    def __init__(self, file: File, cached: CachedPage, site_url: str, date: str) -> None:
        """Make the page of a file.

        Args:
            file: Where it is.
            cached: What the cache has of it.
            site_url: The site's address with a `/` at its end; "" for none.
            date: Of the build, as pages show it.
        """
        # Page's own __init__ does more than that, and there are thousands of them.
        file.page = self
        self.file = file
        self.title = cached.title
        self.cached = cached
        self.children = None
        self.previous_page = self.next_page = None
        self.active = False
        self.update_date = date
        self.edit_url = None
        self.canonical_url = site_url + file.url if site_url else None
        self.abs_url = _path_of(site_url) + file.url if site_url else None
        self.markdown = self.content = ""
        self.toc = []  # type: ignore[assignment]
        self.meta = {}
        self.present_anchor_ids = set(cached.anchors)

    def leads_where_it_did(self, files: Files) -> bool:
        """Tell whether all files that it links to are where they were."""
        return all(_url(files, uri) == url for uri, url in self.cached.targets.items())

    def check_anchors(self, files: Files, log_level: int) -> None:
        """Warn of places in other pages that are no longer there."""
        self.links_to_anchors = {
            file: links
            for uri, links in self.cached.anchored.items()
            if (file := files.get_file_from_path(uri)) is not None
        }
        self.validate_anchor_links(files=files, log_level=log_level)


@functools.cache
def _path_of(site_url: str) -> str:
    return urlsplit(site_url).path


class _AskedFiles:
    """The files of a build; remembers which of them were asked for."""

    def __init__(self, files: Files, asked: dict[str, str | None]) -> None:
        self._files = files
        self._asked = asked

    def get_file_from_path(self, path: str) -> File | None:
        self._asked[path] = _url(self._files, path)
        return self._files.get_file_from_path(path)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._files, name)


def _url(files: Files, uri: str) -> str | None:
    file = files.get_file_from_path(uri)
    return None if file is None else file.url
