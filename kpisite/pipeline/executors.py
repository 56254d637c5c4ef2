"""What runs editions side by side: threads, processes, or a Dask cluster."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from kpisite.errors import UsageError
from kpisite.pipeline.worker import end_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ExecutorName = Literal["threads", "processes", "dask"]
_FEW = 3
"""So many editions run one after the other: threads would cost more than they bring."""
_WAIT = 20
"""Seconds to wait for a scheduler, and for its first worker."""


@dataclass(frozen=True)
class ExecutorChoice:
    """Which executor runs editions."""

    name: ExecutorName = "threads"
    jobs: int | None = None
    """How many editions run at once, without it one for each CPU; a cluster knows for itself."""
    scheduler: str = ""
    """Address of a Dask scheduler, `tcp://host:8786`."""


THREADS = ExecutorChoice()
"""What runs editions where nobody chooses."""


@dataclass(frozen=True)
class Workers:
    """An executor that is ready, and what a run has to know of it."""

    executor: Executor
    jobs: int
    """How many editions run at once."""
    ahead: int
    """How many more are submitted, so that no worker waits for the next."""
    in_this_process: bool
    repeats: bool = False
    """Whether it submits the tasks of a worker that died again on its own."""
    alive: Callable[[], bool] = lambda: True
    """Whether answers may still come: Dask's futures say nothing when their scheduler is gone."""
    end_run: Callable[[str], object] = end_run
    """Closes the connections of the run of that name, wherever they are."""


def open_workers(
    choice: ExecutorChoice, editions: int
) -> contextlib.AbstractContextManager[Workers]:
    """Return the workers of a choice; at the end they finish what they have begun.

    Args:
        choice: Threads are not made for a few editions.
        editions: How many are to be run.

    Raises:
        UsageError: The scheduler cannot be reached, or a package is missing.
    """
    if choice.name == "dask":
        return _dask(choice.scheduler)
    jobs = max(1, min(choice.jobs or os.cpu_count() or 1, editions))
    if choice.name == "processes":
        return _processes(jobs)
    return _threads(jobs) if jobs > 1 and editions > _FEW else _caller()


class _Caller(Executor):
    """Runs what is submitted at once, in the thread of the caller."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - raised again by future.result()
            future.set_exception(error)
        return future


@contextlib.contextmanager
def _caller() -> Iterator[Workers]:
    yield Workers(_Caller(), jobs=1, ahead=0, in_this_process=True)


@contextlib.contextmanager
def _threads(jobs: int) -> Iterator[Workers]:
    with ThreadPoolExecutor(jobs, thread_name_prefix="edition") as executor:
        yield Workers(executor, jobs, ahead=0, in_this_process=True)


@contextlib.contextmanager
def _processes(jobs: int) -> Iterator[Workers]:
    context = multiprocessing.get_context("spawn")  # a fork would copy the locks of our threads
    with _Processes(jobs, mp_context=context, initializer=_begin_process) as executor:
        yield Workers(executor, jobs, ahead=jobs, in_this_process=False)


class _Processes(ProcessPoolExecutor):
    """Starts its processes deaf to Ctrl-C, which a terminal sends to all of them."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # processes inherit it
        try:
            return super().submit(fn, *args, **kwargs)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin_process() -> None:
    """Make this process end with its parent, whatever that ends by."""
    parent = multiprocessing.parent_process()
    assert parent is not None  # noqa: S101 - this is a worker

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True, name="follows its parent").start()


@contextlib.contextmanager
def _dask(scheduler: str) -> Iterator[Workers]:
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the executor dask needs the package '{error.name}'",
            hint="pip install 'kpisite[dask]'",
        ) from error
    try:
        client = Client(scheduler, timeout=_WAIT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"there is no Dask scheduler at '{scheduler}'",
            hint=f"Start one with `dask scheduler`, and name its address. ({error})",
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_WAIT)
        except TimeoutError as error:
            raise UsageError(
                f"the Dask scheduler at '{scheduler}' has no workers",
                hint=f"Start one with `dask worker {scheduler}`.",
            ) from error

        def end_everywhere(run: str) -> None:
            if client.status == "running":  # else nobody can be reached any more
                with contextlib.suppress(OSError):  # a worker that is gone has closed them too
                    client.run(end_run, run, on_error="ignore")

        jobs = sum(client.nthreads().values())
        yield Workers(
            client.get_executor(pure=False),
            jobs,
            ahead=jobs,
            in_this_process=False,
            repeats=True,
            alive=lambda: client.status != "closed",
            end_run=end_everywhere,
        )
