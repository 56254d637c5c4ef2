"""The talk with a mail server: encrypted, logged in, and tried again where it may pass."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kpisite.errors import OutputError, UnclearDeliveryError
from kpisite.outputs._retries import retrying

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydantic import SecretStr

_DONE, _GO_ON, _PASSING, _PERMANENT = 250, 354, 400, 500
_TAKEN = (250, 251, 252)


@dataclass(frozen=True)
class MailServer:
    """A mail server, and how it is asked."""

    host: str
    port: int
    encryption: str
    """`starttls`, `implicit` or `none`."""
    user: str
    """Who logs in; "" for no login."""
    password: SecretStr
    domain: str
    """The name by which this machine greets."""
    timeout: float
    """Seconds to wait for each answer."""
    attempts: int
    """How often it is asked while it is busy or down."""

    def send(self, body: bytes, sender: str, recipients: Sequence[str]) -> dict[str, str]:
        """Send a message; a server that is busy or down is asked again.

        Args:
            body: The message, with CRLF at the ends of lines.
            sender: Address without a name.
            recipients: Addresses without names, each once.

        Returns:
            Who was refused, and why: the others have it.

        Raises:
            UnclearDeliveryError: The connection broke after the message was sent.
            OutputError: The server cannot be reached, or takes it for nobody.
        """
        refused: dict[str, str] = {}
        for attempt in retrying(self.attempts, lambda error: isinstance(error, _BusyError)):
            with attempt:
                last = attempt.retry_state.attempt_number == self.attempts
                refused = self._send(body, sender, recipients, last=last)
        return refused

    def _send(
        self, body: bytes, sender: str, recipients: Sequence[str], *, last: bool
    ) -> dict[str, str]:
        """Send a message once; return who was refused, and why."""
        with self._connection() as server:
            refused = self._addressed(server, sender, recipients, last=last)
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
                raise self._unclear() from error
            if code >= _PASSING:
                raise self._refusal("does not take the mail", code, said)
            if code // 100 != _DONE // 100:
                raise self._unclear()
            return refused

    def _addressed(
        self, server: smtplib.SMTP, sender: str, recipients: Sequence[str], *, last: bool
    ) -> dict[str, str]:
        """Say from whom and to whom; return who was refused."""
        code, said = self._asked(server.mail, sender)
        if code != _DONE:
            raise self._refusal(f"does not take mail from {sender}", code, said)
        refused: dict[str, tuple[int, bytes]] = {}
        for who in recipients:
            code, said = self._asked(server.rcpt, who)
            if code not in _TAKEN:
                refused[who] = code, said
        passing = [(who, *why) for who, why in refused.items() if why[0] < _PERMANENT]
        if passing and not last:
            who, code, said = passing[0]
            raise self._refusal(f"does not take mail to {who}", code, said)
        if len(refused) == len(recipients):
            who, (code, said) = next(iter(refused.items()))
            raise self._refusal(f"does not take mail to {who}", code, said)
        return {who: f"{code} {_text(said)}" for who, (code, said) in refused.items()}

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        """Yield a connection that is encrypted and logged in as wanted."""
        server: smtplib.SMTP | None = None
        try:
            server = self._connected()
            code, said = self._asked(server.ehlo)
            if code != _DONE:
                raise self._refusal("does not greet", code, said)
            if self.encryption == "starttls":
                self._encrypt(server)
            if self.user:
                self._log_in(server)
            yield server
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
        finally:
            if server is not None:
                server.close()

    def _connected(self) -> smtplib.SMTP:
        common: dict[str, Any] = {"local_hostname": self.domain, "timeout": self.timeout}
        try:
            if self.encryption == "implicit":
                return smtplib.SMTP_SSL(self.host, self.port, context=_trust(), **common)
            return smtplib.SMTP(self.host, self.port, **common)
        except ssl.SSLCertVerificationError as error:
            raise self._distrusted(error) from error
        except ssl.SSLError as error:
            hint = "Check 'smtp_port' and 'tls'."
            raise self._error("speaks no TLS on this port", hint) from error
        except smtplib.SMTPConnectError as error:
            raise self._refusal("does not answer calls", *_said(error)) from error
        except TimeoutError as error:
            raise self._busy(f"does not answer within {self.timeout:g} s") from error
        except UnicodeError as error:
            raise self._error("is no name of a server", "Check 'smtp_host'.") from error
        except (OSError, smtplib.SMTPException) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise self._busy(f"cannot be reached: {reason}") from error

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
        try:
            server.login(self.user, self.password.get_secret_value())
        except smtplib.SMTPNotSupportedError as error:
            raise self._error("offers no login", "Leave 'smtp_user' out.") from error
        except smtplib.SMTPResponseException as error:
            raise self._refusal(
                f"does not let '{self.user}' in",
                *_said(error),
                hint="Check 'smtp_user' and 'smtp_password'.",
            ) from None  # what was sent is in it
        except UnicodeError:
            raise self._error(
                "is not logged in to: a letter beyond ASCII is in name or password",
                "Set a password without.",
            ) from None  # the letter is in it
        except (OSError, smtplib.SMTPException) as error:
            raise self._busy("broke the connection at the login") from error

    def _asked(self, ask: Any, *arguments: str) -> tuple[int, bytes]:
        """Return the answer to a command; all of them come before the mail itself."""
        try:
            code, said = ask(*arguments)
        except (OSError, smtplib.SMTPException) as error:
            raise self._busy("broke the connection") from error
        return code, said

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def _refusal(self, what: str, code: int, said: bytes, hint: str = "") -> OutputError:
        """Return the error for an answer: 4xx may pass, 5xx will not."""
        told = f"{what}: {code} {_text(said)}"
        if _PASSING <= code < _PERMANENT:
            return self._busy(told)
        return self._error(told, hint or "Mend it, then publish again.")

    def _error(self, message: str, hint: str) -> OutputError:
        return OutputError(f"{self} {message}", hint=hint)

    def _unclear(self) -> UnclearDeliveryError:
        return UnclearDeliveryError(
            f"{self} did not say whether it took the mail: people may have it, or not",
            hint="Ask them.",
        )

    def _distrusted(self, error: ssl.SSLCertVerificationError) -> OutputError:
        return self._error(
            f"has a certificate that this machine does not trust: {error.verify_message}",
            "Check 'smtp_host'; SSL_CERT_FILE names a file with certificates of your own.",
        )

    def _busy(self, message: str) -> _BusyError:
        return _BusyError(
            f"{self} {message}, asked {self.attempts} times",
            hint="The next publish tries again.",
        )


class _BusyError(OutputError):
    """The server did not take it, and may take it later."""


def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


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
