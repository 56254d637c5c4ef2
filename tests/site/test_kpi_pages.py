"""The pages of KPIs: one metric over all editions."""

from __future__ import annotations

import json
import re
from datetime import date
from html import unescape
from typing import TYPE_CHECKING

import pytest
from listed_editions import listed, on_time, periods, weekly

from kpisite.model.metric import Metric
from kpisite.render.templates import Templates
from kpisite.site.archive_site import ArchiveSite
from kpisite.site.kpi_pages import KpiPages
from kpisite.site.urls import Urls, kpi_folder

if TYPE_CHECKING:
    from conftest import ProjectFiles

    from kpisite.archive.index import Entry

SVG = re.compile(r'<svg class="kpi-still.*?</svg>(?=</div>)', re.DOTALL)
LINE = re.compile(r'<path d="([^"]*)" fill="none" stroke="var\(--kpi-accent')
DOT = re.compile(r'<a xlink:href="([^"]*)" tabindex="-1" aria-label="([^"]*)"><title>')
ROW = re.compile(
    r'<tr><th scope="row"><a href="([^"]*)">([^<]*)</a>(?: <span.*?</span>)?</th>(.*?)</tr>'
)
TAG = re.compile(r"<[^>]*>")


def pages(entries: list[Entry], urls: Urls | None = None) -> dict[str, str]:
    """Return the texts of all KPI pages by their folders."""
    made = KpiPages("flights", "New York flights", entries, Templates(), urls or Urls()).pages()
    return {page.folder: page.text for page in made}


def page(entries: list[Entry]) -> str:
    return pages(entries)["flights/kpis/on_time"]


def chart(text: str, number: int = 0) -> str:
    return SVG.findall(text)[number]


