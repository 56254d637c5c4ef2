"""The pages of the demo's editions, their mails and their messages in Slack say the same."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING

import pytest

from kpisite.archive.store import Archive
from kpisite.outputs._slack_message import message
from kpisite.outputs.slack import _views
from kpisite.render.templates import Templates
from kpisite.site import mail as mail_module
from kpisite.site.announcing import announcement
from kpisite.site.archive_site import ArchiveSite
from kpisite.site.mail import MOST_BYTES, EditionContents
from kpisite.site.urls import Urls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kpisite.plugins import Announcement

URL = "https://kpi.example.org/"
EDITIONS = ["flights/2013-W01", "flights/2013-W06", "flights/2014-W01", "carriers/2013-02"]
FORMS = ["html", "text", "slack"]
REST = "… the rest is on the page"
UNSEEN = re.compile(
    r"<(template|style|head|text)\b.*?</\1>"
    r'|<caption class="kpi-hidden">.*?</caption>'
    r'|<span class="kpi-hidden">.*?</span>|<div class="kpi-legend.*?</div>'
    r'|<a class="kpi-permalink".*?</a>',
    re.DOTALL,
)
DATA = re.compile(r'<details class="kpi-data">.*?</details>', re.DOTALL)
TITLE = re.compile(
    r'<h2 class="kpi-card-title"><a [^>]*>(.*?)</a>(?: <em>(.*?)</em>)?</h2>', re.DOTALL
)
NUMBER = re.compile(r"−?\d+(?:,\d{3})*(?:\.\d+)?(?: (?:%|min|points))?")
CUT = re.compile(r"[\d,]+ more rows? on the page")


@dataclass(frozen=True)
class Card:
    """A view on the page of an edition."""

    title: str
    description: str
    text: str
    """What it says and what its charts are described as, from its title on."""


def words(html: str) -> str:
    """Return the text of HTML on one line, with what stands for its charts."""
    html = re.sub(r'<div class="kpi-chart"[^>]*aria-label="([^"]*)"[^>]*>', r" \1 ", html)
    html = re.sub(r'<img class="chart"[^>]* alt="([^"]*)"[^>]*>', r" \1 ", html)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def cards(page: str, *, drawn: bool) -> list[Card]:
    """Return the views of a page; the data of its charts only where they are not drawn."""
    page = UNSEEN.sub("", page[: page.index('<footer class="kpi-provenance"')])
    if drawn:
        page = DATA.sub("", page)
    found = []
    for section in re.split(r"<section ", page)[1:]:
        title = TITLE.search(section)
        assert title is not None
        said = section[title.start() :].partition("</section>")[0]
        found.append(Card(words(title[1]), words(title[2] or ""), words(said)))
    return found


def slack_text(told: Announcement) -> str:
    """Return what a message of Slack says, without its formatting."""
    views = _views(told)
    parts = []
    for block in message(told, views, {}, "")["blocks"]:
        parts += [block.get("text", {}).get("text", "")]
        parts += [field["text"] for field in block.get("fields", ())]
        parts += [str(element.get("text")) for element in block.get("elements", ())]
        parts += [str(element.get("url", "")) for element in block.get("elements", ())]
    text = re.sub(r"<[^|>]+\|([^>]*)>", r"\1", "\n".join(parts)).replace("\u200b", "")
    return " ".join(unescape(text.replace("*", "").replace("```", "")).split())


@pytest.fixture(scope="module", params=[True, False], ids=["drawn", "undrawn"])
def drawn(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Whether there is what draws pictures."""
    with pytest.MonkeyPatch.context() as patch:
        if not request.param:
            patch.setattr(mail_module, "can_draw", lambda: False)
        yield request.param


@pytest.fixture(scope="module")
def told(demo, drawn) -> dict[str, Announcement]:
    entries = Archive(str(demo.archive)).editions()
    contents = EditionContents(ArchiveSite(entries, Templates(), Urls(), ""), demo.site)
    return {
        entry.key: announcement(entry, None, folder=demo.site, site_url=URL, content=contents.of)
        for entry in entries
        if entry.key in EDITIONS
    }


def form_of(told: Announcement, form: str) -> str:
    if form == "slack":
        return slack_text(told)
    mail = told.content.mail()
    return words(UNSEEN.sub("", mail.html)) if form == "html" else " ".join(mail.text.split())


def parts_of(text: str, shown: list[Card], after: str) -> list[str]:
    """Return what a text says of each card: from its title to that of the next."""
    starts = []
    place = text.index(after) + len(after)
    for card in shown:
        place = text.index(card.title, place)
        starts.append(place)
        place += len(card.title)
    ends = [*starts[1:], len(text)]
    return [text[a:b] for a, b in zip(starts, ends, strict=True)]


def numbers(text: str) -> list[str]:
    """Return all numbers of a text with their units, in its order."""
    return NUMBER.findall(text)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", EDITIONS)
def test_every_card_has_the_numbers_and_words_of_the_page(demo, told, drawn, key, form):
    page = (demo.site / key / "index.html").read_text(encoding="utf-8")
    shown = cards(page, drawn=drawn)
    assert len(shown) == len(told[key].document["views"])
    end = {"html": "Open the report", "text": "-- Run on", "slack": "Charts and tables"}[form]
    text = form_of(told[key], form)
    parts = parts_of(text[: text.rindex(end)], shown, told[key].document["description"])
    for card, part in zip(shown, parts, strict=True):
        assert card.description in part
        assert re.findall("[▲▼]", part) == re.findall("[▲▼]", card.text)
        expected, found = numbers(card.text), numbers(CUT.sub("", part))
        if (form == "slack" and REST in part) or CUT.search(part):
            assert len(expected) > len(found) > 10
            expected = expected[: len(found)]
        assert found == expected


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", EDITIONS)
def test_each_says_of_what_and_of_when_it_is_and_where_the_page_is(demo, told, key, form):
    page = (demo.site / key / "index.html").read_text(encoding="utf-8")
    head = re.search(
        r'<header class="kpi-head">(.*?)</header>(.*?)<div class="kpi-strip"', page, re.DOTALL
    )
    assert head is not None
    about = [
        words(found)
        for place in ("kpi-crumbs", "kpi-span", "kpi-lead")
        for found in re.findall(rf'<p class="{place}">(.*?)</p>', head[0], re.DOTALL)
    ]
    facts = [
        one.strip() for line in about for one in re.split(" · | (?=sealed)|(?<=sealed) ", line)
    ]
    text = form_of(told[key], form)
    assert len(facts) == 6
    for fact in (words(re.search(r"<h1>(.*?)</h1>", head[0])[1]), *facts):
        assert fact in text
    address = f"{URL}{key}/"
    assert address in (told[key].content.mail().html if form == "html" else text)
    foot = re.search(r'<footer class="kpi-provenance">(.*?)</footer>', page)
    assert foot is not None
    assert text.endswith(words(foot[1]).removesuffix(" · JSON"))  # a link


@pytest.mark.parametrize("key", EDITIONS)
def test_a_mail_is_small_enough_for_gmail(told, key):
    assert len(told[key].content.mail().html.encode()) < MOST_BYTES
