"""A project: where its definitions, its archive and its caches are, and what time it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kpisite.errors import UsageError
from kpisite.model.language import ENGLISH, Language
from kpisite.plugins.browser import VARIABLE as BROWSER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kpisite.archive.store import Archive


@dataclass(frozen=True)
class Project:
    """What every command needs to know."""

    folder: Path
    """The folder of `mkdocs.yml`: relative paths start there."""
    content: Path
    """The folder with the report definitions: MkDocs' `docs_dir`."""
    archive: Archive
    now: datetime
    """Aware: what counts as now."""
    environment: Mapping[str, str] = field(repr=False)
    """What `${NAME}` in definitions is filled in from."""
    language: Language = ENGLISH
    """What the site is written in."""

    @property
    def browser(self) -> str:
        """The program that prints, as the environment names it; "" to look for one."""
        return self.environment.get(BROWSER, "")

    @property
    def cache(self) -> Path:
        """Where whatever can be made again is kept."""
        return self.folder / ".cache" / "kpisite"


def archive_url(folder: Path, configured: str) -> str:
    """Return where an archive is: URLs stay, paths start at the project's folder."""
    if "://" in configured:
        return configured
    return str(folder / Path(configured).expanduser())


def parse_now(text: str) -> datetime:
    """Return the instant that `--now` or `KPISITE_NOW` names; without a zone it is UTC.

    Raises:
        UsageError: The text is no ISO 8601 date or time.
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"'{text}' is no date or time", hint="Write it like 2013-02-11T06:00+01:00."
        ) from error
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
