"""The frames on a view's page: a table of each, what was asked, and files to download."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kpisite.model.language import language
from kpisite.model.words import rows_text
from kpisite.render.blocks import Asset
from kpisite.render.queries import query_html
from kpisite.render.tables import table_html

if TYPE_CHECKING:
    from kpisite.pipeline.recording import RecordedFrames
    from kpisite.site.urls import Urls

MAX_ROWS = 1000
"""Rows of a frame that a view's page shows; the downloads have all."""
DIGITS = 6
"""Digits after the point that a view's page shows of the data, at most."""


def frame_parts(
    frames: RecordedFrames,
    here: str,
    stem: str,
    urls: Urls,
    *,
    show_query: bool = True,
    downloads: bool = True,
) -> tuple[list[dict[str, Any]], list[Asset]]:
    """Return what the template of a view's page needs of its frames, and the files it links to.

    Args:
        frames: The view's frames.
        here: Folder of the page.
        stem: Begins the names of the files.
        urls: How files are addressed.
        show_query: Whether the page may show what was asked.
        downloads: Whether there are files at all.
    """
    parts: list[dict[str, Any]] = []
    files: list[Asset] = []
    for name, record in frames.records.items():
        frame = frames[name]
        several = len(frames) > 1
        own: dict[str, Asset] = {}
        if downloads:
            path = f"{here}/{stem}" + (f"-{name}" if several else "")
            own["CSV"] = Asset(f"{path}.csv", frame.to_csv(index=False).encode())
            own["Parquet"] = Asset(f"{path}.parquet", frames.files[name])
        files += own.values()
        parts.append(
            {
                "name": name,
                "id": f"data-{name}" if several else "data",
                "record": record,
                "rows": rows_text(record.rows),
                "seconds": language().number(str(record.seconds)),
                "query": query_html(record.query) if show_query else "",
                "table": table_html(frame, max_rows=MAX_ROWS, digits=DIGITS, sortable=True),
                "downloads": [
                    {"title": title, "url": urls.asset(here, file.uri)}
                    for title, file in own.items()
                ],
            }
        )
    return parts, files
