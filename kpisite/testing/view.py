"""What every view keeps to, as tests."""

# ruff: noqa: D102, S101 - tests, named by sentences

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

import markdown
import pandas as pd
import pytest
from markupsafe import Markup
from pydantic import ValidationError

from kpisite.model.definition import Theme
from kpisite.model.period import Period
from kpisite.plugins import Blob, Metric, Page, Point, View, escape_html
from kpisite.render.chart_templates import ChartTemplates
from kpisite.render.chart_values import UnfitError
from kpisite.render.islands import island, join_islands, split_islands
from kpisite.render.tables import table_html
from kpisite.render.templates import Templates

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Unpack

    from kpisite.plugins.view import TableOptions

HOSTILE = (
    "<script>alert(1)</script>",
    "</div></section>",
    '" onmouseover="alert(1)',
    "**x** _x_ `x` ~~x~~",
    "[x](https://example.org) https://example.org",
    "a | b | c",
    'a {: onclick="alert(1)" }',
    "a\n\n# b\n\n    c\n- d",
    "{{ 7 * 7 }} {% raw %} &amp; &lt;b&gt;",
)
"""Text that data may hold and that no page may take for markup."""


class MemoryPage(Page):
    """A page that keeps everything in memory, to test views with."""

    _charts: ClassVar = ChartTemplates()

    def __init__(
        self,
        view: View,
        period: Period,
        metrics: Sequence[Metric] = (),
        history: Sequence[Point] = (),
    ) -> None:
        """Prepare a page.

        Args:
            view: The view that will be rendered.
            period: The edition's period.
            metrics: All metrics of the edition.
            history: What `history` returns, for every metric.
        """
        self.view_id = view.id
        self.title = view.title
        self.period = period
        self.theme = Theme()
        self.metrics = {metric.name: metric for metric in metrics}
        self.blobs: Mapping[str, str] = {}
        self.made: dict[str, Blob] = {}
        """What the view made while rendering, by address."""
        self._history = history
        self._templates = Templates().of(type(view))

    def chart(self, figure: Any, *, description: str, height: int = 240) -> str:
        """Return a box with the description; the figure is not drawn."""
        return Markup(  # noqa: S704 - escaped
            f'<div class="kpi-chart" role="img" aria-label="{escape_html(description)}"'
            f' style="height:{height}px"></div>'
        )

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
        """Return a box with the description, and see that the chart can come from a template.

        Raises:
            AssertionError: `draw` does more with the values than to put them in their places,
                or a value is not plain.
        """
        try:
            made = self._charts.template(draw, structure, values, height)
        except UnfitError as error:
            raise AssertionError(f"chart_from: {error}") from error
        assert made is not None, "chart_from: draw does not only put values in their places"
        chart = self.chart(None, description=description, height=height)
        return Markup(still) + chart  # noqa: S704 - escaped where it was drawn

    def table(self, frame: pd.DataFrame, **options: Unpack[TableOptions]) -> str:
        """Return HTML of a table, as on a real page."""
        return Markup(table_html(frame, **options))  # noqa: S704 - escaped where it was made

    def blob(self, blob: Blob) -> str:
        """Keep the bytes and return an address."""
        address = f"{self.view_id}/{blob.name}"
        self.made[address] = blob
        return address

    def template(self, path: str, **values: Any) -> str:
        """Return a rendered template of the view's package, or of the shipped `site_template/`."""
        return Markup(self._templates.render(path, page=self, **values))  # noqa: S704 - autoescaped

    def history(self, metric: str) -> Sequence[Point]:
        """Return the history that the page was made with."""
        return self._history


class ViewContract:
    """What every view keeps to. Subclass it as `TestMyViewContract`."""

    view: ClassVar[type[View]]
    """The class under test."""
    options: ClassVar[Mapping[str, Any]]
    """Valid options, as in `args`."""
    frames: ClassVar[Mapping[str, pd.DataFrame]]
    """Frames that the view shows with these options; have text columns where it takes any."""
    period: ClassVar[Period] = Period.containing(
        pd.Timestamp("2013-02-04").date(), "week", ZoneInfo("America/New_York")
    )
    """The edition's period."""

    def make_view(self) -> View:
        """Return the view under test."""
        return self.view("under_test", "Under test", self.view.Options.model_validate(self.options))

    def render(self, frames: Mapping[str, pd.DataFrame]) -> str:
        """Check, measure and render frames, as a run and a page do."""
        view = self.make_view()
        view.check(frames)
        metrics = view.metrics(frames, self.period)
        history = [Point(self.period.previous(), 1.0), Point(self.period, 2.0)]
        return view.render_md(frames, MemoryPage(view, self.period, metrics, history))

    def test_options_refuse_an_unknown_key(self) -> None:
        with pytest.raises(ValidationError, match="no_such_option"):
            self.view.Options.model_validate({**self.options, "no_such_option": 1})

    def test_the_queries_are_named_like_the_frames(self) -> None:
        assert set(self.make_view().queries()) <= set(self.frames)

    def test_rendering_twice_gives_the_same_text(self) -> None:
        assert self.render(self.frames) == self.render(self.frames)

    def test_rendering_leaves_the_frames_alone(self) -> None:
        frames = {name: frame.copy() for name, frame in self.frames.items()}
        self.render(frames)
        for name, frame in self.frames.items():
            pd.testing.assert_frame_equal(frames[name], frame)

    @pytest.mark.parametrize("text", HOSTILE)
    def test_text_of_the_data_makes_no_markup(self, text: str) -> None:
        hostile, harmless = (
            _elements(self.render({n: _with_text(f, t) for n, f in self.frames.items()}))
            for t in (text, "x" * len(text))
        )
        assert hostile == harmless

    def test_frames_without_rows_render(self) -> None:
        assert self.render({name: frame.head(0) for name, frame in self.frames.items()})

    def test_metrics_have_names_of_their_own_that_begin_with_the_view(self) -> None:
        names = [m.name for m in self.make_view().metrics(self.frames, self.period)]
        assert len(set(names)) == len(names)
        assert all(name.split("/")[0] == "under_test" for name in names)


def _with_text(frame: pd.DataFrame, text: str) -> pd.DataFrame:
    """Return the frame with that text in every cell that holds text."""
    return frame.map(lambda cell: text if isinstance(cell, str) else cell)


def _elements(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return the elements that Markdown makes of a block, with their attributes' names."""
    page, html = split_islands(island(text))
    made = markdown.markdown(page, extensions=["extra", "admonition", "pymdownx.magiclink"])
    parser = _Elements()
    parser.feed(join_islands(made, html))
    return parser.found


class _Elements(HTMLParser):
    """Collects the elements of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.found.append((f"/{tag}", ()))
