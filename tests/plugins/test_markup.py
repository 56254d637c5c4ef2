from __future__ import annotations

import html
import re

import markdown
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpisite.plugins import escape_html, escape_markdown
from kpisite.testing import HOSTILE

EXTENSIONS = [
    *("extra", "admonition", "toc", "smarty"),
    *("pymdownx.magiclink", "pymdownx.tilde", "pymdownx.caret", "pymdownx.mark"),
    *("pymdownx.superfences", "pymdownx.keys", "pymdownx.critic", "pymdownx.tasklist"),
]


def to_html(text: str) -> str:
    return markdown.markdown(text, extensions=EXTENSIONS)


@pytest.mark.parametrize(
    "text",
    [
        *HOSTILE,
        "# a",
        "1. a",
        "- [ ] a",
        "> a",
        "    a",
        "a\n===",
        "~~~\na",
        "*[a]: b",
        "[^1]: a",
        "!!! note\n    a",
        "a{: .b}",
        "++ctrl++ ==a== ^^b^^ {--c--}",
        "www.example.org a@example.org #1 @me",
        "&copy; &#42;",
        "--- ... 'a' \"b\"",
        "<!-- a -->",
    ],
)
def test_escaped_text_is_one_paragraph_of_plain_words(text: str) -> None:
    found = re.fullmatch(r"<p>([^<>]*)</p>", to_html(escape_markdown(text)))
    assert found
    assert html.unescape(found[1]) == " ".join(text.split())


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=40))
def test_no_text_makes_markdown_markup(text: str) -> None:
    out = to_html("before " + escape_markdown(text) + " after")
    assert re.fullmatch(r"<p>before [^<>]* after</p>", out)


@given(st.text(max_size=40))
def test_html_escaping_gives_back_the_text_and_stays_on_one_line(text: str) -> None:
    escaped = escape_html(text)
    assert not set(escaped) & set("<>\"'\n\r\x0b\x0c\u2028\u2029")
    assert html.unescape(escaped).split() == (
        re.sub("[\x00-\x08\x0e-\x1b\x7f]", "\ufffd", text).split()
    )


def test_other_values_than_text_are_escaped_as_they_print() -> None:
    assert escape_html(["<"]) == "[&#x27;&lt;&#x27;]"
    assert escape_markdown(-1.5) == "&#45;1&#46;5"
