"""Many editions run side by side, in threads, processes and on a Dask cluster."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from distributed import Client
from watched import DEADLINE, events, most, until

from kpisite.errors import ArchiveError, PluginError, UsageError
from kpisite.pipeline.edition import Result
from kpisite.pipeline.executors import ExecutorChoice
from kpisite.pipeline.run import run_tasks
from kpisite.pipeline.worker import Job, end_run, work

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kpisite.pipeline.run import Outcome
    from tests.conftest import ProjectFiles

IN_TURN = ExecutorChoice(jobs=1)
THREADS = ExecutorChoice(jobs=3)
PROCESSES = ExecutorChoice("processes", jobs=2)
REPORT = """\
title: Days
schedule: daily
since: 2024-01-01
until: 2024-01-11
datasources:
  log: {{plugin: 'watched:Watched', args: {{folder: '{folder}', token: '${{TOKEN}}'}}{more}}}
views:
  days: {{plugin: table, args: {{datasource: log, query: which day}}}}
  again: {{plugin: table, args: {{datasource: log, query: which day again}}}}
"""
DAYS = [f"2024-01-{day:02}" for day in range(1, 11)]


@pytest.fixture
def days(project: ProjectFiles) -> ProjectFiles:
    """A project with one report of ten days; its datasource writes a log into the folder."""
    project.environment["TOKEN"] = "hunter2"
    (project.content / "sales" / "report.yml").unlink()
    write(project)
    return project


def write(project: ProjectFiles, more: str = "", report: str = "days") -> None:
    project.write(REPORT.format(folder=project.folder, more=more), report)


def hold(project: ProjectFiles, period: str) -> Path:
    """Make the answer for a period wait until the file that is returned is gone."""
    path = project.folder / f"hold-{period}"
    path.touch()
    return path


def run(project: ProjectFiles, choice: ExecutorChoice, **more: Any) -> list[Outcome]:
    return list(run_tasks(project.due(), project.archive, project.now, choice, **more))


def asking(project: ProjectFiles, period: str) -> int:
    """Wait until a period is asked for; return by which process."""
    until(lambda: [pid for pid, event in events(project.folder) if event == f"ask {period}"])
    return next(pid for pid, event in events(project.folder) if event == f"ask {period}")


class Running:
    """A run in a thread of its own."""

    def __init__(self, project: ProjectFiles, choice: ExecutorChoice) -> None:
        self.outcomes: list[Outcome] = []
        self._tasks = run_tasks(project.due(), project.archive, project.now, choice)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        self.outcomes += self._tasks

    def end(self) -> dict[str, Outcome]:
        self._thread.join(DEADLINE)
        assert not self._thread.is_alive()
        return {outcome.task.period.label: outcome for outcome in self.outcomes}


class Cluster:
    """A Dask scheduler and its workers, each a process of its own on loopback."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "scheduler.json"
        self._processes: list[subprocess.Popen[bytes]] = []

    def begin(self) -> None:
        self._processes.append(self._start("scheduler", "--host", "127.0.0.1", "--port", "0"))
        until(lambda: self._file.exists() and self._file.read_text().endswith("}"))
        self.address = json.loads(self._file.read_text())["address"]
        self.choice = ExecutorChoice("dask", scheduler=self.address)

    def add_workers(self, count: int) -> None:
        for _ in range(count):
            options = ("--no-nanny", "--nthreads", "1", "--host", "127.0.0.1")
            self._processes.append(self._start("worker", *options))
        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=DEADLINE)

    def _start(self, kind: str, *options: str) -> subprocess.Popen[bytes]:
        module = f"distributed.cli.dask_{kind}"
        command = [sys.executable, "-m", module, "--scheduler-file", self._file, "--no-dashboard"]
        with (self._folder / "dask.log").open("ab") as log:
            return subprocess.Popen(
                [*map(str, command), *options],
                cwd=self._folder,
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
                stdout=log,
                stderr=log,
            )

    def close(self) -> None:
        while self._processes:
            process = self._processes.pop()
            process.kill()
            process.wait(DEADLINE)


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path_factory.mktemp("dask"))
    try:
        cluster.begin()
        yield cluster
    finally:
        cluster.close()


def without_seconds(project: ProjectFiles) -> dict[str, Any]:
    """Return the files of the archive, and take from the records how long things took."""
    found: dict[str, Any] = dict(project.archived())
    for path in found:
        if path.endswith("edition.json"):
            record = found[path] = json.loads(found[path])
            for timed in (record["run"], *record["frames"]):
                assert timed.pop("seconds") >= 0
    return found


