"""`kpisite run` with many editions: Ctrl-C, a worker that dies, and the run after that."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from watched import DEADLINE, events, until

if TYPE_CHECKING:
    from collections.abc import Iterator

REPORT = """\
schedule: daily
since: 2024-01-01
until: 2024-01-11
datasources:
  log: {{plugin: 'watched:Watched', args: {{folder: '{folder}'}}}}
views:
  days: {{plugin: table, args: {{datasource: log, query: which day}}}}
"""
PLUGINS = Path(__file__).parent.parent
HELD = "2024-01-05"


class Command:
    """`kpisite run` in a process group of its own, as a terminal starts it."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [Path(sys.executable).with_name("kpisite"), "--now", "2024-03-01", "run", *options],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(PLUGINS)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )
        self.told = ""

    def interrupt(self, until_told: str) -> None:
        """Press Ctrl-C, which the whole group gets, and wait for what is said about it."""
        os.killpg(self.process.pid, signal.SIGINT)
        while until_told not in self.told:
            assert self.process.stderr is not None
            line = self.process.stderr.readline()
            assert line, self.told
            self.told += line

    def end(self) -> tuple[int, str]:
        """Wait for the end of all its processes; return the status, and what is in stdout."""
        out, err = self.process.communicate(timeout=DEADLINE)
        self.told += err
        return self.process.returncode, out


@pytest.fixture
def folder(shop) -> Path:
    shop.report.write_text(REPORT.format(folder=shop.folder))
    return shop.folder


@pytest.fixture
def held(folder: Path) -> Iterator[Path]:
    """The file that keeps the answer for one period back while it is there."""
    path = folder / f"hold-{HELD}"
    path.touch()
    yield path
    path.unlink(missing_ok=True)


def asked(folder: Path) -> int:
    until(lambda: any(event == f"ask {HELD}" for _, event in events(folder)))
    return next(pid for pid, event in events(folder) if event == f"ask {HELD}")


def committed(folder: Path) -> set[str]:
    return {path.parts[-3] for path in (folder / "archive").rglob("edition.json")}


def goes_on(folder: Path, *options: str) -> None:
    """The same command makes what is missing, and nothing twice."""
    before = committed(folder)
    command = Command(folder, *options)
    status, out = command.end()
    assert status == 0, command.told
    assert out.startswith(f"{10 - len(before)} edition")
    assert len(committed(folder)) == 10


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_ctrl_c_finishes_what_is_in_flight_and_the_next_run_goes_on(
    folder: Path, held: Path, executor: str
):
    options = ("--executor", executor, "--jobs", "2")
    command = Command(folder, *options)
    asked(folder)
    command.interrupt("Stopping when what is in flight is done")
    held.unlink()
    status, out = command.end()
    assert status == 130, command.told
    kept = committed(folder)
    assert HELD in kept
    assert out.startswith(f"{len(kept)} editions: {len(kept)} sealed.")
    left = re.findall(r"(\d+) editions? not run. What is committed stays", out)
    assert left == [str(10 - len(kept))]
    goes_on(folder, *options)


@pytest.mark.parametrize("executor", ["threads", "processes"])
@pytest.mark.usefixtures("held")
def test_a_second_ctrl_c_abandons_it_and_leaves_no_process_behind(folder: Path, executor: str):
    command = Command(folder, "--executor", executor, "--jobs", "2")
    asked(folder)
    command.interrupt("Stopping when what is in flight is done")
    command.interrupt("Abandoned")
    status, _ = command.end()  # its pipes are closed only when the last process is gone
    assert status == 130
    assert HELD not in committed(folder)
    (folder / f"hold-{HELD}").unlink()
    goes_on(folder, "--executor", executor)


def test_a_worker_that_dies_is_told_and_the_next_run_goes_on(folder: Path, held: Path):
    options = ("--executor", "processes", "--jobs", "2")
    command = Command(folder, *options)
    os.kill(asked(folder), signal.SIGKILL)
    status, out = command.end()
    held.unlink()
    assert status == 1
    assert "its worker died" in command.told
    assert f"sales/{HELD}" in command.told
    (failed,) = re.findall(r"(\d+) failed", out)
    left = re.findall(r"(\d+) editions? not run. What is committed stays", out)
    not_run = 10 - len(committed(folder)) - int(failed)
    assert left == ([str(not_run)] if not_run else [])
    goes_on(folder, *options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--executor", "dask"], "--executor dask needs a scheduler"),
        (["--scheduler", "tcp://127.0.0.1:8786"], "--scheduler is for dask"),
        (
            ["--executor", "dask", "--scheduler", "tcp://127.0.0.1:8786", "--jobs", "2"],
            "--jobs is not for --executor dask",
        ),
    ],
)
def test_options_that_do_not_fit_together_are_refused(shop, options, message):
    result = shop.call("run", *options)
    assert result.exit_code == 2
    assert message in result.stderr
