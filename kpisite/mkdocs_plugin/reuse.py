"""The pages of editions in one build: taken from the cache where nothing changed, else rendered."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mkdocs.utils import get_build_date

from kpisite.mkdocs_plugin.chrome import navigation_digest
from kpisite.mkdocs_plugin.files import FinishedPage, KpiFile, RenderedPage
from kpisite.site.page_cache import CachedFile, CachedPage, Manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import File, Files
    from mkdocs.structure.nav import Navigation

    from kpisite.mkdocs_plugin.search import SearchEntries
    from kpisite.site.content import PlannedPages, SiteContent, SitePage
    from kpisite.site.page_cache import PageCache
    from kpisite.site.site_folder import SiteFolder

log = logging.getLogger("mkdocs.plugins.kpisite")


@dataclass
class _EditionFiles:
    """What one edition adds to a build."""

    planned: PlannedPages
    manifest: Manifest | None
    """What the cache has of it."""
    pages: dict[str, KpiFile] = field(default_factory=dict)
    """By their path; without those that the project has itself."""
    assets: dict[str, KpiFile] = field(default_factory=dict)
    outputs: dict[str, bytes] = field(default_factory=dict)
    """Path of a page → its HTML, once that is there."""
    keep: bool = True
    """Whether it may be put into the cache."""
    stored: bool = False
    """Whether this build has put it there, or has written it from there."""

    def finished_pages(self) -> Iterator[FinishedPage]:
        """Yield its pages that come from the cache."""
        pages = (file.page for file in self.pages.values())
        return (page for page in pages if isinstance(page, FinishedPage))


class EditionFiles:
    """The pages and files of all editions in one build."""

    def __init__(
        self,
        config: MkDocsConfig,
        cache: PageCache,
        site: SiteFolder,
        render: Callable[[PlannedPages], SiteContent],
        make_page: Callable[[SitePage], KpiFile],
    ) -> None:
        """Begin a build.

        Args:
            config: The configuration of the build.
            cache: Has what earlier builds have made.
            site: Has what the last build wrote.
            render: Makes the pages of an edition, and tells its problems.
            make_page: Makes the file of a page.
        """
        self._config = config
        self._cache = cache
        self._site = site
        self._render = render
        self._make_page = make_page
        self._editions: list[_EditionFiles] = []
        self._edition_of: dict[str, _EditionFiles] = {}
        self._navigation = ""
        self._date = get_build_date()
        self._site_url = config.site_url or ""
        if self._site_url and not self._site_url.endswith("/"):
            self._site_url += "/"
        self._in_nav = set(nav_paths(config.nav))
        self._warned = _Warnings(config)

    def add(self, planned: PlannedPages, files: Files) -> None:
        """Add an edition: from the cache as far as one can know yet, else rendered."""
        edition = _EditionFiles(planned, self._cache.manifest(planned.digest))
        self._editions.append(edition)
        if edition.manifest is None or not self._fits(edition.manifest, files):
            self._add_rendered(edition, files)
            return
        for page in edition.manifest.pages:
            file = KpiFile.finished_at(self._config, page.uri, page.path)
            FinishedPage(file, page, self._site_url, self._date)
            edition.pages[page.uri] = file
            files.append(file)
        for asset in edition.manifest.files:
            file = KpiFile.finished_at(self._config, asset.path, asset.path)
            edition.assets[asset.path] = file
            files.append(file)

    def use_own_pages(self, nav: Navigation) -> None:
        """Give rendered pages outside the navigation the class that remembers their links."""
        in_nav = {page.file.src_uri for page in nav.pages}
        for edition in self._editions:
            for uri, file in edition.pages.items():
                if uri in in_nav:
                    edition.keep = False
                    file.write_front_matter()
                elif not file.finished:
                    RenderedPage(file, self._config)

    def settle(self, nav: Navigation, files: Files) -> None:
        """Write what comes from the cache; render what turns out not to fit after all."""
        self._navigation = navigation_digest(nav)
        for edition in self._editions:
            if edition.manifest is None:
                continue
            if (
                edition.manifest.navigation == self._navigation
                and all(page.leads_where_it_did(files) for page in edition.finished_pages())
                and self._write(edition)
            ):
                continue
            self._add_rendered(edition, files)
            for file in edition.pages.values():
                _populate(RenderedPage(file, self._config), self._config, files)
        editions = [edition for edition in self._editions if edition.planned.of_edition]
        reused = sum(edition.manifest is not None for edition in editions)
        made = len(editions) - reused
        log.info("kpisite: pages of editions: %d from the cache, %d made", reused, made)

    def keep(self, file: File, output: str, search: SearchEntries) -> None:
        """Take note of a page's HTML; when an edition has all, it goes into the cache."""
        edition = self._edition_of.get(file.src_uri)
        if edition is None:
            return
        if self._warned.by(file):
            edition.keep = False  # or a strict build would not warn again
        if not edition.keep:
            edition.outputs.clear()
            return
        edition.outputs[file.src_uri] = output.encode("utf-8", errors="xmlcharrefreplace")
        if len(edition.outputs) == len(edition.pages):
            self._store(edition, search)

    def finish(self, files: Files) -> None:
        """End a build: check the links of finished pages, and put the cache in order."""
        level = self._config.validation.links.anchors
        for page in self.finished_pages():
            page.check_anchors(files, level)
        for edition in self._editions:
            if edition.stored:
                paths = [f.dest_uri for f in (*edition.pages.values(), *edition.assets.values())]
                self._site.note(edition.planned.folder, edition.planned.digest, paths)
        self._site.save()
        self._cache.prune()
        self.close()

    def close(self) -> None:
        """Stop listening for warnings, and leave nothing behind in the site."""
        self._warned.close()
        self._site.clear()

    def finished_pages(self) -> Iterator[FinishedPage]:
        """Yield the pages that come from the cache."""
        for edition in self._editions:
            yield from edition.finished_pages()

    def _fits(self, manifest: Manifest, files: Files) -> bool:
        """Tell whether none of an edition's pages is the project's own, or in its navigation."""
        return not any(
            page.uri in self._in_nav or page.uri in files.src_uris for page in manifest.pages
        )

    def _add_rendered(self, edition: _EditionFiles, files: Files) -> None:
        """Make an edition's pages; those that stand among the files already keep their place."""
        edition.manifest, edition.stored = None, False
        content = self._render(edition.planned)
        edition.keep = self._warned.are_heard and not content.problems
        for page in content.pages:
            file = edition.pages.get(page.uri)
            if file is None and files.get_file_from_path(page.uri) is not None:
                edition.keep = False  # the project has this page itself
                continue
            new = self._make_page(page)
            if file is not None:
                file.content_string, file.meta = new.content_string, new.meta
                file.finished = False
            else:
                edition.pages[page.uri] = new
                files.append(new)
        self._edition_of |= dict.fromkeys(edition.pages, edition)
        for asset in content.assets:
            file = edition.assets.get(asset.uri)
            if file is not None:
                file.content_bytes, file.finished = asset.content, False
            else:
                edition.assets[asset.uri] = KpiFile.of(self._config, asset.uri, asset.content)
                files.append(edition.assets[asset.uri])

    def _store(self, edition: _EditionFiles, search: SearchEntries) -> None:
        pages = []
        for uri, output in edition.outputs.items():
            file = edition.pages[uri]
            page = file.page
            assert isinstance(page, RenderedPage)  # noqa: S101 - else it is not kept
            pages.append(
                CachedPage(
                    uri=uri,
                    path=file.dest_uri,
                    title=str(page.title),
                    size=len(output),
                    search=tuple(search.of(file)),
                    targets=page.targets,
                    anchors=tuple(sorted(page.present_anchor_ids or ())),
                    anchored=page.anchored,
                )
            )
        assets = {uri: file.content_bytes for uri, file in edition.assets.items()}
        cached = tuple(CachedFile(path=uri, size=len(data)) for uri, data in assets.items())
        manifest = Manifest(navigation=self._navigation, pages=tuple(pages), files=cached)
        contents = (*edition.outputs.values(), *assets.values())
        self._cache.store(edition.planned.digest, manifest, contents)
        edition.outputs.clear()
        edition.stored = True

    def _write(self, edition: _EditionFiles) -> bool:
        """Have the files of an edition in the site; False where the cache has them no more."""
        folder, key = edition.planned.folder, edition.planned.digest
        if self._site.put_back(folder, key):
            self._cache.use(key)
            return True
        edition.stored = self._cache.unpack(key, self._site.path)
        return edition.stored