def rows(text: str) -> list[list[str]]:
    return [
        [url, title, *(TAG.sub("", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", cells))]
        for url, title, cells in ROW.findall(text)
    ]


def test_every_metric_that_was_ever_recorded_has_a_page():
    first, second = list(periods(date(2013, 1, 7), "week", 2))
    old = Metric(name="gone/in 2012", title="Gone", value=1)
    made = pages([listed(first, on_time(0.7), old), listed(second, on_time(0.9))])
    assert list(made) == ["flights/kpis/on_time", kpi_folder("flights", "gone/in 2012")]
    assert "Gone" in made[kpi_folder("flights", "gone/in 2012")]


def test_title_format_and_target_are_those_of_the_newest_edition_that_has_it():
    first, second, third = list(periods(date(2013, 1, 7), "week", 3))
    text = page(
        [
            listed(first, on_time(0.7, title="Old name", target=0.6)),
            listed(second, on_time(0.9)),
            listed(third, Metric(name="other", title="Other", value=1)),
        ]
    )
    assert "<h1>On time <em>over time</em></h1>" in text
    assert '90.0<small> %</small></span> <a href="../../2013-W03/">Week 3, 2013</a>' in text
    assert "Shaded: target 80 % or more." in text
    assert "Old name" not in text


def test_the_page_leads_back_to_its_report_and_archive():
    text = page(weekly(0.7))
    assert '<a href="../../">New York flights</a> · <a href="../../archive/">Archive</a>' in text


def test_each_point_is_a_link_to_its_edition_that_says_period_and_value():
    assert DOT.findall(chart(page(weekly(0.7, 0.9)))) == [
        ("../../2013-W03/", "Week 3, 2013: 90.0 %"),
        ("../../2013-W02/", "Week 2, 2013: 70.0 %"),
    ]


def test_addresses_work_without_directory_urls():
    text = pages(weekly(0.7), Urls(directory_urls=False))["flights/kpis/on_time"]
    assert DOT.findall(chart(text))[0][0] == "../../2013-W02/index.html"
    assert rows(text)[0][0] == "../../2013-W02/index.html"


def test_a_period_without_a_value_breaks_the_line():
    [path] = LINE.findall(chart(page(weekly(0.7, 0.8, None, 0.7, 0.9))))
    assert path.count("M") == 2
    assert path.count("L") == 2


def test_a_missing_period_breaks_the_line():
    entries = weekly(0.7, 0.8, 0.75, 0.7, 0.9)
    [path] = LINE.findall(chart(page([*entries[:2], *entries[3:]])))
    assert path.count("M") == 2
    assert path.count("L") == 2


def test_an_edition_without_the_metric_breaks_the_line():
    entries = weekly(0.7, 0.8, 0.75, 0.7, 0.9)
    entries[2] = listed(entries[2].period, Metric(name="other", title="Other", value=1))
    [path] = LINE.findall(chart(page(entries)))
    assert path.count("M") == 2


def test_a_point_between_two_gaps_is_drawn():
    [path] = LINE.findall(chart(page(weekly(0.7, None, 0.8, None, 0.9))))
    assert path.count("h0") == 3


def test_points_that_are_not_sealed_are_hollow_and_say_so():
    entries = weekly(0.7, 0.9)
    entries[1] = listed(entries[1].period, on_time(0.9), status="preliminary")
    text = page(entries)
    hollow = re.search(r'<g class="kpi-dots" fill="var\(--kpi-card[^>]*>(.*?)</g>', chart(text))
    assert hollow is not None
    assert DOT.findall(hollow[1]) == [("../../2013-W03/", "Week 3, 2013: 90.0 %, preliminary")]
    assert "Hollow: not final yet." in text


def test_the_links_are_not_hidden_from_screen_readers_but_the_drawing_is():
    svg = chart(page(weekly(0.7, 0.9)))
    assert "aria-hidden" not in svg[: svg.index(">")]
    hidden = svg.index('<g aria-hidden="true">')
    assert hidden < svg.index("<path") < svg.index("</g><g class=") < svg.index("<a ")


def test_a_target_is_shaded_as_it_was_at_the_time():
    entries = weekly(0.7, 0.8, 0.75, 0.7)
    entries[:2] = [listed(e.period, on_time(0.7, target=0.5, good="down")) for e in entries[:2]]
    svg = chart(page(entries))
    assert len(re.findall(r'<path [^>]*stroke-dasharray="4 3"', svg)) == 2
    assert svg.count("<rect") == 2


def test_without_a_target_nothing_is_shaded():
    first, second = list(periods(date(2013, 1, 7), "week", 2))
    plain = {"target": None, "good": None}
    text = page([listed(first, on_time(0.7, **plain)), listed(second, on_time(0.8, **plain))])
    assert "<rect" not in chart(text)
    assert "Target" not in text
    assert "Shaded" not in text


def test_the_table_has_value_change_target_and_status_newest_first():
    entries = weekly(0.798, 0.757, 0.9)
    entries[2] = listed(entries[2].period, on_time(0.9), status="preliminary", revision=2)
    assert rows(page(entries)) == [
        [
            *("../../2013-W04/", "Week 4, 2013", "90.0 %", "▲ 14.3 points"),
            *("80 % metmet", "preliminary, revision 2"),
        ],
        [
            *("../../2013-W03/", "Week 3, 2013", "75.7 %", "▼ 4.1 points"),
            *("80 % missed by 4.3 pointsmissed", "sealed"),
        ],
        [
            *("../../2013-W02/", "Week 2, 2013", "79.8 %", ""),
            *("80 % missed by 0.2 pointsmissed", "sealed"),
        ],
    ]


def test_a_change_is_said_in_words_too():
    text = page(weekly(0.7, 0.8, 0.6))
    assert '<b role="img" aria-label="down, worse">▼</b>' in text
    assert '<b role="img" aria-label="up, better">▲</b>' in text


def test_there_is_no_change_across_a_gap():
    entries = weekly(0.7, 0.8, 0.6)
    assert [row[3] for row in rows(page([entries[0], entries[2]]))] == ["", ""]


def test_the_summary_names_the_extremes():
    text = unescape(page(weekly(0.7, 0.9, 0.6)))
    expected = "3 editions: lowest 60.0 % (Week 4, 2013), highest 90.0 % (Week 3, 2013)."
    assert f'aria-label="On time over time. {expected}"' in text
    assert f">{expected} " in text


def test_a_kpi_without_any_value_has_a_page_without_a_chart():
    text = page(weekly(None, None))
    assert SVG.findall(text) == []
    assert [row[2] for row in rows(text)] == ["no data", "no data"]
    assert "no data" in text


def test_one_edition_has_a_chart_with_one_point():
    assert len(DOT.findall(chart(page(weekly(0.7))))) == 1


@pytest.mark.parametrize(
    ("unit", "count"), [("day", 500), ("week", 60), ("month", 14), ("quarter", 6)]
)
def test_two_years_are_drawn_over_each_other(unit, count):
    entries = [listed(p, on_time(0.7)) for p in periods(date(2013, 1, 7), unit, count)]
    years = chart(page(entries), 1)
    assert re.findall(r">(20\d\d)</text>", years) == ["2013", "2014"]
    assert len(re.findall(r'<path [^>]*stroke-linecap="round"', years)) == 2


@pytest.mark.parametrize(("unit", "count"), [("week", 20), ("year", 5), ("month", 13)])
def test_without_two_years_to_compare_there_is_one_chart(unit, count):
    entries = [listed(p, on_time(0.7)) for p in periods(date(2013, 1, 7), unit, count)]
    assert len(SVG.findall(page(entries))) == 1


def test_the_same_day_of_two_years_has_the_same_place_also_in_a_leap_year():
    days = [*periods(date(2012, 3, 1), "day", 2), *periods(date(2013, 3, 1), "day", 2)]
    text = page([listed(day, on_time(0.7)) for day in days])
    places = json.loads(re.findall(r'data-kpi-places="([^"]*)"', text)[1])
    assert places[0] == places[2]
    assert places[1] == places[3]


def test_thousands_of_editions_make_a_small_drawing_that_finds_all_of_them():
    entries = [
        listed(day, on_time(0.6 + position % 300 / 1000))
        for position, day in enumerate(periods(date(2016, 1, 1), "day", 3000))
    ]
    text = page(entries)
    assert len(chart(text).encode()) < 200_000
    assert len(chart(text, 1).encode()) < 200_000
    assert len(DOT.findall(chart(text))) <= 400
    [path] = LINE.findall(chart(text))
    assert path.count("L") == 2999
    places = json.loads(re.findall(r'data-kpi-places="([^"]*)"', text)[0])
    assert len(places) == len(rows(text)) == 3000
    assert places[0][0] == 1000
    assert places[-1][0] == 0


@pytest.mark.parametrize(
    ("first", "label"), [(date(2013, 1, 7), "Apr 2013"), (date(2012, 9, 3), "2013")]
)
def test_the_axis_says_a_year(first, label):
    entries = weekly(*[0.7] * 28, first=first)[8:]
    assert f">{label}</text>" in chart(page(entries))


def test_what_data_says_is_escaped_everywhere():
    bad = '<script>"&'
    first, second = list(periods(date(2013, 1, 7), "week", 2))
    entries = [listed(p, on_time(0.7, title=bad)) for p in (first, second)]
    text = page(entries)
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_names_that_no_address_should_hold_have_safe_folders_of_their_own():
    names = ["a", "a/b", "a/ä b", "a/ö b", "a/../../x", "a/b/c", "a/", "a/" + "x" * 300]
    folders = [kpi_folder("flights", name) for name in names]
    assert len(set(folders)) == len(names)
    assert folders[:2] == ["flights/kpis/a", "flights/kpis/a/b"]
    for folder in folders:
        assert re.fullmatch(r"flights/kpis/a(/[A-Za-z0-9_-]{1,80})?", folder)


def test_the_pages_stand_in_front_of_the_report_and_its_views_lead_to_them(
    project: ProjectFiles,
):
    project.run()
    site = ArchiveSite(project.archive.editions(), Templates(), Urls(), "code")
    shown = {p.folder: p for planned in site.overviews() for p in planned.content().pages}
    kpi = shown["sales/kpis/total"]
    assert (kpi.title, kpi.parent, kpi.search) == ("Total over time – Sales, weekly", "sales", "")
    views = {p.folder: p.text for planned in site.editions() for p in planned.content().pages}
    link = '<a href="../../kpis/total/">Total over time</a>'
    assert link in views["sales/2024-W01/total"]
    assert "over time" not in views["sales/2024-W01/shops"]
