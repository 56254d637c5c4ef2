"""Answers of a datasource, and those that the edition of the next period will ask for again."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from kpisite.model.period import Period

_MOST_ANSWERS = 100
_MOST_ROWS = 1000


@dataclass(frozen=True)
class Answer:
    """What came of a query: a frame, or an error."""

    frame: pd.DataFrame | None
    error: Exception | None
    seconds: float
    """How long the datasource took."""
    notes: tuple[str, ...] = ()
    """What the datasource says of the frame."""


class Answers:
    """The newest answers of a run that are compared with the period after theirs.

    A backfill asks for the numbers of a period twice: for its own edition, and as those before
    the next one. They are asked once, where both are run here.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, Period], Answer] = {}
        self._lock = threading.Lock()

    def keep(self, query: str, period: Period, answer: Answer) -> None:
        """Keep an answer for a while, unless it is an error or large."""
        if answer.frame is None or len(answer.frame) > _MOST_ROWS:
            return
        with self._lock:
            self._kept[query, period] = answer
            if len(self._kept) > _MOST_ANSWERS:
                del self._kept[next(iter(self._kept))]

    def find(self, query: str, period: Period) -> Answer | None:
        """Return the answer to a query over a period, if it is still kept."""
        with self._lock:
            return self._kept.get((query, period))
