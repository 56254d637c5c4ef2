"""The output driver `webhook`: tells another program of an edition by a JSON POST."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment
from pydantic import Field, SecretStr, field_validator
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from kpisite.errors import OutputError, UnclearDeliveryError
from kpisite.plugins import Announcement, EditionDriver, EditionOptions, Receipt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SIGNATURE = "X-Kpisite-Signature-256"
"""Header with `sha256=` and the HMAC of the body in hexadecimal digits."""
DELIVERY = "X-Kpisite-Delivery"
"""Header that names edition and revision, so that a receiver can tell what it has already."""
_PASSING = (429, 500, 502, 503, 504)
_LONGEST_WAIT = 60.0
_ENVIRONMENT = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


class Webhook(EditionDriver):
    """Posts an edition as JSON: to Teams, Discord, Mattermost, or a program of your own."""

    class Options(EditionOptions):
        """Where the edition is posted, and what is said."""

        url: SecretStr
        """Where to post; whoever knows the address of a chat's webhook may post there."""
        body: dict[str, Any] | None = None
        """JSON with Jinja in its texts: `{text: "{{ title }}: {{ text }} {{ url }}"}`; by default
        all that is known of the edition."""
        secret: SecretStr = SecretStr("")
        """Signs the body, so that the receiver knows who sent it; "" for no signature."""
        headers: dict[str, SecretStr] = Field(default_factory=dict)
        """More headers, such as `Authorization`."""
        timeout: float = Field(default=30, gt=0)
        """Seconds to wait for a connection, and then for an answer."""
        attempts: int = Field(default=4, ge=1, le=10)
        """How often a receiver that is busy or down is asked."""

        @field_validator("url")
        @classmethod
        def _check_url(cls, url: SecretStr) -> SecretStr:
            parts = urlsplit(url.get_secret_value())
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError("it must begin with https:// or http://, and name a host")
            return url

    options: Options

    @property
    def target(self) -> str:
        """The receiver's host: the rest of the address is nobody's business."""
        parts = urlsplit(self.options.url.get_secret_value())
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname}{port}"

    def plan(self, announcement: Announcement) -> Sequence[str]:
        """Return the size of what would be posted, and its beginning."""
        body = self._body(announcement)
        text = body.decode()
        return [f"post {len(body):,} B: {text[:200]}{'…' if len(text) > 200 else ''}"]

    def deliver(self, announcement: Announcement) -> Receipt:
        """Post an edition; a receiver that is busy or down is asked again.

        Raises:
            UnclearDeliveryError: The connection broke after the edition was sent.
            OutputError: The receiver cannot be reached, or refuses it.
        """
        body = self._body(announcement)
        again = Retrying(
            retry=retry_if_exception_type(_BusyError),
            stop=stop_after_attempt(self.options.attempts),
            wait=_wait,
            reraise=True,
        )
        answer = again(self._post, announcement, body)
        return Receipt(
            target=self.target,
            digest=hashlib.sha256(body).hexdigest(),
            details={"status": answer.status_code, "bytes": len(body)},
        )

    def _post(self, announcement: Announcement, body: bytes) -> requests.Response:
        try:
            answer = requests.post(
                self.options.url.get_secret_value(),
                data=body,
                headers=self._headers(announcement, body),
                timeout=self.options.timeout,
                allow_redirects=False,
            )
        except requests.ConnectTimeout as error:
            raise self._busy(f"does not answer within {self.options.timeout:g} s") from error
        except requests.Timeout as error:
            raise self._unclear(f"did not answer within {self.options.timeout:g} s") from error
        except requests.exceptions.SSLError as error:
            raise self._error(
                "has a certificate that this machine does not trust", "Check the address."
            ) from error
        except requests.ConnectionError as error:
            if _never_connected(error):
                raise self._busy("cannot be reached") from error
            raise self._unclear("broke the connection before it answered") from error
        except requests.RequestException as error:
            raise self._error(
                f"cannot be asked: {type(error).__name__}", "Check 'url' and 'headers'."
            ) from error
        if answer.status_code in _PASSING:
            raise self._busy(f"answered {answer.status_code}", answer.headers.get("Retry-After"))
        if not 200 <= answer.status_code < 300:
            said = " ".join(answer.text.split())[:200]
            raise self._error(
                f"answered {answer.status_code}{': ' if said else ''}{said}",
                "Check 'url', 'headers' and 'body'.",
            )
        return answer

    def _headers(self, announcement: Announcement, body: bytes) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "kpisite",
            DELIVERY: f"{announcement.key}/{announcement.revision}",
        }
        if secret := self.options.secret.get_secret_value():
            digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
            headers[SIGNATURE] = f"sha256={digest}"
        own = {name: value.get_secret_value() for name, value in self.options.headers.items()}
        return {**headers, **own}

    def _body(self, announcement: Announcement) -> bytes:
        words = {
            "key": announcement.key,
            "title": announcement.title,
            "period": announcement.period,
            "status": announcement.status,
            "revision": announcement.revision,
            "is_revision": announcement.is_revision,
            "url": announcement.url,
            "text": announcement.text,
            "edition": announcement.document,
        }
        said = words if self.options.body is None else self._filled(self.options.body, words)
        return json.dumps(said, ensure_ascii=False).encode()

    def _filled(self, part: Any, words: Mapping[str, Any]) -> Any:
        """Return a part of the body with the Jinja in its texts done."""
        if isinstance(part, dict):
            return {name: self._filled(value, words) for name, value in part.items()}
        if isinstance(part, list):
            return [self._filled(value, words) for value in part]
        if not isinstance(part, str):
            return part
        try:
            return _ENVIRONMENT.from_string(part).render(words)
        except TemplateError as error:
            raise OutputError(
                f"'body' cannot be filled in: {error.message}",
                hint=f"It knows {', '.join(words)}.",
            ) from error

    def _error(self, message: str, hint: str) -> OutputError:
        return OutputError(f"{self.target} {message}", hint=hint)

    def _busy(self, message: str, retry_after: str | None = None) -> _BusyError:
        return _BusyError(
            f"{self.target} {message}, asked {self.options.attempts} times",
            hint="The next publish tries again.",
            retry_after=retry_after,
        )

    def _unclear(self, message: str) -> UnclearDeliveryError:
        return UnclearDeliveryError(
            f"{self.target} {message}: it may have the edition, or not", hint="Ask there."
        )


class _BusyError(OutputError):
    """The receiver did not take it, and may take it later."""

    def __init__(self, message: str, *, hint: str, retry_after: str | None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


_back_off = wait_random_exponential(multiplier=0.5, max=20)


def _wait(state: RetryCallState) -> float:
    """Return the seconds to wait: what the receiver asks for, else longer each time."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, _BusyError) else None
    if asked and asked.isdecimal():
        return min(float(asked), _LONGEST_WAIT)
    return _back_off(state)


def _never_connected(error: requests.ConnectionError) -> bool:
    """Tell whether a request was never sent: no such host, nobody listens."""
    from urllib3.exceptions import MaxRetryError, NewConnectionError

    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return isinstance(reason, NewConnectionError)
