"""Texts without the secrets in them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

HIDDEN = "***"


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
