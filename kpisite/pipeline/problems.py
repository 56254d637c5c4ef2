"""What went wrong in a run without stopping it, for whoever has to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

HIDDEN = "***"


@dataclass(frozen=True)
class Problem:
    """One view of one edition that failed, or a note on its data."""

    severity: Literal["error", "warning"]
    report: str
    period: str
    view: str
    message: str
    hint: str = ""

    def text(self, also: int = 0) -> str:
        """Return the problem for a log, with how many other editions have the same."""
        more = f" (and {also} more edition{'s' if also > 1 else ''})" if also else ""
        hint = "".join(f"\n    {line}" for line in self.hint.splitlines())
        view = f", view '{self.view}'" if self.view else ""
        return f"{self.report}/{self.period}{more}{view}: {self.message}{hint}"


def grouped(problems: Iterable[Problem]) -> list[tuple[Problem, int]]:
    """Return each different problem once, with how many further editions have it too."""
    groups: dict[tuple[str, ...], list[Problem]] = {}
    for problem in problems:
        key = (problem.severity, problem.report, problem.view, problem.message, problem.hint)
        groups.setdefault(key, []).append(problem)
    return [(group[0], len({p.period for p in group}) - 1) for group in groups.values()]


def redact(text: str, secrets: Iterable[str]) -> str:
    """Return a text without secrets, also as URLs quote them.

    Those under four characters are too short to tell from other text.
    """
    secrets = list(secrets)
    forms = {*secrets, *(quote(secret, safe="") for secret in secrets)}
    for secret in sorted(forms, key=len, reverse=True):
        if len(secret) >= 4:
            text = text.replace(secret, HIDDEN)
    return text
