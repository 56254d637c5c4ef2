"""`kpisite diff`: what differs between two periods or two revisions of a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kpisite.archive.compare import compare
from kpisite.archive.lookup import find_edition, revision_before
from kpisite.cli.settings import Settings, pass_settings
from kpisite.cli.terminal import count, say, table
from kpisite.cli.values import cell_text, signed_change, where_they_differ
from kpisite.errors import UsageError
from kpisite.model.words import period_span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kpisite.archive.compare import FrameChange, MetricChange, ValueChange
    from kpisite.archive.rows import RowChanges
    from kpisite.archive.store import Archive, Edition
    from kpisite.model.edition import FrameRecord

_ROWS = 5
"""How many rows of each side are shown."""
_COLUMNS = 8
_CELL = 40
_VALUE = 80
_QUERY = 100
_NONE = "none"


@click.command()
@click.argument("report")
@click.argument("before", metavar="PERIOD[@REVISION]")
@click.argument("after", metavar="[PERIOD[@REVISION]]", required=False)
@pass_settings
def diff(settings: Settings, report: str, before: str, after: str | None) -> None:
    """Show the metrics, frames and keys of the definition that differ between two editions.

    With one edition named, its newest or the named revision is compared with the one before.
    """
    archive = settings.project().archive
    if after is None:
        new = _named(archive, report, before)
        old = _revision_before(archive, new)
    else:
        old, new = _named(archive, report, before), _named(archive, report, after)
    changes = compare(old, new, limit=_ROWS)
    for sign, edition in (("-", old), ("+", new)):
        say(f"{sign} {_heading(edition)}")
    if changes.metrics:
        say()
        table(("METRIC", "BEFORE", "AFTER", "CHANGE"), [_metric_row(m) for m in changes.metrics])
    _print_values("VIEW", changes.views)
    _print_values("DEFINITION", changes.definition)
    for frame in changes.frames:
        _print_frame(frame)
    say()
    say(
        f"The same: {count(changes.same_metrics, 'metric')}, {count(changes.same_frames, 'frame')}"
        f"{'' if changes.definition else ', the definition'}."
    )


def _named(archive: Archive, report: str, name: str) -> Edition:
    label, at, revision = name.partition("@")
    if at and not (revision.isascii() and revision.isdecimal() and int(revision)):
        raise UsageError(
            f"'{name}' names no revision", hint=f"Revisions are numbers from 1: {label}@1."
        )
    return find_edition(archive, report, label, int(revision) if at else None)


def _revision_before(archive: Archive, edition: Edition) -> Edition:
    found = revision_before(archive, edition)
    if found is None:
        record = edition.record
        raise UsageError(
            f"{record.key} has no revision before {record.revision}",
            hint=f"Name what to compare with: kpisite diff {record.report} OTHER "
            f"{record.period.label}",
        )
    return found


def _heading(edition: Edition) -> str:
    record = edition.record
    status = f"revision {record.revision}, {record.status}, run {record.run.started:%Y-%m-%d %H:%M}"
    return f"{record.key}: {period_span(record.period.period())}, {status}"


def _metric_row(change: MetricChange) -> tuple[str, ...]:
    before, after = change.before, change.after
    shown = [_NONE if m is None else m.text for m in (before, after)]
    name = (after or before).name  # type: ignore[union-attr]  # one of them is there
    moved = signed_change(before.value, after) if before and after else ""
    return name, *shown, moved


def _print_values(heading: str, changes: Sequence[ValueChange]) -> None:
    if not changes:
        return
    rows = []
    for change in changes:
        before, after = (_NONE if v is None else v for v in (change.before, change.after))
        rows.append((change.name, *where_they_differ(before, after, _VALUE)))
    say()
    table((heading, "BEFORE", "AFTER"), rows)


def _print_frame(change: FrameChange) -> None:
    say()
    rows = " → ".join(
        _NONE if frame is None else count(frame.rows, "row")
        for frame in (change.before, change.after)
    )
    say(f"{', '.join(change.names)}: {rows}")
    for line in _query_lines(change.before, change.after):
        say(f"  {line}")
    if change.rows is not None:
        _print_rows(change.rows)


def _query_lines(before: FrameRecord | None, after: FrameRecord | None) -> list[str]:
    queries = [frame.query for frame in (before, after) if frame and frame.query]
    if len(set(queries)) == 2:
        old, new = where_they_differ(queries[0], queries[1], _QUERY)
        return [f"- {old}", f"+ {new}"]
    return [cell_text(query, _QUERY) for query in queries[:1]]


def _print_rows(changes: RowChanges) -> None:
    for word, names in (("columns gone", changes.gone), ("new columns", changes.new)):
        if names:
            say(f"  {word}: {', '.join(names)}")
    for name, (before, after) in changes.types.items():
        say(f"  {name}: {before} → {after}")
    if not changes.removed and not changes.added:
        say("  The rows hold the same values; their order or types differ.")
        return
    names = changes.columns
    if len(names) > _COLUMNS:
        names = tuple(dict.fromkeys((names[0], *changes.differing)))[:_COLUMNS]
    at = [changes.columns.index(name) for name in names]
    cells = [(row.sign, *(cell_text(row.cells[n], _CELL) for n in at)) for row in changes.rows]
    table(("", *names), cells)
    shown = len(changes.rows)
    if changes.removed + changes.added > shown:
        say(f"  and {count(changes.removed + changes.added - shown, 'more row')}")
