"""An edition's mail as a MIME message: addresses, headers, parts; the same bytes each time."""

from __future__ import annotations

import hashlib
import re
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses
from typing import TYPE_CHECKING
from urllib.parse import quote

from kpisite.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kpisite.plugins import Announcement, EditionFile, FailureNotice, Mail

POLICY = SMTP
"""Lines end as they do on the wire."""
_LONGEST_NAME = 30
_FIT = re.compile(r"[A-Za-z0-9_-]+")
"""What an id in a header may have between its dots."""
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")
MESSAGE_ID = "message_id"
"""Name in a receipt's details, so that a revision can refer to what it revises."""


def parse_address(text: str) -> Address:
    """Return an address with its display name.

    Args:
        text: `kpi@example.org`, or `Sales team <sales@example.org>`.

    Raises:
        ValueError: It is none.
    """
    found = [] if _UNPRINTABLE.search(text) else getaddresses([text])
    name, spec = found[0] if len(found) == 1 else ("", "")
    local, _, domain = spec.rpartition("@")
    if not local or not domain or not spec.isascii():
        raise ValueError(
            f"{text!r} is no address: write kpi@example.org, or KPIs <kpi@example.org>"
        )
    try:
        return Address(name, addr_spec=spec)
    except (MessageError, ValueError) as error:
        raise ValueError(f"{text!r} is no address: {error}") from error


def message_id(announcement: Announcement, output: str, domain: str) -> str:
    """Return the `Message-ID` of an edition's revision through an output: the same each time."""
    site = announcement.url.partition(quote(announcement.key))[0]
    parts = (site, announcement.key, str(announcement.revision), output)
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    name = _name_in_header(announcement.key)
    return f"<{name}.{announcement.revision}.{digest}@{domain}>"


def headers_of(announcement: Announcement, output: str, domain: str) -> dict[str, str]:
    """Return the headers that make mail programs show, sort and answer a mail as it is meant.

    Args:
        announcement: Of the edition.
        output: The output's id.
        domain: Of the sender.
    """
    folder = announcement.key.rpartition("/")[0]
    report = ".".join(_FIT.findall(folder))
    if report != folder.replace("/", "."):  # folders that look alike without what does not fit
        report = f"{report}-{hashlib.sha256(folder.encode()).hexdigest()[:8]}".lstrip("-")
    headers = {
        "Message-ID": message_id(announcement, output, domain),
        "List-Id": f"{report} <{report}.{output}.{domain}>".replace("_", "-"),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if announcement.before and (known := announcement.before.details.get(MESSAGE_ID)):
        headers |= {"In-Reply-To": str(known), "References": str(known)}
    return headers


def headers_of_notice(notice: FailureNotice, output: str, domain: str) -> dict[str, str]:
    """Return the headers of a mail to owners; see `headers_of`."""
    name = _name_in_header(notice.key)
    digest = hashlib.sha256(f"{notice.key}\n{output}\n{notice.digest}".encode()).hexdigest()[:16]
    return {
        "Message-ID": f"<{name}.failed.{notice.revision}.{digest}@{domain}>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }


def _name_in_header(key: str) -> str:
    """Return the end of an edition's key, as an id can have it: a digest tells it from others."""
    return ".".join(_FIT.findall(key))[-_LONGEST_NAME:].lstrip(".-")


def letter(
    announcement: Announcement,
    mail: Mail,
    attached: Sequence[EditionFile],
    headers: Mapping[str, str | tuple[Address, ...]],
    *,
    output: str,
    domain: str,
) -> EmailMessage:
    """Return the message; the same announcement gives the same bytes.

    Args:
        announcement: Of the edition.
        mail: Of the same.
        attached: Files beside the text.
        headers: From, To, Subject and what else the output says.
        output: The output's id.
        domain: Of the sender.

    Raises:
        OutputError: A header cannot hold what it is to say.
    """
    message = EmailMessage(POLICY)
    own = headers_of(announcement, output, domain)
    if announcement.time is not None:
        own["Date"] = format_datetime(announcement.time)
    add_headers(message, {**headers, **own})
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    page = message.get_payload()[1]  # type: ignore[index]
    for picture in mail.pictures:
        kind, _, subtype = picture.mime.partition("/")
        page.add_related(  # type: ignore[union-attr]
            picture.data,
            kind,
            subtype,
            cid=f"<{picture.name}>",
            disposition="inline",
            filename=picture.name,
        )
    for file in attached:
        kind, _, subtype = file.mime.partition(";")[0].partition("/")
        message.add_attachment(file.data, kind, subtype, filename=file.name)
    own_digest = hashlib.sha256(message["Message-ID"].encode()).hexdigest()[:24]
    for number, part in enumerate(message.walk()):
        if part.is_multipart():
            part.set_boundary(f"=_{own_digest}_{number}")
    return message


def add_headers(message: EmailMessage, headers: Mapping[str, str | tuple[Address, ...]]) -> None:
    """Add headers to a message.

    Raises:
        OutputError: One cannot hold what it is to say.
    """
    for name, value in headers.items():
        try:
            message[name] = value
        except (ValueError, MessageError) as error:
            raise OutputError(f"the mail's header {name} cannot be written: {error}") from error
