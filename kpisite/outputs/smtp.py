"""The output driver `smtp`: mails an edition, with its numbers, charts and tables."""

from __future__ import annotations

import hashlib
import re
import smtplib
import ssl
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator
from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from kpisite.errors import OutputError, UnclearDeliveryError
from kpisite.outputs._jinja import filled, words_of
from kpisite.outputs._letter import MESSAGE_ID, POLICY, letter, parse_address
from kpisite.plugins import Announcement, EditionDriver, EditionOptions, Receipt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from email.headerregistry import Address
    from email.message import EmailMessage

    from kpisite.plugins import Mail

_SUBJECT = "{{ title }}, {{ period }}{% if is_revision %} (revised){% endif %}{{ kpis }}"
_SUBJECT_KPIS = 3
"""KPIs in a subject: a phone shows about 40 characters of it."""
_LIKE_A_LIST = BeforeValidator(lambda value: [value] if isinstance(value, str) else value)


def _checked(text: str) -> str:
    parse_address(text)
    return text


_Address = Annotated[str, AfterValidator(_checked)]
_Addresses = Annotated[tuple[_Address, ...], _LIKE_A_LIST]


class SMTP(EditionDriver):
    """Mails an edition through a mail server."""

    class Options(EditionOptions):
        """From whom, to whom, and through which server."""

        email_from: _Address
        """Who sends it: `KPIs <kpi@example.org>`."""
        email_to: _Addresses = ()
        """Who gets it: an address, or a list of them."""
        email_cc: _Addresses = ()
        """Who gets it too, and everybody sees that."""
        email_bcc: _Addresses = ()
        """Who gets it too, and nobody sees that."""
        reply_to: _Addresses = ()
        """Who gets the answers; by default, the sender."""
        subject: str = ""
        """Jinja: `{{ title }}: {{ text }}`; by default report, period and the first KPIs."""
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
        attach: Annotated[tuple[Literal["csv"], ...], _LIKE_A_LIST] = ()
        """Files beside the text: `csv` for those that the views' pages offer."""
        image_strategy: Literal["embed", "remote"] = "embed"
        """`remote` leaves pictures that the site has as files there; charts are always embedded."""
        image_remote_base_url: str = ""
        """Where these files are, if not at the site's own address; their names follow it.
        It may have `{id}` of the report, `{period}` as 2013-W06, and `{title_slug}`."""
        timeout: float = Field(default=30, gt=0)
        """Seconds to wait for each answer of the server."""
        attempts: int = Field(default=4, ge=1, le=10)
        """How often a server that is busy or down is asked."""

        @model_validator(mode="after")
        def _check_together(self) -> Self:
            if not (self.email_to or self.email_cc or self.email_bcc):
                raise ValueError("nobody gets it: name somebody in 'email_to'")
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

        @property
        def recipients(self) -> tuple[str, ...]:
            """All addresses that get it, without names, each once."""
            everybody = (*self.email_to, *self.email_cc, *self.email_bcc)
            return tuple(dict.fromkeys(parse_address(one).addr_spec for one in everybody))

    options: Options

    @property
    def target(self) -> str:
        """Who gets it, and through which server."""
        options = self.options
        named = [parse_address(one).addr_spec for one in (*options.email_to, *options.email_cc)]
        others = len(options.recipients) - len(named[:1])
        more = [f"{others} {'more' if named else 'in bcc'}"] if others else []
        return f"{' and '.join(named[:1] + more)} through {options.smtp_host}"

    def plan(self, announcement: Announcement) -> Sequence[str]:
        """Return subject, recipients and sizes."""
        mail = self._mail(announcement)
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
        return self._message(announcement, self._mail(announcement))

    def deliver(self, announcement: Announcement) -> Receipt:
        """Mail an edition; a server that is busy or down is asked again.

        The server may refuse some of the recipients: the others have it then, and it is not sent
        again, since they would get it twice. The receipt says who was refused.

        Raises:
            UnclearDeliveryError: The connection broke after the mail was sent.
            OutputError: The server cannot be reached, or takes it for nobody.
        """
        message = self.message(announcement)
        body = message.as_bytes(policy=POLICY)
        again = Retrying(
            retry=retry_if_exception_type(_BusyError),
            stop=stop_after_attempt(self.options.attempts),
            wait=_wait,
            reraise=True,
        )
        refused: dict[str, str] = {}
        for attempt in again:
            with attempt:
                last = attempt.retry_state.attempt_number == self.options.attempts
                refused = self._send(body, last=last)
        details: dict[str, str | int] = {
            MESSAGE_ID: message["Message-ID"],
            "recipients": len(self.options.recipients) - len(refused),
            "bytes": len(body),
        }
        if refused:
            details["refused"] = "; ".join(f"{who}: {why}" for who, why in refused.items())
        digest = hashlib.sha256(body).hexdigest()
        return Receipt(target=self.target, digest=digest, details=details)

    def _send(self, body: bytes, *, last: bool) -> dict[str, str]:
        """Send a message once; return who was refused, and why."""
        with self._connection() as server:
            refused = self._addressed(server, last=last)
            code, said = self._asked(server.docmd, "DATA")
            if code != _GO_ON:
                raise self._refusal("does not take the mail", code, said)
            try:
                server.send(_stuffed(body))
            except (OSError, smtplib.SMTPException) as error:  # its end was never sent
                raise self._busy("broke the connection while the mail was sent") from error
            try:
                code, said = server.getreply()
            except (OSError, smtplib.SMTPException) as error:
                raise UnclearDeliveryError(
                    f"{self._server} did not say whether it took the mail: people may have it, "
                    "or not",
                    hint="Ask them.",
                ) from error
            if code != _DONE:
                raise self._refusal("does not take the mail", code, said)
            return refused

    def _addressed(self, server: smtplib.SMTP, *, last: bool) -> dict[str, str]:
        """Say from whom and to whom; return who was refused."""
        sender = parse_address(self.options.email_from).addr_spec
        code, said = self._asked(server.mail, sender)
        if code != _DONE:
            raise self._refusal(f"does not take mail from {sender}", code, said)
        refused: dict[str, tuple[int, bytes]] = {}
        for who in self.options.recipients:
            code, said = self._asked(server.rcpt, who)
            if code not in _TAKEN:
                refused[who] = code, said
        passing = [(who, *why) for who, why in refused.items() if why[0] < _PERMANENT]
        if passing and not last:
            who, code, said = passing[0]
            raise self._refusal(f"does not take mail to {who}", code, said)
        if len(refused) == len(self.options.recipients):
            who, (code, said) = next(iter(refused.items()))
            raise self._refusal(f"does not take mail to {who}", code, said)
        return {who: f"{code} {_text(said)}" for who, (code, said) in refused.items()}

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        """Yield a connection that is encrypted and logged in as wanted."""
        options = self.options
        server: smtplib.SMTP | None = None
        try:
            server = self._connected()
            code, said = self._asked(server.ehlo)
            if code != _DONE:
                raise self._refusal("does not greet", code, said)
            if options.encryption == "starttls":
                self._encrypt(server)
            if options.smtp_user:
                self._log_in(server)
            yield server
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
        finally:
            if server is not None:
                server.close()

    def _connected(self) -> smtplib.SMTP:
        options = self.options
        name = parse_address(options.email_from).domain
        common: dict[str, Any] = {"local_hostname": name, "timeout": options.timeout}
        try:
            if options.encryption == "implicit":
                return smtplib.SMTP_SSL(options.smtp_host, options.port, context=_trust(), **common)
            return smtplib.SMTP(options.smtp_host, options.port, **common)
        except ssl.SSLCertVerificationError as error:
            raise self._distrusted(error) from error
        except ssl.SSLError as error:
            hint = "Check 'smtp_port' and 'tls'."
            raise self._error("speaks no TLS on this port", hint) from error
        except smtplib.SMTPConnectError as error:
            raise self._refusal("does not answer calls", *_said(error)) from error
        except TimeoutError as error:
            raise self._busy(f"does not answer within {options.timeout:g} s") from error
        except (OSError, smtplib.SMTPException) as error:
            raise self._busy("cannot be reached") from error

    def _encrypt(self, server: smtplib.SMTP) -> None:
        try:
            server.starttls(context=_trust())
        except ssl.SSLCertVerificationError as error:
            raise self._distrusted(error) from error
        except smtplib.SMTPNotSupportedError as error:
            raise self._error(
                "offers no STARTTLS",
                "Set 'tls: implicit' with its port, or 'tls: none' in a network that you trust.",
            ) from error
        except smtplib.SMTPResponseException as error:
            raise self._refusal("does not begin TLS", *_said(error)) from error
        except ssl.SSLError as error:
            raise self._error("cannot begin TLS", "Check 'smtp_port' and 'tls'.") from error
        except (OSError, smtplib.SMTPException) as error:
            raise self._busy("broke the connection") from error

    def _log_in(self, server: smtplib.SMTP) -> None:
        options = self.options
        try:
            server.login(options.smtp_user, options.smtp_password.get_secret_value())
        except smtplib.SMTPNotSupportedError as error:
            raise self._error("offers no login", "Leave 'smtp_user' out.") from error
        except smtplib.SMTPResponseException as error:
            raise self._refusal(
                f"does not let '{options.smtp_user}' in",
                *_said(error),
                hint="Check 'smtp_user' and 'smtp_password'.",
            ) from None  # what was sent is in it
        except (OSError, smtplib.SMTPException) as error:
            raise self._busy("broke the connection at the login") from error

    def _asked(self, ask: Any, *arguments: str) -> tuple[int, bytes]:
        """Return the answer to a command; all of them come before the mail itself."""
        try:
            code, said = ask(*arguments)
        except (OSError, smtplib.SMTPException) as error:
            raise self._busy("broke the connection") from error
        return code, said

    def _mail(self, announcement: Announcement) -> Mail:
        if announcement.content is None:
            raise OutputError(f"nothing is known of the pages of {announcement.key}")
        mail = announcement.content.mail()
        if self.options.image_strategy == "embed":
            return mail
        base, html = _address_of_files(self.options.image_remote_base_url, announcement), mail.html
        there = {
            picture.name: f"{base.rstrip('/')}/{picture.name}" if base else picture.url
            for picture in mail.pictures
            if picture.url
        }
        for name, url in there.items():
            html = html.replace(f'src="cid:{name}"', f'src="{url}"')
        kept = [picture for picture in mail.pictures if picture.name not in there]
        return replace(mail, html=html, pictures=kept)

    def _message(self, announcement: Announcement, mail: Mail) -> EmailMessage:
        options = self.options
        sender = parse_address(options.email_from)
        headers: dict[str, str | tuple[Address, ...]] = {
            "From": (sender,),
            "To": _parsed(options.email_to),
            "Cc": _parsed(options.email_cc),
            "Reply-To": _parsed(options.reply_to),
            "Subject": self._subject(announcement),
        }
        wanted = "csv" in options.attach and announcement.content is not None
        return letter(
            announcement,
            mail,
            announcement.content.tables() if wanted and announcement.content else (),
            {name: value for name, value in headers.items() if value},
            output=self.context.id,
            domain=sender.domain,
        )

    def _subject(self, announcement: Announcement) -> str:
        known = [metric for metric in announcement.metrics if metric.value is not None]
        kpis = [f"{m.title} {m.text}" for m in known[:_SUBJECT_KPIS]]
        words = {
            **words_of(announcement),
            "kpis": f": {', '.join(kpis)}" if kpis else "",
        }
        text = filled(self.options.subject or _SUBJECT, words, "subject")
        return " ".join(text.split())

    @property
    def _server(self) -> str:
        return f"{self.options.smtp_host}:{self.options.port}"

    def _refusal(self, what: str, code: int, said: bytes, hint: str = "") -> OutputError:
        """Return the error for an answer: 4xx may pass, 5xx will not."""
        told = f"{what}: {code} {_text(said)}"
        if 400 <= code < _PERMANENT:
            return self._busy(told)
        return self._error(told, hint or "Mend it, then publish again.")

    def _error(self, message: str, hint: str) -> OutputError:
        return OutputError(f"{self._server} {message}", hint=hint)

    def _distrusted(self, error: ssl.SSLCertVerificationError) -> OutputError:
        return self._error(
            f"has a certificate that this machine does not trust: {error.verify_message}",
            "Check 'smtp_host'; SSL_CERT_FILE names a file with certificates of your own.",
        )

    def _busy(self, message: str) -> _BusyError:
        return _BusyError(
            f"{self._server} {message}, asked {self.options.attempts} times",
            hint="The next publish tries again.",
        )


