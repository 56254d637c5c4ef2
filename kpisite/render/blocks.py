"""One rendered view of an edition, replayed from the archive."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from markupsafe import Markup

from kpisite.errors import KpisiteError
from kpisite.model.edition import ErrorRecord
from kpisite.pipeline.recording import raised_in, replay
from kpisite.plugins.binding import bind_view, view_title
from kpisite.plugins.registry import load
from kpisite.plugins.view import Blob, Page, Point
from kpisite.render.block_cache import Rendered
from kpisite.render.charts import chart_html
from kpisite.render.digests import class_digest
from kpisite.render.tables import table_html

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from kpisite.archive.store import Edition
    from kpisite.model.definition import ViewDefinition
    from kpisite.model.edition import ViewRecord
    from kpisite.model.number import NumberFormat
    from kpisite.pipeline.recording import RecordedFrames
    from kpisite.plugins.view import View
    from kpisite.render.block_cache import BlockCache
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
    """Markdown; addresses of assets begin with ASSET_SCHEME."""
    error: ErrorRecord | None = None
    frames: RecordedFrames | None = None
    """The frames it shows; None where it could not be rendered."""
    assets: tuple[Asset, ...] = ()


class EditionPage(Page):
    """What a view gets while it renders a block of an edition."""

    def __init__(
        self, edition: Edition, view_id: str, title: str, past: Past, look: Templates
    ) -> None:
        """Prepare the page of one view.

        Args:
            edition: The edition.
            view_id: The view's id.
            title: The view's title.
            past: The editions before this one.
            look: The templates.

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
        points = self._past.points(metric)
        if metric in self.metrics:
            points.append(Point(self.period, self.metrics[metric].value))
        return points

    def _recorded_blobs(self, edition: Edition) -> dict[str, str]:
        addresses = {}
        for view in edition.record.views:
            for recorded in view.blobs if view.id == self.view_id else ():
                name = recorded.id.split("/", 1)[1]
                data = edition.blob(recorded)
                addresses[name] = self.blob(Blob(name, data, recorded.mime, recorded.title))
        return addresses


def render_block(
    edition: Edition, recorded: ViewRecord, past: Past, look: Templates, cache: BlockCache | None
) -> Block:
    """Return one view of an edition; what cannot be shown becomes a block that says why.

    Args:
        edition: The edition.
        recorded: The view's record in it.
        past: The editions of the report before this one.
        look: The templates.
        cache: Has what was rendered before; None renders everything.
    """
    definition = edition.record.definition.views[recorded.id]
    title = view_title(recorded.id, definition)
    common = (recorded.id, title, definition.description, definition.cols)
    if recorded.error is not None:
        return Block(*common, is_kpi=False, text="", error=recorded.error)
    try:
        cls = cast("type[View]", load("views", definition.plugin).cls)
        frames = replay(edition, recorded)
        page = EditionPage(edition, recorded.id, title, past, look)
        files = {asset.uri: asset.content for asset in page.assets.values()}
        render = partial(_render, definition, frames, page)
        if cache is None:
            made = render()
        else:
            made = cache.rendered(_parts(edition, recorded, cls, past, look), render)
    except KpisiteError as error:
        told = ErrorRecord(message=error.message, where=error.where, hint=error.hint)
        return Block(*common, is_kpi=False, text="", error=told)
    except Exception as error:  # noqa: BLE001 - a plugin's mistake is its block's, not the site's
        told = ErrorRecord(message=f"{type(error).__name__}: {error}", hint=raised_in(error))
        return Block(*common, is_kpi=False, text="", error=told)
    files |= made.assets
    assets = tuple(Asset(uri, content) for uri, content in files.items())
    return Block(*common, cls.is_kpi, made.text, frames=frames, assets=assets)


def _render(definition: ViewDefinition, frames: RecordedFrames, page: EditionPage) -> Rendered:
    """Return a view's text and the files that it made; recorded blobs stay in the archive."""
    known = dict(page.assets)
    text = str(bind_view(page.view_id, definition).render_md(dict(frames), page))
    made = {a.uri: a.content for a in page.assets.values() if a is not known.get(a.uri)}
    return Rendered(text=text.strip(), assets=made)


def _parts(
    edition: Edition, recorded: ViewRecord, cls: type[View], past: Past, look: Templates
) -> list[Any]:
    """Return all that a block's text depends on: what `EditionPage` and a view can see."""
    record = edition.record
    return [
        "block",
        class_digest(cls),
        look.digest,
        record.report,
        recorded.id,
        record.period.model_dump(mode="json"),
        record.definition.theme.model_dump(mode="json"),
        record.definition.views[recorded.id].model_dump(mode="json"),
        [(name, record.frames[n].sha256) for name, n in recorded.frames.items()],
        [blob.model_dump(mode="json") for blob in recorded.blobs],
        [metric.model_dump(mode="json") for metric in record.metrics.values()],
        past.digest,
    ]
