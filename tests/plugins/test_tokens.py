from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpisite.model.period import Period
from kpisite.plugins.tokens import (
    TOKENS,
    Token,
    calendar_length,
    misspelled,
    replace_tokens,
    split_tokens,
    statements,
)

NEW_YORK = ZoneInfo("America/New_York")


def names(query: str) -> list[str]:
    return [part.name for part in split_tokens(query) if isinstance(part, Token)]


def written(query: str) -> str:
    return "".join(
        f"{{{part.name}}}" if isinstance(part, Token) else part for part in split_tokens(query)
    )


def test_a_query_is_text_and_tokens_in_order():
    assert split_tokens("a >= {from} and a < {to}") == [
        "a >= ",
        Token("from"),
        " and a < ",
        Token("to"),
    ]
    assert split_tokens("{from}{to}") == [Token("from"), Token("to")]
    assert split_tokens("") == []


@pytest.mark.parametrize("name", TOKENS)
def test_each_token_is_found(name: str):
    assert names(f"select {{{name}}}") == [name]


@pytest.mark.parametrize(
    "text",
    [
        "'{from}'",
        "'it''s {from}'",
        "''''{x}'{from}'",
        r"E'it\'s {from}'",
        r"e'\\' '{from}'",
        '"{from}"',
        '"a""{from}"',
        "`{from}`",
        "-- {from}",
        "-- it's {from}",
        "/* {from} */",
        "/* it's\n{from} */",
        "$${from} ' $$",
        "$a1$ $$ {from} $a1$",
        "{ from }",
        "{FROM}",
        "{from_}",
        "{'from': 1}",
        "{x}",
        "{}",
    ],
)
def test_quotes_comments_and_other_braces_are_text(text: str):
    assert names(f"select {text}\n, {{to}}") == ["to"]
    assert written(f"select {text}\n, {{to}}") == f"select {text}\n, {{to}}"


@pytest.mark.parametrize(
    "query",
    [
        "select 'a' || {from} || 'b'",
        r"select 'C:\' || {from} || '\'",
        "select type'x' || {from} || 'y'",
        "select a -- it's\n, {from} -- 'b",
        "select 1 - -1 / 2 * 3, {from} /* ' */",
        "select $1, {from}, $2",
        "select a$b$c, {from}, d$b$e",
        "select it's unfinished, {from}",
    ],
)
def test_a_token_beside_quotes_and_comments_is_found(query: str):
    assert names(query) == ["from"]


PIECES = [
    "'",
    "''",
    '"',
    "`",
    "--",
    "\n",
    "/*",
    "*/",
    "$$",
    "$a$",
    "E'",
    "\\",
    " ",
    "{from}",
    "{to}",
    "{",
    "}",
    "x",
]


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
@settings(derandomize=True, deadline=None)
def test_no_character_of_a_query_is_lost(query: str):
    assert written(query) == query


def test_a_long_query_with_an_open_quote_is_split_too():
    query = "'x''" * 2000 + "/*" * 2000
    assert written(query) == query


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("a>={from}and a<{to}", "a>=:from and a<:to"),
        ("select{from}", "select :from"),
        ("{from}{to}", ":from:to"),
        ("{from}::date", ":from\\:\\:date"),
        ("('{from}', {from})", "('{from}', :from)"),
    ],
)
def test_placeholders_stand_apart_from_words(query: str, expected: str):
    found = replace_tokens(query, lambda t: f":{t.name}", lambda text: text.replace(":", "\\:"))
    assert found == expected.replace("select :from", "select:from")


def test_placeholders_with_dollars_do_not_run_together():
    assert replace_tokens("a{from}{to}b", lambda t: f"$_{t.name}") == "a $_from $_to b"


def test_boundaries_are_those_of_the_period_and_of_the_one_before():
    period = Period.containing(date(2013, 3, 15), "month", NEW_YORK)
    found = {name: Token(name).boundary(period) for name in TOKENS if name != "interval"}
    assert found == {
        "from": datetime(2013, 3, 1, tzinfo=NEW_YORK),
        "to": datetime(2013, 4, 1, tzinfo=NEW_YORK),
        "previous_from": datetime(2013, 2, 1, tzinfo=NEW_YORK),
        "previous_to": datetime(2013, 3, 1, tzinfo=NEW_YORK),
    }
    with pytest.raises(KeyError):
        Token("interval").boundary(period)


@pytest.mark.parametrize(
    ("unit", "length"),
    [
        ("day", (0, timedelta(days=1))),
        ("week", (0, timedelta(days=7))),
        ("month", (1, timedelta(0))),
        ("quarter", (3, timedelta(0))),
        ("year", (12, timedelta(0))),
    ],
)
def test_the_length_of_a_unit_does_not_depend_on_the_clock(unit, length):
    for day in (date(2013, 3, 10), date(2013, 11, 3)):
        assert calendar_length(Period.containing(day, unit, NEW_YORK)) == length


def test_the_length_of_any_other_period_is_its_time_on_the_calendar():
    period = Period.of_days(date(2013, 3, 1), date(2013, 3, 31), NEW_YORK)
    assert calendar_length(period) == (0, timedelta(days=30))
    noon = datetime(2013, 3, 9, 12, tzinfo=NEW_YORK)
    period = Period(noon, datetime(2013, 3, 10, 13, tzinfo=NEW_YORK))
    assert calendar_length(period) == (0, timedelta(days=1, hours=1))


def test_in_mysql_a_backslash_escapes_and_a_hash_begins_a_comment() -> None:
    query = r"""a = 'it\'s {from}' and b = "\"{to}" # it's {to}
        and c >= {from}"""
    assert [p for p in split_tokens(query, mysql=True) if isinstance(p, Token)] == [Token("from")]
    assert split_tokens(r"a = '\' and b = {to}") == [r"a = '\' and b = ", Token("to")]
    assert split_tokens("a #>> '{from}' = {to}") == ["a #>> '{from}' = ", Token("to")]
    assert replace_tokens(query, lambda t: f":{t.name}", mysql=True).endswith("c >= :from")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("select 1", 1),
        ("select 1;\n -- done; really\n", 1),
        ("select ';', \";\", $$;$$, $a$;$a$, E'\\';' /* ; */", 1),
        ("select {from}; commit", 2),
        ("select 1;'x'", 2),
        ("-- ;", 0),
    ],
)
def test_statements_are_counted_by_the_semicolons_that_are_not_quoted(query: str, count: int):
    assert statements(query) == count


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("t >= {form}", "{form} is no token. Did you mean {from}?"),
        ("t >= {previous_form}", "{previous_form} is no token. Did you mean {previous_from}?"),
        ("t >= {From}", "{From} is no token. Did you mean {from}?"),
        ("select 1 where t >= '{from}'", "{from} in quotes is plain text: write it without them."),
        (
            "SELECT 1 WHERE t >= {start}",
            "{start} is no token. "
            "There are {from}, {to}, {previous_from}, {previous_to}, {interval}.",
        ),
        ("select {from} and {'form': 1} = '{a}' and x{2}", ""),
        ("orders?from='{from}'&shop={shop}", ""),
    ],
)
def test_what_is_almost_a_token_is_told(query: str, hint: str):
    assert misspelled(query) == hint