class _BusyError(OutputError):
    """The server did not take it, and may take it later."""


_wait = wait_random_exponential(multiplier=0.5, max=20)
_DONE, _GO_ON, _PERMANENT = 250, 354, 500
_TAKEN = (250, 251, 252)


def _address_of_files(base: str, announcement: Announcement) -> str:
    """Return the address of a folder with pictures of an edition."""
    report, _, period = announcement.key.rpartition("/")
    slug = re.sub(r"[^a-z0-9]+", "-", announcement.title.lower()).strip("-")
    for name, value in (("id", report), ("period", period), ("title_slug", slug)):
        base = base.replace(f"{{{name}}}", value)
    return base


def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


def _parsed(addresses: Sequence[str]) -> tuple[Address, ...]:
    return tuple(map(parse_address, addresses))


def _said(error: smtplib.SMTPResponseException) -> tuple[int, bytes]:
    said = error.smtp_error
    return error.smtp_code, said if isinstance(said, bytes) else said.encode()


def _text(said: bytes) -> str:
    return " ".join(said.decode("utf-8", "replace").split())[:200]


def _stuffed(body: bytes) -> bytes:
    """Return a message as it goes over the line: dots that begin lines doubled, one to end it."""
    text = body if body.endswith(b"\r\n") else body + b"\r\n"
    stuffed = text.replace(b"\r\n.", b"\r\n..")
    return (b"." + stuffed if stuffed.startswith(b".") else stuffed) + b".\r\n"
