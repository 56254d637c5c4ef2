"""The plugin's options in `mkdocs.yml`, and the project that they describe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.config import base, config_options
from mkdocs.config import load_config as load_mkdocs_config
from mkdocs.exceptions import ConfigurationError

from kpisite.archive.store import Archive
from kpisite.errors import UsageError
from kpisite.pipeline.project import Project, archive_url

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mkdocs.config.defaults import MkDocsConfig


class KpisiteOptions(base.Config):  # type: ignore[no-untyped-call]
    """Options of `plugins: - kpisite:` in `mkdocs.yml`."""

    archive = config_options.Type(str, default="archive")
    """Where editions are kept: a path relative to `mkdocs.yml`, or an fsspec URL."""
    run = config_options.Choice(("due", "none"), default="due")
    """What a build runs: the editions that are due, or none."""


def project_of(
    config: MkDocsConfig,
    options: KpisiteOptions,
    now: datetime,
    environment: Mapping[str, str],
) -> Project:
    """Return the project that a MkDocs configuration describes."""
    folder = Path(config.config_file_path).parent if config.config_file_path else Path.cwd()
    archive = Archive(archive_url(folder, options.archive))
    return Project(folder, Path(config.docs_dir), archive, now, environment)


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
