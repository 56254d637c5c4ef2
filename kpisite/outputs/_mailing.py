"""What all outputs that mail an edition share: from whom, to whom, the subject, the pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, model_validator

from kpisite.errors import OutputError
from kpisite.model.words import status_text
from kpisite.outputs._jinja import filled, words_of
from kpisite.outputs._letter import parse_address
from kpisite.outputs._slug import slug
from kpisite.plugins import EditionOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kpisite.plugins import Announcement, EditionFile, Mail

_SUBJECT = "{{ title }}, {{ period }}{{ state }}{{ kpis }}"
_SUBJECT_KPIS = 3
"""KPIs in a subject: a phone shows about 40 characters of it."""
_LIKE_A_LIST = BeforeValidator(lambda value: [value] if isinstance(value, str) else value)


def _checked(text: str) -> str:
    parse_address(text)
    return text


_Address = Annotated[str, AfterValidator(_checked)]
_Addresses = Annotated[tuple[_Address, ...], _LIKE_A_LIST]


class MailOptions(EditionOptions):
    """From whom, to whom, and what a mail has."""

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
    attach: Annotated[tuple[Literal["csv", "pdf"], ...], _LIKE_A_LIST] = ()
    """Files beside the text: `csv` for those that the views' pages offer, `pdf` for the page."""
    image_strategy: Literal["embed", "remote"] = "embed"
    """`remote` leaves pictures that the site has as files there; charts are always embedded."""
    image_remote_base_url: str = ""
    """Where these files are, if not at the site's own address; their names follow it.
    It may have `{id}` of the report, `{period}` as 2013-W06, and `{title_slug}`."""
    notify_on_error: _Addresses = ()
    """Who is told where an edition does not go out, because a view of it failed."""

    @model_validator(mode="after")
    def _check_recipients(self) -> Self:
        if not (self.email_to or self.email_cc or self.email_bcc):
            raise ValueError("nobody gets it: name somebody in 'email_to'")
        return self

    @property
    def recipients(self) -> tuple[str, ...]:
        """All addresses that get it, without names, each once in whatever case."""
        everybody = (*self.email_to, *self.email_cc, *self.email_bcc)
        found: dict[str, str] = {}
        for address in map(parse_address, everybody):
            found.setdefault(address.addr_spec.lower(), address.addr_spec)
        return tuple(found.values())

    @property
    def owners(self) -> tuple[str, ...]:
        """The addresses in `notify_on_error`, without names."""
        return tuple(parse_address(one).addr_spec for one in self.notify_on_error)

    @property
    def audience(self) -> str:
        """Who gets it, in a few words that name nobody of bcc."""
        named = [parse_address(one).addr_spec for one in (*self.email_to, *self.email_cc)]
        others = len(self.recipients) - len(named[:1])
        more = [f"{others} {'more' if named else 'in bcc'}"] if others else []
        return " and ".join(named[:1] + more)


def mail_of(announcement: Announcement, options: MailOptions) -> Mail:
    """Return an edition as a mail, its pictures where the options want them.

    Raises:
        OutputError: Nothing is known of the pages.
    """
    if announcement.content is None:
        raise OutputError(f"nothing is known of the pages of {announcement.key}")
    mail = announcement.content.mail()
    if options.image_strategy == "embed":
        return mail
    base, html = _address_of_files(options.image_remote_base_url, announcement), mail.html
    there = {
        picture.name: f"{base.rstrip('/')}/{picture.name}" if base else picture.url
        for picture in mail.pictures
        if picture.url
    }
    for name, url in there.items():
        html = html.replace(f'src="cid:{name}"', f'src="{url}"')
    kept = [picture for picture in mail.pictures if picture.name not in there]
    return replace(mail, html=html, pictures=kept)


def files_of(announcement: Announcement, options: MailOptions) -> Sequence[EditionFile]:
    """Return the files that go beside the text.

    Raises:
        OutputError: The edition cannot be printed, or the built site lacks a file.
    """
    content = announcement.content
    if content is None:
        return ()
    printed = [content.pdf()] if "pdf" in options.attach else []
    return [*printed, *(content.tables() if "csv" in options.attach else ())]


def subject_of(announcement: Announcement, options: MailOptions) -> str:
    """Return the subject, in one line.

    Raises:
        OutputError: It cannot be filled in.
    """
    metrics = [metric for metric in announcement.metrics if metric.value is not None]
    kpis = [f"{metric.title} {metric.said}" for metric in metrics[:_SUBJECT_KPIS]]
    states = [status_text(announcement.status)] if announcement.status != "sealed" else []
    states += [status_text("revised")] if announcement.is_revision else []
    words = {
        **words_of(announcement),
        "state": f" ({', '.join(states)})" if states else "",
        "kpis": f": {', '.join(kpis)}" if kpis else "",
    }
    text = filled(options.subject or _SUBJECT, words, "subject")
    return " ".join(text.split())


def _address_of_files(base: str, announcement: Announcement) -> str:
    """Return the address of a folder with pictures of an edition."""
    report, _, period = announcement.key.rpartition("/")
    known = {"id": report, "period": period, "title_slug": slug(announcement.title)}
    for name, value in known.items():
        base = base.replace(f"{{{name}}}", value)
    return base
