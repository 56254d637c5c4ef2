"""The view `table`: the rows of a query."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from kpisite.errors import ViewError, nearest
from kpisite.plugins import NumberFormat, QueryOptions, View

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

    options: Options

    def check(self, frames: Mapping[str, pd.DataFrame]) -> Sequence[str]:
        """Refuse formats and bars of columns that are not there."""
        columns = [str(name) for name in frames["main"].columns]
        for option, wanted in (("formats", self.options.formats), ("bars", self.options.bars)):
            for name in wanted if columns else ():
                if name not in columns:
                    raise ViewError(
                        f"{option}: there is no column '{name}'", hint=nearest(name, columns)
                    )
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
        )
