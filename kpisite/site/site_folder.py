"""A site's folder from one build to the next: what stays the same is not written again.

MkDocs empties the folder before each build. The folders of editions are set aside before, and those
that are to be the same again are put back by one rename each, where nobody has changed them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from typing import TYPE_CHECKING

from pydantic import Field, ValidationError

from kpisite.model.base import StrictModel

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_ASIDE = ".kpisite-previous"
"""Below the site; MkDocs leaves alone what begins with a dot."""
_SITES = 3
"""Of how many sites it is known what was written."""

Stamp = tuple[int, int]
"""Size, and time of the last change in nanoseconds."""


class WrittenEdition(StrictModel):
    """The files of an edition as they were when a build had written them."""

    key: str
    """Under which the cache has them."""
    files: dict[str, Stamp]
    """Path below the edition's folder → stamp."""


class WrittenSite(StrictModel):
    """What a build has written."""

    editions: dict[str, WrittenEdition] = Field(default_factory=dict)
    """By their folder."""


class SiteFolder:
    """The folder of a site, and what the last build wrote there."""

    def __init__(self, site: Path, records: Path) -> None:
        """Open a folder; nothing is read yet.

        Args:
            site: MkDocs' `site_dir`.
            records: Folder of the notes about what builds have written.
        """
        self.path = site
        self._aside = site / _ASIDE
        name = hashlib.sha256(str(site.absolute()).encode()).hexdigest()[:16]
        self._record = records / f"{name}.json"
        self._before = WrittenSite()
        self._now: dict[str, WrittenEdition] = {}

    def set_aside(self) -> None:
        """Move the folders of editions out of the way, before MkDocs empties the site."""
        self.clear()
        self._now.clear()
        self._before = self._read()
        for top in sorted({folder.split("/", 1)[0] for folder in self._before.editions}):
            with contextlib.suppress(OSError):
                self._aside.mkdir(exist_ok=True)
                (self.path / top).rename(self._aside / top)

    def put_back(self, folder: str, key: str) -> bool:
        """Put an edition's folder back; False where it is not what is wanted, or was changed."""
        written = self._before.editions.get(folder)
        aside, target = self._aside / folder, self.path / folder
        if written is None or written.key != key or target.exists():
            return False
        try:
            if _stamps(aside) != written.files:
                return False
            target.parent.mkdir(parents=True, exist_ok=True)
            aside.rename(target)
        except OSError:
            return False
        self._now[folder] = written
        return True

    def note(self, folder: str, key: str, paths: Iterable[str]) -> None:
        """Note what was written of an edition.

        Args:
            folder: Its folder below the site.
            key: Under which the cache has it.
            paths: Its files, below the site.
        """
        with contextlib.suppress(OSError):
            files = {path[len(folder) + 1 :]: _stamp(self.path / path) for path in paths}
            self._now[folder] = WrittenEdition(key=key, files=files)

    def save(self) -> None:
        """Write down what this build has written; where that fails, the next one writes all."""
        with contextlib.suppress(OSError):
            self._record.parent.mkdir(parents=True, exist_ok=True)
            text = WrittenSite(editions=self._now).model_dump_json()
            beside = self._record.with_suffix(f".{os.getpid()}")
            beside.write_text(text, encoding="utf-8")
            beside.replace(self._record)
            known = sorted(self._record.parent.iterdir(), key=lambda path: path.stat().st_mtime_ns)
            for old in known[:-_SITES]:
                old.unlink()

    def clear(self) -> None:
        """Remove what was set aside and is not wanted again."""
        shutil.rmtree(self._aside, ignore_errors=True)

    def _read(self) -> WrittenSite:
        try:
            return WrittenSite.model_validate_json(self._record.read_bytes())
        except (OSError, ValidationError):
            return WrittenSite()


def _stamps(folder: Path) -> dict[str, Stamp]:
    """Return the stamps of all files below a folder.

    Raises:
        OSError: There is no such folder.
    """
    found: dict[str, Stamp] = {}
    waiting = [(str(folder), "")]
    while waiting:
        path, prefix = waiting.pop()
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((entry.path, f"{prefix}{entry.name}/"))
                else:
                    status = entry.stat(follow_symlinks=False)
                    found[f"{prefix}{entry.name}"] = (status.st_size, status.st_mtime_ns)
    return found


def _stamp(path: Path) -> Stamp:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
