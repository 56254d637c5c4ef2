"""A folder for each edition, with the edition as files: what the output `static` makes."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass, replace
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
    page: str
    """Digest of all that the edition's page is made of."""
    copied_from: str = ""
    """Name of the folder that it is a copy of."""


class EditionFolders:
    """The folders of editions in a folder; whatever else is in it is not touched."""

    def __init__(
        self,
        folder: Path,
        site: Site,
        formats: Sequence[Format],
        reports: Collection[str],
        statuses: Collection[str],
        browser: str,
    ) -> None:
        """Begin; nothing is read yet.

        Args:
            folder: Where the folders are.
            site: What they are made of.
            formats: What each has.
            reports: Ids of the reports that are wanted; by default, all.
            statuses: Of the editions that are wanted.
            browser: The program that prints; "" to look for one.
        """
        self._folder = folder
        self._site = site.folder
        self._pages = StandalonePages(site.folder)
        self._formats = formats
        self._reports = reports
        self._statuses = statuses
        self._browser = browser

    def plan(self) -> list[str]:
        """Return what would be done, a line each; nothing where all is as it ought to be."""
        changes = self._changes(self._wanted())
        lines = [
            *(f"add {name}" for name in changes.added),
            *(f"change {name}" for name in changes.changed),
            *(f"remove {name}" for name in changes.removed),
        ]
        return [changes.summary, *lines] if lines else []

    def deploy(self) -> tuple[str, dict[str, str | int]]:
        """Put all in place; return a digest of what is there, and what was done.

        Raises:
            OutputError: It cannot be made, or there is a folder of others; what was there before
                still is, and what was done is not done again.
            OSError: It cannot be written; as before.
        """
        wanted = self._wanted()
        left = {name for name, _, marker in self._ours() if self._is_mine(marker)}
        for name in {*wanted, *left}:
            recover(self._folder / name)
        changes = self._changes(wanted)
        with Browser(self._browser) as browser:
            for name, folder in wanted.items():
                if name in changes.written:
                    self._make(name, folder, browser)
                else:
                    self._note(name, folder)
        for name in changes.removed:
            remove(self._folder / name)
        there = {name: marker["files"] for name, _, marker in self._ours() if name in wanted}
        whole = json.dumps(there, sort_keys=True)
        return hashlib.sha256(whole.encode()).hexdigest(), changes.details(len(wanted), "folders")

    def _wanted(self) -> dict[str, _Folder]:
        """Return all folders by their names, the newest editions first."""
        found: dict[str, _Folder] = {}
        for report in site_reports(self._site, self._reports):
            wanted = [one for one in report.editions if one.status in self._statuses]
            for number, edition in enumerate(wanted):
                folder = _Folder(report, edition, self._pages.digest(edition.page))
                self._add(found, edition.name, folder)
                if number == 0:
                    self._add(found, report.latest, replace(folder, copied_from=edition.name))
        return found

    def _add(self, found: dict[str, _Folder], name: str, folder: _Folder) -> None:
        if name in found:
            one, other = found[name].report.id, folder.report.id
            raise OutputError(
                f"the reports '{one}' and '{other}' would both have the folder '{name}'",
                hint="Give one of them another title, or rename its folder.",
            )
        path = self._folder / name
        if path.is_symlink() or path.is_file() or is_strange(path):
            raise OutputError(
                f"'{name}' is there already, and kpisite did not put it there",
                hint="Remove it, or name another folder as 'output_dir'.",
            )
        found[name] = folder

    def _changes(self, wanted: Mapping[str, _Folder]) -> Changes:
        """Return what is to be done, by the names of folders."""
        there = {
            name: "same" if name in wanted and self._is_same(path, marker, wanted[name]) else ""
            for name, path, marker in self._ours()
            if name in wanted or self._is_mine(marker)
        }
        return compare(dict.fromkeys(wanted, "same"), there)

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

    def _is_same(self, path: Path, marker: Mapping[str, Any], folder: _Folder) -> bool:
        """Tell whether a folder is what it ought to be; the page is made only if it must be."""
        how = self._how(folder)
        return (
            marker["how"] == how
            and _is_whole(path, marker)
            and (marker["page"] == folder.page or marker["source"] == self._source(folder))
        )

    def _how(self, folder: _Folder) -> str:
        return f"{_VERSION} {' '.join(self._formats)} {folder.edition.run.isoformat()}"

    def _source(self, folder: _Folder) -> str:
        return hashlib.sha256(self._pages.html(folder.edition.page).encode()).hexdigest()

    def _note(self, name: str, folder: _Folder) -> None:
        """Note that a page has changed, and what the edition's files show of it has not."""
        path = self._folder / name
        marker = _marker(path)
        if marker and marker["page"] != folder.page:
            new = path / f"{MARKER}-new"
            new.write_text(_text({**marker, "page": folder.page}), encoding="utf-8")
            new.replace(path / MARKER)

    def _make(self, name: str, folder: _Folder, browser: Browser) -> None:
        """Make a folder beside its place, and put it there."""
        new = beside(self._folder / name)
        try:
            new.mkdir(parents=True)
            files = {}
            for file, content in self._files(name, folder, browser):
                (new / file).write_bytes(content)
                files[file] = hashlib.sha256(content).hexdigest()
            marker = {
                "report": folder.report.id,
                "how": self._how(folder),
                "page": folder.page,
                "source": self._source(folder),
                "files": files,
            }
            (new / MARKER).write_text(_text(marker), encoding="utf-8")
            swap(new, self._folder / name)
        except OutputError as error:
            shutil.rmtree(new, ignore_errors=True)
            raise OutputError(error.message, where=name, hint=error.hint) from error
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise

    def _files(self, name: str, folder: _Folder, browser: Browser) -> Iterator[tuple[str, bytes]]:
        """Yield the files of a folder."""
        if folder.copied_from:
            for format_ in self._formats:
                file = self._folder / folder.copied_from / _file(folder.copied_from, format_)
                yield _file(name, format_), file.read_bytes()
            return
        html = self._pages.html(folder.edition.page)
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


def _text(marker: Mapping[str, Any]) -> str:
    return json.dumps(marker) + "\n"


def _marker(folder: Path) -> dict[str, Any] | None:
    """Return what the marker of a folder says; None where it is none of ours."""
    try:
        marker = json.loads((folder / MARKER).read_bytes())
        return {name: marker[name] for name in ("report", "how", "page", "source", "files")}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is_whole(folder: Path, marker: Mapping[str, Any]) -> bool:
    """Tell whether a folder has what its marker says, and nothing else."""
    files = {path.name: path for path in folder.iterdir() if path.name != MARKER}
    return files.keys() == marker["files"].keys() and all(
        path.is_file() and file_digest(path) == marker["files"][name]
        for name, path in files.items()
    )
