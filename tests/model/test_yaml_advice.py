"""What is no YAML is told with what to do, where that is known."""

from __future__ import annotations

import pytest

from kpisite.model.yaml_reader import read_yaml


@pytest.mark.parametrize(
    ("text", "line", "hint"),
    [
        (
            "views:\n  a:\n    plugin: text\n     title: x\n",
            4,
            "Line 3 has a value already: is line",
        ),
        ("title Sales\nschedule: weekly\n", 2, "Is a ': ' missing in line 1?"),
        ("a:\n  plugin:table\n\n  args: {}\n", 4, "Is a ': ' missing in line 2?"),
        ("title: Sales: all\n", 1, "A text that holds ': ' wants quotes, or stands below `|`."),
        ("a:\n\tb: 1\n", 2, "Indent with spaces, not with tabs."),
        ("title: @home\n", 1, "A text that begins with '@' wants quotes."),
        ("title: %x\n", 1, "A text that begins with '%' wants quotes."),
        ("title: *Sales*\n", 1, "A text that begins with '*' wants quotes."),
        ("title: &\n", 1, "A text that begins with '&' wants quotes."),
        ("title: !include x\n", 1, "Tags have no place here: write the value itself."),
        ("text: {{ a }} sold\n", 1, "begins with a quote, { or [ wants quotes around all of it."),
        ("text: {{ a }}\n", 1, "begins with a quote, { or [ wants quotes around all of it."),
        ("views:\n  a: 1\n  - b: 1\n", 3, "A list begins where `key: value` pairs stand"),
        (
            'a:\n  title: "Revenue\nb:\n  text: "x"\n',
            4,
            "The quote that line 2 opens ends in line 4: close it before.",
        ),
        ("title: 'x\n", 2, "A quote is not closed."),
        ("a: [1, 2\nb: 1\n", 2, "Is a bracket not closed, or a ',' missing?"),
        ("a:\n    b: 1\n  c: 2\n", 3, "Is this line indented as those that it belongs to?"),
    ],
)
def test_what_is_no_yaml_has_a_line_and_what_to_do(text: str, line: int, hint: str):
    [mistake] = read_yaml(text, "report.yml", {}).mistakes
    assert mistake.message.startswith("not valid YAML: ")
    assert hint in mistake.hint
    assert mistake.line == line


def test_what_is_not_known_is_not_explained():
    [mistake] = read_yaml("a: &b [*b]\n", "report.yml", {}).mistakes
    assert mistake.message == "not valid YAML: an anchor contains itself"
    assert mistake.hint == ""
