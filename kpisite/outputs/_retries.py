"""Trying again what may pass, with growing pauses of random length."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST_PAUSE = 0.5
"""Seconds that the first pause may take; each further one may take twice as long."""
LONGEST_PAUSE = 20.0


def retrying(tries: int, may_pass: Callable[[BaseException], bool]) -> Retrying:
    """Return what calls a function again while its error may pass; the last error is raised."""
    return Retrying(
        stop=stop_after_attempt(tries),
        wait=wait_random_exponential(multiplier=FIRST_PAUSE, max=LONGEST_PAUSE),
        retry=retry_if_exception(may_pass),
        reraise=True,
    )
