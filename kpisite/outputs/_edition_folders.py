"""A folder for each edition, with the edition as files: what the output `static` makes."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from kpisite.errors import OutputError
from kpisite.outputs._changes import Changes, compare, file_digest
from kpisite.outputs._site_editions import site_reports
from kpisite.outputs._swapping import (
    MARKER,
    beside,
    is_strange,
    original,
    recover,
    remove,
    swap,
)
from kpisite.plugins.browser import Browser
from kpisite.plugins.standalone import StandalonePages, as_picture

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from kpisite.outputs._site_editions import SiteEdition, SiteReport
    from kpisite.plugins import Site

Format = Literal["html", "png", "pdf"]
_VERSION = 1
"""Of how files are made: with another one, all are made again."""


@dataclass(frozen=True)
class _Folder:
    """A folder as it ought to be."""

    report: SiteReport
    edition: SiteEdition
    source: str
    """Digest of all that its files are made of."""
    copied_from: str = ""
    """Name of the folder that it is a copy of."""


class EditionFolders:
    """The folders of editions in a folder; whatever else is in it is not touched."""

    def __init__(
        self, folder: Path, formats: Sequence[Format], reports: Collection[str], browser: str
    ) -> None:
        self._folder = folder
        self._formats = formats
        self._reports = reports
        self._browser = browser

    def plan(self, site: Site) -> list[str]:
        """Return what would be done, a line each; nothing where all is as it ought to be."""
        changes = self._changes(self._wanted(site))
        counts = (
            f"{len(changes.added)} added, {len(changes.changed)} changed, "
            f"{len(changes.removed)} removed"
        )
        lines = [
            *(f"add {name}" for name in changes.added),
            *(f"change {name}" for name in changes.changed),
            *(f"remove {name}" for name in changes.removed),
        ]
        return [counts, *lines] if lines else []

    def deploy(self, site: Site) -> tuple[str, dict[str, str | int]]:
        """Put all in place; return a digest of what is there, and what was done.

        Raises:
            OutputError: It cannot be made, or there is a folder of others; what was there before
                still is, and what was done is not done again.
            OSError: It cannot be written; as before.
        """
        wanted = self._wanted(site)
        left = {name for name, path, marker in self._ours() if self._is_mine(marker)}
        for name in {*wanted, *left}:
            recover(self._folder / name)
        changes = self._changes(wanted)
        pages = StandalonePages(site.folder)
        with Browser(self._browser) as browser:
            for name, folder in wanted.items():  # newest editions first
                if name in changes.written:
                    self._make(name, folder, pages, browser)
        for name in changes.removed:
            remove(self._folder / name)
        whole = json.dumps({name: folder.source for name, folder in wanted.items()})
        return hashlib.sha256(whole.encode()).hexdigest(), changes.details(len(wanted))

    def _wanted(self, site: Site) -> dict[str, _Folder]:
        """Return all folders by their names, the newest edition of a report first."""
        pages = StandalonePages(site.folder)
        found: dict[str, _Folder] = {}
        for report in site_reports(site.folder, self._reports):
            for number, edition in enumerate(report.editions):
                folder = _Folder(report, edition, self._source(pages, edition))
                self._add(found, edition.name, folder)
                if number == 0:
                    copy = _Folder(report, edition, folder.source, copied_from=edition.name)
                    self._add(found, report.latest, copy)
        return found

    def _add(self, found: dict[str, _Folder], name: str, folder: _Folder) -> None:
        if name in found:
            one, other = found[name].report.id, folder.report.id
            raise OutputError(
                f"both '{one}' and '{other}' would have the folder '{name}'",
                hint="Give one of the reports another title."
                if folder.copied_from
                else "Rename the folder of one of the reports.",
            )
        path = self._folder / name
        if path.is_symlink() or path.is_file() or is_strange(path):
            raise OutputError(
                f"'{name}' is there, and kpisite did not put it there",
                hint="Name another folder as 'output_dir', or remove it.",
            )
        found[name] = folder

    def _source(self, pages: StandalonePages, edition: SiteEdition) -> str:
        how = f"{_VERSION} {' '.join(self._formats)} {edition.run.isoformat()}\n"
        return hashlib.sha256(f"{how}{pages.html(edition.page)}".encode()).hexdigest()

    def _changes(self, wanted: Mapping[str, _Folder]) -> Changes:
        """Return what is to be done, by the names of folders."""
        there = {
            name: marker["source"] if _is_whole(path, marker) else ""
            for name, path, marker in self._ours()
            if name in wanted or self._is_mine(marker)
        }
        return compare({name: folder.source for name, folder in wanted.items()}, there)

    def _ours(self) -> Iterator[tuple[str, Path, dict[str, Any]]]:
        """Yield the folders that this driver made: name, place, and what the marker says."""
        paths = [path for path in self._folder.glob("*") if path.is_dir()]
        names = {path.name for path in paths}
        for path in paths:
            name = original(path)
            in_use = name == path.name or name not in names
            if in_use and (marker := _marker(path)):
                yield name, path, marker

    def _is_mine(self, marker: Mapping[str, Any]) -> bool:
        return not self._reports or marker["report"] in self._reports

    def _make(self, name: str, folder: _Folder, pages: StandalonePages, browser: Browser) -> None:
        """Make a folder beside its place, and put it there."""
        new = beside(self._folder / name)
        try:
            new.mkdir(parents=True)
            files = {}
            for file, content in self._files(name, folder, pages, browser):
                (new / file).write_bytes(content)
                files[file] = hashlib.sha256(content).hexdigest()
            marker = {"report": folder.report.id, "source": folder.source, "files": files}
            (new / MARKER).write_text(json.dumps(marker) + "\n", encoding="utf-8")
            swap(new, self._folder / name)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise

    def _files(
        self, name: str, folder: _Folder, pages: StandalonePages, browser: Browser
    ) -> Iterator[tuple[str, bytes]]:
        if folder.copied_from:
            first = self._folder / folder.copied_from
            for format_ in self._formats:
                file = _file(folder.copied_from, format_)
                yield _file(name, format_), (first / file).read_bytes()
            return
        html = pages.html(folder.edition.page)
        for format_ in self._formats:
            match format_:
                case "html":
                    content = html.encode()
                case "png":
                    content = browser.png(as_picture(html))
                case "pdf":
                    content = browser.pdf(html, folder.edition.run)
            yield _file(name, format_), content


def _file(name: str, format_: Format) -> str:
    return "index.html" if format_ == "html" else f"{name}.{format_}"


def _marker(folder: Path) -> dict[str, Any] | None:
    """Return what the marker of a folder says; None where it is none of ours."""
    try:
        marker: dict[str, Any] = json.loads((folder / MARKER).read_bytes())
        return {name: marker[name] for name in ("report", "source", "files")}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is_whole(folder: Path, marker: Mapping[str, Any]) -> bool:
    """Tell whether a folder has what its marker says, and nothing else."""
    files = {path.name: path for path in folder.iterdir() if path.name != MARKER}
    return files.keys() == marker["files"].keys() and all(
        path.is_file() and file_digest(path) == marker["files"][name]
        for name, path in files.items()
    )
