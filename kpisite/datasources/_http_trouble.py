"""What goes wrong between a client and an HTTP service, and whether it may pass."""

from __future__ import annotations

import socket
import time
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import requests
from urllib3.exceptions import DecodeError, ReadTimeoutError

from kpisite.errors import DatasourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kpisite.datasources._http_answer import Answer


class RefusedError(DatasourceError):
    """The service answered that it will not: wrong password, bad query, not there."""

    def __init__(self, message: str, *, answer: Answer, where: str = "", hint: str = "") -> None:
        super().__init__(message, where=where, hint=hint)
        self.answer = answer


class PassingError(DatasourceError):
    """What may have passed when the service is asked again."""

    pause: float | None = None
    """Seconds that the service asks to wait."""


def trouble_of(error: Exception, connect: float, read: float) -> tuple[str, str, bool]:
    """Return what happened, what to do, and whether it may pass.

    Args:
        error: Of requests or urllib3; a text that fits into no header; or of an address to
            which the service redirects, and which requests cannot read.
        connect: Seconds that a connection was waited for.
        read: Seconds that an answer was waited for.
    """
    causes = list(_causes(error))
    if isinstance(error, requests.exceptions.ProxyError):
        return "cannot be reached through the proxy", "Check HTTP_PROXY and NO_PROXY.", True
    if isinstance(error, requests.exceptions.SSLError):
        reason = next((e.verify_message for e in causes if hasattr(e, "verify_message")), "")
        why = f": {reason}" if reason else ""
        hint = "Check the address; REQUESTS_CA_BUNDLE names a file with certificates to trust."
        return f"cannot be trusted, TLS fails{why}", hint, False
    if isinstance(error, requests.ConnectTimeout):
        return f"cannot be reached within {connect:g} s", "", True
    if any(isinstance(cause, requests.Timeout | ReadTimeoutError) for cause in causes):
        return f"did not answer within {read:.3g} s", "Ask for less, or allow it more time.", False
    names = [cause for cause in causes if isinstance(cause, socket.gaierror)]
    if names:
        passes = names[0].errno == socket.EAI_AGAIN
        return "is an unknown host", "Check the address.", passes
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return "refuses the connection", "Check the address, and whether the service runs.", True
    if any(isinstance(cause, DecodeError) for cause in causes):
        return "answered what cannot be unpacked", "", False
    if isinstance(error, requests.RequestException | UnicodeError) and not isinstance(
        error, requests.ConnectionError
    ):
        hint = "Check the address and the headers."
        return f"cannot be asked: {type(error).__name__}", hint, False
    if isinstance(error, ValueError) and not isinstance(error, requests.RequestException):
        return "redirects to what is no address", "Check the address.", False
    return "broke the connection before the whole answer came", "", True


def asked_pause(answer: Answer) -> float | None:
    """Return the seconds that a service asks to wait, None where it does not ask.

    It asks by `Retry-After`, or by the time at which the next requests are allowed. That is
    compared to the service's own clock, which is in the answer.
    """
    headers = answer.headers
    asked = headers.get("Retry-After", "").strip()
    if asked.isdecimal():
        return float(asked)
    if at := _instant(asked):
        return max(0.0, at - _now(answer))
    for remaining, reset in _RATES:
        at_text = headers.get(reset, "")
        used_up = headers.get(remaining) == "0" or answer.status == 429
        if used_up and at_text.isdecimal():
            return max(0.0, float(at_text) - _now(answer))
    return None


_RATES = (
    ("x-ratelimit-remaining", "x-ratelimit-reset"),  # GitHub
    ("x-rate-limit-remaining", "x-rate-limit-reset"),  # X
)
"""Headers with the number of requests that are left, and seconds since 1970."""


def _now(answer: Answer) -> float:
    return _instant(answer.headers.get("Date", "")) or time.time()


def _instant(text: str) -> float | None:
    """Return the seconds since 1970 of a date as HTTP writes it."""
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _causes(error: BaseException | None) -> Iterator[Any]:
    """Yield an error and all that it comes from, also what is only in its arguments."""
    seen: list[BaseException] = []
    waiting = [error]
    while waiting:
        found = waiting.pop(0)
        if not isinstance(found, BaseException) or found in seen:
            continue
        seen.append(found)
        yield found
        waiting += [found.__cause__, found.__context__, getattr(found, "reason", None)]
        waiting += [part for part in found.args if isinstance(part, BaseException)]
