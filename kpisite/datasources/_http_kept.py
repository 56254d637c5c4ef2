"""Answers that are kept, for a service that tells by an ETag whether they are still the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kpisite.datasources._http import Answer, Client

KEPT_BYTES = 32_000_000
"""How much is kept; the oldest answers go first."""


class KeptAnswers:
    """Asks through a client, and sends the ETag of what it has from the time before.

    It lives in memory, as long as its datasource: a run over many periods that asks one address
    again and again gets it once.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._answers: dict[object, Answer] = {}

    def get(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Return what `Client.get` returns, or what it returned before where that still holds."""
        key = (path, tuple((params or {}).items()), tuple((headers or {}).items()))
        kept = self._answers.pop(key, None)
        known = {"If-None-Match": kept.headers["ETag"]} if kept else {}
        answer = self._client.get(path, params, {**(headers or {}), **known})
        if answer.status == 304 and kept:
            answer = kept
        if "ETag" in answer.headers and len(answer.body) <= KEPT_BYTES:
            self._answers[key] = answer
            while sum(len(each.body) for each in self._answers.values()) > KEPT_BYTES:
                del self._answers[next(iter(self._answers))]
        return answer
