"""OAuth 2.0: whoever may ask a service is given a token for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kpisite.datasources._http import Client, RefusedError
from kpisite.errors import DatasourceError

if TYPE_CHECKING:
    from collections.abc import Mapping


def ask_token(
    client: Client, form: Mapping[str, str], *, refused: tuple[str, str], nonsense: str
) -> dict[str, Any]:
    """Return the answer with the `access_token`, a text; the client is closed.

    Args:
        client: Its address is that of tokens.
        form: What is asked.
        refused: Message and hint where the service says no.
        nonsense: Hint where it answers something else.

    Raises:
        DatasourceError: There is no token.
    """
    client.begin()
    try:
        answer = client.post("", form=form)
    except RefusedError as error:
        raise DatasourceError(f"{refused[0]}: {error.message}", hint=refused[1]) from None
    finally:
        client.close()
    granted = answer.json()
    token = granted.get("access_token") if isinstance(granted, dict) else None
    if not isinstance(token, str) or not token:
        raise DatasourceError(f"{answer.place} answered no token", hint=nonsense)
    return dict(granted)
