"""The view `table`: the rows of a query."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from kpisite.errors import ViewError, nearest
from kpisite.plugins import NumberFormat, QueryOptions, View
from kpisite.plugins.limits import Limits
from kpisite.plugins.sparks import spark_numbers
from kpisite.plugins.view import Total
from kpisite.views.plotting.values import is_numeric, values_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from kpisite.plugins import Page


class Table(View):
    """Shows the first rows of a query, and says how many there are."""

    class Options(QueryOptions):
        """Rows stand in the query's order; columns are named as the query names them."""

        max_rows: int = Field(default=10, ge=1)
        """Show at most that many rows; the view's own page shows all."""
        formats: dict[str, NumberFormat] = Field(default_factory=dict)
        """Column → how its numbers are shown: `style`, `precision`, `unit`, `currency`."""
        bars: tuple[str, ...] = ()
        """Columns whose numbers get a bar in the cell."""
        totals: dict[str, Total] = Field(default_factory=dict)
        """Column → what a last row says of all rows: sum, mean, min, max or count."""
        limits: dict[str, Limits] = Field(default_factory=dict)
        """Column → which numbers are marked: `{good: '>= 0.8', bad: '< 0.7'}`."""
        sparklines: tuple[str, ...] = ()
        """Columns with several numbers in a text, `3 4.5 2`, which become a small line."""

    options: Options

    def check(self, frames: Mapping[str, pd.DataFrame]) -> Sequence[str]:
        """Refuse options for columns that are not there, or do not hold what they are for."""
        frame, options = frames["main"], self.options
        columns = [str(name) for name in frame.columns]
        if not columns:
            return ()
        for option in ("formats", "bars", "totals", "limits", "sparklines"):
            for name in getattr(options, option):
                if name not in columns:
                    raise ViewError(
                        f"{option}: there is no column '{name}'", hint=nearest(name, columns)
                    )
                if option == "sparklines":
                    for value in values_of(frame, name):
                        spark_numbers(value, name)
                elif option != "totals" or options.totals[name] != "count":
                    _check_numbers(frame, option, name)
        return ()

    def render_md(self, frames: Mapping[str, pd.DataFrame], page: Page) -> str:
        """Return the table as HTML."""
        frame = frames["main"]
        if frame.empty:
            return page.template("views/empty.html")
        return page.table(
            frame,
            max_rows=self.options.max_rows,
            formats=self.options.formats,
            bars=self.options.bars,
            totals=self.options.totals,
            limits=self.options.limits,
            sparklines=self.options.sparklines,
        )


def _check_numbers(frame: pd.DataFrame, option: str, name: str) -> None:
    if any(value is not None for value in values_of(frame, name)) and not is_numeric(frame, name):
        hint = "Only 'count' is for those." if option == "totals" else "Cast it in the query."
        raise ViewError(f"{option}: the column '{name}' has other things than numbers", hint=hint)
