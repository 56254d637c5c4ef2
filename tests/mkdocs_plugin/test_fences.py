"""Which fenced blocks of a page are KPIs, and which only look like it."""

from __future__ import annotations

import pytest

from kpisite.mkdocs_plugin.fences import Fence, kpi_fences


def found(text: str) -> list[Fence]:
    return list(kpi_fences(text.split("\n")))


def test_a_block_is_found_with_its_lines_and_its_text():
    page = "Before\n\n```kpi\nreport: a\nview: b\n```\nafter\n"
    assert found(page) == [Fence(2, 6, "report: a\nview: b", closed=True)]


@pytest.mark.parametrize(
    "block",
    [
        "````kpi\nx: 1\n````",
        "~~~kpi\nx: 1\n~~~",
        "~~~~~ kpi\nx: 1\n~~~~~~~",
        "``` kpi\nx: 1\n```  ",
        "```kpi any words\nx: 1\n```",
        "   ```kpi\n   x: 1\n```",
        " ```kpi\nx: 1\n   ```",
    ],
)
def test_marks_may_be_of_both_kinds_longer_and_a_little_indented(block):
    [fence] = found(block)
    assert fence.text == "x: 1"
    assert fence.closed


@pytest.mark.parametrize(
    "text",
    [
        "````\n```kpi\nx: 1\n```\n````",
        "~~~\n```kpi\nx: 1\n```\n~~~",
        "```text\n~~~kpi\nx: 1\n~~~\n```",
        "    ```kpi\n    x: 1\n    ```",
        "\t```kpi\n\tx: 1\n\t```",
        "> ```kpi\n> x: 1\n> ```",
        "``kpi\nx: 1\n``",
        "```kpis\nx: 1\n```",
        "```yaml\nx: kpi\n```",
        "```kpi`\nx: 1",
        "Inline ```kpi marks```",
        "<!--\n```kpi\nx: 1\n```\n-->",
        "<pre>\n```kpi\nx: 1\n```\n</pre>",
    ],
)
def test_what_only_looks_like_a_block_is_none(text):
    assert found(text) == []


def test_a_fence_is_closed_by_the_same_marks_only():
    [fence] = found("````kpi\n```\n~~~~\n````x\n`````\nend")
    assert fence.text == "```\n~~~~\n````x"
    assert fence.end == 5


def test_a_comment_in_one_line_hides_nothing():
    assert len(found("<!-- a note -->\n```kpi\nx: 1\n```\n<!-- \n-->\n```kpi\n```")) == 2


def test_a_block_that_is_not_closed_ends_with_the_page():
    assert found("```kpi\nx: 1") == [Fence(0, 2, "x: 1", closed=False)]


def test_several_blocks_come_in_their_order():
    page = "```kpi\na: 1\n```\n\n```py\n1\n```\n\n~~~kpi\nb: 2\n~~~"
    assert [fence.text for fence in found(page)] == ["a: 1", "b: 2"]
