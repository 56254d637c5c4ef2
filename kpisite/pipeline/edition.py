"""Run one edition: ask, measure, record, commit."""

from __future__ import annotations

import copy
import functools
import platform
import time
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from kpisite import __version__
from kpisite.archive.store import Content
from kpisite.errors import EditionExistsError, KpisiteError, ViewError, nearest
from kpisite.model.edition import (
    EditionRecord,
    ErrorRecord,
    PeriodRecord,
    RunRecord,
    Status,
    ViewRecord,
)
from kpisite.pipeline.problems import Problem, redact
from kpisite.pipeline.recording import Recorder, raised_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from kpisite.archive.store import Archive
    from kpisite.pipeline.connections import Datasources
    from kpisite.pipeline.plan import Task
    from kpisite.plugins.view import Query, View


@dataclass(frozen=True)
class Result:
    """What became of an edition, without what is in it."""

    status: Status | None
    """Status of the committed edition; None where nothing was committed."""
    problems: tuple[Problem, ...]
    seconds: float

    @property
    def failed(self) -> bool:
        """Whether a view failed, or the edition could not be committed."""
        return any(problem.severity == "error" for problem in self.problems)


def run_task(task: Task, archive: Archive, datasources: Datasources, now: datetime) -> Result:
    """Run one edition and commit it.

    An edition with a failed view is preliminary, and never comes in place of one without, nor
    as a newer revision of it.

    Args:
        task: What is run.
        archive: Where the edition is committed.
        datasources: Those of the report; other editions may use them at the same time.
        now: Aware; recorded as the time of the run, and decides what is still open.

    Raises:
        ArchiveError: The archive cannot be written; nothing can be kept.
    """
    started = time.perf_counter()
    recorder = Recorder(datasources, task.period)
    views, problems = _run_views(task, recorder)
    record = EditionRecord(
        report=task.report.id,
        title=_title(task),
        period=PeriodRecord.of(task.period),
        revision=task.revision,
        status=_status(task, views, now),
        definition=task.report.recorded,
        frames=tuple(recorder.frames),
        views=tuple(views),
        run=RunRecord(
            started=now,
            seconds=round(time.perf_counter() - started, 3),
            versions=_versions(),
            reason=_why(task, archive),
        ),
    )
    committed: Status | None = None
    before = archive.edition(task.report.id, task.period.label) if record.failed else None
    if before is None or before.record.failed:
        try:
            archive.commit(record, Content(recorder.content, recorder.blob_content))
            committed = record.status
        except EditionExistsError as error:
            problems.append(problem_of(task, error))
    return Result(committed, tuple(problems), time.perf_counter() - started)


def _why(task: Task, archive: Archive) -> str:
    """Return the reason of a revision; a preliminary one that is run again keeps its own."""
    if task.why or task.reason != "preliminary" or task.revision == 1:
        return task.why
    before = archive.edition(task.report.id, task.period.label, task.revision)
    return before.record.run.reason if before else ""


def committed_in(task: Task, archive: Archive, now: datetime) -> Status | None:
    """Return the status under which the run of that time has committed a task; None if it has not.

    For tasks of which nobody could say how they ended: their worker died.
    """
    found = archive.edition(task.report.id, task.period.label, task.revision)
    if found is None or found.record.run.started != now:
        return None
    same = found.record.definition == task.report.recorded
    return found.record.status if same and not found.record.failed else None


def _run_views(task: Task, recorder: Recorder) -> tuple[list[ViewRecord], list[Problem]]:
    views: list[ViewRecord] = []
    problems: list[Problem] = []
    recorder.prefetch(
        query for view in task.report.views.values() for query in _queries(view).values()
    )
    # Copies: what a view keeps of this edition, no other edition sees.
    ran = [copy.copy(view) for view in task.report.views.values()]
    for view in ran:
        try:
            recorded = _run_view(view, recorder, task.report.secrets)
        except Exception as error:  # noqa: BLE001 - a plugin's mistake is the view's, not the run's
            recorder.take_blobs(view.id)
            recorder.take_notes()
            recorded, problem = _failed(task, view, error)
            problems.append(problem)
        views.append(recorded)
        problems += [
            Problem("warning", task.report.id, task.period.label, view.id, note)
            for note in recorded.warnings
        ]
    if all(view.status == "ok" for view in views):  # else one that is not there may be to come
        known = [metric.name for view in views for metric in view.metrics]
        for position, view in enumerate(ran):
            try:
                _check_metrics(view, known)
            except Exception as error:  # noqa: BLE001 - as above
                views[position], problem = _failed(task, view, error)
                problems.append(problem)
    return views, problems


def _failed(task: Task, view: View, error: Exception) -> tuple[ViewRecord, Problem]:
    problem = problem_of(task, error, view.id, _asked(view))
    failure = ErrorRecord(message=problem.message, hint=problem.hint, query=problem.query)
    return ViewRecord(id=view.id, status="error", error=failure), problem


def _check_metrics(view: View, known: Collection[str]) -> None:
    for name in view.needed_metrics():
        if name not in known:
            raise ViewError(f"there is no metric '{name}'", hint=nearest(name, known))


def _run_view(view: View, recorder: Recorder, secrets: Iterable[str]) -> ViewRecord:
    frames = view.collect(recorder)
    positions = {name: recorder.position(frame) for name, frame in frames.items()}
    said = (*recorder.take_notes(), *view.check(frames))
    notes = tuple(redact(note, secrets) for note in said)
    metrics = tuple(view.metrics(frames, recorder.period))
    names = [metric.name for metric in metrics]
    for name in names:
        if name.partition("/")[0] != view.id or names.count(name) > 1:
            raise ViewError(
                f"the metric name '{name}' is not the view's own, or is there twice",
                hint=f"This is a bug of the plugin: use '{view.id}' or '{view.id}/<name>'.",
            )
    return ViewRecord(
        id=view.id,
        frames=positions,
        metrics=metrics,
        blobs=recorder.take_blobs(view.id),
        warnings=notes,
    )


def _queries(view: View) -> Mapping[str, Query]:
    """Return a view's queries; none where its plugin cannot say: it fails when it collects."""
    try:
        return view.queries()
    except Exception:  # noqa: BLE001 - collect raises it again, for this view alone
        return {}


def _asked(view: View) -> str:
    queries = dict.fromkeys(query.text.strip() for query in _queries(view).values())
    return "\n".join(queries)


def problem_of(task: Task, error: Exception, view: str = "", query: str = "") -> Problem:
    """Return the problem that an error makes of a task, or of one view of it; without secrets."""
    if not isinstance(error, KpisiteError):
        error = KpisiteError(f"{type(error).__name__}: {error}", hint=raised_in(error))
    message = f"{error.where}: {error.message}" if error.where else error.message
    secrets = task.report.secrets
    return Problem(
        "error",
        task.report.id,
        task.period.label,
        view,
        redact(message, secrets),
        redact(error.hint, secrets),
        redact(query, secrets),
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
        "{period}": task.period_text,
    }
    title = task.report.report.title
    for token, value in tokens.items():
        title = title.replace(token, value)
    return title


@functools.cache
def _versions() -> dict[str, str]:
    return {
        "kpisite": __version__,
        "python": platform.python_version(),
        "pandas": version("pandas"),
    }
