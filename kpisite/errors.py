"""All errors of kpisite: each says what went wrong, where, and what to do about it.

KpisiteError
├── DefinitionError       a report definition has mistakes (all of them in one message)
├── PluginError           a plugin cannot be found, imported or set up
├── DatasourceError       a query could not be answered
├── ViewError             a view cannot make sense of what it got
├── ArchiveError          the archive cannot be read or written
│   ├── CorruptEditionError   an edition's record or frame is damaged
│   ├── EditionExistsError    another writer committed this edition first
│   └── UnsupportedFrameError a DataFrame holds what Parquet would not give back
├── OutputError           a site or an edition could not be delivered
└── UsageError            a command names what is not there
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class KpisiteError(Exception):
    """Base of all errors that kpisite raises on purpose.

    Attributes:
        message: What went wrong, one line where possible.
        where: File and line, or report, period and view; may be empty.
        hint: What to do about it; may be empty.
    """

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return text + "".join(f"\n  {line}" for line in self.hint.splitlines())


@dataclass(frozen=True)
class Mistake:
    """One mistake in a report definition."""

    message: str
    """What is wrong, with the value that is."""
    file: str = ""
    """Path of the YAML file as it was given."""
    line: int = 0
    """Line in the file, counted from 1; 0 where no line applies."""
    path: str = ""
    """Keys that lead there, `views.on_time.args.query`."""
    hint: str = ""
    """What to do: the nearest valid name, an example."""
    meant: str = ""
    """Of an unknown key: the valid one that is nearest to it, or the way to its place from where it
    stands, `args.query`; "" where there is none."""

    def __str__(self) -> str:
        place = ":".join(part for part in (self.file, str(self.line or "")) if part)
        head = ": ".join(part for part in (place, self.path, self.message) if part)
        return f"{head}\n    {self.hint}" if self.hint else head


class DefinitionError(KpisiteError):
    """A report definition has mistakes; the message lists all of them."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        count = len(mistakes)
        head = "1 mistake" if count == 1 else f"{count} mistakes"
        lines = "".join(f"\n  {mistake}" for mistake in mistakes)
        super().__init__(f"{head} in the report definitions:{lines}")
        self.mistakes = tuple(mistakes)


class PluginError(KpisiteError):
    """A plugin cannot be found, imported or set up."""


class DatasourceError(KpisiteError):
    """A query could not be answered; raised by datasource plugins."""


class ViewError(KpisiteError):
    """A view cannot make sense of the frames it got; raised by view plugins."""


class ArchiveError(KpisiteError):
    """The archive cannot be read or written."""


class CorruptEditionError(ArchiveError):
    """An edition's record or one of its frames is damaged."""


class EditionExistsError(ArchiveError):
    """Another writer committed this edition first; nothing was overwritten."""


class UnsupportedFrameError(ArchiveError):
    """A DataFrame holds a dtype that would not come back from Parquet as it was."""


class OutputError(KpisiteError):
    """A site or an edition could not be delivered; raised by output drivers."""


class UnclearDeliveryError(OutputError):
    """Nobody knows whether a delivery arrived: the connection broke after it was sent."""


class UsageError(KpisiteError):
    """A command names a report, a period or a file that is not there."""


def nearest(name: str, valid: Iterable[str]) -> str:
    """Return a hint that names the valid name nearest to `name`, else all of them.

    Args:
        name: What was written.
        valid: The names that are valid there.

    Returns:
        "Did you mean 'x'?", "Valid here: a, b.", or "" where nothing is valid.
    """
    names = sorted(valid)
    if close := closest(name, names):
        return f"Did you mean '{close}'?"
    return f"Valid here: {', '.join(names)}." if names else ""


def closest(name: str, valid: Iterable[str]) -> str:
    """Return the valid name that is nearest to `name`, "" where none is near."""
    return next(iter(difflib.get_close_matches(name, sorted(valid), n=1, cutoff=0.6)), "")
