"""The row about `kpisite run`: a backfill against the same queries in a bare loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from measuring import repeated
from rows import Row, ratio
from workshop import bare_queries

if TYPE_CHECKING:
    from workshop import Workshop


def backfill(shop: Workshop) -> list[Row]:
    """Compare a backfill to its SQL alone."""
    cost = shop.backfill
    return [
        ratio(
            f"backfill of {shop.many.editions} editions, DuckDB",
            "the same SQL to data frames, one connection",
            cost,
            repeated(lambda: bare_queries(shop.many)),
            1.5,
        )
    ]
