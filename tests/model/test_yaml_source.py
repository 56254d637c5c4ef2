"""YAML is read with the place of every value, and every mistake is said."""

from __future__ import annotations

import pytest
import yaml

from kpisite.model.yaml_reader import read_yaml
from kpisite.model.yaml_source import Location, Source


def read(text: str, **environment: str) -> Source:
    return read_yaml(text, "report.yml", environment)


def said(text: str, **environment: str) -> list[str]:
    return [str(mistake) for mistake in read(text, **environment).mistakes]


def test_every_key_and_item_has_its_line():
    source = read("title: x\nviews:\n  a:\n    plugin: text\n    args:\n      cols:\n      - 1\n")
    assert source.location(("title",)).line == 1
    assert source.location(("views", "a", "plugin")).line == 4
    assert source.location(("views", "a", "args", "cols", 0)).line == 7


def test_what_is_not_there_is_placed_at_its_parent():
    source = read("views:\n  a:\n    plugin: text\n")
    assert source.location(("views", "a", "args", "query")) == Location("report.yml", 2)


def test_keys_can_be_passed_over_with_what_is_wrong_below_them():
    source = read("outputs:\n  a: {b: '${NOPE}', c: {d: '${NO}'}, bb: 1}\n  e: '${GONE}'\n")
    left = source.without([("outputs", "a", "b"), ("outputs", "a", "c")])
    assert left.values == {"outputs": {"a": {"bb": 1}, "e": "${GONE}"}}
    assert left.raw == left.values
    assert [mistake.path for mistake in left.mistakes] == ["outputs.e"]
    assert source.values["outputs"]["a"]["b"] == "${NOPE}"
    assert source.without([]) == source


def test_a_variable_is_filled_in_and_what_was_written_is_kept():
    source = read("outputs: {host: 'smtp.${HOST}:${PORT:-25}'}", HOST="example.org")
    assert source.values["outputs"]["host"] == "smtp.example.org:25"
    assert source.raw["outputs"]["host"] == "smtp.${HOST}:${PORT:-25}"


def test_a_variable_is_always_text():
    assert read("a: ${N}\nb: ${T}", N="12", T="true").values == {"a": "12", "b": "true"}


def test_a_doubled_dollar_keeps_the_braces():
    assert read("a: $${HOME} ${X:-} $5 ${} {from}").values == {"a": "${HOME}  $5 ${} {from}"}


def test_an_empty_variable_takes_the_default():
    assert read("a: ${X:-d}", X="").values == {"a": "d"}


def test_values_for_datasources_and_outputs_are_secret_those_for_views_and_defaults_are_not():
    text = "datasources: {a: '${A}'}\noutputs: {b: '${B}', c: '${C:-local}'}\nviews: {d: '${D}'}"
    assert read(text, A="one", B="two", D="four").secrets == {
        "one": "${A}",
        "two": "${B}",
    }


def test_secrets_are_not_in_the_repr():
    source = read("outputs: {a: '${A}'}", A="hunter2")
    assert "hunter2" not in repr(source)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: ${NOPE}", 1),
        ("a: |\n  one\n  two ${NOPE}\n", 3),
        ("a: >\n  one\n  two\n\n  ${NOPE}\n", 5),
        ("a: 'one\n  two ${NOPE}'", 2),
        ("a:\n- b\n- ${NOPE}", 3),
        ("a: |\r\n  one\r\n  ${NOPE}\r\n", 3),
    ],
)
def test_an_unset_variable_is_a_mistake_in_its_own_line(text: str, line: int):
    [mistake] = read(text).mistakes
    assert mistake.line == line
    assert mistake.message == "the environment variable NOPE is not set"
    assert mistake.hint == "Set it, or write ${NOPE:-default}."


def test_a_variable_that_is_set_to_nothing_is_said_to_be_empty():
    assert "variable TOKEN is empty" in said("a: ${TOKEN}", TOKEN="")[0]


