"""What a deploy changes, as outputs of sites tell it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_UNITS = ("B", "kB", "MB", "GB", "TB")


@dataclass(frozen=True)
class Changes:
    """Paths below the site's folder, sorted."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]

    @property
    def any(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.added or self.changed or self.removed)

    @property
    def written(self) -> tuple[str, ...]:
        """What is added or changed."""
        return (*self.added, *self.changed)

    @property
    def summary(self) -> str:
        """How many there are of each."""
        return f"{len(self.added)} added, {len(self.changed)} changed, {len(self.removed)} removed"

    def lines(self, source: Path) -> list[str]:
        """Return a summary and a line for each file; none where nothing changes."""
        return self.lines_with({path: (source / path).stat().st_size for path in self.written})

    def lines_with(self, sizes: Mapping[str, int]) -> list[str]:
        """Return the same, given the bytes of each file that is written."""
        if not self.any:
            return []
        return [
            f"{self.summary}, {_size(sum(sizes.values()))} to write",
            *(f"add {path}, {_size(sizes[path])}" for path in self.added),
            *(f"change {path}, {_size(sizes[path])}" for path in self.changed),
            *(f"remove {path}" for path in self.removed),
        ]

    def details(self, count: int, of: str = "files") -> dict[str, str | int]:
        """Return what a receipt counts of a site with so many files."""
        return {
            of: count,
            "added": len(self.added),
            "changed": len(self.changed),
            "removed": len(self.removed),
        }


def compare(wanted: Mapping[str, str], there: Mapping[str, str]) -> Changes:
    """Return how what is there becomes what is wanted.

    Args:
        wanted: Path of each file and the digest of what matters about it.
        there: The same of what is there; "" where that is not known.
    """
    changed = (path for path in wanted.keys() & there.keys() if wanted[path] != there[path])
    return Changes(
        tuple(sorted(wanted.keys() - there.keys())),
        tuple(sorted(changed)),
        tuple(sorted(there.keys() - wanted.keys())),
    )


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size(count: float) -> str:
    """Return `812 B` or `4.2 MB`."""
    power = 0
    while count >= 999.5 and power < len(_UNITS) - 1:
        count, power = count / 1000, power + 1
    return f"{count:.1f} {_UNITS[power]}" if power else f"{count:.0f} B"
