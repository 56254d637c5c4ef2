"""The frames on a view's page: a table of each, and files to download."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kpisite.render.blocks import Asset
from kpisite.render.tables import table_html

if TYPE_CHECKING:
    from kpisite.pipeline.recording import RecordedFrames
    from kpisite.site.urls import Urls

MAX_ROWS = 1000
"""Rows of a frame that a view's page shows; the downloads have all."""
DIGITS = 6
"""Digits after the point that a view's page shows of the data, at most."""


def frame_parts(
    frames: RecordedFrames, here: str, stem: str, urls: Urls
) -> tuple[list[dict[str, Any]], list[Asset]]:
    """Return what the template of a view's page needs of its frames, and the files it links to.

    Args:
        frames: The view's frames.
        here: Folder of the page.
        stem: Begins the names of the files.
        urls: How files are addressed.
    """
    parts: list[dict[str, Any]] = []
    files: list[Asset] = []
    for name, record in frames.records.items():
        frame = frames[name]
        own = f"{here}/{stem}" + (f"-{name}" if len(frames) > 1 else "")
        csv = Asset(f"{own}.csv", frame.to_csv(index=False).encode())
        parquet = Asset(f"{own}.parquet", frames.files[name])
        files += [csv, parquet]
        parts.append(
            {
                "name": name,
                "record": record,
                "table": table_html(frame, max_rows=MAX_ROWS, digits=DIGITS),
                "downloads": [
                    {"title": "CSV", "url": urls.asset(here, csv.uri)},
                    {"title": "Parquet", "url": urls.asset(here, parquet.uri)},
                ],
            }
        )
    return parts, files
