"""Runs a command and says what it cost: CPU time, wall time, peak memory.

The process that measures stays small: the kernel counts the memory of a parent at the moment of
the fork as the child's own.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

HERE = Path(__file__).parent
SHORT = 20.0
"""Seconds of wall time up to which a run is repeated for a median."""
RUNS = 3
"""How many runs make a median."""
_ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
"""Without the variable that has a kpisite in a checkout compiled in each run: what it is compared
with was compiled when it was installed."""


class CommandError(Exception):
    """A measured command failed; the message has what it wrote."""


@dataclass(frozen=True)
class Cost:
    """What a command cost, with all processes that it started and waited for."""

    cpu: float
    """Seconds, user and system."""
    wall: float
    """Seconds."""
    peak: int
    """Largest resident memory of the process, in bytes."""

    def __add__(self, other: Cost) -> Cost:
        """Return the cost of one after the other."""
        return Cost(self.cpu + other.cpu, self.wall + other.wall, max(self.peak, other.peak))


def measure(command: Iterable[str], folder: Path, environment: Mapping[str, str]) -> Cost:
    """Run a command once and return its cost.

    Args:
        command: The program and its arguments.
        folder: Where it runs; also gets the file `output.log`.
        environment: Set beside the variables of this process.

    Raises:
        CommandError: It ended with another status than 0.
    """
    command = list(command)
    log = folder / "output.log"
    with log.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**_ENVIRONMENT, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        end = log.read_text(encoding="utf-8", errors="replace")[-3000:]
        raise CommandError(f"{' '.join(command)}: status {process.returncode}\n{end}")
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss * 1024)


def repeated(run: Callable[[], Cost]) -> Cost:
    """Return the medians of three runs, or of one where that takes long.

    Args:
        run: Runs and measures once; puts in order what it needs, unmeasured.
    """
    costs = [run()]
    while costs[0].wall < SHORT and len(costs) < RUNS:
        costs.append(run())
    return Cost(
        statistics.median(cost.cpu for cost in costs),
        statistics.median(cost.wall for cost in costs),
        round(statistics.median(cost.peak for cost in costs)),
    )


def output_of(command: Iterable[str], folder: Path) -> str:
    """Run a command, unmeasured, and return what it writes.

    Raises:
        CommandError: It ended with another status than 0.
    """
    command = list(command)
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CommandError(f"{command[0]}: status {done.returncode}\n{done.stderr[-3000:]}")
    return done.stdout


def script(name: str, *arguments: object) -> list[str]:
    """Return the command that runs a script of this folder."""
    return [sys.executable, str(HERE / f"{name}.py"), *map(str, arguments)]


def run_script(name: str, *arguments: object) -> None:
    """Run a script of this folder, unmeasured, in a process of its own."""
    output_of(script(name, *arguments), HERE)


def program(name: str) -> str:
    """Return the path of a program that is installed beside this Python."""
    return str(Path(sys.executable).parent / name)
