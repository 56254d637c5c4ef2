"""A real SMTP server in a thread, which does as it is told."""

from __future__ import annotations

import asyncio
import email
import socket
from email.policy import default
from typing import TYPE_CHECKING, Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

if TYPE_CHECKING:
    import ssl
    from email.message import EmailMessage

PASSWORD = "correct horse"


class MailServer:
    """Answers each command as `answers` says, and keeps the mails it took."""

    def __init__(self, tls: ssl.SSLContext | None = None, *, implicit: bool = False) -> None:
        self.answers: dict[str, list[str]] = {}
        """Command, or command and address → answers, one each time; `reset`, `silent`; then OK."""
        self.mails: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.to: list[list[str]] = []
        self.asked: list[str] = []
        self.users: list[bytes] = []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        more: dict[str, Any] = {}
        if tls is not None:
            more = {"authenticator": self._log_in, "auth_required": True}
            more |= {"ssl_context": tls, "auth_require_tls": False} if implicit else {
                "tls_context": tls, "require_starttls": True,
            }  # fmt: skip
        self._controller = Controller(
            self, hostname="127.0.0.1", port=self.port, ready_timeout=30, **more
        )
        self._controller.start()

    def close(self) -> None:
        self._controller.stop()

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd names it
        envelope.mail_from = address
        return await self._answer(server, "MAIL", "250 OK")

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd names it
        said = await self._answer(server, f"RCPT {address}", "250 OK")
        if said.startswith("250"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd names it
        said = await self._answer(server, "DATA", "250 Taken")
        if said.startswith("250"):
            self.raw.append(envelope.content)
            self.mails.append(email.message_from_bytes(envelope.content, policy=default))
            self.to.append(list(envelope.rcpt_tos))
        return said

    async def _answer(self, server, command: str, usual: str) -> str:
        self.asked.append(command)
        left = self.answers.get(command) or self.answers.get(command.partition(" ")[0]) or []
        said = left.pop(0) if left else usual
        if said == "silent":
            await asyncio.Event().wait()
        if said == "reset":
            server.transport.abort()
        return said

    def _log_in(self, server, session, envelope, mechanism, data):
        self.asked.append("AUTH")
        if said := self.answers.get("AUTH"):
            return AuthResult(success=False, handled=False, message=said.pop(0))
        self.users.append(data.login)
        return AuthResult(success=data.password.decode() == PASSWORD, handled=False)
