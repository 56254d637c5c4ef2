"""The history of a view's KPIs in a page of the project, made of the index alone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from kpisite.model.metric import Metric
from kpisite.model.period import Period
from kpisite.model.yaml_reader import read_yaml
from kpisite.render.templates import Templates
from kpisite.site.embedded import EmbeddedViews
from kpisite.site.urls import Urls


def edition(month: int, **values: float | None):
    start = datetime(2024, month, 1, tzinfo=UTC)
    period = Period(start, datetime(2024, month + 1, 1, tzinfo=UTC), "month")
    names = {name.replace("__", "/"): value for name, value in values.items()}
    metrics = {
        name: Metric(name=name, title=f"<{name}>", value=value) for name, value in names.items()
    }
    return SimpleNamespace(
        label=period.label, title="Shop & co", period=period, metrics=metrics, status="sealed"
    )


def history(*editions, view: str = "sold") -> str:
    report = SimpleNamespace(report="shop", entries=editions)
    views = EmbeddedViews([report], Templates(), Urls())
    source = read_yaml(f"report: shop\nview: {view}\nperiod: history\n", "page.md", {})
    found = views.find(source, 0)
    assert source.mistakes == []
    assert found is not None
    return views.html(found, "about", 3, "")


def lines(html: str) -> list[int]:
    """Return how many stretches the line of each chart has."""
    paths = re.findall(r'<path d="([^"]*)"[^>]*stroke="var\(--kpi-series-1', html)
    return [path.count("M") for path in paths]


def test_an_edition_without_the_number_is_a_gap():
    html = history(
        edition(1, sold=1),
        edition(2, sold=2),
        edition(3, sold=None),
        edition(4),
        edition(5, sold=9),
    )
    assert lines(html) == [2]
    assert "<b>1</b> January 2024" in html
    assert "<b>9</b> May 2024" in html
    assert "lowest 1, highest 9" in html
    assert "from 1 to 9 in 3 editions" in html


def test_one_edition_has_its_number_and_none_has_words():
    assert "in 1 edition" in history(edition(1, sold=4))
    assert "no data" in history(edition(1, sold=None))


def test_a_view_with_several_kpis_has_a_line_for_each():
    html = history(
        edition(1, wait__mean=1, wait__most=5, other=3),
        edition(2, wait__mean=2, wait__most=6, other=3),
        view="wait",
    )
    assert lines(html) == [1, 1]
    assert "<strong>&lt;wait/most&gt;</strong>" in html
    assert "other" not in html


def test_titles_are_escaped_and_the_archive_is_linked():
    html = history(edition(1, sold=1), edition(2, sold=2))
    assert "&lt;sold&gt;" in html
    assert "<sold>" not in html
    assert '<a href="../shop/archive/">All editions of Shop &amp; co</a>' in html


@pytest.mark.parametrize("count", [3, 300])
def test_a_label_that_is_not_there_has_a_short_hint(count):
    editions = [edition(1 + i % 11, sold=1) for i in range(count)]
    report = SimpleNamespace(report="shop", entries=editions)
    source = read_yaml("report: shop\nview: sold\nperiod: monday\n", "page.md", {})
    assert EmbeddedViews([report], Templates(), Urls()).find(source, 0) is None
    [mistake] = source.mistakes
    assert mistake.line == 3
    assert "'shop' has no edition 'monday'" in mistake.message
    assert "latest" in mistake.hint
    assert len(mistake.hint) < 120
