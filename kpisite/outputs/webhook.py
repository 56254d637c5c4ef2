"""The output driver `webhook`: tells another program of an edition by a JSON POST."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from kpisite.outputs._jinja import filled, words_of
from kpisite.outputs._posting import Service
from kpisite.plugins import Announcement, EditionDriver, EditionOptions, Receipt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kpisite.plugins import FailureNotice

SIGNATURE = "X-Kpisite-Signature-256"
"""Header with `sha256=` and the HMAC of the body in hexadecimal digits."""
DELIVERY = "X-Kpisite-Delivery"
"""Header that names edition and revision, as an address would, so that a receiver can tell what it
has already."""


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

        notify_on_error: SecretStr = SecretStr("")
        """Where it is posted that an edition does not go out, because a view of it failed; the
        body is the same, with the failure as `title` and `text`, and the views in `failed`."""

        @field_validator("url", "notify_on_error")
        @classmethod
        def _check_url(cls, url: SecretStr, info: ValidationInfo) -> SecretStr:
            parts = urlsplit(url.get_secret_value())
            if info.field_name == "notify_on_error" and not url.get_secret_value():
                return url
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError("it must begin with https:// or http://, and name a host")
            return url

    options: Options

    @property
    def target(self) -> str:
        """The receiver's host: the rest of the address is nobody's business."""
        return self._service(self.options.url).host

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
        named = f"{announcement.key}/{announcement.revision}"
        return self._post(self.options.url, self._body(announcement), named)

    @property
    def owners(self) -> str:
        """The host of the address in `notify_on_error`."""
        url = self.options.notify_on_error
        return self._service(url).host if url.get_secret_value() else ""

    def notify(self, notice: FailureNotice) -> Receipt:
        """Post to the owners that an edition does not go out; see `deliver`."""
        words = {
            "key": notice.key,
            "title": notice.subject,
            "period": notice.period,
            "status": "preliminary",
            "revision": notice.revision,
            "is_revision": False,
            "url": notice.url,
            "text": notice.text,
            "edition": {"metrics": [], "views": []},
            "failed": [asdict(view) for view in notice.views],
        }
        named = f"{notice.key}/{notice.revision}/failed/{notice.digest[:16]}"
        return self._post(self.options.notify_on_error, self._said(words), named)

    def _post(self, url: SecretStr, body: bytes, named: str) -> Receipt:
        service = self._service(url)
        answer = service.post("", body, self._headers(named, body))
        return Receipt(
            target=service.host,
            digest=hashlib.sha256(body).hexdigest(),
            details={"status": answer.status_code, "bytes": len(body)},
        )

    def _service(self, url: SecretStr) -> Service:
        return Service(url.get_secret_value(), self.options.timeout, self.options.attempts)

    def _headers(self, named: str, body: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/json; charset=utf-8", DELIVERY: quote(named)}
        if secret := self.options.secret.get_secret_value():
            digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
            headers[SIGNATURE] = f"sha256={digest}"
        own = {name: value.get_secret_value() for name, value in self.options.headers.items()}
        return {**headers, **own}

    def _body(self, announcement: Announcement) -> bytes:
        return self._said({**words_of(announcement), "failed": []})

    def _said(self, words: Mapping[str, Any]) -> bytes:
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
        return filled(part, words, "body")
