"""An edition as people are told of it: what its files on the built site say."""

from __future__ import annotations

import json
import posixpath
from typing import TYPE_CHECKING
from urllib.parse import quote

from kpisite.errors import OutputError
from kpisite.model.words import period_title
from kpisite.plugins.announcement import Announcement
from kpisite.site.machine import EDITION
from kpisite.site.previews import PREVIEW
from kpisite.site.summaries import edition_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path
    from typing import Any

    from kpisite.archive.index import Entry
    from kpisite.model.delivery import Receipt
    from kpisite.plugins.announcement import EditionContent


def announcement(
    entry: Entry,
    before: Receipt | None,
    *,
    folder: Path,
    site_url: str,
    now: datetime | None = None,
    content: Callable[[Entry, Mapping[str, Any], str], EditionContent] | None = None,
) -> Announcement:
    """Return what people are told of an edition: the numbers that its page shows.

    Args:
        entry: The edition.
        before: Of the revision that people were told of before.
        folder: The built site.
        site_url: Its address; "" where that is not known.
        now: When people are told.
        content: Returns what the edition's pages show; it is given the edition, its
            `edition.json`, and the address of its page.

    Raises:
        OutputError: The site does not have the edition.
    """
    path = folder / entry.key / EDITION
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise OutputError(
            f"the built site has no {entry.key}/{EDITION}",
            hint="Another plugin or a hook has removed it. Without it, nobody is told.",
        ) from error
    folder_url = quote(entry.key)
    page = posixpath.normpath(f"{folder_url}/{document['url']}")
    last = "" if page.endswith(".html") else "/"
    site = site_url.rstrip("/")
    url = f"{site}/{page}{last}" if site else ""
    has_preview = bool(site) and (folder / entry.key / PREVIEW).is_file()
    return Announcement(
        key=entry.key,
        title=document["title"],
        period=period_title(entry.period),
        status=entry.status,
        revision=entry.revision,
        url=url,
        text=edition_line(entry.period, entry.metrics.values()),
        document=document,
        before=before,
        metrics=tuple(entry.metrics.values()),
        time=now,
        content=content(entry, document, url) if content else None,
        preview_url=f"{site}/{folder_url}/{PREVIEW}" if has_preview else "",
    )
