"""The tokens of a query: `{from}`, `{to}` and their like, apart from the text around them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from kpisite.model.period import Period

TOKENS = ("from", "to", "previous_from", "previous_to", "interval")
"""`{from}` and `{to}`: the period, half-open. `{previous_from}`, `{previous_to}`: the period
before. `{interval}`: the period's length."""

_SQL = re.compile(
    r"""
    '(?:[^']|'')*'                  # text
    | "(?:[^"]|"")*"                # quoted name
    | `[^`]*`                       # quoted name of MySQL
    | --[^\n]*                      # comment
    | /\*.*?\*/                     # comment
    | \$(?P<tag>[A-Za-z_]*)\$.*?\$(?P=tag)\$     # dollar-quoted text
    | \{(?P<token>from|to|previous_from|previous_to|interval)\}
    """,
    re.VERBOSE | re.DOTALL,
)


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


def split_tokens(query: str) -> list[str | Token]:
    """Return an SQL query as text and tokens, in order.

    What stands in quotes or in a comment is text, whatever it looks like; so is any other
    brace. Nothing in a query has to be escaped.
    """
    parts: list[str | Token] = []
    text_from = 0
    for match in _SQL.finditer(query):
        if match["token"]:
            parts += [query[text_from : match.start()], Token(match["token"])]
            text_from = match.end()
    parts.append(query[text_from:])
    return [part for part in parts if part != ""]
