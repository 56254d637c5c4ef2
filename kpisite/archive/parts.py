"""The files of an archive by what they belong to: a revision, or an edition's deliveries."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kpisite.archive.records import NAME, REVISION

if TYPE_CHECKING:
    from kpisite.archive.storage import Storage

_FILE = re.compile(
    rf"(?P<folder>(?P<report>.+)/(?P<label>[^/]+)/((?P<revision>{REVISION.pattern})|deliveries))/"
    r"(?P<name>((frames|blobs)/)?[^/]+)"
)
_OURS = re.compile(rf"{re.escape(NAME)}|(frames|blobs)/[^/]+|\.[^/]+\.tmp")
"""What lies in the folder of a revision; anything else there is not kpisite's."""


@dataclass(frozen=True)
class Part:
    """A folder of files that belong together."""

    folder: str
    """Relative to the archive: `flights/2013-W06/1`, or `flights/2013-W06/deliveries`."""
    report: str
    label: str
    """The period's label."""
    revision: int | None
    """None for the deliveries of an edition."""
    files: dict[str, int]
    """Name within the folder → size in bytes."""

    @property
    def key(self) -> str:
        """`flights/2013-W06`: names the edition."""
        return f"{self.report}/{self.label}"

    @property
    def title(self) -> str:
        """`flights/2013-W06, revision 1`: names the part in messages."""
        what = "deliveries" if self.revision is None else f"revision {self.revision}"
        return f"{self.key}, {what}"

    @property
    def committed(self) -> bool:
        """Whether the folder has a record, which makes a revision of it."""
        return NAME in self.files


def parts_of(storage: Storage) -> list[Part]:
    """List an archive: its parts by report, period and revision; other files are left out.

    Raises:
        ArchiveError: It cannot be listed.
    """
    parts: dict[str, Part] = {}
    for path, size in storage.sizes().items():
        match = _FILE.fullmatch(path)
        if match is None or (match["revision"] and not _OURS.fullmatch(match["name"])):
            continue
        revision = int(match["revision"]) if match["revision"] else None
        part = Part(match["folder"], match["report"], match["label"], revision, {})
        parts.setdefault(part.folder, part).files[match["name"]] = size
    return sorted(parts.values(), key=lambda p: (p.report, p.label, p.revision or 0))
