"""The view `plot`: the numbers of a query as a chart that answers to the pointer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from kpisite.plugins import NumberFormat, View, escape_html
from kpisite.plugins.language import gettext
from kpisite.views.plotting.bars import bar_plot, barh_plot
from kpisite.views.plotting.boxes import box_plot, medians
from kpisite.views.plotting.data import Columns, PlotData, check_unique, columns_of, plot_data
from kpisite.views.plotting.ends import names_at_ends
from kpisite.views.plotting.frame import Drawing, Look
from kpisite.views.plotting.heat import check_cells, heat_plot, ramp_html
from kpisite.views.plotting.left_out import check_points, check_size, drawn_numbers, left_out
from kpisite.views.plotting.lines import line_plot
from kpisite.views.plotting.marks import marks_legend, marks_words
from kpisite.views.plotting.notes import check_notes, notes_words, shown_notes
from kpisite.views.plotting.options import PlotOptions
from kpisite.views.plotting.points import scatter_plot
from kpisite.views.plotting.rc import plot_rc
from kpisite.views.plotting.secondary import check_series
from kpisite.views.plotting.shares import check_shares, shares
from kpisite.views.plotting.smooth import (
    begun,
    check_times,
    made_of,
    resampled,
    rolled,
)
from kpisite.views.plotting.svg import still
from kpisite.views.plotting.text import describe, legend_html
from kpisite.views.plotting.top import largest
from kpisite.views.plotting.values import kind_in, values_of, word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from kpisite.plugins import Page, Period

_COLOURS = 7
_TABLE_ROWS = 50
"""Rows of the table below a chart."""


class Plot(View):
    """Draws the numbers of a query over its time, its numbers, or its categories."""

    Options = PlotOptions
    options: PlotOptions

    def check(self, frames: Mapping[str, pd.DataFrame]) -> Sequence[str]:
        """Refuse a frame that lacks what is drawn; note what is not shown, and shared colours."""
        frame, options = frames["main"], self.options
        if frame.empty:
            return ()
        columns = columns_of(frame, options.time_column, options.groupby)
        check_points(frame, columns, options)
        notes = []
        if unused := plot_rc(options.plot_rc).ignored:
            notes.append(f"plot_rc: not taken: {', '.join(unused)}")
        if options.resample is not None:
            check_times(frame, columns.x)
        elif options.kind not in ("scatter", "box"):
            check_unique(frame, columns)
        if options.kind != "scatter" and columns.texts:
            notes.append(f"columns of text are not drawn: {', '.join(columns.texts)}")
        count = len(columns.numeric)
        if columns.groupby is not None:
            position = [str(name) for name in frame.columns].index(columns.groupby)
            count = int(frame.iloc[:, position].nunique(dropna=False))
            count = min(count, options.top or count)
            if len(columns.numeric) > 1:
                ignored = ", ".join(columns.numeric[1:])
                notes.append(f"groupby draws '{columns.numeric[0]}' only, not {ignored}")
        check_notes(options.annotations, kind_in(frame, columns.x), columns.x)
        values = drawn_numbers(frame, columns)
        check_size(values, options)
        if options.secondary is not None:
            check_series(options.secondary, _series_names(frame, columns))
        if options.stacked == "percent":
            check_shares(values)
        if options.kind == "heatmap":
            check_cells(frame, columns, rows=count)
        elif count > _COLOURS:
            notes.append(f"{count} series share {_COLOURS} colours")
        return notes + left_out(frame, columns, values, options)

    def render_md(self, frames: Mapping[str, pd.DataFrame], page: Page) -> str:
        """Return the chart with its legend, or the words that there is nothing to draw."""
        frame, options = frames["main"], self.options
        if frame.empty:
            return page.template("views/empty.html")
        columns = columns_of(frame, options.time_column, options.groupby)
        data, note = self._data(frame, columns, page.period)
        if not data.x.at:
            return page.template("views/empty.html")
        look = self._look(data, page)
        told = medians(data) if options.kind == "box" else data
        drawing = self._drawing(data, look, columns)
        if not plot_rc(self.options.plot_rc).grid:
            drawing.structure["grid"] = None
        kind = "area" if options.drawn == "line" and options.stacks else options.drawn
        words = describe(self.title, kind, told, look.format_of)
        if options.scale == "log":
            words += " " + gettext("The scale is logarithmic.")
        words = f"{words} {note}".rstrip()
        chart = page.chart_from(
            draw,
            drawing.structure,
            drawing.values,
            description=" ".join(filter(None, (words, marks_words(look), notes_words(look.notes)))),
            height=drawing.height,
            still=still(drawing.structure, drawing.values),
        )
        legend = _legend(data, look)
        table = self._table(frame, columns, page)
        below = f'<p class="kpi-note-below">{escape_html(note)}</p>' if note else ""
        html = f'<div class="kpi-plot">{legend}{chart}{below}{self._link()}</div>{table}'
        return Markup(html)  # noqa: S704 - all parts are escaped

    def _data(self, frame: pd.DataFrame, columns: Columns, period: Period) -> tuple[PlotData, str]:
        """Return what is drawn, and a note on what was made of the query's numbers."""
        options, grouped = self.options, columns.groupby is not None
        rolling = options.rolling is not None
        how, labels = options.resample, options.label_map
        if how is None:
            data = plot_data(frame, columns, period, labels, options.drawn, earlier=rolling)
        else:
            data = resampled(frame, columns, how, period, labels, earlier=rolling)
        if options.rolling is not None:
            data = begun(rolled(data, options.rolling), period)
        notes = [made_of(options.resample, options.rolling)]
        if options.top is not None:
            data, left_out = largest(data, options.top, grouped=grouped)
            notes.append(left_out)
        if options.stacked == "percent":
            data = shares(data)
            notes.append(gettext("Shares of all that is shown."))
        return data, " ".join(filter(None, notes))

    def _look(self, data: PlotData, page: Page) -> Look:
        options, several = self.options, len(data.series) > 1
        heat = options.kind == "heatmap"
        alone = options.kind == "barh" and not several
        rc = plot_rc(options.plot_rc)
        return Look(
            kind=options.drawn,
            stacked=options.stacks,
            legend=several or heat if options.legend is None else options.legend is not False,
            bar_labels=alone or heat if options.bar_labels is None else options.bar_labels,
            rotation=options.xtick_rotation,
            number_format=options.number_format,
            colours=rc.colours or page.theme.series_colors,
            line_width=rc.line_width,
            period=page.period,
            outliers=options.outliers,
            scale=options.scale,
            secondary=self._secondary(data),
            notes=shown_notes(options.annotations, data.x, page.period),
            lines=options.lines,
            bands=options.bands,
        )

    def _drawing(self, data: PlotData, look: Look, columns: Columns) -> Drawing:
        """Return what is drawn; views that are plots with something more override it."""
        return _drawing(data, look, columns.texts)

    def _secondary(self, data: PlotData) -> dict[int, NumberFormat]:
        """Return which series have an axis at the right, and how their values are shown."""
        secondary = self.options.secondary
        if secondary is None:
            return {}
        names = {self.options.label_map.get(name, name) for name in secondary.series}
        return {
            i: secondary.number_format for i, one in enumerate(data.series) if one.name in names
        }

    def _table(self, frame: pd.DataFrame, columns: Columns, page: Page) -> str:
        """Return the chart's data under a disclosure; the view's own page has it anyway."""
        drawn = columns.numeric if columns.groupby is None else columns.numeric[:1]
        formats = dict.fromkeys(drawn, self.options.query_format)
        if self.options.secondary is not None and columns.groupby is None:
            own = self.options.secondary
            formats |= dict.fromkeys(own.series, own.number_format)
        table = page.table(frame, max_rows=_TABLE_ROWS, formats=formats)
        of = f'<span class="kpi-hidden"> – {escape_html(self.title)}</span>' if self.title else ""
        data = escape_html(gettext("Data"))
        return f'<details class="kpi-data"><summary>{data}{of}</summary>{table}</details>'

    def _link(self) -> str:
        if not self.options.link_url:
            return ""
        address = escape_html(self.options.link_url)
        more = escape_html(gettext("More about this"))
        return f'<a class="kpi-chart-link" href="{address}">{more} →</a>'


