"""Posting to an HTTP service once: what may pass is tried again, what is unclear is not."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from kpisite.errors import OutputError, UnclearDeliveryError
from kpisite.outputs._causes import causes

if TYPE_CHECKING:
    from collections.abc import Mapping

_PASSING = (429, 500, 503)
_UNANSWERED = (502, 504)
"""A server in between had no answer, or none that it understood, from the one that it asked."""
_LONGEST_WAIT = 60.0
_NO_TLS = re.compile(
    "WRONG_VERSION_NUMBER|HTTP_REQUEST|UN(SUPPORTED|KNOWN)_PROTOCOL|NO_.*_AVAILABLE|DH_KEY_TOO_SMALL|"
    "ALERT_(HANDSHAKE_FAILURE|PROTOCOL_VERSION|INSUFFICIENT_SECURITY|CERTIFICATE_REQUIRED)|"
    "UNRECOGNIZED_NAME"
)
"""Of these TLS fails before anything is sent."""


@dataclass(frozen=True)
class Service:
    """An HTTP service that takes posts."""

    url: str
    """May be a secret: messages have the host alone."""
    timeout: float
    """Seconds to wait for a connection, and then for an answer."""
    attempts: int
    """How often it is asked while it is busy or down."""

    @property
    def host(self) -> str:
        """Scheme, host and port."""
        parts = urlsplit(self.url)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname}{port}"

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> requests.Response:
        """Post something, and return an answer that says it was taken.

        Args:
            path: Appended to the service's URL.
            body: What is posted.
            headers: With the type of the body.

        Raises:
            UnclearDeliveryError: The connection broke after it was sent.
            OutputError: The service cannot be reached, or refuses it.
        """
        again = Retrying(
            retry=retry_if_exception_type(_BusyError),
            stop=stop_after_attempt(self.attempts),
            wait=_wait,
            reraise=True,
        )
        return again(self._post, f"{self.url}{path}", body, headers)

    def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> requests.Response:
        """Post it once; errors leave out what requests says, which has the whole address."""
        try:
            answer = requests.post(
                url,
                data=body,
                headers={"User-Agent": "kpisite", **headers},
                timeout=self.timeout,
                allow_redirects=False,
            )
        except requests.ConnectTimeout:
            raise self._busy(f"does not answer within {self.timeout:g} s") from None
        except requests.Timeout:
            raise self._unclear(f"did not answer within {self.timeout:g} s") from None
        except requests.exceptions.ProxyError:
            proxy = "the proxy that HTTP_PROXY or HTTPS_PROXY names"
            raise self._busy(f"cannot be reached through {proxy}") from None
        except requests.exceptions.SSLError as error:
            raise self._untrusted(error) from None
        except requests.ConnectionError as error:
            if (reason := _not_connected(error)) is None:
                raise self._unclear("broke the connection before it answered") from None
            raise self._busy(f"cannot be reached{reason}") from None
        except (requests.RequestException, UnicodeError) as error:
            raise self._error(
                f"cannot be asked: {type(error).__name__}", "Check the address and the headers."
            ) from None
        if answer.status_code in _PASSING:
            raise self._busy(f"answered {answer.status_code}", _asked_to_wait(answer))
        if answer.status_code in _UNANSWERED:
            raise self._unclear(f"answered {answer.status_code}")
        if not 200 <= answer.status_code < 300:
            said = " ".join(self.reason(answer).split())[:200]
            raise self._error(
                f"answered {answer.status_code}{': ' if said else ''}{said}",
                self.hint(answer.status_code),
            )
        return answer

    def reason(self, answer: requests.Response) -> str:
        """Return why a post was refused."""
        return answer.text

    def hint(self, status: int) -> str:
        """Return what to do about a refusal."""
        return "Check the address, and what is sent there."

    def _error(self, message: str, hint: str) -> OutputError:
        return OutputError(f"{self.host} {message}", hint=hint)

    def _untrusted(self, error: requests.exceptions.SSLError) -> OutputError:
        """Return what TLS failed for; unclear where that was not before anything was sent."""
        failed = [cause for cause in causes(error) if isinstance(cause, ssl.SSLError)]
        if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in failed):
            return self._error(
                "has a certificate that this machine does not trust",
                "Check the address; REQUESTS_CA_BUNDLE names a file with certificates of your own.",
            )
        reasons = [cause.reason for cause in failed if _NO_TLS.search(cause.reason or "")]
        if reasons:
            said = reasons[0].replace("_", " ").lower()
            return self._error(f"cannot be spoken to over TLS: {said}", "Check the address.")
        return self._unclear("broke the connection before it answered")

    def _busy(self, message: str, wait: float | None = None) -> _BusyError:
        asked = f", asked {self.attempts} times" if self.attempts > 1 else ""
        return _BusyError(
            f"{self.host} {message}{asked}",
            hint="The next publish tries again.",
            wait=wait,
        )

    def _unclear(self, message: str) -> UnclearDeliveryError:
        return UnclearDeliveryError(
            f"{self.host} {message}: it may have the edition, or not", hint="Ask there."
        )


class _BusyError(OutputError):
    """The receiver did not take it, and may take it later."""

    def __init__(self, message: str, *, hint: str, wait: float | None) -> None:
        super().__init__(message, hint=hint)
        self.wait = wait


_back_off = wait_random_exponential(multiplier=0.5, max=20)


def _wait(state: RetryCallState) -> float:
    """Return the seconds to wait: what the receiver asks for, else longer each time."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.wait if isinstance(error, _BusyError) else None
    return _back_off(state) if asked is None else min(asked, _LONGEST_WAIT)


def _asked_to_wait(answer: requests.Response) -> float | None:
    """Return for how many seconds a service wants to be left alone; None where it does not say.

    `X-RateLimit-Reset` is a moment in seconds since 1970, by the clock that `Date` tells.
    """
    seconds = answer.headers.get("Retry-After", "")
    if seconds.isdecimal():
        return float(seconds)
    moment = answer.headers.get("X-RateLimit-Reset", "")
    try:
        now = parsedate_to_datetime(answer.headers.get("Date", "")).timestamp()
    except ValueError:
        return None
    left = float(moment) - now if moment.isdecimal() else -1
    return left if left >= 0 else None


def _not_connected(error: requests.ConnectionError) -> str | None:
    """Return why a request was never sent: no such host, nobody listens; None where it was."""
    from urllib3.exceptions import NewConnectionError

    found = list(causes(error))
    if not any(isinstance(cause, NewConnectionError) for cause in found):
        return None
    said = (cause.strerror for cause in found if isinstance(cause, OSError) and cause.strerror)
    return next((f": {reason}" for reason in said), "")
