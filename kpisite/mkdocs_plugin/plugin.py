"""The MkDocs plugin: runs the pipeline before a build and adds the archive's pages to it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, event_priority
from mkdocs.structure.files import File, InclusionLevel

from kpisite.errors import KpisiteError
from kpisite.mkdocs_plugin.editions import (
    Preview,
    editions_for_build,
    editions_for_preview,
    warn,
)
from kpisite.mkdocs_plugin.markdown import front_matter
from kpisite.mkdocs_plugin.options import KpisiteOptions, project_of
from kpisite.pipeline.loading import FILE_NAMES
from kpisite.pipeline.project import parse_now
from kpisite.render.block_cache import BlockCache
from kpisite.render.charts import bokeh_asset
from kpisite.render.digests import code_digest
from kpisite.render.islands import join_islands, split_islands
from kpisite.render.templates import Templates, template_folder
from kpisite.site.pages import site_content
from kpisite.site.urls import Urls

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.livereload import LiveReloadServer
    from mkdocs.structure.files import Files
    from mkdocs.structure.nav import Navigation
    from mkdocs.structure.pages import Page

    from kpisite.archive.store import Edition
    from kpisite.site.pages import SitePage

ASSETS = "assets/kpisite"
"""Folder of the stylesheet and the scripts in the site."""


class KpisitePlugin(BasePlugin[KpisiteOptions]):  # type: ignore[no-untyped-call]
    """Adds the pages of the archive to a site."""

    def __init__(self) -> None:
        self._serving = False
        self._first = True
        self._cache: BlockCache | None = None
        self._editions: list[Edition] = []
        self._pages: list[SitePage] = []
        self._html: dict[str, tuple[str, ...]] = {}

    def on_startup(
        self,
        *,
        command: Literal["build", "gh-deploy", "serve"],
        dirty: bool,
    ) -> None:
        """Remember whether this is a preview; MkDocs then keeps the plugin between rebuilds."""
        self._serving = command == "serve"

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Add what the pages need: templates, stylesheet, script."""
        shipped = str(template_folder())
        if shipped not in map(os.path.abspath, config.theme.dirs):
            position = 1 if config.theme.custom_dir else 0
            config.theme.dirs.insert(position, shipped)
        for kind, name in (("extra_css", "kpisite.css"), ("extra_javascript", "charts.js")):
            if f"{ASSETS}/{name}" not in map(str, config[kind]):
                config[kind].insert(0, f"{ASSETS}/{name}")  # the project's own come after, and win
        return config

    def on_pre_build(self, *, config: MkDocsConfig) -> None:
        """Run what is due; before MkDocs empties the site, so that an error leaves it whole."""
        try:
            environment = dict(os.environ)
            named = environment.get("KPISITE_NOW")
            now = parse_now(named) if named else datetime.now(UTC)
            project = project_of(config, self.config, now, environment)
            self._cache = BlockCache(project.cache / "blocks", code_digest())
            if self._serving:
                preview = Preview.of(project)
                self._editions = editions_for_preview(project, preview, first=self._first)
                self._first = False
            else:
                self._editions = editions_for_build(project, run=self.config.run == "due")
        except KpisiteError as error:
            raise PluginError(str(error)) from error

    @event_priority(-50)
    def on_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Add the archive's pages and assets; leave the report definitions out of the site."""
        for file in [f for f in files if Path(f.src_uri).name in FILE_NAMES]:
            files.remove(file)
        custom = [Path(config.theme.custom_dir)] if config.theme.custom_dir else []
        try:
            content = site_content(
                self._editions, Templates(custom), Urls(config.use_directory_urls), self._cache
            )
        except KpisiteError as error:
            raise PluginError(str(error)) from error
        if self._cache is not None:
            self._cache.prune()
        warn(content.problems)
        self._pages = [p for p in content.pages if files.get_file_from_path(p.uri) is None]
        for page in self._pages:
            level = InclusionLevel.INCLUDED if page.in_nav else InclusionLevel.NOT_IN_NAV
            markdown, self._html[page.uri] = split_islands(page.text)
            text = front_matter(page) + markdown
            files.append(File.generated(config, page.uri, content=text, inclusion=level))
        name, script = bokeh_asset()
        files.append(File.generated(config, f"{ASSETS}/{name}", content=script))
        for asset in content.assets:
            files.append(File.generated(config, asset.uri, content=asset.content))
        return files

    def on_nav(self, nav: Navigation, *, config: MkDocsConfig, files: Files) -> Navigation:
        """Give pages outside the navigation their neighbours and the section above them."""
        by_folder = {
            page.folder: file.page
            for page in self._pages
            if (file := files.get_file_from_path(page.uri)) is not None
        }
        for page in self._pages:
            shown = by_folder.get(page.folder)
            if page.in_nav or shown is None:
                continue
            shown.parent = by_folder.get(page.parent or "")  # type: ignore[assignment]
            shown.previous_page = by_folder.get(page.previous) if page.previous else None
            shown.next_page = by_folder.get(page.next) if page.next else None
        return nav

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
