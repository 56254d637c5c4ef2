"""Several numbers in a text, which a table shows as a small line."""

from __future__ import annotations

import re

from kpisite.errors import ViewError

_BETWEEN = re.compile(r"[\s,;]+")


def spark_numbers(value: object, column: str) -> list[float]:
    """Return the numbers in a text: `3 4.5 2`, also with commas or semicolons between them.

    Args:
        value: What a cell holds; None has no numbers.
        column: Its column, for the message.

    Raises:
        ViewError: There is something else in it.
    """
    if value is None:
        return []
    try:
        return [float(part) for part in _BETWEEN.split(str(value).strip("[]() ")) if part]
    except ValueError:
        raise ViewError(
            f"sparklines: '{str(value)[:40]}' in the column '{column}' is no list of numbers",
            hint="Let the query put numbers into a text, such as "
            "string_agg(flights::varchar, ' ' order by day).",
        ) from None
