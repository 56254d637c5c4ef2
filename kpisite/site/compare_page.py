"""Two editions of a report side by side: a page that reads which ones from its own address."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kpisite.model.language import gettext
from kpisite.model.words import period_title
from kpisite.site.content import SitePage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kpisite.archive.index import Entry
    from kpisite.model.metric import Metric
    from kpisite.model.number import NumberFormat
    from kpisite.render.templates import Templates
    from kpisite.site.urls import Urls

METRICS = "metrics.json"
"""Name of the file beside the page that its script reads."""


def compare_folder(report: str) -> str:
    """Return the folder of a report's page to compare."""
    return f"{report}/compare"


def compare_page(
    title: str, entries: Sequence[Entry], look: Templates, urls: Urls
) -> tuple[SitePage, dict[str, str]]:
    """Return the page that compares editions of a report, with the newest two on it.

    Args:
        title: The report's.
        entries: Its editions, oldest first; at least two.
        look: The templates.
        urls: How pages are addressed.

    Returns:
        The page, and the files that it reads: path below the site → text.
    """
    report = entries[-1].report
    here = compare_folder(report)
    first, second = entries[-2:]
    text = look.render(
        "pages/compare.html",
        title=title,
        report_url=urls.page(here, report),
        archive_url=urls.page(here, f"{report}/archive"),
        metrics=METRICS,
        script=urls.asset(here, "assets/kpisite/compare.js"),
        editions=[_edition(entry, here, urls) for entry in (first, second)],
        rows=_rows(first, second),
    )
    address = urls.page(here, f"{report}/{{label}}")
    page = SitePage(here, gettext("{title} – compare").format(title=title), text, parent=report)
    return page, {f"{here}/{METRICS}": metrics_json(entries, address)}


def metrics_json(entries: Sequence[Entry], address: str) -> str:
    """Return what the page's script reads: each metric as a column over all editions.

    Args:
        entries: The editions of a report, oldest first.
        address: Of an edition, seen from the page, with `{label}` in it.
    """
    latest: dict[str, Metric] = {}
    for entry in reversed(entries):
        for name, metric in entry.metrics.items():
            latest.setdefault(name, metric)
    data = {
        "version": 1,
        "address": address,
        "editions": {
            "label": [entry.label for entry in entries],
            "title": [period_title(entry.period) for entry in entries],
            "status": [entry.status for entry in entries],
            "start": [int(entry.period.start.timestamp()) for entry in entries],
        },
        "metrics": [_column(metric, entries) for metric in latest.values()],
    }
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n"


def _column(latest: Metric, entries: Sequence[Entry]) -> dict[str, Any]:
    metrics = [entry.metrics.get(latest.name) for entry in entries]
    return {
        "name": latest.name,
        "title": latest.title,
        "format": format_of(latest.format),
        "change_as": latest.change_as,
        "good": latest.good,
        "value": [metric.value if metric else None for metric in metrics],
        "text": [metric.text if metric else None for metric in metrics],
    }


def format_of(number_format: NumberFormat) -> dict[str, Any]:
    """Return how the script writes a number; units of durations and bytes it knows."""
    before, after = number_format.around
    return {
        "style": number_format.style,
        "precision": number_format.precision,
        "before": before,
        "after": after,
    }


def _edition(entry: Entry, here: str, urls: Urls) -> dict[str, str]:
    return {
        "label": entry.label,
        "title": period_title(entry.period),
        "status": entry.status,
        "url": urls.page(here, entry.key),
    }


def _rows(first: Entry, second: Entry) -> list[dict[str, Any]]:
    """Return the metrics of two editions with their difference, as they stand in the newer one."""
    names = dict.fromkeys([*second.metrics, *first.metrics])
    return [_row(first.metrics.get(name), second.metrics.get(name)) for name in names]


def _row(first: Metric | None, second: Metric | None) -> dict[str, Any]:
    latest = second or first
    assert latest is not None  # noqa: S101 - one of them has the name
    compared = latest.model_copy(
        update={
            "value": second.value if second else None,
            "comparison": first.value if first else None,
        }
    )
    return {
        "title": latest.title,
        "first": _text(first),
        "second": _text(second),
        "change": compared.change,
        "text": compared.change_text,
        "direction": compared.change_direction,
        "verdict": compared.change_verdict,
    }


def _text(metric: Metric | None) -> str:
    return metric.text if metric else "–"
