"""`edition.json` as bytes and the record in it."""

from __future__ import annotations

import json
import re

from pydantic import ValidationError

from kpisite.errors import CorruptEditionError
from kpisite.model.edition import FORMAT, EditionRecord

NAME = "edition.json"
"""The file whose presence makes an edition."""
RESTORE = (
    "Restore the file from a backup, or remove its folder to have the edition run again, on "
    "the data of today."
)
"""What to do about a damaged file of an edition."""
CONFLICT = "Git has put two versions of the file into it"
"""What is wrong with a file that `has_conflict`."""
CHOOSE = (
    "Take yours whole, `git checkout --ours` and the path of the archive, then bring in theirs "
    "with `kpisite merge`."
)
"""What to do about it."""

REVISION = re.compile(r"[1-9][0-9]{0,8}")
"""The name of a revision's folder."""
PATH = re.compile(rf"(?P<report>.+)/(?P<label>[^/]+)/(?P<revision>{REVISION.pattern})/{NAME}")
"""Where a record is, relative to the archive."""


def revision_folder(record: EditionRecord) -> str:
    """Return the folder of an edition's revision, relative to the archive."""
    return f"{record.report}/{record.period.label}/{record.revision}"


def record_path(record: EditionRecord) -> str:
    """Return where a record is kept, relative to the archive."""
    return f"{revision_folder(record)}/{NAME}"


def to_text(record: EditionRecord) -> bytes:
    """Return a record as the archive keeps it."""
    return record.model_dump_json(indent=1).encode() + b"\n"


def from_text(text: bytes, path: str, where: str) -> EditionRecord:
    """Return the record in an `edition.json`.

    Args:
        text: Its bytes.
        path: Where it is, relative to the archive.
        where: The same for a message.

    Raises:
        CorruptEditionError: It is damaged, has what Git leaves of a merge, belongs elsewhere, or a
            newer kpisite wrote it.
    """
    if has_conflict(text):
        raise CorruptEditionError(CONFLICT, where=where, hint=CHOOSE)
    _refuse_newer(text, where)
    try:
        record = EditionRecord.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        message = f"damaged: {place + ': ' if place else ''}{first['msg']}"
        raise CorruptEditionError(message, where=where, hint=RESTORE) from error
    if record_path(record) != path:
        raise CorruptEditionError(
            f"belongs to {record.key}, revision {record.revision}",
            where=where,
            hint="Move the folder back to where it belongs.",
        )
    return record


def has_conflict(text: bytes) -> bool:
    """Tell whether Git has left its marks of a merge in a file; no JSON begins a line so."""
    return text.startswith(b"<<<<<<< ") or b"\n<<<<<<< " in text


def _refuse_newer(text: bytes, where: str) -> None:
    """Raise CorruptEditionError where a newer kpisite wrote a record: it is not damaged."""
    try:
        written = json.loads(text)["format"]
    except (ValueError, TypeError, KeyError):
        return  # the model says what is wrong
    if isinstance(written, int) and written > FORMAT:
        raise CorruptEditionError(
            f"made by a newer kpisite: it has format {written}, this one reads format {FORMAT}",
            where=where,
            hint="Update kpisite.",
        )
