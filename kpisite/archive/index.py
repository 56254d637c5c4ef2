"""An edition as the index of the archive knows it: enough for every list, wall and plan."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from kpisite.archive.store import Archive, Edition
    from kpisite.model.edition import EditionRecord, Status
    from kpisite.model.metric import Metric
    from kpisite.model.period import Period


@dataclass(frozen=True, slots=True)
class Entry:
    """A revision of an edition, without its frames, queries and provenance."""

    archive: Archive = field(repr=False, compare=False)
    """Where it was found; `load` reads it there."""
    report: str
    """The report's id."""
    label: str
    """The period's label, which is also the name of its folder."""
    title: str
    """The edition's title, tokens filled in."""
    period: Period
    revision: int
    status: Status
    started: datetime
    """When it was run, in UTC."""
    definition: str
    """Digest of the definition that made it."""
    views: tuple[str, ...]
    """Ids of the views, in the order of the page."""
    plugins: tuple[str, ...]
    """Names of the view plugins that it needs to be shown, sorted, each once."""
    failed: bool
    """Whether a view could not be made."""
    digest: str
    """SHA-256 of the bytes of `edition.json`: changes with anything in the edition."""
    metrics: Mapping[str, Metric]
    """All metrics by name, in the order of the views."""
    earlier: tuple[Entry, ...] = ()
    """The older revisions, oldest first; theirs are not repeated."""

    @property
    def key(self) -> str:
        """`flights/2013-W06`: names the edition in messages and commands."""
        return f"{self.report}/{self.label}"

    def load(self) -> Edition:
        """Return the edition with its whole record, read from the archive.

        A preliminary edition that another run replaced since the index was read comes as it is
        now: that is what the archive holds, and the next reading of the index has it too.

        Raises:
            CorruptEditionError: The record is gone or damaged, or it is that of a sealed
                edition, which never changes, and has another digest.
            ArchiveError: It cannot be read.
        """
        return self.archive.load(self)


def entry_of(archive: Archive, record: EditionRecord, digest: str) -> Entry:
    """Return the entry of a record.

    Args:
        archive: Where the record was read.
        record: What `edition.json` says.
        digest: SHA-256 of its bytes.
    """
    definitions = record.definition.views
    return Entry(
        archive=archive,
        report=record.report,
        label=record.period.label,
        title=record.title,
        period=record.period.period(),
        revision=record.revision,
        status=record.status,
        started=record.run.started.astimezone(UTC),
        definition=record.definition.digest,
        views=tuple(view.id for view in record.views),
        plugins=tuple(sorted({definition.plugin for definition in definitions.values()})),
        failed=bool(record.failed),
        digest=digest,
        metrics=record.metrics,
    )
