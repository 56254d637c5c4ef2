"""The MkDocs plugin: runs the pipeline before a build and adds the archive's pages to it."""

from __future__ import annotations

import os
import posixpath
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, CombinedEvent, event_priority
from mkdocs.structure.files import InclusionLevel

from kpisite.errors import KpisiteError
from kpisite.mkdocs_plugin.chrome import layout_digest
from kpisite.mkdocs_plugin.editions import (
    Preview,
    editions_for_build,
    editions_for_preview,
    log_problems,
)
from kpisite.mkdocs_plugin.embedding import PageViews
from kpisite.mkdocs_plugin.files import KpiFile
from kpisite.mkdocs_plugin.head import Heads
from kpisite.mkdocs_plugin.markdown import metadata
from kpisite.mkdocs_plugin.options import LOCALE, KpisiteOptions, language_of, project_of
from kpisite.mkdocs_plugin.reuse import EditionFiles, nav_paths
from kpisite.mkdocs_plugin.search import SearchEntries
from kpisite.model.language import ENGLISH, speak
from kpisite.pipeline.loading import FILE_NAMES
from kpisite.pipeline.project import parse_now
from kpisite.render.block_cache import BlockCache
from kpisite.render.chart_templates import ChartTemplates
from kpisite.render.charts import bokeh_asset
from kpisite.render.compiled_templates import CompiledTemplates
from kpisite.render.digests import code_digest
from kpisite.render.islands import join_islands, split_islands
from kpisite.render.raster import can_draw
from kpisite.render.templates import Templates, template_folder
from kpisite.site.archive_site import ArchiveSite
from kpisite.site.machine import SiteAbout
from kpisite.site.page_cache import PageCache
from kpisite.site.previews import Previews
from kpisite.site.script_words import script_words
from kpisite.site.site_folder import SiteFolder
from kpisite.site.urls import Urls

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from jinja2 import Environment
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.livereload import LiveReloadServer
    from mkdocs.structure.files import File, Files
    from mkdocs.structure.nav import Navigation
    from mkdocs.structure.pages import Page
    from mkdocs.utils.templates import TemplateContext

    from kpisite.archive.index import Entry
    from kpisite.pipeline.problems import Problem
    from kpisite.site.content import PlannedPages, SiteContent, SitePage

NAME = "kpisite"
"""The plugin's name in `mkdocs.yml`."""
_KEY_FILES = ("", ".json", ".key", ".pem")
_LARGEST_KEY = 50_000
"""In bytes."""
ASSETS = "assets/kpisite"
"""Folder of the stylesheet and the scripts in the site."""
STYLES = ("kpisite.css",)
WORDS = "words.js"
"""The script that has the words of all others."""
SCRIPTS = (WORDS, "charts.js", "reader.js")
"""Those that every page loads; other pages name their own."""


