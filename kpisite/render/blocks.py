"""One rendered view of an edition, replayed from the archive."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from kpisite.errors import KpisiteError
from kpisite.model.edition import ErrorRecord
from kpisite.pipeline.recording import raised_in, replay
from kpisite.plugins.binding import bind_view, view_title
from kpisite.plugins.view import Blob, Page, Point
from kpisite.render.charts import chart_html
from kpisite.render.tables import table_html

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Unpack

    import pandas as pd

    from kpisite.archive.store import Edition
    from kpisite.model.definition import ViewDefinition
    from kpisite.model.edition import ViewRecord
    from kpisite.pipeline.recording import RecordedFrames
    from kpisite.plugins.view import TableOptions, View
    from kpisite.render.chart_templates import ChartTemplates
    from kpisite.render.past import Past
    from kpisite.render.templates import Templates


ASSET_SCHEME = "kpi-asset:"
"""Begins the address of an asset in a block, until the page it stands on is known."""


@dataclass(frozen=True)
class Asset:
    """A file of the site that is no page."""

    uri: str
    """Path below the site, `/` between the parts."""
    content: bytes


@dataclass(frozen=True)
class Block:
    """One rendered view."""

    id: str
    title: str
    description: str
    cols: int
    """Columns of the grid; 0: the full width, and for KPIs the strip."""
    is_kpi: bool
    text: str
    """Markdown, or as `Markup` HTML; addresses of assets begin with ASSET_SCHEME."""
    error: ErrorRecord | None = None
    frames: RecordedFrames | None = None
    """The frames it shows; None where it could not be rendered."""
    assets: tuple[Asset, ...] = ()


class EditionPage(Page):
    """What a view gets while it renders a block of an edition."""

    def __init__(
        self,
        edition: Edition,
        view_id: str,
        title: str,
        past: Past,
        look: Templates,
        folder: str,
        charts: ChartTemplates,
        chart_id: str = "",
    ) -> None:
        """Prepare the page of one view.

        Args:
            edition: The edition.
            view_id: The view's id.
            title: The view's title.
            past: The editions before this one.
            look: The templates.
            folder: Where the edition's pages stand.
            charts: What is known of the charts that were made before.
            chart_id: Of the first chart; by default, one that is the view's alone in an edition.

        Raises:
            CorruptEditionError: A blob is missing or damaged.
        """
        self.view_id = view_id
        self.title = title
        self.period = edition.record.period.period()
        self.theme = edition.record.definition.theme
        self.metrics = edition.record.metrics
        self.assets: dict[str, Asset] = {}
        self._past = past
        self._look = look
        self._folder = f"{folder}/{view_id}"
        self._chart_templates = charts
        self._charts = 0
        self._first_chart = chart_id or f"kpi-{view_id}"
        self.blobs = self._recorded_blobs(edition)

    def chart(self, figure: Any, *, description: str, height: int = 240) -> str:
        """Return HTML that shows a Bokeh figure."""
        html = chart_html(figure, id=self._chart_id(), description=description, height=height)
        return Markup(html)  # noqa: S704 - escaped where it was made

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
        """Return HTML that shows the Bokeh figure of a structure with values."""
        html = self._chart_templates.html(
            draw,
            structure,
            values,
            id=self._chart_id(),
            description=description,
            height=height,
            still=still,
        )
        return Markup(html)  # noqa: S704 - escaped where it was made

    def table(self, frame: pd.DataFrame, **options: Unpack[TableOptions]) -> str:
        """Return HTML of a table."""
        return Markup(table_html(frame, **options))  # noqa: S704 - escaped where it was made

    def blob(self, blob: Blob) -> str:
        """Return the address of bytes made while rendering."""
        uri = f"{self._folder}/{blob.name}"
        self.assets[uri] = Asset(uri, blob.data)
        return ASSET_SCHEME + uri

    def template(self, path: str, **values: Any) -> str:
        """Return a rendered template."""
        return Markup(self._look.render(path, page=self, **values))  # noqa: S704 - autoescaped

    def history(self, metric: str) -> Sequence[Point]:
        """Return the metric in the editions up to this one."""
        points = self._past.points(metric)
        if metric in self.metrics:
            points.append(Point(self.period, self.metrics[metric].value))
        return points

    def _chart_id(self) -> str:
        self._charts += 1
        return self._first_chart if self._charts == 1 else f"{self._first_chart}-{self._charts}"

    def _recorded_blobs(self, edition: Edition) -> dict[str, str]:
        addresses = {}
        for view in edition.record.views:
            for recorded in view.blobs if view.id == self.view_id else ():
                name = recorded.id.split("/", 1)[1]
                data = edition.blob(recorded)
                addresses[name] = self.blob(Blob(name, data, recorded.mime, recorded.title))
        return addresses


class BlockRenderer:
    """Renders the views of editions; most editions of a report have the same views."""

    def __init__(self, look: Templates, charts: ChartTemplates) -> None:
        """Begin.

        Args:
            look: The templates.
            charts: What is known of the charts that were made before.
        """
        self._look = look
        self._charts = charts
        self._views: dict[tuple[str, str], View] = {}

    def block(
        self,
        edition: Edition,
        recorded: ViewRecord,
        past: Past,
        folder: str,
        chart_id: str = "",
    ) -> Block:
        """Return one view of an edition; what cannot be shown becomes a block that says why.

        Args:
            edition: The edition.
            recorded: The view's record in it.
            past: The editions of the report before this one.
            folder: Where the edition's pages stand: files of its views are put below it.
            chart_id: See `EditionPage`.
        """
        definition = edition.record.definition.views[recorded.id]
        title = view_title(recorded.id, definition)
        common = (recorded.id, title, definition.description, definition.cols)
        if recorded.error is not None:
            return Block(*common, is_kpi=False, text="", error=recorded.error)
        try:
            view = copy.copy(self._view(recorded.id, definition))  # what it keeps is this edition's
            frames = replay(edition, recorded)
            look = self._look.of(type(view))
            page = EditionPage(
                edition, recorded.id, title, past, look, folder, self._charts, chart_id
            )
            text = view.render_md(dict(frames), page).strip()
        except KpisiteError as error:
            told = ErrorRecord(message=error.message, where=error.where, hint=error.hint)
            return Block(*common, is_kpi=False, text="", error=told)
        except Exception as error:  # noqa: BLE001 - a plugin's mistake is its block's, not the site's
            told = ErrorRecord(message=f"{type(error).__name__}: {error}", hint=raised_in(error))
            return Block(*common, is_kpi=False, text="", error=told)
        assets = tuple(page.assets.values())
        return Block(*common, view.is_kpi, text, frames=frames, assets=assets)

    def _view(self, id_: str, definition: ViewDefinition) -> View:
        """Return the view of a definition, of which each edition gets a copy.

        Raises:
            PluginError: The plugin is gone, or no longer takes these options.
        """
        key = id_, definition.model_dump_json()
        if key not in self._views:
            self._views[key] = bind_view(id_, definition)
        return self._views[key]
