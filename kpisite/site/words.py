"""What pages say about an edition, in words."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from markupsafe import Markup

from kpisite.model.number import grouped
from kpisite.model.words import day_text, period_span

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from kpisite.model.edition import EditionRecord
    from kpisite.render.blocks import Block

_SEARCH_BYTES = 240
"""Of the search index, for each edition, beside its title and its address."""
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"[*_`#>|\[\]]+")
"""Of Markdown."""


def data_until(record: EditionRecord) -> str:
    """Return up to when an edition has data: `10 February 2013, 23:59`."""
    period = record.period.period()
    if record.run.started < period.end:
        return moment(record.run.started.astimezone(period.zone))
    return f"{day_text(period.last_day)}, 23:59" if _whole_days(period.end) else moment(period.end)


def run_day(run: datetime, zone: ZoneInfo) -> str:
    """Return the day of a run where the report is read: `24 November 2026`."""
    return day_text(run.astimezone(zone).date())


def zone_words(record: EditionRecord) -> str:
    """Return the report's timezone: `New York time`, `UTC`."""
    name = record.period.timezone.rsplit("/", 1)[-1].replace("_", " ")
    return name if name in ("UTC", "GMT") else f"{name} time"


def moment(instant: datetime) -> str:
    """Return an instant in its own zone: `13 February 2013, 06:00`."""
    return f"{day_text(instant.date())}, {instant:%H:%M}"


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
    queries = "1 query" if len(asked) == 1 else f"{len(asked)} queries"
    rows = sum(frame.rows for frame in asked)
    answer = f"{grouped(rows, 0)} row{'' if rows == 1 else 's'}"
    seconds = sum(frame.seconds for frame in asked)
    parts = [
        f"Run on {moment(record.run.started.astimezone(zone))}",
        f"{queries} on {sources}: {answer} in {grouped(seconds, 2)} s" if sources else "no queries",
        f"definition {record.definition.digest}",
        f"revision {record.revision}",
        f"kpisite {record.run.versions.get('kpisite', 'of unknown version')}",
    ]
    return " · ".join(parts)


def found_by(record: EditionRecord, blocks: Iterable[Block]) -> str:
    """Return what the search finds an edition by, beside its title: days, status, texts of views.

    It is short: the index of a site with thousands of editions is loaded whole.
    """
    texts = [block.text for block in blocks if not isinstance(block.text, Markup)]
    parts = [
        f"{period_span(record.period.period())}, {record.status}",
        *(_MARKS.sub("", _LINK.sub(r"\1", text)) for text in texts),
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
