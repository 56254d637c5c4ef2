"""The view `single_stat`: one number, with what it is measured against."""

from __future__ import annotations

import math
from datetime import timedelta
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, model_validator

from kpisite.errors import ViewError
from kpisite.model.metric import COMPARISON, STAT, Direction
from kpisite.model.number import Style, check_unit
from kpisite.model.words import period_span
from kpisite.plugins import Metric, NumberFormat, Query, QueryOptions, View
from kpisite.plugins.options import Link

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from kpisite.plugins import Page, Period

_SPARK_EDITIONS = 12


class SingleStat(View):
    """Shows a number, how far it moved, where it comes from, and whether its target is met."""

    is_kpi = True

    class Options(QueryOptions):
        """The value is the sum over the rows of the only column, or of the second of several."""

        label: str = STAT
        """Text around the number, which stands for `{stat}`."""
        link_url: Link = ""
        """Where a click on the number leads: http, https, mailto, or a relative address."""
        compare: Literal["previous"] | None = None
        """`previous`: compare with the same query over the period before."""
        comparison_query: str = ""
        """Compare with the answer to this query; read like the value's own."""
        comparison_query_args: dict[str, Any] = Field(default_factory=dict)
        """Passed on to the datasource with the comparison query."""
        comparison_type: Literal["raw", "percent"] = "raw"
        """Whether the change is a difference, or a ratio of the value compared with."""
        format: Style = "number"
        """number, percent (of ratios: 0.8), duration (of seconds), bytes, or currency."""
        precision: int = Field(default=0, ge=0, le=12)
        """Digits after the point."""
        unit: str = ""
        """Shown behind a plain number."""
        currency: str = Field(default="", pattern=r"^([A-Z]{3})?$", examples=["EUR"])
        """ISO 4217 code; only with `format: currency`."""
        target: float | None = Field(default=None, allow_inf_nan=False)
        """What the value ought to reach, or with `good: down` not to exceed."""
        good: Direction | None = None
        """Which way is better: up or down; without it, a change is neither good nor bad."""
        empty: float | None = Field(default=None, allow_inf_nan=False)
        """Number to show instead of "no data"."""

        @model_validator(mode="after")
        def _check_together(self) -> Self:
            check_unit(self.format, self.unit, self.currency)
            if self.compare and self.comparison_query:
                raise ValueError("'compare' and 'comparison_query' exclude each other")
            return self

        @property
        def number_format(self) -> NumberFormat:
            """How the value is shown."""
            return NumberFormat(
                style=self.format,
                precision=self.precision,
                unit=self.unit,
                currency=self.currency,
            )

    options: Options

    def queries(self) -> Mapping[str, Query]:
        """Return the query of the value, and that of the comparison if there is one."""
        options = self.options
        main = Query(options.datasource, options.query, options.query_args)
        if options.compare:
            previous = Query(main.datasource, main.text, main.args, previous=True)
            return {"main": main, "comparison": previous}
        if options.comparison_query:
            other = Query(main.datasource, options.comparison_query, options.comparison_query_args)
            return {"main": main, "comparison": other}
        return {"main": main}

    def check(self, frames: Mapping[str, pd.DataFrame]) -> Sequence[str]:
        """Refuse a value that is no number."""
        for frame in frames.values():
            _total(frame)
        return ()

    def metrics(self, frames: Mapping[str, pd.DataFrame], period: Period) -> Sequence[Metric]:
        """Return the one number, named by the view's id."""
        options = self.options
        compared = "comparison" in frames
        title = _title_of(period.previous()) if options.compare else COMPARISON
        return [
            Metric(
                name=self.id,
                title=self.title,
                value=self._value(frames["main"]),
                format=options.number_format,
                comparison=self._value(frames["comparison"]) if compared else None,
                comparison_title=title if compared else "",
                change_as=options.comparison_type,
                target=options.target,
                good=options.good,
                label=options.label,
            )
        ]

    def render_md(self, frames: Mapping[str, pd.DataFrame], page: Page) -> str:
        """Return the inside of a KPI card."""
        metric = page.metrics[self.id]
        history = page.history(self.id)[-_SPARK_EDITIONS:]
        before, number, unit, after = metric.said_parts
        return page.template(
            "views/single_stat.html",
            metric=metric,
            before=before,
            number=number,
            unit=unit,
            after=after,
            link_url=self.options.link_url,
            history=[point.value for point in history],
            track=_track(metric),
        )

    def _value(self, frame: pd.DataFrame) -> float | None:
        total = _total(frame)
        return self.options.empty if total is None else total


def _title_of(period: Period) -> str:
    """Return the label of a calendar period: metrics say it in words, in the site's language."""
    return period_span(period) if period.unit == "days" else period.label


def _track(metric: Metric) -> dict[str, str] | None:
    """Return how far the bar and its mark go, in percent; None where a bar makes no sense."""
    if metric.format.style != "percent" or metric.value is None or metric.target is None:
        return None
    if not 0 < metric.target <= 1:
        return None
    share = min(max(metric.value, 0.0), 1.0)
    return {"value": f"{share * 100:.1f}", "target": f"{metric.target * 100:.1f}"}


def _total(frame: pd.DataFrame) -> float | None:
    """Return the sum of the value column; None where it has no values.

    Raises:
        ViewError: The column holds something else than finite numbers.
    """
    if not len(frame.columns):
        return None
    position = min(len(frame.columns), 2) - 1
    values = frame.iloc[:, position].dropna().tolist()
    name = frame.columns[position]
    try:
        return math.fsum(_number(value, name) for value in values) if values else None
    except OverflowError:
        raise ViewError(
            f"the sum of column '{name}' is larger than any number that can be recorded",
            hint="Is a missing number written as the largest there is? Make it a gap.",
        ) from None


def _number(value: object, column: object) -> float:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if not isinstance(value, Real | Decimal):
        kind = "text" if isinstance(value, str) else type(value).__name__
        raise ViewError(  # without the value, which differs from period to period
            f"column '{column}' holds {kind}, not numbers",
            hint="The value is the only column of the query, or the second of several.",
        )
    if not math.isfinite(value):
        raise ViewError(
            f"column '{column}' holds an infinite number",
            hint="Does the query divide by zero? In SQL, nullif(…, 0) makes that a gap; in PromQL, "
            "(… != 0) does.",
        )
    return float(value)
