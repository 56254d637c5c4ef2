"""How the files of a site are kept in an object store: type, caching, order."""

from __future__ import annotations

import gzip
import hashlib
import importlib
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kpisite.outputs._changes import Changes

_TYPES = {
    ".atom": "application/atom+xml",
    ".css": "text/css; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".gif": "image/gif",
    ".gz": "application/gzip",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
    ".zip": "application/zip",
}
"""Not Python's own list: it takes in what the machine has."""
_COMPRESSED = {".atom", ".css", ".csv", ".html", ".js", ".json", ".map", ".md", ".mjs", ".svg"}
_COMPRESSED |= {".txt", ".webmanifest", ".xml"}
_HASHED = re.compile(r"(^|[.-])(?=\d*[a-f])[0-9a-f]{8,64}\.([a-z]+\.)?[a-z0-9]+$")
"""A name with a digest of the content; digits alone may be a date."""
_FOR_EVER = "public, max-age=31536000, immutable"
_SHORT = "public, max-age=60"


@dataclass(frozen=True)
class Headers:
    """What a store answers with, beside a file's content."""

    content_type: str
    cache_control: str
    compressed: bool

    @property
    def digest(self) -> str:
        """Changes with what is said."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


NOT_KEPT = Headers("application/json", "no-store", compressed=False)
"""Of our own files: nobody shall keep a copy of them."""

WITH_HEADERS = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss")
"""Protocols of the stores that can be told."""


def headers(path: str, cache_control: Mapping[str, str], *, compress: bool) -> Headers:
    """Return what a store shall say of a file.

    Args:
        path: Path below the site's folder.
        cache_control: Pattern of paths → header; the first that fits counts.
        compress: Whether texts are kept compressed.
    """
    suffix = PurePosixPath(path).suffix.lower()
    name = path.rsplit("/", 1)[-1]
    own = (value for pattern, value in cache_control.items() if fnmatchcase(path, pattern))
    hashed = _HASHED.search(name) is not None and suffix != ".html"
    return Headers(
        _TYPES.get(suffix, "application/octet-stream"),
        next(own, _FOR_EVER if hashed else _SHORT),
        compress and suffix in _COMPRESSED,
    )


def arguments(protocol: str, said: Headers) -> dict[str, Any]:
    """Return how a filesystem of fsspec is told; nothing where it has no way."""
    if protocol in ("s3", "s3a"):
        encoding = {"ContentEncoding": "gzip"} if said.compressed else {}
        return {
            "ContentType": said.content_type,
            "CacheControl": said.cache_control,
            **encoding,
        }
    if protocol in ("gs", "gcs"):
        encoding = {"content_encoding": "gzip"} if said.compressed else {}
        fixed = {"cache_control": said.cache_control, **encoding}
        return {"content_type": said.content_type, "fixed_key_metadata": fixed}
    if protocol in ("az", "abfs", "abfss"):
        settings = importlib.import_module("azure.storage.blob").ContentSettings
        told = settings(
            content_type=said.content_type,
            cache_control=said.cache_control,
            content_encoding="gzip" if said.compressed else None,
        )
        return {"content_settings": told}
    return {}


def packed(content: bytes) -> bytes:
    """Return a content compressed, with the same bytes each time."""
    return gzip.compress(content, mtime=0)


def steps(changes: Changes) -> list[list[str]]:
    """Return what is written, in the order that keeps each visible page whole.

    What pages need comes first, then new pages, then the pages that lead to them, then what
    lists pages for machines.
    """
    found: list[list[str]] = [[], [], [], []]
    for paths, place in ((changes.added, 1), (changes.changed, 2)):
        for path in paths:
            found[_step(path, place)].append(path)
    return [step for step in found if step]


def removals(changes: Changes) -> list[list[str]]:
    """Return what is removed, in an order that keeps each visible page whole: pages first."""
    pages = [path for path in changes.removed if path.endswith(".html")]
    return [pages, [path for path in changes.removed if not path.endswith(".html")]]


def _step(path: str, page: int) -> int:
    if path.endswith(".html"):
        return page
    return 3 if path.endswith((".xml", ".xml.gz", "search_index.json")) else 0
