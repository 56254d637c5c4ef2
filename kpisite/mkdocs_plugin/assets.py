"""The stylesheet and the scripts that pages load."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kpisite.mkdocs_plugin.files import KpiFile
from kpisite.render.charts import bokeh_asset
from kpisite.site.script_words import script_words

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

    from kpisite.model.language import Language

_FOLDER = "assets/kpisite"
"""In the site."""
_STYLES = ("kpisite.css",)
_WORDS = "words.js"
"""The script that has the words of all others."""
_SCRIPTS = (_WORDS, "charts.js", "reader.js")
"""Those that every page loads; other pages name their own."""


def name_assets(config: MkDocsConfig) -> None:
    """Have every page load them, before those of the project, which then win."""
    for kind, names in (("extra_css", _STYLES), ("extra_javascript", _SCRIPTS)):
        own = [f"{_FOLDER}/{name}" for name in names]
        given = list(map(str, config[kind]))
        config[kind][:0] = [path for path in own if path not in given]


def add_assets(files: Files, config: MkDocsConfig, language: Language) -> None:
    """Add the files that no folder of the theme has: translated words, and Bokeh.

    Args:
        files: The files of the site.
        config: The configuration of the build.
        language: Of the site.
    """
    path = f"{_FOLDER}/{_WORDS}"
    if words := script_words(config.theme.dirs, path, language):
        if (english := files.get_file_from_path(path)) is not None:
            files.remove(english)
        files.append(KpiFile.of(config, path, words))
    name, script = bokeh_asset()
    files.append(KpiFile.of(config, f"{_FOLDER}/{name}", script))
