"""The archive page of a report: a calendar of its editions, and all of them in tables."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from kpisite.model.language import gettext
from kpisite.model.words import period_span, period_title, revision_text, status_text
from kpisite.site.calendar import calendar_kind, calendar_years
from kpisite.site.compare_page import compare_folder
from kpisite.site.content import SitePage
from kpisite.site.machine import INDEX
from kpisite.site.urls import kpi_folder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kpisite.archive.index import Entry
    from kpisite.model.metric import Metric
    from kpisite.render.templates import Templates
    from kpisite.site.calendar import CalendarYear, Slot
    from kpisite.site.urls import Urls

LEVELS = 6
"""Shades of a KPI in the calendar."""
_STATUSES = ("sealed", "preliminary", "draft")


def archive_folder(report: str) -> str:
    """Return the folder of a report's archive page."""
    return f"{report}/archive"


def archive_page(
    report: str, title: str, entries: Sequence[Entry], look: Templates, urls: Urls
) -> SitePage:
    """Return the archive page of a report.

    Args:
        report: The report's id.
        title: The report's title.
        entries: Its editions, oldest first; at least one.
        look: The templates.
        urls: How pages are addressed.
    """
    here = archive_folder(report)
    addresses = urls.pages_in(here, report, (entry.label for entry in entries))
    metrics = entries[-1].metrics
    headline = _headline(metrics)
    years = calendar_years(entries)
    rows = [_row(entry, addresses, metrics) for entry in reversed(entries)]
    statuses = [status for status in _STATUSES if any(e.status == status for e in entries)]
    text = look.render(
        "pages/archive.html",
        title=title,
        report_url=urls.page(here, report),
        compare_url=urls.page(here, compare_folder(report)) if len(entries) > 1 else None,
        kind=calendar_kind(entries),
        calendar=[_calendar_year(year, addresses, headline) for year in years],
        gaps=any(s.entry is None and s.title for y in years for g in y.groups for s in g.slots),
        statuses=statuses,
        revised=any(entry.revision > 1 for entry in entries),
        shades=[_shades(name, metric, entries) for name, metric in metrics.items()],
        levels=LEVELS,
        metrics=[
            {"title": metric.title, "url": urls.page(here, kpi_folder(report, name))}
            for name, metric in metrics.items()
        ],
        count=len(entries),
        script=urls.asset(here, "assets/kpisite/archive.js"),
        years=[(year, list(group)) for year, group in groupby(rows, key=lambda r: r["year"])],
    )
    first, last = period_title(entries[0].period), period_title(entries[-1].period)
    return SitePage(
        here,
        gettext("{title} – archive").format(title=title),
        text,
        search="",
        parent=report,
        description=gettext("All editions, {first} to {last}").format(first=first, last=last),
        report=report,
        json=f"{report}/{INDEX}",
    )


def _row(
    entry: Entry, addresses: Mapping[str, str], metrics: Mapping[str, Metric]
) -> dict[str, Any]:
    return {
        "url": addresses[entry.label],
        "label": entry.label,
        "span": period_span(entry.period),
        "year": entry.label[:4],
        "status": entry.status,
        "revision": entry.revision,
        "metrics": [entry.metrics.get(name) for name in metrics],
    }


def _headline(metrics: Mapping[str, Metric]) -> str | None:
    """Return the metric that the calendar's slots name: the first with a target, else the first."""
    with_target = [name for name, metric in metrics.items() if metric.target is not None]
    return next(iter([*with_target, *metrics]), None)


def _calendar_year(
    year: CalendarYear, addresses: Mapping[str, str], headline: str | None
) -> dict[str, Any]:
    return {
        "label": year.label,
        "count": year.count,
        "groups": [
            {"label": group.label, "slots": [_slot(s, addresses, headline) for s in group.slots]}
            for group in year.groups
        ],
    }


def _slot(slot: Slot, addresses: Mapping[str, str], headline: str | None) -> dict[str, Any]:
    entry = slot.entry
    if entry is None:
        return {"text": slot.text, "title": slot.title, "url": ""}
    says = [f"{slot.title}: {status_text(entry.status)}"]
    if entry.revision > 1:
        says.append(revision_text(entry.revision))
    metric = entry.metrics.get(headline) if headline else None
    if metric is not None:
        says.append(f"{metric.title} {metric.said}")
    return {
        "text": slot.text,
        "title": ", ".join(says),
        "url": addresses[entry.label],
        "status": entry.status,
        "revised": entry.revision > 1,
    }


def _shades(name: str, metric: Metric, entries: Sequence[Entry]) -> dict[str, str]:
    """Return how the calendar is coloured by a metric.

    Returns:
        Its name and title, the texts of its lowest and highest value, and a digit for each
        edition, newest first: its shade, or `-` where there is no value.
    """
    found = [entry.metrics.get(name) for entry in reversed(entries)]
    values = [None if one is None else one.value for one in found]
    known = [value for value in values if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    return {
        "name": name,
        "title": metric.title,
        "low": metric.format.text(low) if known else "",
        "high": metric.format.text(high) if known else "",
        "levels": "".join(_level(value, low, high) for value in values),
    }


def _level(value: float | None, low: float, high: float) -> str:
    if value is None:
        return "-"
    share = (value / 2 - low / 2) / (high / 2 - low / 2) if high > low else 0.5
    return str(min(int(share * LEVELS), LEVELS - 1))
