"""Texts without the secrets in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

HIDDEN = "***"
_SHORTEST = 4
"""Characters: shorter ones cannot be told from other text."""


def redact(text: str, secrets: Iterable[str]) -> str:
    """Return a text without secrets, also as URLs quote them.

    Args:
        text: Any.
        secrets: A mapping says what stands in their place, such as `${NAME}`; else `***` does.
    """
    named = secrets if isinstance(secrets, Mapping) else dict.fromkeys(secrets, HIDDEN)
    shown = {
        form: name
        for secret, name in named.items()
        for form in (secret, quote(secret, safe=""))
        if len(form) >= _SHORTEST
    }
    if not shown:
        return text
    longest_first = sorted(shown, key=len, reverse=True)
    pattern = "|".join(map(re.escape, longest_first))
    return re.sub(pattern, lambda found: shown[found[0]], text)
