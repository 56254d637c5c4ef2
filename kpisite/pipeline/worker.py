"""What runs in a worker process: editions of reports that are loaded there once."""

from __future__ import annotations

import atexit
import contextlib
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from kpisite.errors import DefinitionError, PluginError
from kpisite.pipeline.connections import Datasources
from kpisite.pipeline.edition import committed_in, run_task
from kpisite.pipeline.loading import load_written
from kpisite.pipeline.plan import Task

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from kpisite.archive.store import Archive
    from kpisite.model.period import Period
    from kpisite.pipeline.edition import Result
    from kpisite.pipeline.loading import LoadedReport, Written
    from kpisite.pipeline.plan import Reason


@dataclass(frozen=True)
class Job:
    """One edition to run in another process. It is sent there, and stored nowhere."""

    run: str
    """Names the run, so that its connections can be closed at its end."""
    written: Written = field(repr=False)
    """The report; with the secrets that its definition names."""
    archive: Archive = field(repr=False)
    period: Period
    reason: Reason
    revision: int
    period_text: str
    why: str
    now: datetime
    keeps_connections: bool
    """Whether connections stay open for the next edition."""
    may_repeat: bool
    """Whether the job may have been run before, by a worker that died."""


def work(job: Job) -> Result:
    """Run the edition of a job and commit it.

    Raises:
        ArchiveError: The archive cannot be written.
        PluginError: The report cannot be loaded here.
    """
    with _session(job) as session:
        task = Task(session.report, job.period, job.reason, job.revision, job.period_text, job.why)
        if job.keeps_connections:
            result = run_task(task, job.archive, session.datasources, job.now)
        else:
            datasources = Datasources(session.report)
            try:
                result = run_task(task, job.archive, datasources, job.now)
            finally:
                datasources.close()
    if result.status is None and job.may_repeat:
        committed = committed_in(task, job.archive, job.now)
        if committed is not None:
            return replace(result, status=committed, problems=())
    return result


def end_run(run: str) -> None:
    """Close the connections of a run in this process; those in use when they come back."""
    with _lock:
        ended = [_sessions.pop(key) for key in list(_sessions) if key[0] == run]
        unused = [session for session in ended if not session.users]
        for session in ended:
            session.ended = True
    for session in unused:
        session.datasources.close()


@dataclass
class _Session:
    """A report of a run, loaded in this process."""

    report: LoadedReport
    datasources: Datasources
    users: int = 0
    ended: bool = False


_sessions: dict[tuple[str, str], _Session] = {}
_lock = threading.Lock()


@contextlib.contextmanager
def _session(job: Job) -> Iterator[_Session]:
    with _lock:
        key = (job.run, job.written.id)
        if key not in _sessions:
            report = _loaded(job.written)
            if not _sessions:
                atexit.register(end_run, job.run)
            _sessions[key] = _Session(report, Datasources(report))
        session = _sessions[key]
        session.users += 1
    try:
        yield session
    finally:
        with _lock:
            session.users -= 1
            last = session.ended and not session.users
        if last:
            session.datasources.close()


def _loaded(written: Written) -> LoadedReport:
    try:
        return load_written(written)
    except DefinitionError as error:
        raise PluginError(
            f"a worker cannot load the report '{written.id}'",
            hint=f"Is the same installed there as here? {error}",
        ) from error