def test_all_mistakes_of_a_file_are_collected():
    text = "a: ${ONE}\nb: 2013-02-30\nb: ${TWO}\n"
    assert [mistake.line for mistake in read(text).mistakes] == [3, 1, 2, 3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: {x: 1}\na: 2", "report.yml:3: a: 'a' stands here twice, first in line 1"),
        ("v:\n  1: a\n  '1': b", "report.yml:3: v.1: '1' stands here twice, first in line 2"),
        ("since: 2013-02-30", "report.yml:1: since: '2013-02-30' is no valid date"),
        ("\na: !!int x", "report.yml:2: a: 'x' is no valid number"),
        ("a: !!binary aGk=", "report.yml:1: a: binary values have no place here"),
        ("a: b: c", "report.yml:1: not valid YAML: mapping values are not allowed here"),
        ("a: 1\nb: [1, 2\nc: 3", "report.yml:3: not valid YAML: while parsing a flow sequence"),
        ("a: 1\nb: 'open\nc: 3\n", "of line 2, found unexpected end of stream"),
        ("a:\n\tb: 1", "report.yml:2: not valid YAML: while scanning for the next token"),
        ("a:\n\tb: 1", "Indent with spaces, not with tabs."),
        ("a: 1\nb: \x00", "report.yml:2: not valid YAML: the character U+0000"),
        ("a: &x\n  b: *x", "report.yml:1: not valid YAML: an anchor contains itself"),
        ("a: *nope", "report.yml:1: not valid YAML: found undefined alias 'nope'"),
        ("a: !!python/name:os.system x", "report.yml:1: not valid YAML: could not determine"),
        ("a: 1\n---\nb: 2", "report.yml:2: not valid YAML: expected a single document"),
        ("\n- a\n- b", "report.yml:2: expected `key: value` pairs"),
        ("just text", "report.yml:1: expected `key: value` pairs"),
        ("# nothing\n", "report.yml:1: the file is empty"),
        ("? [1, 2]\n: 3", "report.yml:1: not valid YAML: a key is text"),
        ("a: " + "[" * 3000 + "]" * 3000, "report.yml:1: not valid YAML: nested too deeply"),
    ],
)
def test_a_mistake_says_where_and_what(text: str, message: str):
    assert any(message in mistake for mistake in said(text)), said(text)


def test_aliases_cannot_blow_a_small_file_up():
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
        for before, name in zip("abcdef", "bcdefg", strict=True)
    )
    [mistake] = said(bomb)
    assert "aliases make more than" in mistake


def test_merge_keys_and_aliases_are_read_and_are_no_duplicates():
    text = """
        base: &base {plugin: table, cols: 2}
        x: &x
          <<: *base
          cols: 3
        y: *x
        z: {<<: [*x, *base], title: z}
    """
    source = read(text)
    assert source.mistakes == []
    assert source.values["y"] == {"plugin": "table", "cols": 3}
    assert source.values["z"] == {"plugin": "table", "cols": 3, "title": "z"}
    assert source.location(("x", "cols")).line == 5
    assert source.location(("z", "plugin")).line == 2


def test_a_mapping_that_merges_itself_ends():
    assert read("a: &a\n  <<: *a\n  b: 1").values == {"a": {"b": 1}}


def test_keys_that_are_not_text_are_read_as_they_are_written():
    assert list(read("on: 1\n2013-01-01: 2\n10: 3").values) == ["on", "2013-01-01", "10"]


def test_later_files_win_mappings_merge_lists_are_replaced():
    first = read_yaml("a: {x: 1, y: 2}\nl: [1, 2, 3]\ns: 1", "one.yml", {})
    later = read_yaml("\n\na: {y: 3, z: 4}\nl: [9]\nt: 5", "two.yml", {})
    both = Source().merged(first).merged(later)
    assert both.values == {"a": {"x": 1, "y": 3, "z": 4}, "l": [9], "s": 1, "t": 5}
    assert both.location(("a", "x")) == Location("one.yml", 1)
    assert both.location(("a", "y")) == Location("two.yml", 3)
    assert both.location(("l", 2)) == Location("two.yml", 4)
    assert both.files == ("one.yml", "two.yml")


def test_mistakes_of_all_files_are_kept_with_their_file():
    first = read_yaml("a: ${NOPE}", "one.yml", {})
    both = first.merged(read_yaml("b: 1\nb: 2", "two.yml", {}))
    assert [(mistake.file, mistake.line) for mistake in both.mistakes] == [
        ("one.yml", 1),
        ("two.yml", 2),
    ]


def test_a_file_that_cannot_be_read_spoils_the_merger():
    assert read("a: 1").merged(read_yaml("a: [", "two.yml", {})).unreadable


def test_without_libyaml_a_file_is_read_the_same(monkeypatch: pytest.MonkeyPatch):
    text = "a: &x {b: 2013-02-04, c: [1, 'two', yes]}\nd: *x\ne: |\n  one\n  ${NAME}\nf: >\n  g\n"
    fast = read(text, NAME="n")
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    slow = read(text, NAME="n")
    assert (slow.values, slow.raw, slow.locations) == (fast.values, fast.raw, fast.locations)
