"""A query on a page: SQL has colours, nothing in it is markup, everything else stays text."""

from __future__ import annotations

import html
import re

import pytest

from kpisite.render.queries import query_html


def text(made: str) -> str:
    return html.unescape(re.sub(r"</?span[^>]*>", "", made))


@pytest.mark.parametrize(
    "query",
    [
        "select 1",
        "SELECT avg(x) AS y -- why <b>\nFROM t WHERE a < {from} and b = '</code>&'",
        "with a as (select 1) select * from a",
        "-- what this is\nselect 1",
        "/* what\nthis is */ (select 1)",
        "from t select a",
    ],
)
def test_sql_has_the_classes_that_material_colours_and_is_the_same_text(query: str) -> None:
    made = query_html(query)
    assert '<span class="k">' in made
    assert text(made) == query
    assert set(re.findall(r"<(/?\w+)", made)) == {"span", "/span"}


@pytest.mark.parametrize(
    "query",
    ["sum(rate(http_requests_total[5m]))", "selection", '{"jobs": "<b>"}', "select " * 4000, ""],
)
def test_other_languages_and_endless_ones_are_plain_and_escaped(query: str) -> None:
    made = query_html(query)
    assert "<" not in made
    assert text(made) == query.strip()
