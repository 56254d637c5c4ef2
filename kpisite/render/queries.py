"""A query as HTML: SQL in colours, everything else as it is."""

from __future__ import annotations

import functools
import re

from markupsafe import Markup

from kpisite.plugins.markup import escape_html

_SQL = re.compile(
    r"(?:\s|--[^\n]*\n|/\*.*?\*/|\()*(?:select|with|values|from\s)\b",
    re.IGNORECASE | re.DOTALL,
)
"""How a query begins that is SQL, whatever the datasource."""
_LONG = 20_000
"""Characters from which on a query is shown without colours."""


@functools.lru_cache(maxsize=1024)
def query_html(query: str) -> Markup:
    """Return the inside of a `pre` element for a query, with classes that Material colours.

    Editions of a report have the same queries: each is looked at once.
    """
    text = query.strip()
    if len(text) >= _LONG or _SQL.match(text) is None:
        return Markup(escape_html(text))  # noqa: S704 - escaped
    from pygments import highlight  # here: not every build renders a query
    from pygments.formatters import HtmlFormatter
    from pygments.lexers.sql import SqlLexer

    html = highlight(text, SqlLexer(), HtmlFormatter(nowrap=True))
    return Markup(html.rstrip("\n"))  # noqa: S704 - Pygments escapes
