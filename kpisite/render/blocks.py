"""One rendered view of an edition, replayed from the archive."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from kpisite.errors import KpisiteError
from kpisite.model.edition import ErrorRecord
from kpisite.pipeline.recording import replay
from kpisite.plugins.binding import bind_view
from kpisite.plugins.view import Blob, Page, Point
from kpisite.render.charts import chart_html
from kpisite.render.tables import table_html

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from kpisite.archive.store import Edition
    from kpisite.model.edition import ViewRecord
    from kpisite.model.number import NumberFormat
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
    """Markdown; addresses of assets begin with ASSET_SCHEME."""
    error: ErrorRecord | None = None
    frames: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    """The frames it shows, by the view's names."""
    assets: tuple[Asset, ...] = ()


class EditionPage(Page):
    """What a view gets while it renders a block of an edition."""

    def __init__(
        self, edition: Edition, view_id: str, title: str, past: Sequence[Edition], look: Templates
    ) -> None:
        """Prepare the page of one view.

        Args:
            edition: The edition.
            view_id: The view's id.
            title: The view's title.
            past: The editions before this one, oldest first.
            look: The templates.
        """
        self.view_id = view_id
        self.title = title
        self.period = edition.record.period.period()
        self.theme = edition.record.definition.theme
        self.metrics = edition.record.metrics
        self.assets: dict[str, Asset] = {}
        self._editions = (*past, edition)
        self._look = look
        self._folder = f"{edition.record.key}/{view_id}"
        self._charts = 0
        self.blobs = self._recorded_blobs(edition)

    def chart(self, figure: Any, *, description: str, height: int = 240) -> str:
        """Return HTML that shows a Bokeh figure."""
        self._charts += 1
        id_ = f"kpi-{self.view_id}" if self._charts == 1 else f"kpi-{self.view_id}-{self._charts}"
        html = chart_html(figure, id=id_, description=description, height=height)
        return Markup(html)  # noqa: S704 - escaped where it was made

    def table(
        self,
        frame: pd.DataFrame,
        *,
        max_rows: int | None = None,
        formats: Mapping[str, NumberFormat] | None = None,
        bars: Sequence[str] = (),
    ) -> str:
        """Return HTML of a table."""
        html = table_html(frame, max_rows=max_rows, formats=formats, bars=bars)
        return Markup(html)  # noqa: S704 - escaped where it was made

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
        return [
            Point(edition.record.period.period(), edition.record.metrics[metric].value)
            for edition in self._editions
            if metric in edition.record.metrics
        ]

    def _recorded_blobs(self, edition: Edition) -> dict[str, str]:
        addresses = {}
        for view in edition.record.views:
            for recorded in view.blobs if view.id == self.view_id else ():
                name = recorded.id.split("/", 1)[1]
                data = edition.blob(recorded)
                addresses[name] = self.blob(Blob(name, data, recorded.mime, recorded.title))
        return addresses


def render_block(
    edition: Edition, recorded: ViewRecord, past: Sequence[Edition], look: Templates
) -> Block:
    """Render one view of an edition; what cannot be shown becomes a block that says why."""
    definition = edition.record.definition.views[recorded.id]
    try:
        view = bind_view(recorded.id, definition)
    except KpisiteError as error:
        title = definition.title or recorded.id
        return _failed(recorded, title, definition.description, definition.cols, _record(error))
    if recorded.error is not None:
        return _failed(
            recorded, view.title, definition.description, definition.cols, recorded.error
        )
    page = EditionPage(edition, recorded.id, view.title, past, look)
    try:
        frames = replay(edition, recorded)
        text = str(view.render_md(frames, page))
    except KpisiteError as error:
        return _failed(
            recorded, view.title, definition.description, definition.cols, _record(error)
        )
    return Block(
        recorded.id,
        view.title,
        definition.description,
        definition.cols,
        view.is_kpi,
        text.strip(),
        frames=frames,
        assets=tuple(page.assets.values()),
    )


def _failed(
    recorded: ViewRecord, title: str, description: str, cols: int, error: ErrorRecord
) -> Block:
    return Block(recorded.id, title, description, cols, is_kpi=False, text="", error=error)


def _record(error: KpisiteError) -> ErrorRecord:
    return ErrorRecord(message=error.message, where=error.where, hint=error.hint)