class KpisitePlugin(BasePlugin[KpisiteOptions]):  # type: ignore[no-untyped-call]
    """Adds the pages of the archive to a site."""

    def __init__(self) -> None:
        self._serving = False
        self._language = ENGLISH
        self._first = True
        self._caches = Path()
        self.archive_site: ArchiveSite | None = None
        """What the last build made its pages from."""
        self.allowed: Collection[str] = ()
        """Ids of reports whose failed views do not stop a strict build."""
        self.failures: list[Problem] = []
        """The views that the last build could not make or show."""
        self._site = SiteFolder(Path(), Path())
        self._entries: list[Entry] = []
        self._editions: EditionFiles | None = None
        self._pages: list[SitePage] = []
        self._html: dict[str, tuple[str, ...]] = {}
        self._problems: list[Problem] = []
        self._nav: Navigation | None = None
        self._files: Files | None = None
        self._order: list[File] = []
        self._search: SearchEntries | None = None
        self._look: Templates | None = None
        self._heads: Heads | None = None
        self._views: PageViews | None = None
        self._compiled: Callable[[str], CompiledTemplates] | None = None

    def on_startup(
        self,
        *,
        command: Literal["build", "gh-deploy", "serve"],
        dirty: bool,
    ) -> None:
        """Remember whether this is a preview; MkDocs then keeps the plugin between rebuilds."""
        self._serving = command == "serve"

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Add what the pages need: language, templates, stylesheet, scripts."""
        try:
            self._language = language_of(config)
        except KpisiteError as error:
            raise PluginError(str(error)) from error
        speak(self._language)
        shipped = str(template_folder())
        if shipped not in map(os.path.abspath, config.theme.dirs):
            position = 1 if config.theme.custom_dir else 0
            config.theme.dirs.insert(position, shipped)
        for kind, names in (("extra_css", STYLES), ("extra_javascript", SCRIPTS)):
            own = [f"{ASSETS}/{name}" for name in names]
            given = list(map(str, config[kind]))
            # The project's own come after, and win.
            config[kind][:0] = [path for path in own if path not in given]
        return config

    def on_pre_build(self, *, config: MkDocsConfig) -> None:
        """Run what is due; before MkDocs empties the site, so that an error leaves it whole."""
        self._close()
        self.failures.clear()
        try:
            environment = dict(os.environ)
            named = environment.get("KPISITE_NOW")
            now = parse_now(named) if named else datetime.now(UTC)
            project = project_of(config, self.config, now, environment)
            self._caches = project.cache
            if self._serving:
                preview = Preview.of(project)
                self._entries = editions_for_preview(
                    project, preview, self._warn, first=self._first
                )
                self._first = False
            else:
                self._entries = editions_for_build(
                    project, self._warn, run=self.config.run == "due"
                )
            self._site = SiteFolder(Path(config.site_dir), project.cache / "sites")
            self._site.set_aside()
        except KpisiteError as error:
            raise PluginError(str(error)) from error

    @event_priority(-50)
    def on_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Add the archive's pages and assets; leave definitions and catalogues out of the site."""
        for file in [f for f in files if _stays_behind(f, config)]:
            files.remove(file)
        self._pages.clear()
        self._html.clear()
        self._problems.clear()
        custom = [Path(config.theme.custom_dir)] if config.theme.custom_dir else []
        urls = Urls(config.use_directory_urls)
        code = f"{code_digest()} {self._language.digest}"
        charts = ChartTemplates.kept_in(self._caches / "charts", code)
        layout = layout_digest(config, code, own=NAME)
        self._compiled = partial(CompiledTemplates, self._caches / "templates", layout)
        self._look = look = Templates(custom, self._compiled("pages"))
        site = ArchiveSite(self._entries, look, urls, code, charts, self._previews(config))
        self.archive_site = site
        self._views = PageViews(site.embedded(), Path(config.docs_dir))
        cache = PageCache(self._caches / "pages", layout)
        self._editions = EditionFiles(
            config, cache, self._site, self._rendered, partial(self._file, config)
        )
        try:
            for planned in chain(site.editions(), site.overviews()):
                self._editions.add(planned, files)
            fronts = BlockCache(self._caches / "fronts", code)
            for page in site.front(
                fronts, [posixpath.dirname(path) for path in nav_paths(config.nav)]
            ):
                if files.get_file_from_path(page.uri) is None:
                    file = self._file(config, page)
                    file.write_front_matter()
                    files.append(file)
            for asset in site.machine_files(fronts, _about(config)):
                if files.get_file_from_path(asset.uri) is None:
                    files.append(KpiFile.of(config, asset.uri, asset.content))
        except KpisiteError as error:
            raise PluginError(str(error)) from error
        fronts.prune()
        self._warn(self._problems)
        self._problems.clear()
        if words := script_words(config.theme.dirs, f"{ASSETS}/{WORDS}", self._language):
            if (english := files.get_file_from_path(f"{ASSETS}/{WORDS}")) is not None:
                files.remove(english)
            files.append(KpiFile.of(config, f"{ASSETS}/{WORDS}", words))
        name, script = bokeh_asset()
        files.append(KpiFile.of(config, f"{ASSETS}/{name}", script))
        return files

    @event_priority(-100)
    def on_nav(self, nav: Navigation, *, config: MkDocsConfig, files: Files) -> Navigation:
        """Keep the navigation: all titles in it are known when all pages are read."""
        self._nav = nav
        self._must_have_editions().use_own_pages(nav)
        return nav

    def on_page_markdown(
        self, markdown: str, *, page: Page, config: MkDocsConfig, files: Files
    ) -> str:
        """Find the views that a page of the project shows."""
        if isinstance(page.file, KpiFile):
            return markdown
        try:
            return self._must_have_views().found_in(markdown, page)
        except KpisiteError as error:
            raise PluginError(str(error)) from error

    def on_page_content(
        self,
        html: str,
        *,
        page: Page,
        config: MkDocsConfig,
        files: Files,
    ) -> str:
        """Put the HTML of a generated page around its rendered Markdown."""
        own = self._html.pop(page.file.src_uri, None)
        if own is None:
            return html
        try:
            return join_islands(html, own)
        except ValueError as error:
            raise PluginError(f"{page.file.src_uri}: {error}") from error

    @event_priority(-100)
    def on_env(self, env: Environment, *, config: MkDocsConfig, files: Files) -> Environment:
        """Write what comes from the cache, and say how all pages hang together."""
        assert self._nav is not None  # noqa: S101 - on_nav comes first
        editions = self._must_have_editions()
        if env.bytecode_cache is None and self._compiled is not None:
            env.bytecode_cache = self._compiled("theme")
        try:
            editions.settle(self._nav, files)
        except KpisiteError as error:
            raise PluginError(str(error)) from error
        self._warn(self._problems)
        for page in self._pages:
            _relate(page, files)
        self._files = files
        finished = {page.file.src_uri for page in editions.finished_pages()}
        self._order = [
            file
            for file in files
            if (file.is_documentation_page() or file.src_uri in finished)
            and InclusionLevel.is_included(file.inclusion)  # type: ignore[no-untyped-call]
        ]
        found_by = {page.uri: page.search or "" for page in self._pages}
        self._search = SearchEntries(config, found_by)
        assert self._look is not None  # noqa: S101 - on_files comes first
        self._heads = Heads(config, self._look, self._pages)
        env.auto_reload = False  # no template changes during a build
        return env

    @event_priority(-100)
    def on_template_context(
        self, context: TemplateContext, *, template_name: str, config: MkDocsConfig
    ) -> TemplateContext:
        """Tell the sitemap of all pages."""
        context["pages"] = self._order
        return context

    def _show_search(
        self, context: TemplateContext, *, page: Page, config: MkDocsConfig, nav: Navigation
    ) -> TemplateContext:
        """Let the search read what a generated page is found by, instead of all that is on it."""
        self._must_have_search().show(page)
        return context

    def _after_search(
        self, context: TemplateContext, *, page: Page, config: MkDocsConfig, nav: Navigation
    ) -> TemplateContext:
        """Tell a page of all pages, note what the search has of it, and show its views."""
        context["pages"] = self._order
        self._must_have_search().indexed(page)
        self._must_have_heads().describe(page)
        try:
            page.content = self._must_have_views().shown_in(page.content or "", page)
        except KpisiteError as error:
            raise PluginError(str(error)) from error
        return context

    on_page_context = CombinedEvent(
        event_priority(100)(_show_search), event_priority(-100)(_after_search)
    )

    @event_priority(-100)
    def on_post_page(self, output: str, *, page: Page, config: MkDocsConfig) -> str:
        """Complete the head of a page, and keep the page for the next build."""
        try:
            output = self._must_have_heads().complete(output, page)
        except KpisiteError as error:
            raise PluginError(str(error)) from error
        self._must_have_editions().keep(page.file, output, self._must_have_search())
        return output

    @event_priority(100)
    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """Complete the search index, before it is written."""
        editions = self._must_have_editions()
        assert self._files is not None  # noqa: S101 - on_env comes first
        editions.finish(self._files)
        entries = {page.file.src_uri: page.cached.search for page in editions.finished_pages()}
        self._must_have_search().complete(self._order, entries)
        speak(ENGLISH)

    def on_build_error(self, *, error: Exception) -> None:
        """Leave nothing behind."""
        self._close()
        speak(ENGLISH)

    def on_serve(
        self,
        server: LiveReloadServer,
        *,
        config: MkDocsConfig,
        builder: object,
    ) -> LiveReloadServer:
        """Rebuild when a template of the project changes."""
        if config.theme.custom_dir:
            server.watch(config.theme.custom_dir)
        return server

    def _previews(self, config: MkDocsConfig) -> Previews | None:
        """Return what draws pictures for links; their tags need the site's real address."""
        wanted = self.config.preview_pictures and config.site_url and not self._serving
        return Previews(config.site_name) if wanted and can_draw() else None

    def _rendered(self, planned: PlannedPages) -> SiteContent:
        content = planned.content()
        self._problems += content.problems
        return content

    def _file(self, config: MkDocsConfig, page: SitePage) -> KpiFile:
        self._pages.append(page)
        markdown, self._html[page.uri] = split_islands(page.text)
        file = KpiFile.of(config, page.uri, markdown, in_nav=page.in_nav)
        file.meta = metadata(page)
        return file

    def _warn(self, problems: Sequence[Problem]) -> None:
        self.failures += [problem for problem in problems if problem.is_failed_view]
        log_problems(problems, self.allowed)

    def _must_have_editions(self) -> EditionFiles:
        assert self._editions is not None  # noqa: S101 - on_files comes first
        return self._editions

    def _must_have_search(self) -> SearchEntries:
        assert self._search is not None  # noqa: S101 - on_env comes first
        return self._search

    def _must_have_heads(self) -> Heads:
        assert self._heads is not None  # noqa: S101 - on_env comes first
        return self._heads

    def _must_have_views(self) -> PageViews:
        assert self._views is not None  # noqa: S101 - on_files comes first
        return self._views

    def _close(self) -> None:
        if self._editions is not None:
            self._editions.close()
        self._editions = None


