"""The output driver `smtp`: mails an edition, with its numbers, charts and tables."""

from __future__ import annotations

import hashlib
import smtplib
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, SecretStr, model_validator

from kpisite.outputs._letter import (
    MESSAGE_ID,
    POLICY,
    add_headers,
    headers_of_notice,
    letter,
    parse_address,
)
from kpisite.outputs._mailing import MailOptions, files_of, mail_of, subject_of
from kpisite.outputs._smtp_talk import MailServer
from kpisite.plugins import Announcement, EditionDriver, Receipt

if TYPE_CHECKING:
    from collections.abc import Sequence
    from email.headerregistry import Address

    from kpisite.plugins import FailureNotice, Mail


class SMTP(EditionDriver):
    """Mails an edition through a mail server."""

    class Options(MailOptions):
        """From whom, to whom, and through which server."""

        smtp_host: str = Field(min_length=1)
        """The mail server."""
        smtp_port: int | None = Field(default=None, ge=1, le=65535)
        """By default 587, 465 with `tls: implicit`, 25 with `tls: none`."""
        tls: Literal["starttls", "implicit", "none"] | None = None
        """How the connection is encrypted; by default `implicit` on port 465, else `starttls`."""
        smtp_user: str = ""
        """Who logs in; "" for no login."""
        smtp_password: SecretStr = SecretStr("")
        """Take it from the environment: `${SMTP_PASSWORD}`."""
        timeout: float = Field(default=30, gt=0)
        """Seconds to wait for each answer of the server."""
        attempts: int = Field(default=4, ge=1, le=10)
        """How often a server that is busy or down is asked."""

        @model_validator(mode="after")
        def _check_together(self) -> Self:
            if bool(self.smtp_user) != bool(self.smtp_password.get_secret_value()):
                raise ValueError("'smtp_user' and 'smtp_password' go together")
            if self.smtp_user and self.tls == "none":
                raise ValueError("with 'tls: none' everybody on the way could read the password")
            return self

        @property
        def encryption(self) -> str:
            """How the connection is encrypted."""
            usual = "implicit" if self.smtp_port == smtplib.SMTP_SSL_PORT else "starttls"
            return self.tls or usual

        @property
        def port(self) -> int:
            """The server's port."""
            return self.smtp_port or {"starttls": 587, "implicit": 465, "none": 25}[self.encryption]

    options: Options

    @property
    def target(self) -> str:
        """Who gets it, and through which server."""
        return f"{self.options.audience} through {self.options.smtp_host}"

    def plan(self, announcement: Announcement) -> Sequence[str]:
        """Return subject, recipients and sizes."""
        mail = mail_of(announcement, self.options)
        message = self._message(announcement, mail)
        files = [part.get_filename() for part in message.iter_attachments()]
        return [
            f"mail {len(message.as_bytes()):,} B: {message['Subject']}",
            f"to {', '.join(self.options.recipients)}",
            f"{len(mail.html.encode()):,} B of HTML, {len(mail.pictures)} pictures",
            *(f"with {name}" for name in files),
        ]

    def message(self, announcement: Announcement) -> EmailMessage:
        """Return the message as it goes out.

        Raises:
            OutputError: The subject cannot be filled in, or nothing is known of the pages.
        """
        return self._message(announcement, mail_of(announcement, self.options))

    def deliver(self, announcement: Announcement) -> Receipt:
        """Mail an edition; a server that is busy or down is asked again.

        The server may refuse some of the recipients: the others have it then, and it is not sent
        again, since they would get it twice. The receipt says who was refused.

        Raises:
            UnclearDeliveryError: The connection broke after the mail was sent.
            OutputError: The server cannot be reached, or takes it for nobody.
        """
        return self._send(self.message(announcement), self.options.recipients, self.target)

    @property
    def owners(self) -> str:
        """The addresses in `notify_on_error`."""
        return ", ".join(self.options.owners)

    def notify(self, notice: FailureNotice) -> Receipt:
        """Mail the owners that an edition does not go out; see `deliver`."""
        options = self.options
        sender = parse_address(options.email_from)
        message = EmailMessage(POLICY)
        headers: dict[str, str | tuple[Address, ...]] = {
            "From": (sender,),
            "To": _parsed(options.notify_on_error),
            "Subject": notice.subject,
            "Date": format_datetime(notice.time),
            **headers_of_notice(notice, self.context.id, sender.domain),
        }
        add_headers(message, headers)
        message.set_content(notice.text, cte="quoted-printable")
        return self._send(message, options.owners, self.owners)

    def _send(self, message: EmailMessage, recipients: Sequence[str], target: str) -> Receipt:
        body = message.as_bytes(policy=POLICY)
        sender = parse_address(self.options.email_from).addr_spec
        refused = self._server.send(body, sender, recipients)
        details: dict[str, str | int] = {
            MESSAGE_ID: message["Message-ID"],
            "recipients": len(recipients) - len(refused),
            "bytes": len(body),
        }
        return Receipt(
            target=target,
            digest=hashlib.sha256(body).hexdigest(),
            details=details,
            refused="; ".join(f"{who}: {why}" for who, why in refused.items()),
        )

    @property
    def _server(self) -> MailServer:
        options = self.options
        return MailServer(
            host=options.smtp_host,
            port=options.port,
            encryption=options.encryption,
            user=options.smtp_user,
            password=options.smtp_password,
            domain=parse_address(options.email_from).domain,
            timeout=options.timeout,
            attempts=options.attempts,
        )

    def _message(self, announcement: Announcement, mail: Mail) -> EmailMessage:
        options = self.options
        sender = parse_address(options.email_from)
        headers: dict[str, str | tuple[Address, ...]] = {
            "From": (sender,),
            "To": _parsed(options.email_to),
            "Cc": _parsed(options.email_cc),
            "Reply-To": _parsed(options.reply_to),
            "Subject": subject_of(announcement, options),
        }
        return letter(
            announcement,
            mail,
            files_of(announcement, options),
            {name: value for name, value in headers.items() if value},
            output=self.context.id,
            domain=sender.domain,
        )


def _parsed(addresses: Sequence[str]) -> tuple[Address, ...]:
    return tuple(map(parse_address, addresses))
