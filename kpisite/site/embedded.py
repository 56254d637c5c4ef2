"""A view in a page of the project: its card from one edition, or its KPIs over all editions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from kpisite.errors import KpisiteError, nearest
from kpisite.model.language import gettext
from kpisite.model.words import editions_text, period_title
from kpisite.plugins.markup import escape_html
from kpisite.plugins.svg import Canvas, colour, series_colour

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kpisite.archive.index import Entry
    from kpisite.model.metric import Metric
    from kpisite.model.yaml_source import Source
    from kpisite.render.templates import Templates
    from kpisite.site.report_editions import ReportEditions
    from kpisite.site.urls import Urls

_KEYS = ("report", "view", "period")
_LATEST, _HISTORY = "latest", "history"
_EXAMPLE = "It takes three lines: `report:`, `view:` and `period:`."
_CHART_HEIGHT = 64


@dataclass(frozen=True)
class Embedded:
    """A view for a page of the project, before it is known where it stands."""

    title: str
    description: str
    source: str
    """Where it comes from: the report and the period, in words."""
    text: str
    """Markdown, or as `Markup` HTML; addresses of assets begin with ASSET_SCHEME."""
    folder: str
    """Of the page that the title leads to."""
    source_folder: str
    """Of the page that the source leads to."""
    status: str = ""
    """Of the edition; "" for all of them."""
    is_kpi: bool = False
    theme: Any = None
    """The edition's."""

    @property
    def markdown(self) -> str:
        """What is to be rendered as Markdown; "" where all of it is HTML."""
        return "" if isinstance(self.text, Markup) else self.text


class EmbeddedViews:
    """Finds views by report, id and period, for pages of the project."""

    def __init__(self, reports: Sequence[ReportEditions], look: Templates, urls: Urls) -> None:
        """Prepare to find views.

        Args:
            reports: All reports that have editions.
            look: The templates.
            urls: How pages are addressed.
        """
        self._reports = {report.report: report for report in reports}
        self._look = look
        self._urls = urls

    def find(self, source: Source, number: int) -> Embedded | None:
        """Return the view that a block of a page names.

        Args:
            source: What the block says; what is wrong with it is added to its mistakes.
            number: Of the block on its page: charts are named by it, since a page may show the
                same view of several editions.

        Returns:
            None where there are mistakes.
        """
        for key in source.values:
            if key not in _KEYS:
                source.mistakes.append(
                    source.mistake([key], f"there is no key '{key}'", nearest(key, _KEYS))
                )
        missing = [key for key in _KEYS if source.values.get(key) is None]
        if missing and not source.mistakes:
            keys = " and ".join(f"'{key}'" for key in missing)
            source.mistakes.append(source.mistake([], f"{keys} must be there", _EXAMPLE))
        if source.mistakes:
            return None
        named = {key: str(source.values[key]) for key in _KEYS}
        try:
            return self._find(named, number)
        except _UnknownNameError as unknown:
            source.mistakes.append(source.mistake([unknown.key], unknown.message, unknown.hint))
        except KpisiteError as error:
            source.mistakes.append(source.mistake(["view"], str(error)))
        return None

    def html(self, embedded: Embedded, here: str, level: int, content: str) -> str:
        """Return the card of a view.

        Args:
            embedded: The view.
            here: Folder of the page that it stands on.
            level: Of its heading, from 1 to 6.
            content: HTML of the view's Markdown, where it has some.
        """
        inside = content if embedded.markdown else embedded.text
        html = self._look.render(
            "pages/embedded.html",
            embedded=embedded,
            level=level,
            url=self._urls.page(here, embedded.folder),
            source_url=self._urls.page(here, embedded.source_folder),
            content=Markup(inside),  # noqa: S704 - a view's HTML, or what Markdown made
        )
        return self._urls.resolve_assets(html, here)

    def _find(self, named: Mapping[str, str], number: int) -> Embedded:
        report = self._reports.get(named["report"])
        if report is None:
            message = f"there are no editions of a report '{named['report']}'"
            raise _UnknownNameError("report", message, nearest(named["report"], self._reports))
        if named["period"] == _HISTORY:
            return _history(report, named["view"])
        labels = [entry.label for entry in report.entries]
        label = labels[-1] if named["period"] == _LATEST else named["period"]
        if label not in labels:
            message = f"'{report.report}' has no edition '{label}'"
            hint = _nearest_label(label, labels)
            raise _UnknownNameError("period", message, hint)
        return _card(report, labels.index(label), named["view"], number)


