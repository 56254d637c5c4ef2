"""Which editions people are to be told of through an output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from kpisite.archive.index import Entry
    from kpisite.pipeline.delivered import Deliveries
    from kpisite.plugins.output import EditionOptions


@dataclass(frozen=True)
class Choice:
    """What of all that is due somebody wants."""

    only: Collection[str] = ()
    """Ids of outputs; by default, all."""
    edition: str = ""
    """`flights/2013-W06`; by default, every edition that is due."""
    resend: bool = False
    """Whether an edition goes out again, and what nobody knows about goes out at all."""
    arrived: bool = False
    """Whether what nobody knows about did arrive, as somebody has found out."""
    allow_errors: bool = False
    """Whether people are told of editions although views of them could not be made."""
    dry_run: bool = False
    """Whether to say what would be done, and do nothing."""
    is_stopped: Callable[[], bool] = lambda: False
    """Tells whether somebody wants no more editions to be begun."""
    before: Callable[[], None] | None = None
    """Called when it is recorded that somebody is told, and before they are, by the output's own
    thread; with a KpisiteError they are not told."""


def due_editions(
    options: EditionOptions,
    entries: Sequence[Entry],
    delivered: Deliveries,
    choice: Choice,
    is_ready: Callable[[Entry], bool],
) -> list[Entry]:
    """Return the editions that are due through an output, oldest first.

    An output begins with the newest edition that is ready. From then on each new edition is due,
    and each new revision of one that people know. One that somebody has named before its turn
    makes none after it due.

    Args:
        options: The output's.
        entries: The editions of its report, oldest first.
        delivered: What went out of them through this output.
        choice: May name one edition.
        is_ready: Tells whether people may be told of an edition.
    """
    ready = [entry for entry in entries if is_ready(entry)]
    if choice.edition:
        again = choice.resend or choice.arrived
        named = [entry for entry in ready if entry.key == choice.edition]
        return [entry for entry in named if again or not delivered.knows(options, entry)]
    if not ready:
        return []
    first = next((entry for entry in entries if delivered.begins(entry)), ready[-1]).period
    since = [
        entry for entry in ready if delivered.is_begun(entry) or entry.period.start >= first.start
    ]
    return [entry for entry in since if not delivered.knows(options, entry)]


def is_asked_for(
    options: EditionOptions,
    entries: Sequence[Entry],
    delivered: Deliveries,
    entry: Entry,
    is_ready: Callable[[Entry], bool],
) -> bool:
    """Tell whether an edition goes out before its turn, as somebody named it now or earlier."""
    if delivered.begins(entry):
        return False
    in_turn = due_editions(options, entries, delivered, Choice(), is_ready)
    return delivered.is_begun(entry) or entry not in in_turn
