"""`kpisite verify`: is every file of the archive there, and as it was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kpisite.archive.lookup import of_reports
from kpisite.archive.parts import parts_of
from kpisite.archive.verify import verify as verify_archive
from kpisite.cli.progress import with_bar
from kpisite.cli.settings import Settings, pass_settings
from kpisite.cli.terminal import count, leave, say
from kpisite.cli.values import size_text

if TYPE_CHECKING:
    from kpisite.archive.verify import Finding

_WORDS = {"damaged": "Damaged", "note": "Note"}


@click.command()
@click.argument("reports", nargs=-1, metavar="[REPORT]...")
@pass_settings
def verify(settings: Settings, reports: tuple[str, ...]) -> None:
    """Read all content of the archive, and name what is damaged or missing.

    Nothing is changed. The exit status is 1 if something is damaged.
    """
    archive = settings.project().archive
    parts = of_reports(parts_of(archive.storage), reports)
    revisions = files = size = damaged = notes = 0
    for checked in with_bar(verify_archive(archive, parts), len(parts), lambda c: c.part.title):
        revisions += checked.part.committed
        files, size = files + checked.files, size + checked.bytes
        for finding in checked.findings:
            damaged += finding.severity == "damaged"
            notes += finding.severity == "note"
            _print(finding)
    read = f"{count(revisions, 'revision')} in {count(files, 'file')}, {size_text(size)}"
    found = f"{damaged:,} damaged or missing" if damaged else "nothing is damaged"
    noted = f", {count(notes, 'note')}" if notes else ""
    say(f"{read}: {found}{noted}.")
    leave(1 if damaged else 0)


def _print(finding: Finding) -> None:
    say(f"{_WORDS[finding.severity]}: {finding.where}: {finding.message}")
    for line in (finding.effect, *finding.hint.splitlines()):
        say(f"  {line}")
