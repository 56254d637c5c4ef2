"""The output driver `static`: puts the site into a folder, whole, or each edition as files."""

from __future__ import annotations

import filecmp
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from kpisite.errors import OutputError
from kpisite.outputs._changes import Changes
from kpisite.outputs._counter import Counter
from kpisite.outputs._edition_folders import EditionFolders
from kpisite.outputs._swapping import (
    MARKER,
    alone,
    aside,
    beside,
    is_strange,
    reason,
    recover,
    swap,
)
from kpisite.plugins import PluginOptions, Receipt, Site, SiteDriver

if TYPE_CHECKING:
    from collections.abc import Sequence

_LIKE_A_LIST = BeforeValidator(lambda value: [value] if isinstance(value, str) else value)
_Formats = Annotated[tuple[Literal["html", "png", "pdf"], ...], _LIKE_A_LIST, Field(min_length=1)]


class Static(SiteDriver):
    """Makes folders beside their place and swaps them in, so that no reader meets a half."""

    local = True

    class Options(PluginOptions):
        """Where the site or its editions are put."""

        output_dir: str = Field(default="_build", min_length=1)
        """The folder, relative to the folder of `mkdocs.yml`; made if it is not there.
        With `what: site`, whatever else is in it is removed."""
        what: Literal["site", "edition"] = "site"
        """The whole site, or a folder for each edition of the reports that name the output."""
        output_format: _Formats = ("html",)
        """What an edition is put there as: `html`, `png`, `pdf`, or a list of them."""
        when: Literal["sealed", "preliminary"] = "sealed"
        """From when on an edition is put there: when it is sealed, or as soon as it is there."""

        @model_validator(mode="after")
        def _check_together(self) -> Self:
            if self.what == "site" and self.output_format != ("html",):
                raise ValueError("a site is HTML: for 'png' and 'pdf', set 'what: edition'")
            if self.what == "site" and self.when != "sealed":
                raise ValueError("a site has all editions: 'when' is for 'what: edition'")
            return self

    options: Options

    @property
    def target(self) -> str:
        """The folder as the report names it."""
        return self.options.output_dir

    def plan(self, site: Site) -> Sequence[str]:
        """Return what would be added, changed and removed; none where all is as it should be."""
        folder = self._folder()
        try:
            self._check(site, folder)
            if self.options.what == "edition":
                return self._editions(site, folder).plan()
            before = folder if folder.exists() else aside(folder)
            return _compare(site, before).lines(site.folder)
        except OSError as error:
            raise self._error(
                f"cannot be compared with '{self.target}': {reason(error)}",
                "Check that the folder is yours.",
            ) from error

    def deploy(self, site: Site) -> Receipt:
        """Put the site, or its editions, in place.

        Raises:
            OutputError: The folder is not this driver's to replace, or cannot be written, or an
                edition cannot be printed; what was there before still is.
        """
        folder = self._folder()
        try:
            self._check(site, folder)
            with alone(folder):
                return self._put(site, folder)
        except (OSError, shutil.Error) as error:
            raise self._error(
                f"cannot be put into '{self.target}': {reason(error)}",
                "What was there before still is. Check that you may write into the folder and into "
                "the one that holds it, and that the disk has room.",
            ) from error

    def _put(self, site: Site, folder: Path) -> Receipt:
        """Do what `deploy` does, while nobody else does."""
        if self.options.what == "edition":
            digest, details = self._editions(site, folder).deploy()
            return Receipt(target=self.target, digest=digest, details=details)
        recover(folder)
        changes = _compare(site, folder)
        if changes.any or not (folder / MARKER).is_file():
            try:
                _copy(site, beside(folder), Counter(self.context.progress, len(site.files)))
                swap(beside(folder), folder)
            finally:
                shutil.rmtree(beside(folder), ignore_errors=True)
        return Receipt(
            target=self.target,
            digest=site.digest,
            details=changes.details(len(site.files)),
        )

    def _editions(self, site: Site, folder: Path) -> EditionFolders:
        return EditionFolders(
            folder,
            site,
            self.options.output_format,
            self.context.reports,
            ("sealed",) if self.options.when == "sealed" else ("sealed", "preliminary"),
            self.context.browser,
        )

    def _folder(self) -> Path:
        """Return the whole path of the folder; the one behind a link, which stays a link."""
        return (self.context.folder / Path(self.options.output_dir).expanduser()).resolve()

    def _check(self, site: Site, folder: Path) -> None:
        """Refuse a folder that may not be replaced."""
        project = self.context.folder.resolve()
        if project.is_relative_to(folder):
            raise self._error(
                f"'{self.target}' is or contains the project's own folder",
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
        if self.options.what == "site" and folder.is_mount():
            raise self._error(
                f"'{self.target}' is a disk or volume of its own, which cannot be swapped as one",
                f"Name a folder in it, such as 'output_dir: {self.target.rstrip('/')}/site'.",
            )
        if self.options.what == "site" and is_strange(folder):
            raise self._error(
                f"'{self.target}' holds files that kpisite did not put there",
                f"Name an empty or a new folder. If all in it may go, put an empty file "
                f"'{MARKER}' into it.",
            )
        if self.options.what == "edition" and (folder / MARKER).is_file():
            raise self._error(
                f"'{self.target}' holds a whole site, which is replaced as one",
                "Name another folder, or remove this one.",
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


def _copy(site: Site, folder: Path, counter: Counter) -> None:
    folder.mkdir(parents=True)
    for path in site.files:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(site.folder / path, folder / path)
        counter.step()
    (folder / MARKER).write_text(f"{site.digest}\n", encoding="utf-8")
