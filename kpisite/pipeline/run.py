"""Run editions, side by side where there are many, and commit each as it is done."""

from __future__ import annotations

import secrets
from collections import Counter, deque
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kpisite.errors import KpisiteError
from kpisite.pipeline.connections import Datasources
from kpisite.pipeline.edition import Result, committed_in, problem_of, run_task
from kpisite.pipeline.executors import THREADS, open_workers
from kpisite.pipeline.worker import Job, work

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future
    from datetime import datetime
    from threading import Event

    from kpisite.archive.store import Archive
    from kpisite.pipeline.executors import ExecutorChoice, Workers
    from kpisite.pipeline.plan import Task


_PULSE = 2.0
"""Seconds after which a run that waits looks whether its workers are still there."""


@dataclass(frozen=True)
class Outcome(Result):
    """What became of a task."""

    task: Task


def run_tasks(
    tasks: Iterable[Task],
    archive: Archive,
    now: datetime,
    choice: ExecutorChoice = THREADS,
    stop: Event | None = None,
) -> Iterator[Outcome]:
    """Run editions and commit each; yields as they are done, in any order.

    Where a worker process dies, the editions that were in flight are told as failed, and nothing
    more is begun: there are fewer outcomes than tasks.

    Args:
        tasks: What to run; of one report, the earlier begin first.
        archive: Where editions are committed.
        now: Aware; recorded as the time of the run, and decides what is still open.
        choice: What runs them.
        stop: Once it is set, nothing more is begun; what is in flight is finished.

    Raises:
        ArchiveError: The archive cannot be written; nothing can be kept.
        PluginError: A worker cannot load a report.
        UsageError: The executor cannot be had.
    """
    queue = _Queue(tasks)
    with open_workers(choice, queue.size) as workers:
        run = _Run(archive, now, workers, queue)
        try:
            yield from run.outcomes(stop)
        finally:
            run.close()


class _Queue:
    """What is left to run. A report never runs more editions at once than it may connect."""

    def __init__(self, tasks: Iterable[Task]) -> None:
        self._left: dict[str, deque[Task]] = {}
        self._running: Counter[str] = Counter()
        for task in tasks:
            self._left.setdefault(task.report.id, deque()).append(task)
        self.size = sum(map(len, self._left.values()))

    def take(self) -> Task | None:
        """Return the next task that may run now, None where there is none."""
        for report, left in self._left.items():
            limit = _limit(left[0])
            if limit is None or self._running[report] < limit:
                self._running[report] += 1
                task = left.popleft()
                if not left:
                    del self._left[report]
                return task
        return None

    def done(self, task: Task) -> bool:
        """Return whether a task was the last of its report."""
        self._running[task.report.id] -= 1
        return not self._running[task.report.id] and task.report.id not in self._left


def _limit(task: Task) -> int | None:
    """Return how many editions of the report may run at once: each has one connection at most."""
    limits = (source.max_connections for source in task.report.report.datasources.values())
    return min((limit for limit in limits if limit is not None), default=None)


class _Run:
    """One run: what is in flight, and the datasources that are open in this process."""

    def __init__(self, archive: Archive, now: datetime, workers: Workers, queue: _Queue) -> None:
        self._archive = archive
        self._now = now
        self._workers = workers
        self._queue = queue
        self._name = secrets.token_hex(8)
        self._running: dict[Future[Result], Task] = {}
        self._datasources: dict[str, Datasources] = {}
        self._broken = False

    def outcomes(self, stop: Event | None) -> Iterator[Outcome]:
        """Yield outcomes as they are done; never more is in flight than workers can take."""
        while True:
            while not (self._broken or (stop is not None and stop.is_set())) and self._begin():
                pass
            if not self._running:
                return
            done, _ = wait(self._running, _PULSE, FIRST_COMPLETED)
            if not self._workers.alive():
                self._broken = True
                done = set(self._running)
            for future in [future for future in self._running if future in done]:
                task = self._running.pop(future)
                last = self._queue.done(task)
                result = self._result(future, task)
                if last and task.report.id in self._datasources:
                    self._datasources.pop(task.report.id).close()
                yield Outcome(result.status, result.problems, result.seconds, task)

    def close(self) -> None:
        """Close all connections, once nobody uses them any more."""
        for future in self._running:
            future.cancel()
        wait(self._running)
        for datasources in self._datasources.values():
            datasources.close()
        self._workers.end_run(self._name)

    def _begin(self) -> bool:
        """Submit the next task; return whether there may be room for another."""
        if len(self._running) >= self._workers.jobs + self._workers.ahead:
            return False
        task = self._queue.take()
        if task is None:
            return False
        try:
            self._running[self._submit(task)] = task
        except BrokenExecutor:
            self._broken = True
        return True

    def _submit(self, task: Task) -> Future[Result]:
        submit = self._workers.executor.submit
        if self._workers.in_this_process:
            open_ = self._datasources
            datasources = open_.setdefault(task.report.id, Datasources(task.report))
            return submit(run_task, task, self._archive, datasources, self._now)
        job = Job(
            run=self._name,
            written=task.report.written,
            archive=self._archive,
            period=task.period,
            reason=task.reason,
            revision=task.revision,
            period_text=task.period_text,
            why=task.why,
            now=self._now,
            keeps_connections=_limit(task) is None,
            may_repeat=self._workers.repeats,
        )
        return submit(work, job)

    def _result(self, future: Future[Result], task: Task) -> Result:
        if not future.done():
            return self._lost(task, ConnectionError("the scheduler is gone"))
        try:
            return future.result()
        except (BrokenExecutor, CancelledError) as error:
            self._broken = True
            return self._lost(task, error)
        except KpisiteError:
            raise
        except Exception as error:
            if self._workers.in_this_process:
                raise
            return self._lost(task, error)

    def _lost(self, task: Task, error: Exception) -> Result:
        """Return what is known of a task whose worker did not answer."""
        status = committed_in(task, self._archive, self._now)
        if status is not None:
            return Result(status, (), 0.0)
        lost = KpisiteError(
            f"its worker died or failed ({type(error).__name__}: {error})",
            hint="Nothing of it was committed; the next run runs it again.",
        )
        return Result(None, (problem_of(task, lost),), 0.0)
