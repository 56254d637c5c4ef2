"""The view `prometheus.alert_summary`: which alerts fired, how often, how long, and when."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from kpisite.model.fields import Step
from kpisite.model.number import grouped
from kpisite.plugins import Metric, PluginOptions, Query, View
from kpisite.plugins.language import gettext, ngettext
from kpisite.views._alert_timeline import DURATION, timeline
from kpisite.views._alert_windows import NAME, Alert, Grid, alerts_of, merged
from kpisite.views.plotting.svg import still

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from kpisite.plugins import Page, Period

QUERY = 'ALERTS{alertstate="firing"}'
_NEVER_SHOWN = ("__name__", "alertstate", NAME)
"""Labels that are the same for all alerts, or in a column of their own."""
_MOST_ROWS = 20
"""Alerts in the timeline; the table has all."""
_MOST_VALUES = 3
"""Values that are listed of a label."""
_TOLD = 3
"""Alerts of which the description tells; more would be a table read aloud."""


class AlertSummary(View):
    """Shows the alerts that fired in a period, those that did longest first."""

    class Options(PluginOptions):
        """Alerts are looked at in steps: what fires between two of them and is over is not seen."""

        datasource: str = "prometheus"
        """Id of the Prometheus server in the report."""
        resolution: Step = Field(timedelta(minutes=15), json_schema_extra={"default": "15m"})
        """How often the period is looked at: `15m`, `1h`, or a number of seconds."""
        hide_labels: tuple[str, ...] = ("instance", "job")
        """Labels that are not shown; alerts that differ only in them still count each."""
        labels: dict[str, str] = Field(default_factory=dict)
        """Label → regular expression: alerts of which all these labels match, as a whole."""
        ignore_labels: dict[str, str] = Field(default_factory=dict)
        """Label → regular expression: no alerts of which one of these labels matches."""
        show_timeline: bool = True
        """Whether a timeline shows when each alert fired."""
        timeline_height: int = Field(default=15, ge=1)
        """Height of each row of the timeline, in CSS pixels."""

        @field_validator("labels", "ignore_labels")
        @classmethod
        def _valid_patterns(cls, patterns: dict[str, str]) -> dict[str, str]:
            for label, pattern in patterns.items():
                try:
                    re.compile(pattern)
                except re.error as error:
                    raise ValueError(
                        f"'{pattern}' of '{label}' is no regular expression: {error}"
                    ) from None
            return patterns

    options: Options

    def queries(self) -> Mapping[str, Query]:
        """Return the one query, for alerts that fire."""
        step = f"{self.options.resolution // timedelta(seconds=1)}s"
        return {"main": Query(self.options.datasource, QUERY, {"step": step})}

    def metrics(self, frames: Mapping[str, pd.DataFrame], period: Period) -> Sequence[Metric]:
        """Return how many alerts fired, and for how long at least one of them did."""
        grid = Grid(period, self.options.resolution)
        alerts = self._alerts(frames, grid)
        count = sum(alert.count for alert in alerts)
        return [
            Metric(name=self.id, title=self.title, value=count, good="down"),
            Metric(
                name=f"{self.id}/time",
                title=f"{self.title}: duration",
                value=_any_seconds(alerts, grid),
                format=DURATION,
                good="down",
            ),
        ]

    def render_md(self, frames: Mapping[str, pd.DataFrame], page: Page) -> str:
        """Return a sentence, the timeline and a table; or the good news."""
        grid = Grid(page.period, self.options.resolution)
        alerts = self._alerts(frames, grid)
        is_drawn = bool(alerts) and self.options.show_timeline
        return page.template(
            "views/prometheus_alert_summary.html",
            alerts=[self._row(alert, grid) for alert in alerts],
            said=_summed_up(alerts, grid),
            chart=self._timeline(alerts, grid, page) if is_drawn else "",
            cut=_cut(len(alerts)) if is_drawn else "",
        )

    def _alerts(self, frames: Mapping[str, pd.DataFrame], grid: Grid) -> list[Alert]:
        wanted, ignored = (
            {label: re.compile(pattern) for label, pattern in patterns.items()}
            for patterns in (self.options.labels, self.options.ignore_labels)
        )
        return alerts_of(frames["main"], grid, wanted, ignored)

    def _timeline(self, alerts: Sequence[Alert], grid: Grid, page: Page) -> str:
        drawing = timeline(alerts[:_MOST_ROWS], grid, self.options.timeline_height)
        return page.chart_from(
            draw,
            drawing.structure,
            drawing.values,
            description=_described(self.title, alerts, grid),
            height=drawing.height,
            still=still(drawing.structure, drawing.values),
        )

    def _row(self, alert: Alert, grid: Grid) -> dict[str, str]:
        """Return what the table says of an alert."""
        return {
            "name": alert.name,
            "labels": self._labels(alert),
            "times": grouped(alert.count, 0),
            "duration": DURATION.text(grid.seconds(alert.spans)),
        }

    def _labels(self, alert: Alert) -> str:
        """Return the labels that are shown, each with the values that it had."""
        hidden = {*_NEVER_SHOWN, *self.options.hide_labels}
        found: dict[str, dict[str, None]] = {}
        for labels in alert.labels:
            for label, value in labels:
                if label not in hidden:
                    found.setdefault(label, {})[value] = None
        return "; ".join(f"{label}: {_listed(list(found[label]))}" for label in sorted(found))


def draw(structure: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    """Return the Bokeh plot of a timeline."""
    from kpisite.views.plotting.draw import draw as bokeh_plot  # here: Bokeh costs a second

    return bokeh_plot(structure, values)


def _any_seconds(alerts: Sequence[Alert], grid: Grid) -> float:
    """Return how long at least one alert fired."""
    return grid.seconds(merged(span for alert in alerts for span in alert.spans))


def _listed(values: Sequence[str]) -> str:
    """Return values with commas; of many the first, and how many there are more."""
    rest = len(values) - _MOST_VALUES
    shown = values[:_MOST_VALUES]
    return ", ".join([*shown, gettext("{count} more").format(count=rest)] if rest > 0 else shown)


def _summed_up(alerts: Sequence[Alert], grid: Grid) -> str:
    """Return how many alerts fired, and for how long one did."""
    count = sum(alert.count for alert in alerts)
    said = ngettext(
        "{count} alert fired, for {time}.",
        "{count} alerts fired; at least one was firing for {time}.",
        count,
    )
    return said.format(count=grouped(count, 0), time=DURATION.text(_any_seconds(alerts, grid)))


def _cut(count: int) -> str:
    """Return that the timeline has not all of so many alerts; "" where it has."""
    if count <= _MOST_ROWS:
        return ""
    cut = gettext("The timeline has the {count} alerts that fired longest, of {all}.")
    return cut.format(count=_MOST_ROWS, all=count)


def _described(title: str, alerts: Sequence[Alert], grid: Grid) -> str:
    """Return what the timeline shows, for those who cannot see it."""
    told = [
        ngettext("{name} once, for {time}", "{name} {count} times, for {time}", alert.count).format(
            name=alert.name, count=alert.count, time=DURATION.text(grid.seconds(alert.spans))
        )
        for alert in alerts[:_TOLD]
    ]
    if len(alerts) > _TOLD:
        told.append(gettext("{count} more").format(count=len(alerts) - _TOLD))
    shown = gettext("Timeline of alerts: {alerts}.").format(alerts="; ".join(told))
    return f"{title}. {shown}"
