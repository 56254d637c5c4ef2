"""The row about charts: filling a template against making the figure and its JSON."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from measuring import HERE, Cost, output_of
from rows import Row

if TYPE_CHECKING:
    from workshop import Workshop

_MEASURE = "import charts, json; print(json.dumps(charts.measure()))"


def chart_json(_: Workshop) -> list[Row]:
    """Compare a filled template to Bokeh's own JSON, kind by kind; the worst kind counts."""
    kinds = json.loads(output_of([sys.executable, "-W", "ignore", "-c", _MEASURE], HERE))
    worst = max(kinds, key=lambda kind: kinds[kind]["fill"] / kinds[kind]["figure"])
    fill, figure = kinds[worst]["fill"], kinds[worst]["figure"]
    costs = {"measured": Cost(fill, fill, 0), "against": Cost(figure, figure, 0)}
    return [
        Row(
            f"chart JSON from a template, {worst}",
            "figure and json_item",
            fill / figure,
            1 / 100,
            costs=costs,
        )
    ]
