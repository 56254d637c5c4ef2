"""Files of `duckdb` in object stores, found and read through fsspec."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from kpisite.errors import DatasourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import duckdb

_URL = re.compile(r"[a-z][a-z0-9+.-]+://")
_PATTERN = re.compile(r"[*?\[]")
_EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs", "az": "azure", "abfs": "azure"}
_SECRET = re.compile(r"pass|secret|token|key", re.IGNORECASE)


def is_remote(path: str) -> bool:
    """Tell whether a path is the URL of a file elsewhere."""
    return _URL.match(path) is not None


def remote_files(
    connection: duckdb.DuckDBPyConnection, url: str, options: Mapping[str, Any]
) -> list[str]:
    """Return the URLs of the files that a URL or a pattern stands for, which DuckDB can then read.

    Args:
        connection: Is told of the filesystem.
        url: Such as `s3://bucket/sales/*.parquet`.
        options: Of the filesystem, as fsspec takes them.

    Raises:
        DatasourceError: There is none, or the store cannot be asked.
    """
    import fsspec

    protocol = url.partition("://")[0]
    try:
        fs, path = fsspec.core.url_to_fs(url, **options)
    except ImportError as error:
        package = f"kpisite[{_EXTRAS[protocol]}]" if protocol in _EXTRAS else error.name or protocol
        raise DatasourceError(
            f"'{url}' needs a package that is not installed", hint=f"pip install '{package}'"
        ) from None
    except (TypeError, ValueError) as error:
        raise _error(url, error, options) from None
    connection.register_filesystem(fs)
    fs.invalidate_cache()  # others write there
    try:
        if not _PATTERN.search(path):
            fs.info(path)
            return [url]
        found = sorted(fs.glob(path))
    except FileNotFoundError:
        found = []
    except Exception as error:  # noqa: BLE001 - each store has errors of its own
        raise _error(url, error, options) from None
    if not found:
        raise DatasourceError(f"there is no file {url}", hint="Check bucket and path.")
    return [f"{protocol}://{path}" for path in found]


def without_secrets(text: str, options: object) -> str:
    """Return a text without the values of options that are secret."""
    for secret in _secrets(options):
        text = text.replace(secret, "***")
    return text


def _secrets(options: object) -> Iterator[str]:
    for key, value in options.items() if isinstance(options, dict) else ():
        if isinstance(value, str) and value and _SECRET.search(key):
            yield value
        yield from _secrets(value)


def _error(url: str, error: Exception, options: Mapping[str, Any]) -> DatasourceError:
    reason = without_secrets(str(error) or type(error).__name__, options)
    return DatasourceError(
        f"'{url}' cannot be read: {reason}", hint="Check the URL and 'storage_options'."
    )
