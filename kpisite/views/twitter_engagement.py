"""The view `twitter.engagement`: likes, shares and replies of posts, the most liked one named."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from markupsafe import Markup

from kpisite.errors import ViewError
from kpisite.model.number import grouped
from kpisite.plugins import escape_html
from kpisite.plugins.language import gettext, ngettext
from kpisite.views._links import web_address
from kpisite.views.plot import Plot
from kpisite.views.plotting.frame import INK, Glyphs
from kpisite.views.plotting.options import PlotOptions
from kpisite.views.plotting.points import scatter_plot
from kpisite.views.plotting.text import canvas_text, shorten
from kpisite.views.plotting.values import number, values_of, word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from kpisite.plugins import Page
    from kpisite.views.plotting.data import Columns, PlotData
    from kpisite.views.plotting.frame import Drawing, Look

_COUNTS = ("likes", "shares", "replies")
_CALL_OUT_WIDTH = 100
"""In pixels: less than half of the frame on a phone."""


class TwitterEngagement(Plot):
    """Draws a point for each count of a post over its time, and calls out the most liked one."""

    class Options(PlotOptions):
        """Those of `plot`; the query is known, and so is what is drawn."""

        datasource: str = "twitter"
        """Id of the datasource that answers."""
        query: str = "tweets"
        """What the datasource is asked; `query_args` say of whom: `{username: …}`."""
        kind: Literal["scatter"] = "scatter"
        """Posts are points."""

    options: Options

    def check(self, frames: Mapping[str, pd.DataFrame]) -> Sequence[str]:
        """Refuse an answer without likes."""
        frame = frames["main"]
        names = [str(name) for name in frame.columns]
        if "likes" not in names:
            raise ViewError(
                f"there is no column 'likes' in what '{self.options.datasource}' answers",
                hint="Ask a datasource with 'plugin: twitter' for 'query: tweets'.",
            )
        return super().check({"main": self._drawn(frame)})

    def render_md(self, frames: Mapping[str, pd.DataFrame], page: Page) -> str:
        """Return the chart below a sentence on the most liked post."""
        frame = frames["main"]
        plot = super().render_md({"main": self._drawn(frame)}, page)
        return Markup(f"{_most_liked(frame)}{plot}")  # noqa: S704 - both are escaped

    def _drawn(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the columns of the chart and of its table: ids and addresses are in neither."""
        wanted = (self.options.time_column, self.options.groupby, *_COUNTS, "text")
        return frame[[name for name in dict.fromkeys(wanted) if name in frame.columns]]

    def _drawing(self, data: PlotData, look: Look, columns: Columns) -> Drawing:
        drawing = scatter_plot(data, look, columns.texts, named=False)
        if columns.groupby is None and "text" in columns.texts:
            position = columns.numeric.index("likes")
            _call_out(drawing, drawing.values[f"points{position}"], columns.texts.index("text"))
        return drawing


def _call_out(drawing: Drawing, points: Mapping[str, list[float]], text: int) -> None:
    """Mark the highest of the points, and write the post's beginning beside it."""
    likes = points["y"]
    if not likes or max(likes) <= 0:
        return
    top = likes.index(max(likes))
    x, start, end = points["x"][top], drawing.values["x start"], drawing.values["x end"]
    is_left = (x - start) / (end - start) < 0.5
    said = shorten(str(points[f"note{text}"][top]), _CALL_OUT_WIDTH)
    drawing.values["most liked"] = {
        "x": [x],
        "y": [likes[top]],
        "text": [canvas_text(said)],
        "align": ["left" if is_left else "right"],
        "offset": [12 if is_left else -12],
    }
    halo = {"fill_color": INK, "fill_alpha": 0.25, "line_alpha": 0, "size": 19}
    drawing.layer("most liked", Glyphs("Scatter", {"x": "x", "y": "y"}, halo), tags=["kpi-ink"])
    place = {"x": "x", "y": "y", "text": "text", "text_align": "align", "x_offset": "offset"}
    drawing.texts("most liked", place, text_baseline="middle")


def _most_liked(frame: pd.DataFrame) -> str:
    """Return the sentence on the most liked post; "" where none is liked."""
    if frame.empty:
        return ""
    likes = [number(value) for value in values_of(frame, "likes")]
    most = max(filter(math.isfinite, likes), default=0.0)
    if most <= 0:
        return ""
    row = likes.index(most)
    text = word(values_of(frame, "text")[row]) if "text" in frame.columns else ""
    url = web_address(values_of(frame, "url")[row]) if "url" in frame.columns else ""
    post = f"<q>{escape_html(text)}</q>" if text else escape_html(gettext("a post"))
    if url:
        post = f'<a href="{escape_html(url)}">{post}</a>'
    count = ngettext("{count} like", "{count} likes", int(most)).format(count=grouped(most, 0))
    lead = escape_html(gettext("Most liked"))
    return f'<p class="kpi-call-out">{lead}: {post} – {escape_html(count)}</p>'
