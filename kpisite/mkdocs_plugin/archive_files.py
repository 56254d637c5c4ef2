"""What the archive adds to the files of one build: pages of editions, overviews, feeds, JSON."""

from __future__ import annotations

import posixpath
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from kpisite.mkdocs_plugin.chrome import layout_digest
from kpisite.mkdocs_plugin.embedding import PageViews
from kpisite.mkdocs_plugin.files import KpiFile
from kpisite.mkdocs_plugin.generated import GeneratedPages
from kpisite.mkdocs_plugin.reuse import EditionFiles, nav_paths
from kpisite.render.block_cache import BlockCache
from kpisite.render.chart_templates import ChartTemplates
from kpisite.render.compiled_templates import CompiledTemplates
from kpisite.render.digests import code_digest
from kpisite.render.templates import Templates
from kpisite.site.archive_site import ArchiveSite
from kpisite.site.machine import SiteAbout
from kpisite.site.page_cache import PageCache
from kpisite.site.previews import Previews
from kpisite.site.urls import Urls

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

    from kpisite.archive.index import Entry
    from kpisite.model.language import Language
    from kpisite.pipeline.problems import Problem
    from kpisite.site.content import PlannedPages, SiteContent
    from kpisite.site.site_folder import SiteFolder

NAME = "kpisite"
"""The plugin's name in `mkdocs.yml`."""


class ArchiveFiles:
    """The archive in one build."""

    def __init__(
        self,
        config: MkDocsConfig,
        entries: Sequence[Entry],
        language: Language,
        caches: Path,
        folder: SiteFolder,
        *,
        pictures: bool,
    ) -> None:
        """Begin a build; nothing is made yet.

        Args:
            config: The configuration of the build.
            entries: All editions, ordered by report and period.
            language: Of the site.
            caches: Folder with what earlier builds have made.
            folder: Has what the last build wrote.
            pictures: Whether links to pages are to show pictures.
        """
        self._config = config
        code = f"{code_digest()} {language.digest}"
        layout = layout_digest(config, code, own=NAME)
        custom = [Path(config.theme.custom_dir)] if config.theme.custom_dir else []
        self._fronts = BlockCache(caches / "fronts", code)
        self.look = Templates(custom, CompiledTemplates(caches / "templates", layout, "pages"))
        """The templates."""
        self.theme = CompiledTemplates(caches / "templates", layout, "theme")
        """The compiled templates of the theme."""
        self.site = ArchiveSite(
            entries,
            self.look,
            Urls(config.use_directory_urls),
            code,
            ChartTemplates.kept_in(caches / "charts", code),
            _previews(config) if pictures else None,
        )
        self.views = PageViews(self.site.embedded(), Path(config.docs_dir))
        """Those in the project's own pages."""
        self.problems: list[Problem] = []
        """The views that could not be shown, of the editions that were rendered."""
        self.pages = GeneratedPages(config)
        cache = PageCache(caches / "pages", layout)
        self.editions = EditionFiles(config, cache, folder, self._rendered, self.pages.file)

    def add_to(self, files: Files) -> None:
        """Add all pages and files; where the project has one itself, that stays.

        Raises:
            KpisiteError: The archive is damaged, or a template has a mistake.
        """
        for planned in chain(self.site.editions(), self.site.overviews()):
            self.editions.add(planned, files)
        order = [posixpath.dirname(path) for path in nav_paths(self._config.nav)]
        for page in self.site.front(self._fronts, order):
            if files.get_file_from_path(page.uri) is None:
                file = self.pages.file(page)
                file.write_front_matter()
                files.append(file)
        for asset in self.site.machine_files(self._fronts, _about(self._config)):
            if files.get_file_from_path(asset.uri) is None:
                files.append(KpiFile.of(self._config, asset.uri, asset.content))
        self._fronts.prune()

    def _rendered(self, planned: PlannedPages) -> SiteContent:
        content = planned.content()
        self.problems += content.problems
        return content


def _previews(config: MkDocsConfig) -> Previews | None:
    """Return what draws pictures for links; their tags need the site's real address."""
    return Previews(config.site_name) if config.site_url else None


def _about(config: MkDocsConfig) -> SiteAbout:
    return SiteAbout(
        config.site_name,
        config.site_url or "",
        config.site_description or "",
        config.site_author or "",
    )
