"""The output driver `sendgrid`: mails an edition through SendGrid's Web API."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, SecretStr, model_validator

from kpisite.errors import OutputError, UnclearDeliveryError
from kpisite.outputs._letter import MESSAGE_ID, headers_of, headers_of_notice, parse_address
from kpisite.outputs._mailing import MailOptions, files_of, mail_of, subject_of
from kpisite.outputs._posting import Service
from kpisite.plugins import Announcement, EditionDriver, Receipt, Variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import requests

    from kpisite.plugins import EditionFile, FailureNotice, Mail

_TAKEN, _CHECKED = 202, 200
_HINTS = {
    400: "See SendGrid's page on the errors of Mail Send.",
    401: "Check 'api_key'.",
    403: "The key needs the permission 'Mail Send', and 'email_from' must be a sender that "
    "SendGrid has verified.",
    413: "SendGrid takes 30 MB: attach less, or set 'image_strategy: remote'.",
}


class SendGrid(EditionDriver):
    """Mails an edition through SendGrid."""

    class Options(MailOptions):
        """From whom, to whom, and who may send it."""

        api_key: Annotated[SecretStr, Variable("SENDGRID_API_KEY")]
        """Key with the permission "Mail Send"; by default `SENDGRID_API_KEY`."""
        sandbox: Annotated[bool, Variable("SENDGRID_SANDBOX_ENABLED")] = False
        """Whether SendGrid only checks each mail: nobody gets it, and nothing is recorded."""
        api_url: str = Field(default="https://api.sendgrid.com", pattern=r"^https?://\S+$")
        """Where SendGrid's Web API is: `https://api.eu.sendgrid.com` for accounts in the EU."""
        timeout: float = Field(default=30, gt=0)
        """Seconds to wait for a connection, and then for an answer."""
        attempts: int = Field(default=4, ge=1, le=10)
        """How often SendGrid is asked while it is busy or down."""

        @model_validator(mode="after")
        def _check_to(self) -> Self:
            if not self.email_to:
                raise ValueError("SendGrid sends no mail without somebody in 'email_to'")
            return self

    options: Options

    @property
    def target(self) -> str:
        """Who gets it."""
        return f"{self.options.audience} through SendGrid{self._sandbox}"

    @property
    def is_rehearsal(self) -> bool:
        """Whether SendGrid only checks the mail."""
        return self.options.sandbox

    def plan(self, announcement: Announcement) -> Sequence[str]:
        """Return subject, recipients and sizes."""
        mail = mail_of(announcement, self.options)
        body = self._message(announcement, mail)
        return [
            f"mail {len(_written(body)):,} B{self._sandbox}: {body['subject']}",
            f"to {', '.join(self.options.recipients)}",
            f"{len(mail.html.encode()):,} B of HTML, {len(mail.pictures)} pictures",
            *(f"with {file.name}" for file in files_of(announcement, self.options)),
        ]

    def deliver(self, announcement: Announcement) -> Receipt:
        """Mail an edition; SendGrid is asked again while it is busy.

        Raises:
            UnclearDeliveryError: The connection broke after the mail was sent, or the answer says
                neither yes nor no.
            OutputError: SendGrid cannot be reached, or refuses it.
        """
        body = self._message(announcement, mail_of(announcement, self.options))
        return self._send(body, len(self.options.recipients), self.target)

    @property
    def owners(self) -> str:
        """The addresses in `notify_on_error`."""
        return ", ".join(self.options.owners)

    def notify(self, notice: FailureNotice) -> Receipt:
        """Mail the owners that an edition does not go out; see `deliver`."""
        domain = parse_address(self.options.email_from).domain
        body = {
            "personalizations": [{"to": list(_new(self.options.notify_on_error, set()))}],
            "from": _person(self.options.email_from),
            "subject": notice.subject,
            "content": [{"type": "text/plain", "value": notice.text}],
            "headers": headers_of_notice(notice, self.context.id, domain),
            **self._settings,
        }
        return self._send(body, len(self.options.owners), self.owners)

    def _send(self, body: dict[str, Any], recipients: int, target: str) -> Receipt:
        data = _written(body)
        service = _Service(self.options.api_url, self.options.timeout, self.options.attempts)
        answer = service.post(
            "/v3/mail/send",
            data,
            {
                "Authorization": f"Bearer {self.options.api_key.get_secret_value()}",
                "Content-Type": "application/json",
                "Accept": "application/json",
            },
        )
        self._check(answer, service.host)
        return Receipt(
            target=target,
            digest=hashlib.sha256(data).hexdigest(),
            details={
                MESSAGE_ID: body["headers"]["Message-ID"],
                "sendgrid_id": answer.headers.get("X-Message-Id", ""),
                "recipients": recipients,
                "bytes": len(data),
            },
        )

    @property
    def _settings(self) -> dict[str, Any]:
        """Return what asks for the sandbox."""
        wanted = self.options.sandbox
        return {"mail_settings": {"sandbox_mode": {"enable": True}}} if wanted else {}

    @property
    def _sandbox(self) -> str:
        return ", which only checks it" if self.options.sandbox else ""

    def _check(self, answer: requests.Response, host: str) -> None:
        """Check that a mail was taken, or in the sandbox, that it would be."""
        status = answer.status_code
        if status == (_CHECKED if self.options.sandbox else _TAKEN):
            return
        if status == _CHECKED:
            raise OutputError(
                f"{host} checked the mail and did not send it: it answered {status}, not {_TAKEN}",
                hint="Check 'api_url': only a sandbox answers so.",
            )
        raise UnclearDeliveryError(
            f"{host} answered {status}, which says neither that it sends the mail nor that it "
            "does not",
            hint="Look into SendGrid's Activity Feed.",
        )

    def _message(self, announcement: Announcement, mail: Mail) -> dict[str, Any]:
        """Return the body of a call of Mail Send."""
        options = self.options
        sender = parse_address(options.email_from)
        body: dict[str, Any] = {
            "personalizations": [self._recipients()],
            "from": _person(options.email_from),
            "subject": subject_of(announcement, options),
            "content": [
                {"type": "text/plain", "value": mail.text},
                {"type": "text/html", "value": mail.html},
            ],
            "headers": headers_of(announcement, self.context.id, sender.domain),
            "custom_args": {
                "kpisite_edition": announcement.key,
                "kpisite_revision": str(announcement.revision),
                "kpisite_output": self.context.id,
            },
        }
        if options.reply_to:
            body["reply_to_list"] = [_person(address) for address in options.reply_to]
        files = [
            *(_attached(picture, inline=True) for picture in mail.pictures),
            *(_attached(file, inline=False) for file in files_of(announcement, options)),
        ]
        if files:
            body["attachments"] = files
        return {**body, **self._settings}

    def _recipients(self) -> dict[str, list[dict[str, str]]]:
        """Return who gets it, each once: SendGrid refuses a mail that names somebody twice."""
        known: set[str] = set()
        options = self.options
        kinds = {"to": options.email_to, "cc": options.email_cc, "bcc": options.email_bcc}
        people = {kind: list(_new(addresses, known)) for kind, addresses in kinds.items()}
        return {kind: listed for kind, listed in people.items() if listed}


class _Service(Service):
    """SendGrid's Web API."""

    def reason(self, answer: requests.Response) -> str:
        """Return why a mail was refused: the messages in the JSON."""
        try:
            errors = answer.json()["errors"]
            return "; ".join(str(error["message"]) for error in errors)
        except (ValueError, KeyError, TypeError):
            return answer.text

    def hint(self, status: int) -> str:
        """Return what to do about a refusal."""
        return _HINTS.get(status, super().hint(status))


def _written(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def _person(text: str) -> dict[str, str]:
    address = parse_address(text)
    named = {"name": address.display_name} if address.display_name else {}
    return {"email": address.addr_spec, **named}


def _new(addresses: Iterable[str], known: set[str]) -> Iterable[dict[str, str]]:
    """Yield those who are not known yet, and remember them."""
    for person in map(_person, addresses):
        if person["email"].lower() not in known:
            known.add(person["email"].lower())
            yield person


def _attached(file: EditionFile, *, inline: bool) -> dict[str, str]:
    attached = {
        "content": base64.b64encode(file.data).decode(),
        "type": file.mime.partition(";")[0],
        "filename": file.name,
        "disposition": "inline" if inline else "attachment",
    }
    return {**attached, "content_id": file.name} if inline else attached