def draw(structure: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    """Return the Bokeh plot of a `Drawing`."""
    from kpisite.views.plotting.draw import draw as bokeh_plot  # here: Bokeh costs a second

    return bokeh_plot(structure, values)


def _series_names(frame: pd.DataFrame, columns: Columns) -> list[str]:
    """Return the names of the series, as the query has them."""
    if columns.groupby is None:
        return list(columns.numeric)
    return [word(value) for value in dict.fromkeys(values_of(frame, columns.groupby))]


def _drawing(data: PlotData, look: Look, text_columns: Sequence[str]) -> Drawing:
    match look.kind:
        case "line":
            return line_plot(data, look)
        case "bar":
            return bar_plot(data, look)
        case "barh":
            return barh_plot(data, look)
        case "box":
            return box_plot(data, look)
        case "heatmap":
            return heat_plot(data, look)
        case "scatter":
            return scatter_plot(data, look, text_columns)


def _legend(data: PlotData, look: Look) -> str:
    """Return the legend in HTML, where the names do not stand in the chart itself."""
    if look.kind == "heatmap":
        return ramp_html(data, look.number_format) if look.legend else ""
    names = [series.name for series in data.series] if look.legend else []
    at_ends = [*(names if look.kind == "line" else []), *look.labels]
    beside = look.kind != "barh" and not look.secondary
    fit = names_at_ends(at_ends) if beside else "never"
    legend = ""
    if names and not (look.kind == "line" and fit == "always"):
        right = gettext("{series} (right)")
        entries = [
            (right.format(series=name) if i in look.secondary else name, look.css_colour(i))
            for i, name in enumerate(names)
        ]
        legend = legend_html(entries, narrow_only=look.kind == "line" and fit == "wide")
    return legend + (marks_legend(look, narrow_only=fit == "wide") if fit != "always" else "")