def test_every_executor_makes_the_same_editions(days: ProjectFiles, cluster: Cluster):
    cluster.add_workers(2)
    archives = []
    for choice in (IN_TURN, THREADS, PROCESSES, cluster.choice):
        outcomes = run(days, choice)
        assert sorted(outcome.task.period.label for outcome in outcomes) == DAYS
        assert {outcome.status for outcome in outcomes} == {"sealed"}
        assert days.due() == []
        archives.append(without_seconds(days))
        days.archive.storage.fs.rm(str(days.folder / "archive"), recursive=True)
    assert len(archives[0]) == 20  # a record and a frame of each
    assert all(archive == archives[0] for archive in archives[1:])
    pids = {pid for pid, _ in events(days.folder)}
    assert len(pids - {os.getpid()}) >= 2  # workers of both kinds
    opened, closed = (
        sorted(pid for pid, event in events(days.folder) if event == kind)
        for kind in ("open", "close")
    )
    assert opened == closed  # on the cluster's workers too, which live on


def test_on_a_cluster_a_killed_worker_loses_nothing(days: ProjectFiles, cluster: Cluster):
    cluster.add_workers(2)
    held = hold(days, "2024-01-05")
    running = Running(days, cluster.choice)
    killed = asking(days, "2024-01-05")
    until(lambda: len(running.outcomes) >= 4)
    os.kill(killed, signal.SIGKILL)
    held.unlink()
    outcomes = running.end()
    assert sorted(outcomes) == DAYS
    assert [(o.status, o.problems) for o in outcomes.values()] == [("sealed", ())] * 10
    assert days.due() == []
    asked = [pid for pid, event in events(days.folder) if event == "ask 2024-01-05"]
    assert asked[0] == killed
    assert len(set(asked)) == 2


