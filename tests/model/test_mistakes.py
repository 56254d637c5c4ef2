"""What is wrong in a definition is said in the words of the file."""

from __future__ import annotations

from typing import Literal

import pytest
from pydantic import Field, SecretStr, ValidationError

from kpisite.model.base import StrictModel
from kpisite.model.definition import Report
from kpisite.model.mistakes import mistakes_of
from kpisite.model.yaml_reader import read_yaml

VIEW = "views: {a: {plugin: text}}\n"


class Login(StrictModel):
    user: str
    password: SecretStr


class Options(StrictModel):
    email_to: str | list[str] = ""
    legend: bool | dict[str, str] | None = None
    kind: Literal["line", "bar"] = "line"
    token: SecretStr | None = None
    login: Login | None = None
    share: float = 0
    names: tuple[str, ...] = ()
    logins: dict[str, Login] = Field(default_factory=dict)


def said(text: str, model: type[StrictModel] = Report) -> list[str]:
    source = read_yaml(text, "report.yml", {})
    assert source.mistakes == []
    with pytest.raises(ValidationError) as caught:
        model.model_validate(source.values)
    return [str(mistake) for mistake in mistakes_of(caught.value, model, source)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("titel: x\n" + VIEW, "report.yml:1: titel: unknown key 'titel'\n    Did you mean 'title'"),
        (
            "theme:\n  num_colums: 3\n" + VIEW,
            "report.yml:2: theme.num_colums: unknown key 'num_colums'\n"
            "    Did you mean 'num_columns'?",
        ),
        (
            "views:\n  a:\n    plugin: text\n    colls: 3",
            "report.yml:4: views.a.colls: unknown key 'colls'\n    Did you mean 'cols'?",
        ),
        ("xyzzy: 1\n" + VIEW, "Valid here: datasources, description"),
        ("title: 2013\n" + VIEW, "title: expected a text, found '2013'\n    Put it in quotes."),
        ("title: [a]\n" + VIEW, "report.yml:1: title: expected a text, found a list"),
        (
            "views: {a: {plugin: text, cols: two}}",
            "report.yml:1: views.a.cols: expected a whole number, found 'two'",
        ),
        (
            "views: {a: {plugin: text, cols: -1}}",
            "views.a.cols: should be greater than or equal to 0, found '-1'",
        ),
        ("views: [a]", "report.yml:1: views: expected `key: value` pairs, found a list"),
        ("views:", "report.yml:1: views: expected `key: value` pairs, found nothing"),
        ("views: {}", "report.yml:1: views: 'views' is empty"),
        ("title: x", "report.yml:1: views: 'views' is missing"),
        ("views:\n  a: {}", "report.yml:2: views.a.plugin: 'plugin' is missing"),
        (
            "views:\n  1st: {plugin: text}",
            "report.yml:2: views.1st: '1st' is no valid id\n    An id begins with a letter",
        ),
        (
            "theme:\n  series_colors:\n  - '#fff'\n  - red\n" + VIEW,
            "report.yml:4: theme.series_colors.1: 'red' is not valid here\n"
            "    Write it like #2563c9.",
        ),
        (
            "timezone: Europe/Berln\n" + VIEW,
            "report.yml:1: timezone: unknown timezone 'Europe/Berln'. Did you mean 'Europe/Berlin'",
        ),
        ("timezone: new york\n" + VIEW, "Did you mean 'America/New_York'?"),
        ("schedule: 7\n" + VIEW, "report.yml:1: schedule: '7' is no schedule. Valid here: daily"),
        ("timezone: Oz\n" + VIEW, "unknown timezone 'Oz'. It is an IANA name such as"),
        ("schedule: weekley\n" + VIEW, "'weekley' is no schedule. Did you mean 'weekly'?"),
        (
            "since: soon\n" + VIEW,
            "report.yml:1: since: 'soon' is no date; write it like 2013-02-04",
        ),
        ("settle: 2\n" + VIEW, "settle: '2' is no length of time; write it like '2 days'"),
        (
            "schedule: weekly\nsince: 2013-02-04\nuntil: 2013-02-04\n" + VIEW,
            "report.yml:3: until: until 2013-02-04 is not after since 2013-02-04",
        ),
    ],
)
def test_a_mistake_has_file_line_path_and_what_to_do(text: str, message: str):
    [mistake] = said(text)
    assert message in mistake


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("share: 80%", "A number has digits and a point: 1234.5, and 0.8 for 80 %."),
        ("share: '9,000'", "A number has digits and a point: 1234.5, and 0.8 for 80 %."),
        ("share: high", ""),
        ("names: a", "Write it like [a, b]."),
        ("names: {a: b}", ""),
    ],
)
def test_a_value_of_another_kind_has_advice_where_it_is_known(text: str, hint: str):
    [mistake] = said(text, Options)
    assert mistake.partition("\n    ")[2] == hint


def test_all_mistakes_are_found_at_once():
    text = "titel: x\ntimezone: Mars\nviews:\n  a: {plugin: text, cols: x}\n  b: {}\n"
    assert len(said(text)) == 4


@pytest.mark.parametrize("name", ["date", "datetime", "int", "str", "list"])
def test_an_id_that_looks_like_a_type_keeps_its_place(name: str):
    [mistake] = said(f"views:\n  {name}:\n    plugin: text\n    colls: 1")
    assert mistake.startswith(f"report.yml:4: views.{name}.colls: unknown key")
    assert "Did you mean 'cols'?" in mistake


def test_a_value_that_may_be_of_several_kinds_is_one_mistake():
    assert said("email_to: {a: b}", Options) == [
        "report.yml:1: email_to: expected a text or a list, found `key: value` pairs"
    ]
    assert said("legend: maybe", Options) == [
        "report.yml:1: legend: expected true or false or `key: value` pairs, found 'maybe'"
    ]


def test_an_item_below_one_of_several_kinds_has_its_place():
    assert "report.yml:3: email_to.1: expected a text, found a list" in "".join(
        said("email_to:\n- a\n- [b]", Options)
    )


def test_a_word_that_is_not_valid_brings_the_nearest():
    [mistake] = said("kind: bars", Options)
    assert mistake == "report.yml:1: kind: 'bars' is not valid here\n    Did you mean 'bar'?"


@pytest.mark.parametrize(
    "text",
    [
        "token: 98765",
        "login: {user: me, password: 98765}",
        "logins: {a: {user: me, password: [98765]}}",
    ],
)
def test_a_secret_of_the_wrong_kind_is_not_shown(text: str):
    [mistake] = said(text, Options)
    assert "98765" not in mistake
    assert "expected a text" in mistake


def test_unknown_keys_deep_down_bring_the_nearest():
    [mistake] = said("logins:\n  a: {user: me, password: x, pasword: y}", Options)
    assert mistake.startswith("report.yml:2: logins.a.pasword: unknown key 'pasword'")
    assert "Did you mean 'password'?" in mistake
