"""A datasource that writes down what is done with it, and waits where a test tells it to."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from kpisite.plugins import Datasource, PluginOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from kpisite.plugins import DatasourceContext, Period

DEADLINE = 120
"""Seconds after which a test gives up; none waits that long unless it fails."""


class WatchedOptions(PluginOptions):
    folder: Path
    """Where the log is, and `hold-<period>` for each period whose answer has to wait."""
    token: str = ""


class Watched(Datasource):
    """Answers with the label of the period."""

    Options = WatchedOptions
    options: WatchedOptions

    def __init__(self, options: PluginOptions, context: DatasourceContext) -> None:
        super().__init__(options, context)
        self.opened = False

    def query(self, query: str, period: Period, **args: Any) -> pd.DataFrame:
        if not self.opened:
            self._log("open")
        self.opened = True
        self._log(f"ask {period.label}")
        hold = self.options.folder / f"hold-{period.label}"
        until(lambda: not hold.exists())
        self._log(f"answer {period.label}")
        return pd.DataFrame({"label": [period.label], "day": [period.start.day]})

    def close(self) -> None:
        if self.opened:
            self._log("close")

    def _log(self, text: str) -> None:
        line = f"{os.getpid()} {text}\n".encode()
        log = os.open(self.options.folder / "log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(log, line)
        os.close(log)


def until(happened: Callable[[], object]) -> None:
    """Wait for something that does happen."""
    deadline = time.monotonic() + DEADLINE
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def events(folder: Path) -> list[tuple[int, str]]:
    """Return process and event, in the order in which they happened."""
    log = folder / "log"
    lines = log.read_text().splitlines() if log.exists() else []
    return [(int(line.split()[0]), line.partition(" ")[2]) for line in lines]


def most(folder: Path, begin: str, end: str) -> int:
    """Return how many at most were between an event and the one that ends it."""
    now = highest = 0
    for _, event in events(folder):
        now += event.startswith(begin) - event.startswith(end)
        highest = max(highest, now)
    return highest
