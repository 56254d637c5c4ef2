"""Which editions a build shows: runs what is due first, into the archive or a preview."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kpisite.archive.store import Archive, merged
from kpisite.errors import KpisiteError
from kpisite.mkdocs_plugin.watched import Watched
from kpisite.pipeline.loading import load_reports
from kpisite.pipeline.plan import plan, plan_drafts
from kpisite.pipeline.problems import grouped
from kpisite.pipeline.run import run_tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from kpisite.archive.index import Entry
    from kpisite.pipeline.loading import LoadedReport
    from kpisite.pipeline.plan import Task
    from kpisite.pipeline.problems import Problem
    from kpisite.pipeline.project import Project

    Warn = Callable[[Sequence[Problem]], None]

log = logging.getLogger("mkdocs.plugins.kpisite")


@dataclass(frozen=True)
class Preview:
    """Where `mkdocs serve` keeps what it runs: never in the archive."""

    editions: Archive
    drafts: Archive

    @classmethod
    def of(cls, project: Project) -> Preview:
        """Return the preview of a project, below its cache."""
        return cls(Archive(str(project.cache / "preview")), Archive(str(project.cache / "drafts")))


def editions_for_build(project: Project, warn: Warn, *, run: bool) -> list[Entry]:
    """Run what is due into the archive, and return its editions.

    Args:
        project: With the archive.
        warn: Gets what did not stop a run.
        run: Whether anything is run.

    Raises:
        KpisiteError: A definition has mistakes, or the archive cannot be read or written.
    """
    if not run:
        return project.archive.editions()
    reports = load_reports(project.content, project.environment)
    _run(plan(reports, project.archive.editions(), project.now), project.archive, project, warn)
    return project.archive.save_index()


class RunningPreview:
    """What `mkdocs serve` shows, from its first build on."""

    def __init__(self) -> None:
        self._watched = Watched()
        self._first = True
        self._shown: list[Entry] = []

    def editions(self, project: Project, watch: Iterable[str], warn: Warn) -> list[Entry]:
        """Return the editions that a build shows: with a mistake, those of the build before.

        MkDocs' server lets every request wait while the last build has failed.

        Args:
            project: The archive is only read.
            watch: Files and folders with data.
            warn: Gets what did not stop a run.

        Raises:
            KpisiteError: A definition has mistakes, or the archive cannot be read, in the first
                build.
        """
        self._watched.look(watch)
        try:
            self._shown = editions_for_preview(
                project, Preview.of(project), warn, self._watched, first=self._first
            )
        except KpisiteError as error:
            if self._first:
                raise
            log.error("%s", error)
            log.error("kpisite: the pages show what they did before, until this is mended")
        self._first = False
        return self._shown


def editions_for_preview(
    project: Project, preview: Preview, warn: Warn, watched: Watched, *, first: bool
) -> list[Entry]:
    """Run what is due and the drafts into the preview, and return all editions as one.

    Args:
        project: The archive is only read.
        preview: Where editions are run into.
        warn: Gets what did not stop a run.
        watched: The data: where they change, the newest period of each report is run again.
        first: Whether this is the first build of the preview: preliminary editions are run
            once, not with every change of a page.
    """
    reports = load_reports(project.content, project.environment)
    archived = project.archive.editions()
    due = plan(reports, merged(archived, preview.editions.editions()), project.now)
    _run([t for t in due if first or t.reason == "new"], preview.editions, project, warn)
    known = merged(archived, preview.editions.save_index())
    return merged(_drafts(project, preview, reports, known, warn, watched), known)


def _drafts(
    project: Project,
    preview: Preview,
    reports: Sequence[LoadedReport],
    known: Sequence[Entry],
    warn: Warn,
    watched: Watched,
) -> list[Entry]:
    """Run a draft where a definition or the data were edited, and return all drafts."""
    wanted = plan_drafts(reports, known, project.now, also_unedited=watched.is_changed)
    made = {e.key: e.definition for e in preview.drafts.editions()}
    stale = set(made) - {task.key for task in wanted}
    for key in stale:
        report, _, label = key.rpartition("/")
        preview.drafts.remove(report, label)
    _run(
        [
            task
            for task in wanted
            if watched.is_just_changed or made.get(task.key) != task.report.recorded.digest
        ],
        preview.drafts,
        project,
        warn,
    )
    return preview.drafts.save_index() if wanted else []


def _run(tasks: Sequence[Task], archive: Archive, project: Project, warn: Warn) -> None:
    if not tasks:
        return
    log.info("kpisite: running %d edition%s", len(tasks), "" if len(tasks) == 1 else "s")
    notes: list[Problem] = []
    for outcome in run_tasks(tasks, archive, project.now):
        log.debug("kpisite: %s %s", outcome.task.key, outcome.status or "not committed")
        notes += [
            problem
            for problem in outcome.problems
            if problem.severity == "warning" or outcome.status is None
        ]
    warn(notes)


def log_problems(problems: Sequence[Problem], allowed: Collection[str] = ()) -> None:
    """Log problems as warnings, which `--strict` counts; equal ones of many editions once.

    Args:
        problems: What did not stop a build.
        allowed: Ids of reports whose failed views are no warnings.
    """
    for group in grouped(problems):
        problem = group.problem
        is_allowed = problem.is_failed_view and problem.report in allowed
        log.log(logging.INFO if is_allowed else logging.WARNING, "kpisite: %s", group.text())
