"""The output driver `static`: puts the site into a folder, whole."""

from __future__ import annotations

import filecmp
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from kpisite.errors import OutputError
from kpisite.outputs._changes import Changes
from kpisite.plugins import PluginOptions, Receipt, Site, SiteDriver

if TYPE_CHECKING:
    from collections.abc import Sequence

MARKER = ".kpisite"
"""File that says that the folder was made by this driver; holds the digest of its site."""


class Static(SiteDriver):
    """Copies the site beside the folder and swaps it in, so that no reader meets half a site."""

    local = True

    class Options(PluginOptions):
        """Where the site is put."""

        output_dir: str = Field(default="_build", min_length=1)
        """Folder of the site, relative to the folder of `mkdocs.yml`; made if it is not there.
        Whatever else is in it is removed."""

    options: Options

    @property
    def target(self) -> str:
        """The folder as the report names it."""
        return self.options.output_dir

    def plan(self, site: Site) -> Sequence[str]:
        """Return the files that would be added, changed and removed; none where all are equal."""
        folder = self._folder()
        try:
            self._check(site, folder)
            before = folder if folder.exists() else _aside(folder)
            return _compare(site, before).lines(site.folder)
        except OSError as error:
            raise self._error(
                f"cannot be compared with '{self.target}': {_reason(error)}",
                "Check that the folder is yours.",
            ) from error

    def deploy(self, site: Site) -> Receipt:
        """Put the site in place.

        Raises:
            OutputError: The folder is not this driver's to replace, or cannot be written; what
                was there before still is.
        """
        folder = self._folder()
        try:
            self._check(site, folder)
            _recover(folder)
            changes = _compare(site, folder)
            if changes.any or not (folder / MARKER).is_file():
                _copy(site, _beside(folder))
                _swap(_beside(folder), folder)
        except (OSError, shutil.Error) as error:
            shutil.rmtree(_beside(folder), ignore_errors=True)
            raise self._error(
                f"cannot be put into '{self.target}': {_reason(error)}",
                "What was there before still is. Check that the folder is yours and that the "
                "disk has room.",
            ) from error
        return Receipt(
            target=self.target,
            digest=site.digest,
            details=changes.details(len(site.files)),
        )

    def _folder(self) -> Path:
        """Return the whole path of the folder; the one behind a link, which stays a link."""
        return (self.context.folder / Path(self.options.output_dir).expanduser()).resolve()

    def _check(self, site: Site, folder: Path) -> None:
        """Refuse a folder that may not be replaced."""
        project = self.context.folder.resolve()
        if project.is_relative_to(folder):
            raise self._error(
                f"'{self.target}' is or contains the project's own folder, and would be replaced",
                "Name a folder that holds nothing else, such as 'output_dir: public'.",
            )
        built = site.folder.resolve()
        if built.is_relative_to(folder) or folder.is_relative_to(built):
            raise self._error(
                f"'{self.target}' is, contains or lies in the folder that MkDocs builds in",
                "Name another folder, such as 'output_dir: public'.",
            )
        for reserved in (path.resolve() for path in self.context.reserved):
            if reserved.is_relative_to(folder) or folder.is_relative_to(reserved):
                raise self._error(
                    f"'{self.target}' is, contains or lies in the project's '{reserved.name}'",
                    "Name another folder, such as 'output_dir: public'.",
                )
        if folder.exists() and not folder.is_dir():
            raise self._error(f"'{self.target}' is no folder", "Name a folder, or remove the file.")
        if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).is_file():
            raise self._error(
                f"'{self.target}' holds files that kpisite did not put there",
                f"Name an empty or a new folder. If all in it may go, put an empty file "
                f"'{MARKER}' into it.",
            )

    def _error(self, message: str, hint: str) -> OutputError:
        return OutputError(message, where=f"output '{self.context.id}'", hint=hint)


def _compare(site: Site, folder: Path) -> Changes:
    """Compare contents, not times: a build writes every file anew."""
    there = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_symlink() or not path.is_dir()
    } - {MARKER}
    wanted = set(site.files)
    changed = (
        path
        for path in wanted & there
        if not filecmp.cmp(site.folder / path, folder / path, shallow=False)
    )
    return Changes(
        tuple(sorted(wanted - there)), tuple(sorted(changed)), tuple(sorted(there - wanted))
    )


def _copy(site: Site, folder: Path) -> None:
    folder.mkdir(parents=True)
    for path in site.files:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(site.folder / path, folder / path)
    (folder / MARKER).write_text(f"{site.digest}\n", encoding="utf-8")


def _swap(new: Path, folder: Path) -> None:
    """Rename the new folder to its place; the old one is put back if that fails."""
    old = _aside(folder)
    if folder.exists():
        folder.rename(old)
    try:
        new.rename(folder)
    except BaseException:
        if old.exists():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _recover(folder: Path) -> None:
    """Undo what a crash left: the old site goes back if the new one is not in place."""
    old = _aside(folder)
    if old.exists() and not folder.exists():
        old.rename(folder)
    for leftover in (old, _beside(folder)):
        if leftover.exists():
            shutil.rmtree(leftover)


def _beside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.kpisite-new")


def _aside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.kpisite-old")


def _reason(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