def _stays_behind(file: File, config: MkDocsConfig) -> bool:
    """Tell whether a file is a definition, a private key, or a theme's catalogue of words."""
    path = Path(file.src_uri)
    if path.name in FILE_NAMES or _is_private_key(file, config):
        return True
    return path.parts[0] == LOCALE and file.src_dir in config.theme.dirs


def _is_private_key(file: File, config: MkDocsConfig) -> bool:
    """Tell whether a file of the docs folder is a key, such as that of a service account."""
    if file.src_dir != config.docs_dir or Path(file.src_uri).suffix not in _KEY_FILES:
        return False
    path = Path(config.docs_dir, file.src_uri)
    return path.stat().st_size < _LARGEST_KEY and b"PRIVATE KEY-----" in path.read_bytes()


def _about(config: MkDocsConfig) -> SiteAbout:
    return SiteAbout(
        config.site_name,
        config.site_url or "",
        config.site_description or "",
        config.site_author or "",
    )


def _relate(page: SitePage, files: Files) -> None:
    """Give a page outside the navigation its neighbours and the page above it."""
    file = files.get_file_from_path(page.uri)
    if page.in_nav or file is None or file.page is None:
        return
    file.page.parent = _page_in(page.parent, files)  # type: ignore[assignment]
    file.page.previous_page = _page_in(page.previous, files)
    file.page.next_page = _page_in(page.next, files)


def _page_in(folder: str | None, files: Files) -> Page | None:
    file = None if folder is None else files.get_file_from_path(f"{folder}/index.md")
    return None if file is None else file.page
