"""The pages of a report's KPIs: each metric over all editions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from kpisite.model.language import gettext
from kpisite.model.words import editions_text
from kpisite.site.content import SitePage
from kpisite.site.kpi_charts import HEIGHT, KpiChart, history_chart, years_chart
from kpisite.site.kpi_history import KpiPoint, kpi_histories
from kpisite.site.machine import INDEX
from kpisite.site.urls import kpi_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kpisite.archive.index import Entry
    from kpisite.render.templates import Templates
    from kpisite.site.urls import Urls


class KpiPages:
    """Writes a page for each metric that the editions of a report have."""

    def __init__(
        self, report: str, title: str, entries: Sequence[Entry], look: Templates, urls: Urls
    ) -> None:
        """Prepare the pages.

        Args:
            report: The report's id.
            title: The report's title.
            entries: Its editions, oldest first.
            look: The templates.
            urls: How pages are addressed.
        """
        self._report = report
        self._title = title
        self._entries = entries
        self._look = look
        self._urls = urls

    def pages(self) -> Iterator[SitePage]:
        """Yield the pages."""
        for name, points in kpi_histories(self._entries).items():
            yield self._page(name, points)

    def _page(self, name: str, points: Sequence[KpiPoint]) -> SitePage:
        here = kpi_folder(self._report, name)
        newest = points[-1].metric
        addresses = {point.entry.label: self._urls.page(here, point.entry.key) for point in points}
        known = [point for point in points if point.metric.value is not None]
        history = None
        if known:
            history = history_chart(points, lambda point: addresses[point.entry.label])
        years = years_chart(points)
        text = self._look.render(
            "pages/kpi.html",
            report={"title": self._title, "url": self._urls.page(here, self._report)},
            archive=self._urls.page(here, f"{self._report}/archive"),
            metric=newest,
            newest=_newest(points[-1], addresses),
            summary=_summary(points, known),
            target=_target(points),
            hollow=any(point.entry.status != "sealed" for point in points),
            history=_chart(history),
            years=_chart(years),
            height=HEIGHT,
            script=self._urls.asset(here, "assets/kpisite/history.js"),
            rows=[_row(point, addresses) for point in reversed(points)],
        )
        title = gettext("{title} over time – {report}").format(
            title=newest.title, report=self._title
        )
        return SitePage(
            here,
            title,
            text,
            search="",
            parent=self._report,
            description=f"{newest.title} {newest.said}",
            report=self._report,
            json=f"{self._report}/{INDEX}",
        )


def _newest(point: KpiPoint, addresses: dict[str, str]) -> dict[str, Any]:
    return {**_row(point, addresses), "said": point.metric.said_parts}


def _row(point: KpiPoint, addresses: dict[str, str]) -> dict[str, Any]:
    metric, moved = point.metric, point.moved
    return {
        "title": point.title,
        "url": addresses[point.entry.label],
        "value": None if metric.value is None else point.value_text,
        "moved": None
        if moved is None
        else {
            "number": moved.change_parts[0],
            "unit": moved.change_parts[1],
            "direction": moved.change_direction,
            "verdict": moved.change_verdict,
        },
        "before": point.before.title if point.before else "",
        "met": metric.target_met,
        "target": metric.target_result,
        "status": point.entry.status,
        "revision": point.entry.revision,
    }


def _target(points: Sequence[KpiPoint]) -> str:
    """Return what the shading says: `80 % or more`; "" without a target."""
    newest = points[-1].metric
    if newest.target is None:
        return ""
    said = gettext("{target} or less") if newest.good == "down" else gettext("{target} or more")
    return said.format(target=newest.target_alone)


def _summary(points: Sequence[KpiPoint], known: Sequence[KpiPoint]) -> str:
    """Return in a sentence what the chart shows."""
    count = editions_text(len(points))
    if not known:
        return gettext("{count}, none of them with a value.").format(count=count)
    values = [point.metric.value or 0.0 for point in known]
    if min(values) == max(values):
        said = gettext("{count}, always {value}.")
        return said.format(count=count, value=known[-1].value_text)
    low, high = known[values.index(min(values))], known[values.index(max(values))]
    said = gettext("{count}: lowest {low} ({low_period}), highest {high} ({high_period}).")
    return said.format(
        count=count,
        low=low.value_text,
        low_period=low.title,
        high=high.value_text,
        high_period=high.title,
    )


def _chart(chart: KpiChart | None) -> dict[str, Any] | None:
    if chart is None:
        return None
    svg = Markup(chart.svg)  # noqa: S704 - Canvas has escaped it
    return {"svg": svg, "places": json.dumps(chart.places, separators=(",", ":"))}