class _UnknownNameError(KpisiteError):
    """A block names what is not there."""

    def __init__(self, key: str, message: str, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.key = key


def _nearest_label(label: str, labels: Sequence[str]) -> str:
    """Return a hint that stays short where there are many editions."""
    close = nearest(label, [*labels, _LATEST, _HISTORY])
    if len(labels) <= 10 or close.startswith("Did"):
        return close
    return f"Valid here: {_LATEST}, {_HISTORY}, and the editions from {labels[0]} to {labels[-1]}."


def _card(report: ReportEditions, position: int, view: str, number: int) -> Embedded:
    """Return a view of one edition."""
    entry = report.entries[position]
    if view not in entry.views:
        message = f"the edition {entry.key} has no view '{view}'"
        raise _UnknownNameError("view", message, nearest(view, entry.views))
    edition, block = report.block(position, view, f"kpi-{number}-{view}")
    if block.error is not None:
        why = block.error.message.rstrip(".")
        message = f"the view '{view}' of {entry.key} could not be made: {why}"
        raise _UnknownNameError("view", message, block.error.hint)
    return Embedded(
        title=block.title,
        description=block.description,
        source=f"{edition.record.title}, {period_title(entry.period)}",
        text=block.text,
        folder=f"{entry.key}/{view}",
        source_folder=entry.key,
        status=entry.status,
        is_kpi=block.is_kpi,
        theme=edition.record.definition.theme,
    )


def _history(report: ReportEditions, view: str) -> Embedded:
    """Return the KPIs of a view over all editions."""
    latest: dict[str, Metric] = {}
    for entry in report.entries:
        latest |= entry.metrics
    metrics = [metric for metric in latest.values() if metric.view == view]
    if not metrics:
        views = {metric.view for metric in latest.values()}
        message = f"'{report.report}' has no KPI '{view}', so that there is no history"
        raise _UnknownNameError("view", message, nearest(view, views))
    first, last = report.entries[0], report.entries[-1]
    several = len(metrics) > 1
    parts = [_line(metric, report.entries, named=several) for metric in metrics]
    archive = f"{report.report}/archive"
    title = metrics[0].title if not several else view.replace("_", " ").capitalize()
    return Embedded(
        title=title,
        description=f"{first.label} – {last.label}" if first is not last else first.label,
        source=gettext("All editions of {title}").format(title=last.title),
        text=Markup("".join(parts)),  # noqa: S704 - escaped where it was made
        folder=archive,
        source_folder=archive,
    )


def _line(metric: Metric, entries: Sequence[Entry], *, named: bool) -> str:
    """Return a KPI over all editions as a line, with its first and its last value.

    Args:
        metric: The KPI as the newest edition has it.
        entries: All editions of its report, oldest first.
        named: Whether the line says which KPI it is.
    """
    points = [(entry, _value(entry, metric.name)) for entry in entries]
    known = [(entry, value) for entry, value in points if math.isfinite(value)]
    if not known:
        said = gettext("{name}: no data").format(name=metric.title)
        return f"<p>{escape_html(said)}</p>"
    ends = [(period_title(e.period), metric.format.text(v)) for e, v in (known[0], known[-1])]
    low, high = (metric.format.text(f(v for _, v in known)) for f in (min, max))
    told = gettext(
        "{title}: {first} in {first_period}, {last} in {last_period}; "
        "from {low} to {high} in {count}"
    ).format(
        title=metric.title,
        first=ends[0][1],
        first_period=ends[0][0],
        last=ends[1][1],
        last_period=ends[1][0],
        low=low,
        high=high,
        count=editions_text(len(known)),
    )
    head = f"<p><strong>{escape_html(metric.title)}</strong></p>" if named else ""
    (first, last) = (
        f"<span><b>{escape_html(text)}</b> {escape_html(period)}</span>" for period, text in ends
    )
    said = gettext("lowest {low}, highest {high}").format(low=low, high=high)
    range_ = f"<span>{escape_html(said)}</span>"
    return (
        f'{head}<div class="kpi-chart" role="img" aria-label="{escape_html(told)}"'
        f' style="height:{_CHART_HEIGHT}px">{_svg(points)}</div>'
        f'<p class="kpi-ends">{first}{range_}{last}</p>'
    )


def _svg(points: Sequence[tuple[Entry, float]]) -> str:
    x = [entry.period.start.timestamp() for entry, _ in points]
    y = [value for _, value in points]
    known = [(at, value) for at, value in zip(x, y, strict=True) if math.isfinite(value)]
    low, high = min(v for _, v in known), max(v for _, v in known)
    pad = (high - low) * 0.06 or abs(high) * 0.5 or 1.0
    canvas = Canvas((x[0], x[-1]), (low - pad, high + pad))
    canvas.borders.left = canvas.borders.right = 6
    canvas.lines_across([low, high], colour("grid"))
    canvas.line(x, y, series_colour(0))
    last = known[-1]
    canvas.dots([last[0]], [last[1]], series_colour(0), size=7, rim=colour("card"))
    return canvas.svg()


def _value(entry: Entry, name: str) -> float:
    metric = entry.metrics.get(name)
    return math.nan if metric is None or metric.value is None else metric.value
