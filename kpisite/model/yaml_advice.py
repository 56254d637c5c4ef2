"""Says what to do where a text is no YAML: the parser's words are about YAML, not the file."""

from __future__ import annotations

import contextlib
import re

import yaml

_ADVICE = (
    (r"'\\t'", "Indent with spaces, not with tabs."),
    (r"character '(.)' that cannot start", "A text that begins with '{0}' wants quotes."),
    (r"scanning an alias", "A text that begins with '*' wants quotes."),
    (r"scanning an anchor", "A text that begins with '&' wants quotes."),
    (r"a constructor for the tag", "Tags have no place here: write the value itself."),
    (
        r"found '-'",
        "A list begins where `key: value` pairs stand: take the '- ' away, or indent it.",
    ),
    (r"could not find expected ':'", "Is a ': ' missing after a key, or a quote not closed?"),
    (r"found unexpected end of stream", "A quote is not closed."),
    (
        r"parsing a flow",
        "Is a bracket not closed, or a ',' missing? A text with , : [ ] wants quotes.",
    ),
    (
        r"found '<scalar>'|a key is text",
        "A text that begins with a quote, {{ or [ wants quotes around all of it.",
    ),
    (r"parsing a block", "Is this line indented as those that it belongs to?"),
)
"""What a problem has in it → what to do; the first that fits counts."""


def advice(problem: str, mark: yaml.Mark | None, text: str) -> str:
    """Return what to do about a problem of PyYAML's; "" where nothing is known.

    Args:
        problem: What was found, and while doing what.
        mark: Where.
        text: The whole file.
    """
    if mark and "mapping values" in problem:
        return _second_colon(text.splitlines(), mark.line, mark.column)
    if mark and "found '<scalar>'" in problem and (opened := _quote_before(text, mark)):
        return f"The quote that line {opened} opens ends in line {mark.line + 1}: close it before."
    for pattern, hint in _ADVICE:
        if found := re.search(pattern, problem):
            return hint.format(*found.groups())
    return ""


def _second_colon(lines: list[str], line: int, column: int) -> str:
    """Return what to do about a `:` where YAML is in the midst of a value."""
    if re.search(r":\s", lines[line][:column]):
        return "A text that holds ': ' wants quotes, or stands below `|`."
    above = line - 1
    while above >= 0 and not lines[above].strip():
        above -= 1
    if above < 0:
        return ""
    if not re.search(r":(\s|$)", lines[above]):
        return f"Is a ': ' missing in line {above + 1}?"
    return f"Line {above + 1} has a value already: is line {line + 1} indented too far?"


def _quote_before(text: str, mark: yaml.Mark) -> int:
    """Return the line in which the quoted text begins that ends in the line of a mark, 0 for none.

    A quote that was not closed ends at the next one, lines below.
    """
    opened = 0
    with contextlib.suppress(yaml.YAMLError):
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            if token.start_mark.index >= mark.index:
                break
            if isinstance(token, yaml.ScalarToken) and token.style in ("'", '"'):
                spans = token.start_mark.line < token.end_mark.line == mark.line
                opened = token.start_mark.line + 1 if spans else opened
    return opened