class _Warnings(logging.Handler):
    """Remembers which pages MkDocs or a plugin warned of."""

    def __init__(self, config: MkDocsConfig) -> None:
        super().__init__(logging.WARNING)
        self._config = config
        self._pages: set[str] = set()
        self._logger = logging.getLogger("mkdocs")
        self._logger.addHandler(self)
        level = self._logger.getEffectiveLevel()
        self.are_heard = logging.DEBUG < level <= logging.WARNING and hasattr(
            config, "_current_page"
        )
        """False where warnings are switched off (`-q`), or links are not remembered (`-v`)."""

    def emit(self, record: logging.LogRecord) -> None:
        """Note the page that is being made."""
        page = self._config._current_page
        if page is not None:
            self._pages.add(page.file.src_uri)

    def by(self, file: File) -> bool:
        """Tell whether a page warned."""
        return file.src_uri in self._pages

    def close(self) -> None:
        """Stop listening."""
        self._logger.removeHandler(self)
        super().close()


def _populate(page: RenderedPage, config: MkDocsConfig, files: Files) -> None:
    """Read and render a page as MkDocs does, with the same events of all plugins."""
    config._current_page = page
    try:
        config.plugins.on_pre_page(page, config=config, files=files)
        page.read_source(config)
        page.markdown = config.plugins.on_page_markdown(
            page.markdown or "", page=page, config=config, files=files
        )
        page.render(config, files)
        page.content = config.plugins.on_page_content(
            page.content or "", page=page, config=config, files=files
        )
    finally:
        config._current_page = None


def nav_paths(nav: object) -> Iterator[str]:
    """Yield all texts of a navigation: the paths of its pages are among them."""
    if isinstance(nav, str):
        yield nav.lstrip("/")
    elif isinstance(nav, dict):
        for part in nav.values():
            yield from nav_paths(part)
    elif isinstance(nav, list):
        for part in nav:
            yield from nav_paths(part)
