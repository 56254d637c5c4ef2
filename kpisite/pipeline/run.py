"""Run editions: ask, measure, record, commit."""

from __future__ import annotations

import platform
import time
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from kpisite import __version__
from kpisite.archive.store import Archive, Content
from kpisite.errors import ArchiveError, EditionExistsError, KpisiteError
from kpisite.model.edition import (
    EditionRecord,
    ErrorRecord,
    PeriodRecord,
    RunRecord,
    Status,
    ViewRecord,
)
from kpisite.model.words import period_span
from kpisite.pipeline.problems import Problem, redact
from kpisite.pipeline.recording import Datasources, Recorder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from kpisite.pipeline.loading import LoadedReport
    from kpisite.pipeline.plan import Task
    from kpisite.plugins.view import View


@dataclass(frozen=True)
class Outcome:
    """What became of a task."""

    task: Task
    status: Status | None
    """Status of the committed edition; None where nothing was committed."""
    problems: tuple[Problem, ...]
    seconds: float

    @property
    def failed(self) -> bool:
        """Whether a view failed, or the edition could not be committed."""
        return any(problem.severity == "error" for problem in self.problems)


def run_tasks(tasks: Iterable[Task], archive: Archive, now: datetime) -> Iterator[Outcome]:
    """Run editions one after the other and commit each; yields as they are done.

    Args:
        tasks: What to run; a report's datasources stay open while its tasks follow each other.
        archive: Where editions are committed.
        now: Aware; recorded as the time of the run, and decides what is still open.

    Raises:
        ArchiveError: The archive cannot be written; nothing can be kept.
    """
    report: LoadedReport | None = None
    datasources: Datasources | None = None
    try:
        for task in tasks:
            if datasources is None or task.report is not report:
                if datasources is not None:
                    datasources.close()
                report, datasources = task.report, Datasources(task.report)
            yield run_task(task, archive, datasources, now)
    finally:
        if datasources is not None:
            datasources.close()


def run_task(task: Task, archive: Archive, datasources: Datasources, now: datetime) -> Outcome:
    """Run one edition and commit it.

    An edition with a failed view is preliminary, and never replaces one without.
    """
    started = time.perf_counter()
    recorder = Recorder(datasources, task.period)
    views, problems = _run_views(task, recorder)
    record = EditionRecord(
        report=task.report.id,
        title=_title(task),
        period=PeriodRecord.of(task.period),
        status=_status(task, views, now),
        definition=task.report.recorded,
        frames=tuple(recorder.frames),
        views=tuple(views),
        run=RunRecord(
            started=now, seconds=round(time.perf_counter() - started, 3), versions=_versions()
        ),
    )
    committed: Status | None = None
    before = archive.edition(task.report.id, task.period.label) if record.failed else None
    if before is None or before.record.failed:
        try:
            archive.commit(record, Content(recorder.content, recorder.blob_content))
            committed = record.status
        except EditionExistsError as error:
            problems.append(_problem("error", task, "", error))
    return Outcome(task, committed, tuple(problems), time.perf_counter() - started)


def _run_views(task: Task, recorder: Recorder) -> tuple[list[ViewRecord], list[Problem]]:
    views: list[ViewRecord] = []
    problems: list[Problem] = []
    recorder.prefetch(
        query for view in task.report.views.values() for query in view.queries().values()
    )
    for view in task.report.views.values():
        try:
            recorded, notes = _run_view(view, recorder)
        except ArchiveError as error:
            recorded, notes = None, ()
            problems.append(_problem("error", task, view.id, error))
        except KpisiteError as error:
            recorded, notes = None, ()
            problems.append(_problem("error", task, view.id, _with_query(error, view)))
        except Exception as error:  # noqa: BLE001 - a plugin's mistake is the view's, not the run's
            recorded, notes = None, ()
            wrapped = KpisiteError(f"{type(error).__name__}: {error}")
            problems.append(_problem("error", task, view.id, wrapped))
        if recorded is None:
            recorder.take_blobs(view.id)
            failure = ErrorRecord(message=problems[-1].message, hint=problems[-1].hint)
            recorded = ViewRecord(id=view.id, status="error", error=failure)
        views.append(recorded)
        problems += [
            Problem("warning", task.report.id, task.period.label, view.id, note) for note in notes
        ]
    return views, problems


def _run_view(view: View, recorder: Recorder) -> tuple[ViewRecord, tuple[str, ...]]:
    frames = view.collect(recorder)
    notes = tuple(view.check(frames))
    record = ViewRecord(
        id=view.id,
        frames={name: recorder.position(frame) for name, frame in frames.items()},
        metrics=tuple(view.metrics(frames, recorder.period)),
        blobs=recorder.take_blobs(view.id),
        warnings=notes,
    )
    return record, notes


def _with_query(error: KpisiteError, view: View) -> KpisiteError:
    queries = list(dict.fromkeys(query.text.strip() for query in view.queries().values()))
    shown = "\n".join(f"Query: {text}" for text in queries)
    hint = "\n".join(part for part in (error.hint, shown) if part)
    return KpisiteError(error.message, where=error.where, hint=hint)


def _problem(severity: str, task: Task, view: str, error: KpisiteError) -> Problem:
    message = f"{error.where}: {error.message}" if error.where else error.message
    secrets = task.report.secrets
    return Problem(
        "error" if severity == "error" else "warning",
        task.report.id,
        task.period.label,
        view,
        redact(message, secrets),
        redact(error.hint, secrets),
    )


def _status(task: Task, views: Iterable[ViewRecord], now: datetime) -> Status:
    if task.reason == "draft":
        return "draft"
    failed = any(view.status == "error" for view in views)
    return "preliminary" if failed or task.report.report.is_open(task.period, now) else "sealed"


def _title(task: Task) -> str:
    tokens = {
        "{from}": f"{task.period.start:%Y-%m-%d}",
        "{to}": f"{task.period.last_day:%Y-%m-%d}",
        "{period}": period_span(task.period),
    }
    title = task.report.report.title
    for token, value in tokens.items():
        title = title.replace(token, value)
    return title


def _versions() -> dict[str, str]:
    return {
        "kpisite": __version__,
        "python": platform.python_version(),
        "pandas": version("pandas"),
    }
