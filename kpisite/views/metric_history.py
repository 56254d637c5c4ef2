"""The view `metric_history`: a number of the report over its last editions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pandas as pd
from pydantic import Field

from kpisite.errors import ViewError, nearest
from kpisite.plugins import PluginOptions, View
from kpisite.plugins.language import gettext
from kpisite.views.plot import Plot

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from kpisite.plugins import Metric, Page

_MOST = 400


class MetricHistory(View):
    """Draws a metric of this edition and of those before it, from the archive."""

    class Options(PluginOptions):
        """Which number, and how far back."""

        metric: str = Field(min_length=1)
        """Name of a metric of this report: the id of a `single_stat`, or `view/name`."""
        editions: int = Field(default=26, ge=2, le=_MOST)
        """How many editions are shown, this one included."""
        kind: Literal["line", "bar"] = "line"
        """What is drawn."""

    options: Options

    def needed_metrics(self) -> Collection[str]:
        """Return the one that is drawn."""
        return (self.options.metric,)

    def render_md(self, frames: Mapping[str, pd.DataFrame], page: Page) -> str:
        """Return the chart, with the metric's target as a line."""
        metric = self._metric(page)
        points = page.history(metric.name)[-self.options.editions :]
        if all(point.value is None for point in points):
            return page.template("views/empty.html")
        values = pd.array([point.value for point in points], dtype="float64")
        labels, period = [point.period.label for point in points], gettext("period")
        frame = pd.DataFrame({period: labels, metric.title: values})
        shown = metric.format
        options = Plot.Options.model_validate(
            {
                "datasource": self.id,
                "query": metric.name,
                "time_column": period,
                "kind": self.options.kind,
                "format": shown.style,
                "precision": shown.precision,
                "unit": shown.unit,
                "currency": shown.currency,
                "lines": _target(metric),
            }
        )
        return Plot(self.id, self.title, options).render_md({"main": frame}, page)

    def _metric(self, page: Page) -> Metric:
        name = self.options.metric
        if name not in page.metrics:
            raise ViewError(f"there is no metric '{name}'", hint=nearest(name, page.metrics))
        return page.metrics[name]


def _target(metric: Metric) -> list[dict[str, object]]:
    if metric.target is None:
        return []
    return [{"at": metric.target, "label": gettext("target")}]
