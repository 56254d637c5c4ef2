"""Atom feeds: valid, of sealed editions only, with ids that stay."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest

from kpisite.archive.index import Entry
from kpisite.archive.store import Archive
from kpisite.model.metric import Metric
from kpisite.model.number import NumberFormat
from kpisite.model.period import Period
from kpisite.site.feeds import feed, feed_entries
from kpisite.site.machine import SiteAbout
from kpisite.site.urls import Urls

if TYPE_CHECKING:
    from collections.abc import Sequence

ATOM = "{http://www.w3.org/2005/Atom}"
ABOUT = SiteAbout("Our KPIs", "https://kpi.example.org/ours/", "What we count")
ZONE = ZoneInfo("America/New_York")
MONDAY = date(2013, 2, 4)
RUN = datetime(2013, 2, 13, 11, 0, 0, 250_000, tzinfo=UTC)
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
ON_TIME = Metric(
    name="on_time",
    title="On-time departures",
    value=0.798,
    format=NumberFormat(style="percent", precision=1),
    comparison=0.757,
    comparison_title="week 5",
    change_as="raw",
    target=0.8,
    good="up",
)


def edition(day: date = MONDAY, **changes: Any) -> Entry:
    """Return the entry of a week."""
    period = Period.containing(day, "week", ZONE)
    entry = Entry(
        archive=Archive("memory://feeds"),
        report="flights",
        label=period.label,
        title="Flights",
        period=period,
        revision=1,
        status="sealed",
        started=RUN,
        definition="d",
        views=("on_time",),
        plugins=("single_stat",),
        failed=False,
        digest="0" * 64,
        metrics={"on_time": ON_TIME},
    )
    return dataclasses.replace(entry, **changes)


def weeks(count: int) -> list[Entry]:
    return [edition(MONDAY + timedelta(weeks=week)) for week in range(count)]


def parsed(entries: Sequence[Entry], urls: Urls | None = None, **names: str) -> ET.Element:
    urls = urls or Urls()
    told = feed_entries(entries, ABOUT, urls)
    root = ET.fromstring(feed(told, ABOUT, urls, **(names or OF_REPORT)))
    assert_valid(root)
    return root


OF_REPORT = {"folder": "flights", "title": "Flights, weekly", "description": "All of them"}


def assert_valid(root: ET.Element) -> None:
    """Check what RFC 4287 asks of a feed whose entries have their author from it."""
    assert root.tag == f"{ATOM}feed"
    for element in (root, *root.iter(f"{ATOM}entry")):
        for tag in ("id", "title", "updated"):
            [found] = element.findall(f"{ATOM}{tag}")
            assert found.text
        assert element.findtext(f"{ATOM}id", "").startswith(ABOUT.url)
        assert RFC_3339.fullmatch(element.findtext(f"{ATOM}updated", ""))
        links = [(link.get("rel"), link.get("type")) for link in element.findall(f"{ATOM}link")]
        assert ("alternate", "text/html") in links
        assert len(links) == len(set(links))
        hrefs = [link.get("href", "") for link in element.iter(f"{ATOM}link")]
        assert all(href.startswith("https://") for href in hrefs)
    assert root.findtext(f"{ATOM}author/{ATOM}name")
    assert [link.get("href") for link in root.findall(f"{ATOM}link[@rel='self']")] == [
        root.findtext(f"{ATOM}id")
    ]
    ids = [element.text for element in root.iter(f"{ATOM}id")]
    assert len(ids) == len(set(ids))


def of_entries(root: ET.Element, tag: str) -> list[str]:
    return [entry.findtext(f"{ATOM}{tag}", "") for entry in root.iter(f"{ATOM}entry")]


def test_an_entry_says_what_its_edition_says():
    root = parsed([edition()])
    [entry] = root.findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title") == "Flights – Week 6, 2013"
    assert entry.findtext(f"{ATOM}id") == "https://kpi.example.org/ours/flights/2013-W06/"
    assert entry.findtext(f"{ATOM}updated") == "2013-02-13T11:00:00Z"
    kpi = "79.8 %, up 4.1 points vs week 5, target 80 % missed by 0.2 points"
    assert entry.findtext(f"{ATOM}summary") == (
        f"Week 6, 2013, 4 – 10 February 2013. On-time departures: {kpi}."
    )
    content = entry.find(f"{ATOM}content")
    assert content is not None
    assert content.get("type") == "html"
    assert content.text == (
        "<p>Week 6, 2013, 4 – 10 February 2013</p>"
        f"<ul><li><strong>On-time departures</strong>: {kpi}</li></ul>"
        '<p><a href="https://kpi.example.org/ours/flights/2013-W06/">Charts and tables</a></p>'
    )


def test_a_feed_says_whose_it_is():
    root = parsed([edition()])
    assert root.findtext(f"{ATOM}title") == "Flights, weekly"
    assert root.findtext(f"{ATOM}subtitle") == "All of them"
    assert root.findtext(f"{ATOM}id") == "https://kpi.example.org/ours/flights/feed.xml"
    [page] = root.findall(f"{ATOM}link[@rel='alternate']")
    assert page.get("href") == "https://kpi.example.org/ours/flights/"


def test_the_feed_of_the_site_has_the_editions_of_all_reports():
    carriers = edition(report="carriers", title="Carriers")
    root = parsed([*weeks(2), carriers], folder="")
    assert root.findtext(f"{ATOM}title") == "Our KPIs"
    assert root.findtext(f"{ATOM}subtitle") == "What we count"
    assert root.findtext(f"{ATOM}id") == "https://kpi.example.org/ours/feed.xml"
    assert of_entries(root, "title") == [
        "Flights – Week 7, 2013",
        "Flights – Week 6, 2013",
        "Carriers – Week 6, 2013",
    ]


def test_a_feed_tells_the_newest_50_editions_by_their_period():
    many = weeks(60)
    labels = [address.split("/")[-2] for address in of_entries(parsed(many[::-1]), "id")]
    assert labels == [entry.label for entry in many[:-51:-1]]
    assert parsed(many[::-1])[0].text == parsed(many)[0].text


def test_only_sealed_editions_are_told():
    open_week = edition(MONDAY + timedelta(weeks=1), status="preliminary")
    draft = edition(MONDAY + timedelta(weeks=2), status="draft")
    assert of_entries(parsed([edition(), open_week, draft]), "title") == ["Flights – Week 6, 2013"]


def test_a_revision_is_announced_under_the_id_of_its_edition():
    later = RUN + timedelta(days=30)
    revised = edition(revision=2, started=later, earlier=(edition(),))
    before, after = parsed(weeks(2)), parsed([revised, *weeks(2)[1:]])
    assert of_entries(after, "id") == of_entries(before, "id")
    assert of_entries(after, "title")[1] == "Revised: Flights – Week 6, 2013"
    assert of_entries(after, "updated")[1] == "2013-03-15T11:00:00Z"
    assert after.findtext(f"{ATOM}updated") == "2013-03-15T11:00:00Z"
    assert "revision 2" in of_entries(after, "summary")[1]


def test_a_new_edition_leaves_the_others_as_they_are():
    def others(count: int) -> list[bytes]:
        return [ET.tostring(entry) for entry in parsed(weeks(count)).iter(f"{ATOM}entry")]

    assert others(3)[1:] == others(2)


def test_without_directory_urls_links_change_and_ids_do_not():
    entries = weeks(2)
    plain = parsed(entries, Urls(directory_urls=False))
    assert of_entries(plain, "id") == of_entries(parsed(entries), "id")
    links = [e.get("href", "") for e in plain.iter(f"{ATOM}link") if e.get("type") == "text/html"]
    assert [link.removeprefix(ABOUT.url) for link in links] == [
        "flights/index.html",
        "flights/2013-W07/index.html",
        "flights/2013-W06/index.html",
    ]


def test_a_feed_without_editions_is_valid_and_never_changed():
    root = parsed([edition(status="preliminary")])
    assert of_entries(root, "id") == []
    assert root.findtext(f"{ATOM}updated") == "1970-01-01T00:00:00Z"


HOSTILE = "</title><script>alert(1)</script>&amp; \x00\x0b\ufffe ]]> \"'"


def test_hostile_text_is_text():
    bad = ON_TIME.model_copy(update={"title": HOSTILE, "comparison_title": HOSTILE})
    entry = edition(title=HOSTILE, metrics={"on_time": bad})
    root = parsed([entry], folder="flights", title=HOSTILE, description=HOSTILE)
    shown = "</title><script>alert(1)</script>&amp; \ufffd\ufffd\ufffd ]]> \"'"
    assert root.findtext(f"{ATOM}title") == shown
    assert of_entries(root, "title") == [f"{shown} – Week 6, 2013"]
    assert shown in of_entries(root, "summary")[0]
    assert tags(of_entries(root, "content")[0]) == ["p", "ul", "li", "strong", "p", "a"]


def test_a_gap_is_no_number():
    gap = ON_TIME.model_copy(update={"value": None})
    root = parsed([edition(metrics={"on_time": gap})])
    assert of_entries(root, "summary")[0].endswith("On-time departures: no data.")


def test_an_edition_without_kpis_is_told_all_the_same():
    content = of_entries(parsed([edition(metrics={})]), "content")[0]
    assert tags(content) == ["p", "p", "a"]


@pytest.mark.parametrize("report", ["north/sales", "sales & co", "café", "a#b?c"])
def test_an_address_is_one_whatever_the_folder_is_called(report):
    root = parsed([edition(report=report)], folder=report, title="T")
    for element in root.iter(f"{ATOM}link"):
        assert re.fullmatch(r"https://[\w./%-]+", element.get("href", ""), re.ASCII)


def tags(text: str) -> list[str]:
    found: list[str] = []

    class Parser(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            found.append(tag)

    Parser().feed(text)
    return found
