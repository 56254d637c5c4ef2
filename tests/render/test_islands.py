from __future__ import annotations

import re

import markdown
import pytest
from markupsafe import Markup

from kpisite.render.islands import has_islands, island, join_islands, split_islands


def rendered(page: str) -> str:
    text, html = split_islands(page)
    page = join_islands(markdown.markdown(text, extensions=["extra"]), html)
    return re.sub(r"\n+", "\n", page).strip()


def test_only_islands_are_rendered_and_html_stays_as_it_is():
    page = f"<div>\n<p>*a* {{: .b }}</p>\n{island('*c*')}</div>{island('- d')}<br>"
    assert rendered(page) == (
        "<div>\n<p>*a* {: .b }</p>\n<p><em>c</em></p>\n</div>\n<ul>\n<li>d</li>\n</ul>\n<br>"
    )


def test_a_page_without_islands_is_its_html():
    assert rendered("<p>a</p>") == "<p>a</p>"


def test_html_in_an_island_stays_as_it_is():
    assert rendered(str(island("<div>\n<p>*a* {: .b }</p>\n</div>"))) == (
        "<div>\n<p>*a* {: .b }</p>\n</div>"
    )


def test_marks_of_islands_in_a_text_end_nothing():
    marked = island("a\x03<b>\x02")
    assert rendered(f"<i></i>{marked}") == "<i></i>\n<p>a<b></p>"


def test_markdown_that_runs_on_over_its_end_is_an_error():
    with pytest.raises(ValueError, match="runs on over its end"):
        rendered(f"{island('<!--kpisite 0-->')}<p>b</p>")


def test_what_is_html_already_is_no_island():
    assert rendered(f"<div>{island(Markup('<b>*a*</b>'))}</div>") == "<div><b>*a*</b></div>"


def test_marks_of_islands_in_html_begin_nothing():
    assert str(island(Markup("<p>\x02*a*\x03</p>"))) == "<p>*a*</p>"


@pytest.mark.parametrize(
    ("page", "has"),
    [("<p>a</p>", False), (f"<p>{island('a')}</p>", True), (f"<p>{island('')}</p>", False)],
)
def test_a_page_knows_whether_it_has_markdown(page: str, has: bool):
    assert has_islands(split_islands(page)[0]) is has
