"""The page that compares two editions: its table, and the file that its script reads."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from kpisite.model.metric import Metric
from kpisite.model.number import NumberFormat
from kpisite.model.period import Period
from kpisite.render.templates import Templates
from kpisite.site.archive_site import ArchiveSite
from kpisite.site.compare_page import compare_page, metrics_json
from kpisite.site.urls import Urls

if TYPE_CHECKING:
    from kpisite.site.content import SiteContent


def entry(month: int, *metrics: Metric, status: str = "sealed"):
    start = datetime(2024, month, 1, tzinfo=UTC)
    period = Period(start, datetime(2024, month + 1, 1, tzinfo=UTC), "month")
    return SimpleNamespace(
        report="sales",
        label=period.label,
        key=f"sales/{period.label}",
        period=period,
        status=status,
        metrics={metric.name: metric for metric in metrics},
    )


def rate(value: float | None, title: str = "On time", **more) -> Metric:
    percent = NumberFormat(style="percent", precision=1)
    settings = {"format": percent, "change_as": "raw", "good": "up", **more}
    return Metric(name="rate", title=title, value=value, **settings)


def row(*entries) -> str:
    page, _ = compare_page("Sales", entries, Templates(), Urls())
    [body] = re.findall(r"<tbody>(.*?)</tbody>", page.text, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def test_the_newest_two_editions_stand_side_by_side_without_a_script():
    page, _ = compare_page(
        "Sales", [entry(m, rate(0.5 + m / 100)) for m in (1, 2, 3)], Templates(), Urls()
    )
    assert page.folder == "sales/compare"
    assert page.parent == "sales"
    assert '<a href="../2024-02/">February 2024</a>' in page.text
    assert '<a href="../2024-03/">March 2024</a>' in page.text
    assert "January" not in page.text
    assert page.text.count('<label for="kpi-') == 2


@pytest.mark.parametrize(
    ("before", "after", "more", "told"),
    [
        (0.79, 0.831, {}, "79.0 % 83.1 % ▲ up 4.1 points better"),
        (0.831, 0.79, {}, "83.1 % 79.0 % ▼ down 4.1 points worse"),
        (0.831, 0.79, {"good": "down"}, "▼ down 4.1 points better"),
        (0.831, 0.79, {"good": None}, "▼ down 4.1 points"),
        (0.8, 0.9, {"change_as": "percent"}, "▲ up 12.5 % better"),
        (0.8, 0.80001, {}, "no change"),
        (None, 0.8, {}, "– 80.0 % – no difference can be told"),
        (0.8, None, {}, "80.0 % – – no difference can be told"),
    ],
)
def test_a_difference_is_told_in_words(before, after, more, told):
    assert row(entry(1, rate(before, **more)), entry(2, rate(after, **more))).endswith(told)


def test_a_kpi_of_one_of_the_editions_has_its_row():
    other = Metric(name="sold", title="Sold", value=7)
    assert row(entry(1, other), entry(2, rate(0.5))) == (
        "On time – 50.0 % – no difference can be told Sold 7 – – no difference can be told"
    )


def test_what_an_edition_itself_compares_with_does_not_matter():
    told = row(entry(1, rate(0.5)), entry(2, rate(0.6, comparison=0.1, comparison_title="x")))
    assert told.endswith("up 10.0 points better")


def test_titles_are_escaped():
    page, _ = compare_page(
        "<i>S", [entry(1, rate(0.1, "<b>x")), entry(2, rate(0.2, "<b>x"))], Templates(), Urls()
    )
    assert "<b>x" not in page.text
    assert "<i>S" not in page.text


def test_the_file_has_each_metric_as_a_column_over_all_editions():
    entries = [entry(1, rate(0.5)), entry(2), entry(3, rate(None, "New title"), status="draft")]
    data = json.loads(metrics_json(entries, "../{label}/"))
    assert data["version"] == 1
    assert data["address"] == "../{label}/"
    assert data["editions"] == {
        "label": ["2024-01", "2024-02", "2024-03"],
        "title": ["January 2024", "February 2024", "March 2024"],
        "status": ["sealed", "sealed", "draft"],
        "start": [1704067200, 1706745600, 1709251200],
    }
    [metric] = data["metrics"]
    assert metric["title"] == "New title"
    assert metric["value"] == [0.5, None, None]
    assert metric["text"] == ["50.0 %", None, "–"]
    assert metric["format"] == {"style": "percent", "precision": 1, "before": "", "after": ""}


def test_addresses_name_the_files_without_directory_urls():
    entries = [entry(1, rate(0.5)), entry(2, rate(0.6))]
    page, files = compare_page("Sales", entries, Templates(), Urls(directory_urls=False))
    assert 'href="../2024-02/index.html"' in page.text
    [(path, text)] = files.items()
    assert path == "sales/compare/metrics.json"
    assert json.loads(text)["address"] == "../{label}/index.html"


def overviews(site: ArchiveSite) -> dict[str, SiteContent]:
    return {planned.folder: planned.content() for planned in site.overviews()}


def test_the_archive_and_each_edition_lead_to_the_page(project):
    project.run()
    site = ArchiveSite(project.archive.editions(), Templates(), Urls(), "code")
    made = overviews(site)
    assert [asset.uri for asset in made["sales/compare"].assets] == ["sales/compare/metrics.json"]
    [archive] = made["sales/archive"].pages
    assert '<a href="../compare/">Compare two editions</a>' in archive.text
    first, second = (planned.content().pages[0].text for planned in site.editions())
    assert "Compare with" not in first
    assert '<a href="../compare/?a=2024-W01&amp;b=2024-W02">' in second


def test_a_report_with_one_edition_has_nothing_to_compare(project):
    project.write(project.report.replace("until: 2024-01-15", "until: 2024-01-08"))
    project.run()
    site = ArchiveSite(project.archive.editions(), Templates(), Urls(), "code")
    made = overviews(site)
    assert "sales/compare" not in made
    assert "compare" not in made["sales/archive"].pages[0].text
