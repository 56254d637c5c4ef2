"""The tokens of a query: `{from}`, `{to}` and their like, apart from the text around them."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from kpisite.model.period import Period

TOKENS = ("from", "to", "previous_from", "previous_to", "interval")
"""`{from}` and `{to}`: the period, half-open. `{previous_from}`, `{previous_to}`: the period
before. `{interval}`: the period's length."""

_PLAIN = r"""
    '(?:[^']|'')*'                  # text
    | "(?:[^"]|"")*"                # quoted name
    | (?<![\w$])\$(?P<tag>(?:[A-Za-z_]\w*)?)\$.*?\$(?P=tag)\$     # dollar-quoted text
    """
_MYSQL = r"""
    '(?:[^'\\]|\\.|'')*'            # text
    | "(?:[^"\\]|\\.|"")*"          # text, too
    | \#[^\n]*                      # comment
    """


def _pattern(quoted: str) -> re.Pattern[str]:
    return re.compile(
        rf"""
        \b[eE]'(?:[^'\\]|\\.|'')*'      # text with escapes
        | {quoted}
        | `[^`]*`                       # quoted name of MySQL
        | --[^\n]*                      # comment
        | /\*.*?\*/                     # comment
        | \{{(?P<token>{"|".join(TOKENS)})\}}
        """,
        re.VERBOSE | re.DOTALL,
    )


_SQL = {False: _pattern(_PLAIN), True: _pattern(_MYSQL)}
_ONE_WORD = re.compile(r"[\w$]{2}")
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_DAYS = {"day": 1, "week": 7}


@dataclass(frozen=True)
class Token:
    """A token where it stands in a query."""

    name: str
    """One of TOKENS."""

    def boundary(self, period: Period) -> datetime:
        """Return the instant that a boundary token stands for, aware, in the report's zone.

        Raises:
            KeyError: The token is `interval`, which is no instant.
        """
        previous = self.name.startswith("previous_")
        source = period.previous() if previous else period
        return {"from": source.start, "to": source.end}[self.name.removeprefix("previous_")]


def split_tokens(query: str, *, mysql: bool = False) -> list[str | Token]:
    """Return an SQL query as text and tokens, in order.

    What stands in quotes or in a comment is text, whatever it looks like; so is any other
    brace. Nothing in a query has to be escaped.

    Args:
        query: The query as it was written.
        mysql: It is MySQL's SQL: a backslash in a text escapes, `#` begins a comment.
    """
    parts: list[str | Token] = []
    text_from = 0
    for match in _SQL[mysql].finditer(query):
        if match["token"]:
            parts += [query[text_from : match.start()], Token(match["token"])]
            text_from = match.end()
    parts.append(query[text_from:])
    return [part for part in parts if part != ""]


def replace_tokens(
    query: str,
    placeholder: Callable[[Token], str],
    literal: Callable[[str], str] = str,
    *,
    mysql: bool = False,
) -> str:
    """Return an SQL query with a placeholder for each token.

    Args:
        query: The query as it was written.
        placeholder: How the database writes a parameter: `$name`, `:name`.
        literal: What is done to the text around the tokens.
        mysql: It is MySQL's SQL.
    """
    text = ""
    for part in split_tokens(query, mysql=mysql):
        piece = placeholder(part) if isinstance(part, Token) else literal(part)
        glued = _ONE_WORD.fullmatch(text[-1:] + piece[:1])
        text += f" {piece}" if glued else piece  # `{from}and` is two words
    return text


def statements(query: str) -> int:
    """Return how many statements of SQL a query has; a semicolon in quotes ends none."""
    bare = _SQL[False].sub(lambda found: "" if found[0][:2] in ("--", "/*") else "x", query)
    return sum(bool(part.strip()) for part in bare.split(";"))


def misspelled(query: str) -> str:
    """Return a hint on what was meant as a token, `{form}` or `'{from}'`; "" where nothing was.

    Only of SQL is it certain that tokens are not filled in between quotes.
    """
    is_sql = re.search(r"\bselect\b", query, re.IGNORECASE)
    for quote, name in re.findall(r"(['\"]?)\{([A-Za-z_]\w*)\}", query):
        close = difflib.get_close_matches(name, TOKENS, n=1, cutoff=0.7)
        if is_sql and name in TOKENS and quote:
            return f"{{{name}}} in quotes is plain text: write it without them."
        if name not in TOKENS and close:
            return f"{{{name}}} is no token. Did you mean {{{close[0]}}}?"
        if is_sql and name not in TOKENS and not quote:
            known = ", ".join(f"{{{token}}}" for token in TOKENS)
            return f"{{{name}}} is no token. There are {known}."
    return ""


def calendar_length(period: Period) -> tuple[int, timedelta]:
    """Return what `{interval}` stands for: whole months, and the rest as time on the calendar.

    A week is seven days also where the clock changes, so that a database that counts days of
    the report's zone comes from one start to the next.
    """
    if period.unit in _MONTHS:
        return _MONTHS[period.unit], timedelta(0)
    return 0, timedelta(days=_DAYS.get(period.unit, period.days))
