"""Sites to publish, and somebody who looks on."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from kpisite.pipeline.publish import read_site

if TYPE_CHECKING:
    from pathlib import Path

    from kpisite.plugins import Site


def write_site(folder: Path, files: dict[str, str]) -> Site:
    """Make a folder a site with these files and no others."""
    shutil.rmtree(folder, ignore_errors=True)
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return read_site(folder)


def read_files(folder: Path) -> dict[str, bytes]:
    """Return path and content of all files in a folder; none where it is not there."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class Watcher:
    """Remembers what a deploy says of how far it is."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int]] = []

    def __call__(self, done: int, total: int) -> None:
        self.told.append((done, total))

    def check(self) -> None:
        """See that the counts grow, and end at the total, which stays the same."""
        counts = [done for done, _ in self.told]
        totals = {total for _, total in self.told}
        assert counts[0] == 0
        assert counts == sorted(counts)
        assert len(totals) == 1
        assert counts[-1] == totals.pop() > 0
