"""KPI cards in a browser: what is in one stays in it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from kpisite.plugins import Period
from kpisite.testing import MemoryPage
from kpisite.views.single_stat import SingleStat

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CSS = Path(__file__).parents[2] / "site_template" / "assets" / "kpisite" / "kpisite.css"
WEEK = Period.containing(date(2013, 2, 4), "week", ZoneInfo("America/New_York"))

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("value", [1.7e38, -123456789012345678])
def test_a_number_and_a_change_stay_in_their_card(browser: Browser, tmp_path: Path, value: float):
    given = {"datasource": "d", "query": "select", "compare": "previous"}
    options = SingleStat.Options.model_validate({**given, "comparison_type": "percent"})
    view = SingleStat("sum", "Sum", options)
    frames = {"main": pd.DataFrame({"n": [value]}), "comparison": pd.DataFrame({"n": [1]})}
    card = view.render_md(frames, MemoryPage(view, WEEK, view.metrics(frames, WEEK)))
    place = f'<div class="md-typeset"><div class="kpi-stat" style="width: 9rem">{card}</div></div>'
    (tmp_path / "index.html").write_text(
        f"<!doctype html><meta charset=utf-8><style>{CSS.read_text()}</style>{place}"
    )
    page = browser.new_page(viewport={"width": 360, "height": 800})
    page.goto((tmp_path / "index.html").as_uri())
    outside = """() => {
        const edge = document.querySelector('.kpi-stat').getBoundingClientRect().right
        return ['.kpi-number', '.kpi-change strong']
            .map((part) => document.querySelector(part).getBoundingClientRect().right - edge)
    }"""
    assert max(page.evaluate(outside)) <= 0
    page.close()
