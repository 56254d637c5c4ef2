"""What a view plugin is: frames in; text per output format, blobs and metrics out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypedDict

from kpisite.plugins.options import PluginOptions, QueryOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from typing import Unpack

    import pandas as pd

    from kpisite.model.definition import Theme
    from kpisite.model.metric import Metric
    from kpisite.model.number import NumberFormat
    from kpisite.model.period import Period
    from kpisite.plugins.limits import Limits


Total = Literal["sum", "mean", "min", "max", "count"]
"""What the last row of a table says of a column."""


@dataclass(frozen=True)
class Query:
    """What a view asks of a datasource."""

    datasource: str
    """Id of the datasource in the report."""
    text: str
    args: Mapping[str, Any] = field(default_factory=dict)
    """The view's `query_args`."""
    previous: bool = False
    """Ask it over the period before the edition's."""


@dataclass(frozen=True)
class Blob:
    """Bytes that a view fetched or made: an image, a file to download."""

    name: str
    """Unique in the view, with its ending: `map.png`."""
    data: bytes
    mime: str
    title: str = ""


@dataclass(frozen=True)
class Point:
    """One past value of a metric."""

    period: Period
    value: float | None


class Collector(ABC):
    """What a view asks while it runs; every answer is recorded in the edition."""

    period: Period
    """The edition's period."""

    @abstractmethod
    def query(self, query: Query) -> pd.DataFrame:
        """Return the answer to a query; equal queries of an edition run once.

        Raises:
            DatasourceError: The datasource could not answer.
        """

    @abstractmethod
    def blob(self, blob: Blob) -> None:
        """Keep fetched bytes in the edition; a page shows them by `page.blobs[name]`."""


class TableOptions(TypedDict, total=False):
    """What `Page.table` may be told beside the frame."""

    max_rows: int | None
    """Show that many, and say "10 of 25 rows"; None shows all."""
    formats: Mapping[str, NumberFormat] | None
    """Column → how its numbers are shown."""
    bars: Sequence[str]
    """Columns whose numbers get a bar in the cell."""
    totals: Mapping[str, Total] | None
    """Column → what a last row says of all its numbers, shown or not."""
    limits: Mapping[str, Limits] | None
    """Column → which of its numbers are marked as good or bad."""
    sparklines: Sequence[str]
    """Columns with several numbers in a text, `3 4.5 2`: a small line in the cell."""


class Page(ABC):
    """What a view may use while it renders: nothing that is newer than its edition."""

    view_id: str
    title: str
    """The view's title."""
    period: Period
    theme: Theme
    metrics: Mapping[str, Metric]
    """All metrics of the edition by name: the view's id, or `<view>/<name>`."""
    blobs: Mapping[str, str]
    """Name of a recorded blob → the address to show it by."""

    @abstractmethod
    def chart(self, figure: Any, *, description: str, height: int = 240) -> str:
        """Return HTML that shows a Bokeh figure in the page's own fonts and colours.

        Renderers and annotations tagged `kpi-series-1` to `kpi-series-7` take that series'
        colour in the light and the dark palette.

        Args:
            figure: A `bokeh.model.Model`, usually a figure.
            description: What the chart shows, for those who cannot see it.
            height: In CSS pixels; the width follows the page.
        """

    @abstractmethod
    def chart_from(
        self,
        draw: Callable[[Any, Any], Any],
        structure: Mapping[str, Any],
        values: Mapping[str, Any],
        *,
        description: str,
        height: int = 240,
        still: str = "",
    ) -> str:
        """Return what `chart` returns of `draw(structure, values)`, and be a hundred times faster.

        Bokeh is only asked for the first chart of a structure. All others are its JSON, filled
        with their own values. So `draw` must put the values in their places and do nothing else
        with them: no arithmetic, no questions. Where it does, or where Bokeh would check a value
        one by one (a colour, the name of a font), Bokeh makes each chart.

        Args:
            draw: A function of a module that returns a `bokeh.model.Model`. Import Bokeh in it:
                it may never be called.
            structure: What decides which models there are, and what they have in common: JSON.
            values: Name → number, text, list, mapping, or a source's columns as a mapping of
                lists. Plain Python: `array.tolist()`.
            description: What the chart shows, for those who cannot see it.
            height: In CSS pixels; the width follows the page.
            still: SVG of the same chart, as `plugins.svg.Canvas` makes it. It shows at once,
                without any script, on paper, and until the reader points at the chart; Bokeh's
                frame then takes the place of the SVG's. Its texts must be escaped.
        """

    @abstractmethod
    def table(self, frame: pd.DataFrame, **options: Unpack[TableOptions]) -> str:
        """Return HTML of a table: numbers aligned, a missing value as an en dash, all escaped.

        Args:
            frame: The index is not shown.
            **options: See `TableOptions`.
        """

    @abstractmethod
    def blob(self, blob: Blob) -> str:
        """Return the address of bytes made while rendering."""

    @abstractmethod
    def template(self, path: str, **values: Any) -> str:
        """Return a rendered Jinja template.

        It is looked up by its path in the project's `custom_dir`, in the folders `templates` of
        the packages that define the view's class and its bases, and in `site_template/`.
        """

    @abstractmethod
    def history(self, metric: str) -> Sequence[Point]:
        """Return the metric in the editions up to this one, oldest first, this one last."""


class View(ABC):
    """Shows frames. Running asks and measures; rendering replays, also years later."""

    Options: ClassVar[type[PluginOptions]] = PluginOptions
    """The plugin's options model."""
    is_kpi: ClassVar[bool] = False
    """Whether neighbours of this kind without `cols` stand together in a strip."""

    def __init__(self, id: str, title: str, options: PluginOptions) -> None:  # noqa: A002
        self.id = id
        self.title = title
        self.options = options

    def queries(self) -> Mapping[str, Query]:
        """Return the view's queries by frame name; known before anything runs.

        For `QueryOptions` this is the one query, as the frame `main`.
        """
        if isinstance(self.options, QueryOptions):
            options = self.options
            return {"main": Query(options.datasource, options.query, options.query_args)}
        return {}

    def collect(self, collector: Collector) -> Mapping[str, pd.DataFrame]:
        """Return the view's frames by name; run time only, every answer is recorded.

        Override it where a view must look before it asks.
        """
        return {name: collector.query(query) for name, query in self.queries().items()}

    def check(self, frames: Mapping[str, pd.DataFrame]) -> Sequence[str]:
        """Return notes on the frames for whoever runs the report; run time only.

        Raises:
            ViewError: The view cannot show these frames: a column is not there.
        """
        return ()

    def metrics(self, frames: Mapping[str, pd.DataFrame], period: Period) -> Sequence[Metric]:
        """Return the view's numbers; run time only, they are recorded."""
        return ()

    def needed_metrics(self) -> Collection[str]:
        """Return the edition's metrics that the view shows, known after `check`; run time only.

        The view fails where one of them is not there, while the edition can still be mended.
        """
        return ()

    @abstractmethod
    def render_md(self, frames: Mapping[str, pd.DataFrame], page: Page) -> str:
        """Return Markdown for the site, or HTML as `Markup`. A pure function of its arguments.

        All that a page returns is `Markup`, which does not go through Markdown. An f-string makes
        Markdown of it again, in which HTML stays as it is.
        """
