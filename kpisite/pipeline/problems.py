"""What went wrong in a run without stopping it, for whoever has to mend it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from kpisite.model.secrets import redact as redact

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Problem:
    """One view of one edition that failed, or a note on its data."""

    severity: Literal["error", "warning"]
    report: str
    period: str
    view: str
    message: str
    hint: str = ""
    query: str = ""
    """What the view asked, where that matters."""

    @property
    def is_failed_view(self) -> bool:
        """Whether a view could not be made; else it is a note, or about the whole edition."""
        return self.severity == "error" and bool(self.view)


@dataclass(frozen=True)
class Group:
    """The same problem of several editions, or of several views of them, told once."""

    problem: Problem
    """The first of them."""
    periods: tuple[str, ...]
    views: tuple[str, ...]

    def text(self) -> str:
        """Return the problem for a log: where, what, and what to do, each on lines of its own."""
        also = len(self.periods) - 1
        more = f" (and {also} more edition{'s' if also > 1 else ''})" if also else ""
        names = ", ".join(f"'{view}'" for view in self.views if view)
        where = f", view{'s' if len(self.views) > 1 else ''} {names}" if names else ""
        head = f"{self.problem.report}/{self.problem.period}{more}{where}: {self.problem.message}"
        asked = f"Query: {self.problem.query}" if self.problem.query else ""
        rest = [*self.problem.hint.splitlines(), *asked.splitlines()]
        return "\n    ".join([head, *rest])


def grouped(problems: Iterable[Problem]) -> list[Group]:
    """Return each different problem once, with the editions and the views that have it.

    Editions come by report and period, in whatever order they were run.
    What several views have alike is not the fault of one query; it is told without.
    """
    by_view: dict[tuple[str, ...], list[Problem]] = {}
    for problem in sorted(problems, key=lambda problem: (problem.report, problem.period)):
        key = (problem.severity, problem.report, problem.view, problem.message)
        by_view.setdefault((*key, problem.hint, problem.query), []).append(problem)
    alike: dict[tuple[str, str, str, str, tuple[str, ...]], list[Problem]] = {}
    for group in by_view.values():
        first, periods = group[0], tuple(dict.fromkeys(problem.period for problem in group))
        key_of_all = (first.severity, first.report, first.message, first.hint, periods)
        alike.setdefault(key_of_all, []).append(first)
    return [
        Group(
            firsts[0] if len(firsts) == 1 else replace(firsts[0], query=""),
            key[-1],
            tuple(dict.fromkeys(problem.view for problem in firsts)),
        )
        for key, firsts in alike.items()
    ]
