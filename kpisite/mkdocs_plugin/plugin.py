"""The MkDocs plugin: runs the pipeline before a build and adds the archive's pages to it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, CombinedEvent, event_priority
from mkdocs.structure.files import InclusionLevel

from kpisite.errors import KpisiteError
from kpisite.mkdocs_plugin.archive_files import ArchiveFiles
from kpisite.mkdocs_plugin.assets import add_assets, name_assets
from kpisite.mkdocs_plugin.editions import (
    RunningPreview,
    editions_for_build,
    log_problems,
)
from kpisite.mkdocs_plugin.files import KpiFile
from kpisite.mkdocs_plugin.head import Heads
from kpisite.mkdocs_plugin.left_out import leave_out
from kpisite.mkdocs_plugin.options import KpisiteOptions, language_of, project_of
from kpisite.mkdocs_plugin.search import SearchEntries
from kpisite.model.language import ENGLISH, speak
from kpisite.pipeline.project import parse_now
from kpisite.render.templates import template_folder
from kpisite.site.site_folder import SiteFolder

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from jinja2 import Environment
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.livereload import LiveReloadServer
    from mkdocs.structure.files import File, Files
    from mkdocs.structure.nav import Navigation
    from mkdocs.structure.pages import Page
    from mkdocs.utils.templates import TemplateContext

    from kpisite.archive.index import Entry
    from kpisite.pipeline.problems import Problem
    from kpisite.site.archive_site import ArchiveSite


@dataclass(frozen=True)
class _Read:
    """What is known in `on_env`, when all pages are read."""

    files: Files
    order: list[File]
    """Of all pages."""
    search: SearchEntries
    heads: Heads


class KpisitePlugin(BasePlugin[KpisiteOptions]):  # type: ignore[no-untyped-call]
    """Adds the pages of the archive to a site."""

    def __init__(self) -> None:
        self._serving = False
        self._language = ENGLISH
        self._preview = RunningPreview()
        self._caches = Path()
        self.archive_site: ArchiveSite | None = None
        """What the last build made its pages from."""
        self.allowed: Collection[str] = ()
        """Ids of reports whose failed views do not stop a strict build."""
        self.failures: list[Problem] = []
        """The views that the last build could not make or show."""
        self._site = SiteFolder(Path(), Path())
        self._entries: list[Entry] = []
        self._nav: Navigation | None = None
        self._added: ArchiveFiles | None = None
        self._read: _Read | None = None

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
        name_assets(config)
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
                self._entries = self._preview.editions(project, config.watch, self._warn)
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
        leave_out(files, config)
        pictures = self.config.preview_pictures and not self._serving
        self._added = added = ArchiveFiles(
            config, self._entries, self._language, self._caches, self._site, pictures=pictures
        )
        self.archive_site = added.site
        try:
            added.add_to(files)
        except KpisiteError as error:
            raise PluginError(str(error)) from error
        self._warn(added.problems)
        added.problems.clear()
        add_assets(files, config, self._language)
        return files

    @event_priority(-100)
    def on_nav(self, nav: Navigation, *, config: MkDocsConfig, files: Files) -> Navigation:
        """Keep the navigation: all titles in it are known when all pages are read."""
        self._nav = nav
        self._must_have_added().editions.use_own_pages(nav)
        return nav

    def on_page_markdown(
        self, markdown: str, *, page: Page, config: MkDocsConfig, files: Files
    ) -> str:
        """Find the views that a page of the project shows."""
        if isinstance(page.file, KpiFile):
            return markdown
        try:
            return self._must_have_added().views.found_in(markdown, page)
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
        try:
            return self._must_have_added().pages.whole(html, page.file)
        except ValueError as error:
            raise PluginError(f"{page.file.src_uri}: {error}") from error

    @event_priority(-100)
    def on_env(self, env: Environment, *, config: MkDocsConfig, files: Files) -> Environment:
        """Write what comes from the cache, and say how all pages hang together."""
        assert self._nav is not None  # noqa: S101 - on_nav comes first
        added = self._must_have_added()
        if env.bytecode_cache is None:
            env.bytecode_cache = added.theme
        try:
            added.editions.settle(self._nav, files)
        except KpisiteError as error:
            raise PluginError(str(error)) from error
        self._warn(added.problems)
        added.pages.relate(files)
        finished = {page.file.src_uri for page in added.editions.finished_pages()}
        order = [
            file
            for file in files
            if (file.is_documentation_page() or file.src_uri in finished)
            and InclusionLevel.is_included(file.inclusion)  # type: ignore[no-untyped-call]
        ]
        search = SearchEntries(config, {page.uri: page.search or "" for page in added.pages})
        heads = Heads(config, added.look, added.pages)
        self._read = _Read(files, order, search, heads)
        env.auto_reload = False  # no template changes during a build
        return env

    @event_priority(-100)
    def on_template_context(
        self, context: TemplateContext, *, template_name: str, config: MkDocsConfig
    ) -> TemplateContext:
        """Tell the sitemap of all pages."""
        context["pages"] = self._must_have_read().order
        return context

    def _show_search(
        self, context: TemplateContext, *, page: Page, config: MkDocsConfig, nav: Navigation
    ) -> TemplateContext:
        """Let the search read what a generated page is found by, instead of all that is on it."""
        self._must_have_read().search.show(page)
        return context

    def _after_search(
        self, context: TemplateContext, *, page: Page, config: MkDocsConfig, nav: Navigation
    ) -> TemplateContext:
        """Tell a page of all pages, note what the search has of it, and show its views."""
        read = self._must_have_read()
        context["pages"] = read.order
        read.search.indexed(page)
        read.heads.describe(page)
        try:
            page.content = self._must_have_added().views.shown_in(page.content or "", page)
        except KpisiteError as error:
            raise PluginError(str(error)) from error
        return context

    on_page_context = CombinedEvent(
        event_priority(100)(_show_search), event_priority(-100)(_after_search)
    )

    @event_priority(-100)
    def on_post_page(self, output: str, *, page: Page, config: MkDocsConfig) -> str:
        """Complete the head of a page, and keep the page for the next build."""
        read = self._must_have_read()
        try:
            output = read.heads.complete(output, page)
        except KpisiteError as error:
            raise PluginError(str(error)) from error
        self._must_have_added().editions.keep(page.file, output, read.search)
        return output

    @event_priority(100)
    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """Complete the search index, before it is written."""
        editions, read = self._must_have_added().editions, self._must_have_read()
        editions.finish(read.files)
        entries = {page.file.src_uri: page.cached.search for page in editions.finished_pages()}
        read.search.complete(read.order, entries)
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

    def _warn(self, problems: Sequence[Problem]) -> None:
        self.failures += [problem for problem in problems if problem.is_failed_view]
        log_problems(problems, self.allowed)

    def _must_have_added(self) -> ArchiveFiles:
        assert self._added is not None  # noqa: S101 - on_files comes first
        return self._added

    def _must_have_read(self) -> _Read:
        assert self._read is not None  # noqa: S101 - on_env comes first
        return self._read

    def _close(self) -> None:
        if self._added is not None:
            self._added.editions.close()
        self._added = None
