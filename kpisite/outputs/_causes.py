"""What an error came from: libraries wrap those of others in their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST = 10


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, what it came from, and so on."""
    found: BaseException | None = error
    for _ in range(_MOST):
        if found is None:
            return
        yield found
        found = found.__cause__ or found.__context__