def test_where_the_scheduler_is_gone_the_run_ends_and_the_next_one_goes_on(
    days: ProjectFiles, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("kpisite.pipeline.executors._WAIT", 5)
    cluster.add_workers(1)
    held = hold(days, "2024-01-05")
    running = Running(days, cluster.choice)
    asking(days, "2024-01-05")
    cluster.close()
    held.unlink()
    outcomes = running.end()
    lost = [outcome for outcome in outcomes.values() if outcome.status is None]
    assert lost
    assert all("its worker died" in outcome.problems[0].message for outcome in lost)
    assert len(days.archive.editions()) < 10
    run(days, THREADS)
    assert days.due() == []


def test_a_killed_process_loses_what_was_in_flight_and_the_next_run_goes_on(days: ProjectFiles):
    held = hold(days, "2024-01-05")
    running = Running(days, PROCESSES)
    pid = asking(days, "2024-01-05")
    until(lambda: len(running.outcomes) >= 4)
    os.kill(pid, signal.SIGKILL)
    outcomes = running.end()
    held.unlink()
    lost = outcomes["2024-01-05"]
    assert lost.status is None
    assert "its worker died" in lost.problems[0].message
    kept = {label for label, outcome in outcomes.items() if outcome.status == "sealed"}
    assert kept == {entry.label for entry in days.archive.editions()}
    assert len(kept) >= 4
    assert {outcome.task.period.label for outcome in run(days, PROCESSES)} == set(DAYS) - kept
    assert days.due() == []


def test_a_job_that_a_dead_worker_had_committed_is_done(days: ProjectFiles):
    def job(*, may_repeat: bool) -> Job:
        return Job(
            run="one",
            written=task.report.written,
            archive=days.archive,
            period=task.period,
            reason=task.reason,
            why=task.why,
            revision=task.revision,
            period_text=task.period_text,
            now=days.now,
            keeps_connections=True,
            may_repeat=may_repeat,
        )

    task = days.due()[0]
    with contextlib.ExitStack() as stack:
        stack.callback(end_run, "one")
        assert work(job(may_repeat=True)).status == "sealed"
        before = days.archived()
        again = work(job(may_repeat=True))
        assert (again.status, again.problems) == ("sealed", ())
        other = work(job(may_repeat=False))
    assert other.status is None
    assert "sealed already" in other.problems[0].message
    assert days.archived() == before


def test_what_is_sent_to_a_worker_is_small_and_has_only_the_variables_that_are_named(
    days: ProjectFiles,
):
    days.environment["OTHER"] = "another secret"
    days.archive.editions()
    task = days.due()[0]
    assert task.report.written.environment == {"TOKEN": "hunter2"}
    assert "hunter2" not in repr(task.report)
    sent = pickle.dumps((task.report.written, days.archive, task.period))
    assert len(sent) < 3000
    assert b"another secret" not in sent


@pytest.mark.parametrize("choice", [THREADS, PROCESSES], ids=["threads", "processes"])
def test_a_database_gets_no_more_connections_than_it_may(
    days: ProjectFiles, choice: ExecutorChoice
):
    write(days, ", max_connections: 1")
    assert {outcome.status for outcome in run(days, choice)} == {"sealed"}
    assert most(days.folder, "ask", "answer") == 1
    assert most(days.folder, "open", "close") == 1
    assert len([e for _, e in events(days.folder) if e.startswith("ask")]) == 20


def test_the_limit_of_one_report_does_not_hold_up_another(days: ProjectFiles):
    write(days, ", max_connections: 1")
    other = REPORT.format(folder=days.folder, more="").replace(
        "since: 2024-01-01", "since: 2024-01-02"
    )
    days.write(other, "others")
    held = hold(days, DAYS[0])
    running = Running(days, THREADS)
    until(lambda: len(running.outcomes) == 9)
    assert {outcome.task.report.id for outcome in running.outcomes} == {"others"}
    held.unlink()
    running.end()
    assert len(running.outcomes) == 19


def test_threads_use_connections_again_and_close_them_with_the_last_edition(days: ProjectFiles):
    run(days, THREADS)
    opened = [event for _, event in events(days.folder) if event == "open"]
    assert 1 <= len(opened) <= 3
    assert most(days.folder, "open", "close") == len(opened)
    assert [event for _, event in events(days.folder)][-1] == "close"


def test_a_definition_with_a_limit_makes_the_editions_that_it_made_without(days: ProjectFiles):
    [before] = days.load()
    write(days, ", max_connections: 1")
    [after] = days.load()
    assert after.report.datasources["log"].max_connections == 1
    assert after.recorded == before.recorded
    assert "max_connections" not in after.recorded.model_dump_json()
    assert after.recorded.digest == before.recorded.digest


def test_no_more_is_begun_than_workers_can_take(days: ProjectFiles):
    outcomes = run_tasks(days.due(), days.archive, days.now, ExecutorChoice(jobs=2))
    next(outcomes)
    outcomes.close()  # type: ignore[attr-defined]
    assert 1 <= len(days.archive.editions()) <= 2
    assert most(days.folder, "open", "close") <= 2
    assert [event for _, event in events(days.folder)][-1] == "close"


def test_after_a_stop_what_is_in_flight_is_finished_and_nothing_is_begun(days: ProjectFiles):
    stop = threading.Event()
    outcomes = run_tasks(days.due(), days.archive, days.now, ExecutorChoice(jobs=2), stop)
    done = [next(outcomes)]
    stop.set()
    done += outcomes
    assert [outcome.status for outcome in done] == ["sealed"] * len(done)
    assert len(done) <= 2
    assert {o.task.period.label for o in done} == {e.label for e in days.archive.editions()}


def test_a_few_editions_need_no_threads(days: ProjectFiles):
    threads: list[int] = []
    for outcome in run_tasks(days.due()[:3], days.archive, days.now):
        assert isinstance(outcome, Result)
        threads.append(threading.active_count())
    assert threads == [threading.active_count()] * 3


def test_an_archive_that_cannot_be_written_ends_the_run(days: ProjectFiles):
    (days.folder / "archive").write_text("a file, not a folder")
    for choice in (THREADS, PROCESSES):
        with pytest.raises(ArchiveError, match="archive"):
            run(days, choice)


def test_a_report_that_a_worker_cannot_load_is_said(days: ProjectFiles, cluster: Cluster):
    cluster.add_workers(1)
    (days.folder / "only_here.py").write_text("from watched import Watched\n")
    days.write((days.content / "days" / "report.yml").read_text().replace("watched:", "only_here:"))
    sys.path.insert(0, str(days.folder))
    try:
        with pytest.raises(PluginError, match="a worker cannot load the report") as caught:
            run(days, cluster.choice)
    finally:
        sys.path.remove(str(days.folder))
    assert "there is no module 'only_here'" in str(caught.value)


def test_a_cluster_without_workers_and_a_scheduler_that_is_not_there_are_said(
    days: ProjectFiles, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("kpisite.pipeline.executors._WAIT", 0.5)
    with pytest.raises(UsageError, match=r"the Dask scheduler at '.*' has no workers"):
        run(days, cluster.choice)
    with pytest.raises(UsageError, match="there is no Dask scheduler at 'tcp://"):
        run(days, ExecutorChoice("dask", scheduler="tcp://127.0.0.1:1"))


def test_without_the_package_the_hint_is_the_extra(
    days: ProjectFiles, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match="the executor dask needs the package 'distributed'") as e:
        run(days, ExecutorChoice("dask", scheduler="tcp://127.0.0.1:1"))
    assert e.value.hint == "pip install 'kpisite[dask]'"
