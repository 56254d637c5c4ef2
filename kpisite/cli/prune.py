"""`kpisite prune`: removes old editions by a rule, and only if told twice."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from kpisite.archive.lookup import of_reports
from kpisite.archive.parts import parts_of
from kpisite.archive.retention import Keep, remove_edition
from kpisite.cli.progress import with_bar
from kpisite.cli.settings import Settings, pass_settings
from kpisite.cli.terminal import count, say, table, tell
from kpisite.cli.values import size_text
from kpisite.errors import KpisiteError
from kpisite.pipeline.plan import plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kpisite.archive.index import Entry
    from kpisite.archive.parts import Part
    from kpisite.pipeline.loading import LoadedReport
    from kpisite.pipeline.project import Project


@click.command()
@click.argument("reports", nargs=-1, metavar="[REPORT]...")
@click.option(
    "--keep",
    required=True,
    metavar="RULE",
    help="200: the newest of each report; 90d, 26w, 18m, 5y: how long after their period.",
)
@click.option("--yes", is_flag=True, help="Remove them; without it, they are only listed.")
@pass_settings
def prune(settings: Settings, reports: tuple[str, ...], *, keep: str, yes: bool) -> None:
    """Remove the editions that a retention rule does not keep, for good.

    The newest edition of a report always stays, and so does the record of what was delivered.
    """
    rule = Keep.parse(keep)
    project = settings.project()
    entries = of_reports(project.archive.editions(), reports)
    outdated = rule.outdated(entries, project.now)
    if not outdated:
        say(f"Nothing to remove, {count(len(entries), 'edition')} kept.")
        return
    again = _due_again(project, settings.reports(project), outdated, entries)
    if yes and again is not None:
        raise again
    revisions = _revisions(parts_of(project.archive.storage), outdated)
    _print(outdated, revisions)
    what = f"{count(len(outdated), 'edition')}, {size_text(sum(map(_size, revisions.values())))}"
    kept = f"{count(len(entries) - len(outdated), 'edition')} kept"
    if yes:
        for entry in with_bar(outdated, len(outdated), lambda entry: entry.key):
            remove_edition(project.archive.storage, entry.key, revisions[entry.key])
        project.archive.save_index()
        say(f"{what} removed, {kept}.")
        return
    if again is not None:
        tell(f"Warning: {again}")
    say(f"{what} would be removed, {kept}. Nothing was removed: --yes does it.")


def _revisions(parts: Sequence[Part], outdated: Sequence[Entry]) -> dict[str, list[Part]]:
    found: dict[str, list[Part]] = {entry.key: [] for entry in outdated}
    for part in parts:
        if part.key in found and part.revision is not None:
            found[part.key].append(part)
    return found


def _print(outdated: Sequence[Entry], revisions: dict[str, list[Part]]) -> None:
    rows = []
    for entry in outdated:
        parts = revisions[entry.key]
        revision_count = sum(part.committed for part in parts)
        rows.append((entry.key, entry.status, str(revision_count), size_text(_size(parts))))
    table(("EDITION", "STATUS", "REVISIONS", "SIZE"), rows)


def _size(parts: Sequence[Part]) -> int:
    return sum(sum(part.files.values()) for part in parts)


def _due_again(
    project: Project,
    reports: Sequence[LoadedReport],
    outdated: Sequence[Entry],
    entries: Sequence[Entry],
) -> KpisiteError | None:
    """Return what to say where the next build would run again what is removed; None elsewhere."""
    gone = {entry.key for entry in outdated}
    kept = [entry for entry in entries if entry.key not in gone]
    again = Counter(t.report.id for t in plan(reports, kept, project.now) if t.key in gone)
    if not again:
        return None
    since = {entry.report: entry.period.start.date() for entry in reversed(kept)}
    counts = ", ".join(f"{report} ({count(n, 'edition')})" for report, n in again.items())
    return KpisiteError(
        f"the next build would run again what is removed: {counts}",
        hint="\n".join(
            f"In the definition of {report}, write `since: {since[report]}` first."
            for report in again
        ),
    )
