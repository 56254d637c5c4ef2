"""Contract tests for plugin authors: subclass one, say what is tested, and pytest does the rest."""

# ruff: noqa: D102, S101 - tests, named by sentences

from __future__ import annotations

import threading
import traceback
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from zoneinfo import ZoneInfo

import markdown  # type: ignore[import-untyped]
import pandas as pd
import pytest
from pydantic import ValidationError

from kpisite.archive.frames import to_parquet
from kpisite.errors import DatasourceError
from kpisite.model.definition import Theme
from kpisite.model.period import Period
from kpisite.plugins import Blob, Datasource, Metric, Page, Point, View, escape_html
from kpisite.render.islands import island, join_islands, split_islands
from kpisite.render.tables import table_html
from kpisite.render.templates import Templates

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from kpisite.plugins import NumberFormat

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
        self._templates = Templates()

    def chart(self, figure: Any, *, description: str, height: int = 240) -> str:
        """Return a box with the description; the figure is not drawn."""
        return (
            f'<div class="kpi-chart" role="img" aria-label="{escape_html(description)}"'
            f' style="height:{height}px"></div>'
        )

    def table(
        self,
        frame: pd.DataFrame,
        *,
        max_rows: int | None = None,
        formats: Mapping[str, NumberFormat] | None = None,
        bars: Sequence[str] = (),
    ) -> str:
        """Return HTML of a table, as on a real page."""
        return table_html(frame, max_rows=max_rows, formats=formats, bars=bars)

    def blob(self, blob: Blob) -> str:
        """Keep the bytes and return an address."""
        address = f"{self.view_id}/{blob.name}"
        self.made[address] = blob
        return address

    def template(self, path: str, **values: Any) -> str:
        """Return a rendered template of the shipped `site_template/`."""
        return self._templates.render(path, page=self, **values)

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
        return str(view.render_md(frames, MemoryPage(view, self.period, metrics, history)))

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


Row = tuple[datetime, int]
"""An aware instant and a value."""

ROWS: tuple[Row, ...] = tuple(
    (datetime(2013, month, day, tzinfo=UTC) + timedelta(hours=hour), hour + day)
    for month, day in ((3, 3), (10, 27))
    for hour in range(16 * 24)
)
"""Hourly rows around both days of 2013 on which the clock changes in New York."""

PLAIN_TEXT = "{from} {x} 100% 12:30 :name a::b $1 -- ?"
"""Text that a query may hold between quotes, and that comes back as it is."""


class DatasourceContract:
    """What every datasource keeps to. Subclass it as `TestMyDatasourceContract`."""

    query: ClassVar[str]
    """Asks for the period's rows, the values in a column `value`."""
    bad_query: ClassVar[str]
    """A query that the source refuses."""
    text_query: ClassVar[str | None] = None
    """Asks for PLAIN_TEXT, in one cell; None where the language has no text between quotes."""
    secret: ClassVar[str] = ""
    """A password that `make_unreachable` uses, where the source takes one."""
    zone: ClassVar[ZoneInfo] = ZoneInfo("America/New_York")

    def make(self, folder: Path, rows: Sequence[Row]) -> Datasource:
        """Return a datasource over a real source that holds these rows."""
        raise NotImplementedError

    def make_unreachable(self, folder: Path) -> Datasource:
        """Return a datasource whose source is not there."""
        raise NotImplementedError

    @pytest.fixture
    def datasource(self, tmp_path: Path) -> Iterator[Datasource]:
        datasource = self.make(tmp_path, ROWS)
        yield datasource
        datasource.close()

    @pytest.mark.parametrize("unit", ["day", "week"])
    @pytest.mark.parametrize("switch", [date(2013, 3, 10), date(2013, 11, 3)])
    def test_adjoining_periods_count_each_row_once(
        self, datasource: Datasource, unit: Literal["day", "week"], switch: date
    ) -> None:
        period = Period.containing(switch, unit, self.zone)
        after = Period.containing(
            switch + timedelta(days=7 if unit == "week" else 1), unit, self.zone
        )
        for part in (period.previous(), period, after):
            found = datasource.query(self.query, part)["value"].sum()
            assert found == sum(value for instant, value in ROWS if part.contains(instant))

    def test_an_answer_without_rows_has_its_columns(self, datasource: Datasource) -> None:
        some = datasource.query(self.query, Period.containing(date(2013, 3, 4), "day", self.zone))
        none = datasource.query(self.query, Period.containing(date(1999, 1, 1), "day", self.zone))
        assert len(some) == 24
        assert len(none) == 0
        assert list(none.columns) == list(some.columns)

    def test_answers_can_be_recorded(self, datasource: Datasource) -> None:
        for day in (date(2013, 3, 4), date(1999, 1, 1)):
            period = Period.containing(day, "day", self.zone)
            assert to_parquet(datasource.query(self.query, period))

    def test_text_of_a_query_stays_as_it_is(self, datasource: Datasource) -> None:
        if self.text_query is None:
            pytest.skip("the source's language has no text")
        period = Period.containing(date(2013, 3, 4), "day", self.zone)
        assert datasource.query(self.text_query, period).iloc[0, 0] == PLAIN_TEXT

    def test_a_refused_query_is_an_error_and_the_next_one_is_answered(
        self, datasource: Datasource
    ) -> None:
        period = Period.containing(date(2013, 3, 4), "day", self.zone)
        with pytest.raises(DatasourceError) as caught:
            datasource.query(self.bad_query, period)
        assert caught.value.message
        assert len(datasource.query(self.query, period)) == 24

    def test_any_thread_may_ask(self, datasource: Datasource) -> None:
        period = Period.containing(date(2013, 3, 4), "day", self.zone)
        answers = [datasource.query(self.query, period)]
        thread = threading.Thread(
            target=lambda: answers.append(datasource.query(self.query, period))
        )
        thread.start()
        thread.join()
        pd.testing.assert_frame_equal(answers[0], answers[1])

    def test_nothing_connects_before_the_first_query(self, tmp_path: Path) -> None:
        datasource = self.make_unreachable(tmp_path)
        period = Period.containing(date(2013, 3, 4), "day", self.zone)
        with pytest.raises(DatasourceError) as caught:
            datasource.query(self.query, period)
        told = "".join(traceback.format_exception(caught.value))
        assert not self.secret or self.secret not in told
        datasource.close()

    def test_closing_needs_no_query_and_may_come_twice(self, tmp_path: Path) -> None:
        datasource = self.make_unreachable(tmp_path)
        datasource.close()
        datasource.close()

    def test_options_refuse_an_unknown_key(self, datasource: Datasource) -> None:
        with pytest.raises(ValidationError, match="no_such_option"):
            type(datasource).Options.model_validate({"no_such_option": 1})


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
