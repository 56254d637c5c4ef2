"""What went out of a report's editions through an output; what is settled is not read again."""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
from typing import TYPE_CHECKING

from kpisite.archive.deliveries import read_log, read_logs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kpisite.archive.index import Entry
    from kpisite.model.delivery import DeliveryLog
    from kpisite.pipeline.project import Project
    from kpisite.plugins.output import EditionOptions


class Settled:
    """The editions that went out as they are: a delivery is never taken back.

    A cache: it may be deleted at any time. Whatever is wrong with it costs time and nothing else.
    """

    def __init__(self, project: Project, *where: str) -> None:
        """Read it.

        Args:
            project: With the archive that the editions are in.
            where: Names where they went: report, output, target.
        """
        named = hashlib.sha256("\0".join((project.archive.storage.url, *where)).encode())
        self._path = project.cache / "delivered" / f"{named.hexdigest()[:32]}.json"
        self._digests = self._read()

    def __contains__(self, entry: Entry) -> bool:
        return self._digests.get(entry.key) == entry.digest

    def remember(self, entries: Iterable[Entry]) -> None:
        """Write down all that is settled, whole or not at all."""
        self._write({entry.key: entry.digest for entry in entries})

    def forget(self, entry: Entry) -> None:
        """Have the deliveries of an edition read again."""
        self._write({key: one for key, one in self._digests.items() if key != entry.key})

    def _write(self, digests: dict[str, str]) -> None:
        if digests == self._digests:
            return
        self._digests = digests
        beside = self._path.with_suffix(f".{secrets.token_hex(4)}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(json.dumps(digests), encoding="utf-8")
            beside.replace(self._path)
        except OSError:  # no room, or no right
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)

    def _read(self) -> dict[str, str]:
        try:
            found = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


class Deliveries:
    """What people were told of the editions of a report through one output."""

    def __init__(
        self, project: Project, report: str, output: str, entries: Sequence[Entry]
    ) -> None:
        """Read the logs of the editions that are not settled.

        Args:
            project: With the archive.
            report: Its id.
            output: Its id in the report.
            entries: The editions of the report.

        Raises:
            ArchiveError: A log is damaged.
        """
        self._archive = project.archive
        self._output = output
        self._cache = Settled(project, report, output)
        self._settled = {entry.key for entry in entries if entry in self._cache}
        wanted = [(entry.key, output) for entry in entries if entry.key not in self._settled]
        logs = read_logs(project.archive, wanted)
        self._logs = {key: log for (key, _), log in logs.items()}
        self._cache.remember(entry for entry in entries if self._is_settled(entry))

    def log(self, entry: Entry) -> DeliveryLog:
        """Return all that is recorded of an edition.

        Raises:
            ArchiveError: The log is damaged.
        """
        known = self._logs.get(entry.key)
        if known is None:
            return read_log(self._archive, entry.key, self._output)
        return known

    def begin(self, entry: Entry) -> None:
        """Look at an edition again from now on, also if it went out before: it is sent now."""
        self._cache.forget(entry)

    def is_begun(self, entry: Entry) -> bool:
        """Tell whether an edition went out, or was about to."""
        return entry.key in self._settled or self._logs[entry.key].is_begun

    def begins(self, entry: Entry) -> bool:
        """Tell whether an edition went out in its turn, or was about to: see `DeliveryLog`."""
        return entry.key in self._settled or self._logs[entry.key].begins

    def knows(self, options: EditionOptions, entry: Entry) -> bool:
        """Tell whether people know all of an edition that they want to know."""
        if self._has_newest(entry):
            return True
        log = self._logs[entry.key]
        return not log.intents and log.latest is not None and options.on_revision == "skip"

    def _is_settled(self, entry: Entry) -> bool:
        return self._has_newest(entry) and self.begins(entry)

    def _has_newest(self, entry: Entry) -> bool:
        if entry.key in self._settled:
            return True
        log = self._logs[entry.key]
        return not log.intents and log.latest is not None and log.latest.revision >= entry.revision
