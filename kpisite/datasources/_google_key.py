"""Service accounts of Google: a key file becomes a token that is good for an hour."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kpisite.datasources._asking import without_extra
from kpisite.datasources._http import Client
from kpisite.datasources._oauth import ask_token
from kpisite.errors import DatasourceError

if TYPE_CHECKING:
    from pathlib import Path

_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_HOUR = 3600
_PARTS = ("client_email", "private_key", "token_uri")


@dataclass(frozen=True)
class Token:
    """What a service account shows to a service."""

    text: str
    until: float
    """By `time.monotonic`; a minute before it ends."""


def fetch_token(key_file: Path, scope: str, timeout: float) -> Token:
    """Return a new token.

    Args:
        key_file: JSON as Google's console gives it away; its `token_uri` is asked.
        scope: What the token is for.
        timeout: Seconds that it may take, with all tries.

    Raises:
        DatasourceError: The file is no key, or the key is refused.
    """
    key = _key(key_file)
    assertion = _signed(key, scope, key_file.name)
    client = Client(key["token_uri"], secrets=(assertion,), timeout=timeout)
    granted = ask_token(
        client,
        {"grant_type": _GRANT, "assertion": assertion},
        refused=(
            f"the key in {key_file.name} is refused",
            "Was the key or its account deleted? Make a new one in Google's console.",
        ),
        nonsense="Is 'token_uri' in the key file as Google wrote it?",
    )
    seconds = granted.get("expires_in")
    lasts = seconds if isinstance(seconds, int) else _HOUR
    return Token(granted["access_token"], time.monotonic() + lasts - 60)


def _key(key_file: Path) -> dict[str, str]:
    hint = "Make a key of the service account in Google's console, of type JSON."
    try:
        key = json.loads(key_file.read_bytes())
    except OSError as error:
        raise DatasourceError(f"{key_file.name} cannot be read: {error.strerror}") from None
    except ValueError:
        raise DatasourceError(f"{key_file.name} holds no JSON", hint=hint) from None
    missing = [
        name for name in _PARTS if not isinstance(key, dict) or not isinstance(key.get(name), str)
    ]
    if missing:
        raise DatasourceError(
            f"{key_file.name} is no key of a service account: it has no '{missing[0]}'", hint=hint
        )
    return {name: key[name] for name in _PARTS}


def _signed(key: dict[str, str], scope: str, name: str) -> str:
    """Return the JSON web token that is given for the real one."""
    with without_extra("google-auth", "googleanalytics"):
        from google.auth import crypt, jwt
    now = int(time.time())
    payload: dict[str, Any] = {
        "iss": key["client_email"],
        "scope": scope,
        "aud": key["token_uri"],
        "iat": now,
        "exp": now + _HOUR,
    }
    try:
        signer = crypt.RSASigner.from_service_account_info(key)
        return str(jwt.encode(signer, payload).decode())
    except (ValueError, TypeError):
        raise DatasourceError(
            f"the 'private_key' in {name} cannot be read",
            hint="Leave the file as Google wrote it, or make a new key.",
        ) from None
