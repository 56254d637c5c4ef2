"""Atom feeds of sealed editions: what is preliminary may change, and would be told twice."""

from __future__ import annotations

import heapq
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement, tostring

from pydantic import AwareDatetime

from kpisite.model.base import StrictModel
from kpisite.model.language import gettext
from kpisite.model.words import period_title, revision_text
from kpisite.plugins.markup import escape_html
from kpisite.site.machine import EDITION, FEED
from kpisite.site.summaries import kpi_text, period_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kpisite.archive.index import Entry
    from kpisite.site.machine import SiteAbout
    from kpisite.site.urls import Urls

_MOST = 50
"""Editions in a feed."""
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When a feed was changed that never had an edition."""
_BEGIN, _END = '<?xml version="1.0" encoding="utf-8"?>\n', "</feed>"
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class FeedEntry(StrictModel):
    """A sealed edition as feeds tell of it: that of its report, and that of the site."""

    order: tuple[float, str]
    """When its period ends, and its name."""
    run: AwareDatetime
    xml: str


def feed_entries(entries: Iterable[Entry], about: SiteAbout, urls: Urls) -> list[FeedEntry]:
    """Return what feeds tell of the newest sealed editions, newest first.

    Args:
        entries: The editions of a report.
        about: The site, whose address must be known.
        urls: How pages are addressed.
    """
    sealed = (entry for entry in entries if entry.status == "sealed")
    newest = heapq.nlargest(_MOST, sealed, key=_order)
    return [
        FeedEntry(order=_order(entry), run=entry.started, xml=_entry(entry, about, urls))
        for entry in newest
    ]


def feed(
    told: Iterable[FeedEntry],
    about: SiteAbout,
    urls: Urls,
    *,
    folder: str = "",
    title: str = "",
    description: str = "",
) -> str:
    """Return a feed.

    Args:
        told: What to tell, in any order; only the newest are told.
        about: The site, whose address must be known.
        urls: How pages are addressed.
        folder: Where the feed stands: the folder of a report, "" for the site's.
        title: Of the report; by default, the site's.
        description: Of the report; by default, the site's.
    """
    shown = heapq.nlargest(_MOST, told, key=lambda entry: entry.order)
    home = _absolute(about, f"{folder}/{FEED}" if folder else FEED)
    root = Element("feed", xmlns="http://www.w3.org/2005/Atom")
    _text(root, "title", title or about.name)
    if subtitle := (description if folder else about.description):
        _text(root, "subtitle", subtitle)
    _text(root, "id", home)
    _text(root, "updated", _instant(max((entry.run for entry in shown), default=_NEVER)))
    _text(SubElement(root, "author"), "name", about.author or about.name)
    _link(root, "self", "application/atom+xml", home)
    _link(root, "alternate", "text/html", _absolute(about, urls.page("", folder)))
    _text(root, "generator", "kpisite")
    head = _written(root).removesuffix(_END)
    return "\n".join([_BEGIN + head, *(entry.xml for entry in shown), f"{_END}\n"])


def _order(entry: Entry) -> tuple[float, str]:
    return entry.period.end.timestamp(), entry.key


def _entry(entry: Entry, about: SiteAbout, urls: Urls) -> str:
    element = Element("entry")
    title = f"{entry.title} – {period_title(entry.period)}"
    page = _absolute(about, urls.page("", entry.key))
    kpis = [(metric.title, kpi_text(metric)) for metric in entry.metrics.values()]
    _text(
        element,
        "title",
        title if entry.revision == 1 else gettext("Revised: {title}").format(title=title),
    )
    _text(element, "id", _absolute(about, f"{entry.key}/"))
    _text(element, "updated", _instant(entry.started))
    _link(element, "alternate", "text/html", page)
    _link(element, "alternate", "application/json", _absolute(about, f"{entry.key}/{EDITION}"))
    _text(element, "summary", _summary(entry, kpis))
    _text(element, "content", _content(entry, kpis, page), type="html")
    return _written(element)


def _summary(entry: Entry, kpis: Iterable[tuple[str, str]]) -> str:
    """Return an edition in plain text: its period, and all its KPIs."""
    return ". ".join([_about(entry), *(f"{title}: {text}" for title, text in kpis)]) + "."


def _content(entry: Entry, kpis: Iterable[tuple[str, str]], page: str) -> str:
    """Return an edition in HTML: a list of its KPIs, and the way to its page."""
    rows = "".join(
        f"<li><strong>{escape_html(title)}</strong>: {escape_html(text)}</li>"
        for title, text in kpis
    )
    more = escape_html(gettext("Charts and tables"))
    listed = f"<ul>{rows}</ul>" if rows else ""
    return (
        f"<p>{escape_html(_about(entry))}</p>{listed}"
        f'<p><a href="{escape_html(page)}">{more}</a></p>'
    )


def _about(entry: Entry) -> str:
    revision = f", {revision_text(entry.revision)}" if entry.revision > 1 else ""
    return f"{period_words(entry.period)}{revision}"


def _absolute(about: SiteAbout, path: str) -> str:
    return about.url + quote(path.removeprefix("./"))


def _instant(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _written(element: Element) -> str:
    text: str = tostring(element, encoding="unicode")
    return text


def _text(parent: Element, tag: str, text: str, **attributes: str) -> None:
    SubElement(parent, tag, attributes).text = _NOT_IN_XML.sub("\ufffd", text)


def _link(parent: Element, rel: str, kind: str, href: str) -> None:
    SubElement(parent, "link", rel=rel, type=kind, href=href)
