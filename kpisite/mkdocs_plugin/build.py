"""A strict build of the site in this process, for `kpisite publish`."""

from __future__ import annotations

import contextlib
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.commands.build import build
from mkdocs.exceptions import MkDocsException

from kpisite.errors import KpisiteError
from kpisite.mkdocs_plugin.options import load_config

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from datetime import datetime

    from kpisite.pipeline.problems import Problem
    from kpisite.site.archive_site import ArchiveSite


@dataclass(frozen=True)
class BuiltSite:
    """A site that was built without a warning."""

    folder: Path
    """MkDocs' `site_dir`."""
    url: str
    """MkDocs' `site_url`; "" where there is none."""
    archive: ArchiveSite
    """What its pages were made from."""
    failures: tuple[Problem, ...]
    """The views that it could not make or show, which were allowed."""


class StoppedError(KpisiteError):
    """A strict build failed or warned."""

    failures: tuple[Problem, ...] = ()
    """The views that it could not make or show."""


def build_site(
    config_file: str,
    *,
    now: datetime,
    log: Callable[[str], None],
    allowed: Collection[str] = (),
) -> BuiltSite:
    """Build the site as `mkdocs build --strict` does: what is due is run into the archive first.

    Args:
        config_file: The `mkdocs.yml`.
        now: Aware: what counts as now.
        log: Gets what MkDocs says on the way, line by line.
        allowed: Ids of reports whose failed views do not stop it.

    Raises:
        UsageError: There is no such file, or it is not valid.
        StoppedError: The build failed or warned, or the site cannot be written; the message has
            all warnings.
    """
    with _listening(log) as warnings, _clock(now):
        config = load_config(config_file, strict=True)
        plugin = config.plugins["kpisite"]
        plugin.allowed = allowed  # type: ignore[attr-defined]
        try:
            config.plugins.on_startup(command="build", dirty=False)
            try:
                build(config)
            finally:
                config.plugins.on_shutdown()
        except MkDocsException as error:
            told = list(dict.fromkeys(warnings)) or [error.format_message()]
            stopped = StoppedError(
                f"the site could not be built without {_count(told)}:",
                where=config_file,
                hint="\n".join(told),
            )
            stopped.failures = tuple(plugin.failures)  # type: ignore[attr-defined]
            raise stopped from error
        except OSError as error:
            raise StoppedError(
                f"the site could not be built: {error.strerror or error}",
                where=str(error.filename2 or error.filename or config.site_dir),
                hint="Nothing was delivered. Check that the disk has room, and that the folder is "
                "yours.",
            ) from error
    return BuiltSite(
        Path(config.site_dir),
        config.site_url or "",
        plugin.archive_site,  # type: ignore[attr-defined]
        tuple(plugin.failures),  # type: ignore[attr-defined]
    )


def _count(told: list[str]) -> str:
    return "a warning" if len(told) == 1 else f"{len(told)} warnings"


class _Listener(logging.Handler):
    """Passes on what is said, and keeps warnings."""

    def __init__(self, log: Callable[[str], None]) -> None:
        super().__init__(logging.INFO)
        self.log = log
        self.warnings: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a warning or an error, pass on the rest."""
        message = record.getMessage()
        if record.levelno >= logging.WARNING:
            self.warnings.append(message)
        else:
            self.log(message)


@contextlib.contextmanager
def _listening(log: Callable[[str], None]) -> Iterator[list[str]]:
    """Hear MkDocs and its plugins; above INFO, `strict` would not count what is not heard."""
    logger = logging.getLogger("mkdocs")
    listener = _Listener(log)
    level, propagate = logger.level, logger.propagate
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(listener)
    try:
        yield listener.warnings
    finally:
        logger.removeHandler(listener)
        logger.setLevel(level)
        logger.propagate = propagate


@contextlib.contextmanager
def _clock(now: datetime) -> Iterator[None]:
    """Tell the plugin what time it is: it is made by MkDocs, and reads the environment."""
    before = os.environ.get("KPISITE_NOW")
    os.environ["KPISITE_NOW"] = now.isoformat()
    try:
        yield
    finally:
        if before is None:
            del os.environ["KPISITE_NOW"]
        else:
            os.environ["KPISITE_NOW"] = before
