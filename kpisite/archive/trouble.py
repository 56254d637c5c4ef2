"""What an error of a filesystem means to whoever has to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kpisite.errors import ArchiveError
from kpisite.model.secrets import redact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_DISK = "Check that the folder exists, is yours, and that the disk has room."
_ABSENT = "Make the bucket, or correct `archive` in mkdocs.yml."
_REFUSED = (
    "Check the credentials, in `storage_options` or in the environment, and that they may read "
    "and write there."
)
_UNREACHED = "Check the network, and `endpoint_url` and the like in `storage_options`."
_OPTIONS = "Check `archive` and `storage_options` in mkdocs.yml."
_EXTRAS = {"s3fs": "s3"}
"""Package → the extra of kpisite that has it."""


def trouble(
    error: Exception, done: str, where: str, *, local: bool, secrets: Iterable[str]
) -> ArchiveError:
    """Return the error that says what could not be done, why, and what to do.

    Args:
        error: What the filesystem raised.
        done: read, written, removed, opened.
        where: Which file, or which archive.
        local: Whether it is on a disk.
        secrets: What must not be shown.
    """
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    on_disk = "" if done == "read" else _DISK
    hint = on_disk if local else _remote_hint(error)
    return ArchiveError(f"cannot be {done}: {redact(reason, secrets)}", where=where, hint=hint)


def not_installed(error: ImportError, where: str) -> ArchiveError:
    """Return the error that says which package a URL needs."""
    for package, extra in _EXTRAS.items():
        if package in str(error):
            return ArchiveError(
                f"the package {package} is not installed",
                where=where,
                hint=f"Install it: pip install 'kpisite[{extra}]'",
            )
    return ArchiveError(str(error), where=where)


def not_opened(error: Exception, where: str, secrets: Iterable[str]) -> ArchiveError:
    """Return the error for a URL or for options that no filesystem understands."""
    message = f"cannot be opened: {redact(str(error), secrets)}"
    return ArchiveError(message, where=where, hint=_OPTIONS)


def texts_in(options: Any) -> Iterator[str]:
    """Yield every text in options, however deep."""
    if isinstance(options, str):
        yield options
    elif isinstance(options, dict):
        for value in options.values():
            yield from texts_in(value)
    elif isinstance(options, list | tuple):
        for value in options:
            yield from texts_in(value)


def _remote_hint(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return _ABSENT
    if isinstance(error, PermissionError) or "credentials" in str(error).lower():
        return _REFUSED
    if isinstance(error, TypeError | ValueError):
        return _OPTIONS
    return _UNREACHED
