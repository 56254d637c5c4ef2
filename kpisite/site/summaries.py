"""Editions and their KPIs as plain text, for what shows no page: feeds, previews of links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kpisite.model.language import gettext
from kpisite.model.words import direction_text, period_span, period_title

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kpisite.model.metric import Metric
    from kpisite.model.period import Period

_MOST = 300
"""Characters of a line about an edition, so that a preview shows it whole; it ends with a KPI."""


def period_words(period: Period) -> str:
    """Return a period's name, and the days of a week: `Week 6, 2013, 4 – 10 February 2013`."""
    title = period_title(period)
    return f"{title}, {period_span(period)}" if period.unit == "week" else title


def kpi_text(metric: Metric) -> str:
    """Return what a card says: `79.8 %, down 4.1 points vs week 5, target 80 % just missed`."""
    parts = [metric.said, change_words(metric), metric.target_text]
    return ", ".join(part for part in parts if part)


def change_words(metric: Metric) -> str:
    """Return how far a metric moved: `down 4.1 points vs week 5`; "" where that is not known."""
    if metric.change is None:
        return ""
    direction = metric.change_direction
    if direction == "none":
        moved = gettext("no change")
    else:
        moved = f"{direction_text(direction)} {metric.change_text}"
    if not metric.comparison_title:
        return moved
    versus = gettext("vs {period}").format(period=metric.comparison_text)
    return f"{moved} {versus}"


def changes(before: Mapping[str, Metric], now: Mapping[str, Metric]) -> list[dict[str, str]]:
    """Return the metrics that say something else now, with what they said."""
    return [
        {"title": metric.title, "was": metric.said, "now": now[name].said}
        for name, metric in before.items()
        if name in now and now[name].value != metric.value
    ]


def edition_line(period: Period, metrics: Iterable[Metric]) -> str:
    """Return an edition in one line: its period in words, and as many KPIs as fit."""
    line = period_words(period)
    mark = ": "
    for metric in metrics:
        more = f"{mark}{metric.title} {kpi_text(metric)}"
        if len(line) + len(more) > _MOST:
            return f"{line} …"
        line += more
        mark = " · "
    return line
