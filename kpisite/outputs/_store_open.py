"""Opens the filesystem of an object store, with time-outs, and with our own retries only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from kpisite.errors import OutputError
from kpisite.outputs._store import Limits, Store
from kpisite.outputs._store_files import WITH_HEADERS
from kpisite.outputs._store_trouble import explain

if TYPE_CHECKING:
    from kpisite.outputs.object_store import ObjectStore

_S3 = ("s3", "s3a")
_EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs", "az": "azure", "abfs": "azure"}


def open_store(options: ObjectStore.Options, url: str, target: str, where: str) -> Store:
    """Return the folder that a URL names.

    Args:
        options: The output's own.
        url: With all secrets.
        target: The URL as it may be shown.
        where: Which output this is.

    Raises:
        OutputError: A package is missing, the URL is of no store, or the store was not reached.
    """
    protocol = url.partition("://")[0]
    try:
        fs, root = fsspec.core.url_to_fs(url, **_storage_options(options, protocol))
    except ImportError as error:
        extra = _EXTRAS.get(protocol)
        missing = error.__cause__ if isinstance(error.__cause__, ImportError) else error
        install = f"kpisite[{extra}]" if extra else (missing.name or protocol).partition(".")[0]
        raise OutputError(
            f"'{target}' needs a package that is not installed",
            where=where,
            hint=f"pip install '{install}'",
        ) from error
    except Exception as error:  # some filesystems connect here, and raise what they like
        reason, hint = explain(error)
        raise OutputError(
            f"'{target}' cannot be opened: {reason}", where=where, hint=hint
        ) from error
    if isinstance(fs, LocalFileSystem):
        raise OutputError(
            f"'{target}' is a folder of this computer",
            where=where,
            hint="Use 'plugin: static' for it.",
        )
    if options.gzip and protocol not in WITH_HEADERS:
        raise OutputError(
            f"'{protocol}' has no way to say that a file is compressed",
            where=where,
            hint="Leave 'gzip' out; it works with S3, Google and Azure.",
        )
    if protocol in _S3:
        fs.retries = 1  # `Store` tries again itself
    limits = Limits(options.parallel, options.timeout, options.tries)
    return Store(fs, root, protocol=protocol, target=target, where=where, limits=limits)


def _storage_options(options: ObjectStore.Options, protocol: str) -> dict[str, Any]:
    """Return the options of the filesystem: ours, S3's own names, then the project's."""
    if protocol not in _S3:
        return dict(options.storage_options)
    waiting = {"connect_timeout": options.timeout, "read_timeout": options.timeout}
    once = {"retries": {"mode": "standard", "total_max_attempts": 1}}
    own: dict[str, Any] = {
        "key": options.aws_access_key_id,
        "secret": options.aws_secret_access_key.get_secret_value(),
        "token": options.aws_session_token.get_secret_value(),
        "endpoint_url": options.endpoint_url,
        "client_kwargs": _client(options),
    }
    return {
        "max_concurrency": 1,  # s3fs else asks for the size before it reads a file
        "use_ssl": options.use_ssl,
        **{name: value for name, value in own.items() if value},
        **options.storage_options,
        "config_kwargs": {
            **waiting,
            **once,
            "max_pool_connections": options.parallel + 1,  # one is the lock's
            **options.storage_options.get("config_kwargs", {}),
        },
    }


def _client(options: ObjectStore.Options) -> dict[str, Any]:
    """Return what the client of S3 is told that has no other way."""
    region = {"region_name": options.region_name} if options.region_name else {}
    return region if options.verify is True else {**region, "verify": options.verify}
