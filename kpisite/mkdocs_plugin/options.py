"""The plugin's options in `mkdocs.yml`, and the project that they describe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs.config import base, config_options
from mkdocs.config import load_config as load_mkdocs_config
from mkdocs.exceptions import ConfigurationError

from kpisite.archive.store import Archive
from kpisite.errors import UsageError
from kpisite.model.language import Language, read_language
from kpisite.model.yaml_reader import VARIABLE
from kpisite.pipeline.project import Project, archive_url
from kpisite.render.templates import template_folder

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping
    from datetime import datetime

    from mkdocs.config.defaults import MkDocsConfig


LOCALE = "locale"
"""Folder of the catalogues of words, beside the templates."""


class KpisiteOptions(base.Config):  # type: ignore[no-untyped-call]
    """Options of `plugins: - kpisite:` in `mkdocs.yml`."""

    archive = config_options.Type(str, default="archive")
    """Where editions are kept: a path relative to `mkdocs.yml`, or an fsspec URL."""
    storage_options = config_options.Type(dict, default={})
    """Options of the filesystem that `archive` names; `${NAME}` comes from the environment."""
    run = config_options.Choice(("due", "none"), default="due")
    """What a build runs: the editions that are due, or none."""
    preview_pictures = config_options.Type(bool, default=True)
    """Whether links to editions are shown with a picture, where what draws it is installed."""


def project_of(
    config: MkDocsConfig,
    options: KpisiteOptions,
    now: datetime,
    environment: Mapping[str, str],
) -> Project:
    """Return the project that a MkDocs configuration describes.

    Raises:
        UsageError: An environment variable that the options name is not set.
        ArchiveError: There is no such kind of archive, or its package is not installed.
    """
    folder = Path(config.config_file_path).parent if config.config_file_path else Path.cwd()
    storage = {
        name: fill_in(value, environment, f"storage_options.{name}")
        for name, value in options.storage_options.items()
    }
    archive = Archive(archive_url(folder, options.archive), **storage)
    return Project(folder, Path(config.docs_dir), archive, now, environment, language_of(config))


def language_of(config: MkDocsConfig) -> Language:
    """Return the language of a site: the theme's option `language`.

    Raises:
        KpisiteError: The project's own catalogue of words cannot be read.
    """
    themes = [config.theme.custom_dir, template_folder()]
    tag = config.theme.get("language", "en")
    return read_language(str(tag), [Path(folder, LOCALE) for folder in themes if folder])


def fill_in(value: Any, environment: Mapping[str, str], place: str) -> Any:
    """Return an option with all `${NAME}` in it filled in, however deep.

    Args:
        value: What `mkdocs.yml` says.
        environment: Where the values are.
        place: The option's name, for a message.

    Raises:
        UsageError: A variable is not set, and has no default.
    """
    if isinstance(value, dict):
        return {k: fill_in(v, environment, f"{place}.{k}") for k, v in value.items()}
    if isinstance(value, list):
        return [fill_in(item, environment, place) for item in value]
    if not isinstance(value, str):
        return value

    def fill(match: re.Match[str]) -> str:
        escaped, name, default = match.groups()
        if escaped:
            return match[0][1:]
        found = environment.get(name) or default
        if found is None:
            state = "is empty" if name in environment else "is not set"
            raise UsageError(
                f"the environment variable {name} {state}",
                where=f"mkdocs.yml: {place}",
                hint=f"Set it, or write ${{{name}:-default}}.",
            )
        return found

    return VARIABLE.sub(fill, value)


def load_config(path: str, *, strict: bool = False) -> MkDocsConfig:
    """Return the MkDocs configuration of a project.

    Args:
        path: The `mkdocs.yml`.
        strict: Whether a build with it fails on warnings.

    Raises:
        UsageError: There is no such file, it is not valid, or it does not name this plugin.
    """
    if not Path(path).is_file():
        raise UsageError(
            "there is no such file",
            where=path,
            hint="Call kpisite in the folder of mkdocs.yml, or name it with -f.",
        )
    try:
        config = load_mkdocs_config(path, strict=strict)
    except ConfigurationError as error:
        raise UsageError(str(error), where=path) from error
    if "kpisite" not in config.plugins:
        raise UsageError(
            "the plugin kpisite is not switched on",
            where=path,
            hint="Add `kpisite` to its `plugins`.",
        )
    return config


def load_project(path: str, now: datetime, environment: Mapping[str, str]) -> Project:
    """Return the project of a `mkdocs.yml`.

    Raises:
        UsageError: See `load_config`.
    """
    config = load_config(path)
    options = config.plugins["kpisite"].config
    assert isinstance(options, KpisiteOptions)  # noqa: S101 - the plugin's own
    return project_of(config, options, now, environment)
