"""What pages say about an edition, in words."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from kpisite.model.edition import ErrorRecord
from kpisite.model.language import gettext, ngettext
from kpisite.model.number import grouped
from kpisite.model.words import (
    clock_text,
    day_text,
    period_span,
    period_title,
    revision_text,
    rows_text,
    status_text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from kpisite.model.edition import EditionRecord
    from kpisite.render.blocks import Block

_SEARCH_BYTES = 280
"""Of the search index, for each edition, beside its title and its address."""
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"(?:[*_`>|\[\]]|(?<!&)#)+")
"""Of Markdown, but for that in `&#46;`, which stands for a character of the data."""


def about(record: EditionRecord) -> dict[str, Any]:
    """Return what the templates of an edition's pages say about it."""
    period = record.period.period()
    return {
        "report": record.report,
        "title": record.title,
        "description": record.definition.description,
        "label": record.period.label,
        "period": period_title(period),
        "span": period_span(period),
        "status": record.status,
        "revision": record.revision,
        "data_until": data_until(record),
        "zone": zone_words(record),
        "provenance": provenance(record),
        "reason": reason_text(record.run.reason),
    }


def reason_text(reason: str) -> str:
    """Return the reason of a revision as pages say it; "" where none was given."""
    return gettext("Reason: {reason}").format(reason=reason) if reason else ""


def told(error: ErrorRecord, *, shows_query: bool) -> dict[str, str]:
    """Return what a page says of an error; that of a database often quotes the query."""
    if not shows_query:
        error = ErrorRecord(message=gettext("Whoever runs the report is told why."))
    return error.model_dump()


def data_until(record: EditionRecord) -> str:
    """Return up to when an edition has data: `10 February 2013, 23:59`."""
    period = record.period.period()
    if record.run.started < period.end:
        return clock_text(record.run.started.astimezone(period.zone))
    return (
        f"{day_text(period.last_day)}, 23:59" if _whole_days(period.end) else clock_text(period.end)
    )


def run_day(run: datetime, zone: ZoneInfo) -> str:
    """Return the day of a run where the report is read: `24 November 2026`."""
    return day_text(run.astimezone(zone).date())


def zone_words(record: EditionRecord) -> str:
    """Return the report's timezone: `New York time`, `UTC`."""
    name = record.period.timezone.rsplit("/", 1)[-1].replace("_", " ")
    return name if name in ("UTC", "GMT") else gettext("{place} time").format(place=name)


def provenance(record: EditionRecord) -> str:
    """Return where an edition's numbers come from, in one line."""
    zone = record.period.period().zone
    asked = [frame for frame in record.frames if frame.datasource]
    names = {frame.datasource: None for frame in asked}
    sources = ", ".join(
        f"{name} ({record.definition.datasources[name].plugin})"
        for name in names
        if name in record.definition.datasources
    )
    run = clock_text(record.run.started.astimezone(zone))
    queries = gettext("no queries")
    if sources:
        count = len(asked)
        queries = gettext("{queries} on {sources}: {rows} in {seconds} s").format(
            queries=ngettext("{count} query", "{count} queries", count).format(count=count),
            sources=sources,
            rows=rows_text(sum(frame.rows for frame in asked)),
            seconds=grouped(sum(frame.seconds for frame in asked), 2),
        )
    version = record.run.versions.get("kpisite") or gettext("of unknown version")
    parts = [
        gettext("Run on {moment}").format(moment=run),
        queries,
        gettext("definition {digest}").format(digest=record.definition.digest),
        revision_text(record.revision),
        f"kpisite {version}",
    ]
    return " · ".join(parts)


def found_by(record: EditionRecord, blocks: Iterable[Block]) -> str:
    """Return what the search finds an edition by, beside its title.

    That is: days, label, status, KPIs, texts of views, and the report's description.

    It is short: the index of a site with thousands of editions is loaded whole.
    """
    texts = [block.text for block in blocks if not isinstance(block.text, Markup)]
    period = record.period.period()
    status = [
        status_text(record.status),
        *([status_text("revised")] if record.revision > 1 else []),
    ]
    parts = [
        ", ".join([period_span(period), record.period.label, *status]),
        ", ".join(f"{metric.title} {metric.said}" for metric in record.metrics.values()),
        *(html.unescape(_MARKS.sub("", _LINK.sub(r"\1", text))) for text in texts),
        record.definition.description,
    ]
    words = " · ".join(" ".join(part.split()) for part in parts if part.strip())
    return _shortened(words, _SEARCH_BYTES)


def _shortened(text: str, most: int) -> str:
    """Return a text that is at most so many bytes of JSON, cut between words."""
    while len(json.dumps(text)) - 2 > most:
        text = text[: max(text.rfind(" "), 0)]
    return text


def _whole_days(end: datetime) -> bool:
    return (end.hour, end.minute, end.second) == (0, 0, 0)
