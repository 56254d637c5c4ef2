"""The output driver `object_store`: puts the site into a bucket, only what has changed."""

from __future__ import annotations

import re
import subprocess
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import fsspec
from fsspec.implementations.local import LocalFileSystem
from pydantic import AfterValidator, Field, SecretStr, model_validator

from kpisite.errors import OutputError
from kpisite.outputs._changes import Changes, compare, file_digest
from kpisite.outputs._retries import retrying
from kpisite.outputs._store_files import Headers, arguments, headers, packed, removals, steps
from kpisite.outputs._store_manifest import MANIFEST, Manifest, StoredFile
from kpisite.outputs._store_trouble import explain, may_pass
from kpisite.plugins import PluginOptions, Receipt, Site, SiteDriver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_URL = re.compile(r"[a-z][a-z0-9+.-]*://\S+")
_PASSWORD = re.compile(r"(?<=://)([^/@:]*:)([^/@]*)@")
_EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs", "az": "azure", "abfs": "azure"}
_HEADERS = ("s3", "s3a", "gs", "gcs")
_ALL_PATHS = 500

_T = TypeVar("_T")


def _url(value: str) -> str:
    if value and not _URL.fullmatch(value):
        raise ValueError(f"'{value}' is no URL of a store; write it like s3://bucket/prefix")
    return value


class ObjectStore(SiteDriver):
    """Writes what pages need before the pages, and remembers in the store what is there."""

    class Options(PluginOptions):
        """The store, and how it keeps the site."""

        url: Annotated[str, AfterValidator(_url)] = ""
        """Where the site is put: an fsspec URL such as `s3://bucket/prefix`."""
        bucket: str = ""
        """Bucket of S3, instead of `url`."""
        prefix: str = ""
        """Folder in `bucket`."""
        storage_options: dict[str, Any] = Field(default_factory=dict)
        """Options of the filesystem, as fsspec takes them."""
        region_name: str = ""
        """Region of S3."""
        endpoint_url: str = ""
        """Address of a store that speaks S3."""
        aws_access_key_id: str = ""
        """Key of S3; else that of the environment."""
        aws_secret_access_key: SecretStr = SecretStr("")
        """Its secret."""
        aws_session_token: SecretStr = SecretStr("")
        """Token of a temporary key."""
        delete: bool = False
        """Remove what an earlier site had and this one has not."""
        gzip: bool = False
        """Keep texts compressed."""
        cache_control: dict[str, str] = Field(default_factory=dict)
        """Pattern of paths → header; the first that fits counts."""
        parallel: int = Field(default=16, ge=1, le=64)
        """How many files are written at once."""
        timeout: float = Field(default=60, gt=0)
        """Seconds without an answer after which S3 is asked again."""
        tries: int = Field(default=5, ge=1, le=20)
        """How often a file is tried."""
        invalidate: tuple[str, ...] = ()
        """Command that tells the CDN; `{paths}` becomes the addresses that changed."""

        @model_validator(mode="after")
        def _one_place(self) -> ObjectStore.Options:
            if bool(self.url) == bool(self.bucket):
                raise ValueError("name either 'url' or 'bucket'")
            if self.prefix and not self.bucket:
                raise ValueError("'prefix' belongs to 'bucket'; it is part of 'url'")
            return self

    options: Options

    @property
    def target(self) -> str:
        """The URL without a password."""
        options = self.options
        url = options.url or f"s3://{options.bucket}/{options.prefix.strip('/')}"
        return _PASSWORD.sub(r"\1***@", url).rstrip("/")

    def plan(self, site: Site) -> Sequence[str]:
        """Return the files that would be added, changed and removed; none where all are equal."""
        store = self._open()
        _, changes = self._compare(self._manifest(store), self._wanted(site))
        return changes.lines(site.folder)

    def deploy(self, site: Site) -> Receipt:
        """Write what has changed.

        Whatever is visible meanwhile, or after a failure, is a whole page of the old or of the
        new site with all that it needs.

        Raises:
            OutputError: It did not arrive; the next deploy goes on where this one ended.
        """
        store = self._open()
        before = self._manifest(store)
        wanted = self._wanted(site)
        kept, changes = self._compare(before, wanted)
        pending = self._pending(before, changes)
        if changes.any:
            unsure = {path: StoredFile(size=0, sha256="") for path in changes.removed}
            unsure |= {path: StoredFile(size=0, sha256="") for path in changes.written}
            store.write_manifest(
                Manifest(files={**before.files, **kept, **unsure}, invalidate=pending)
            )
            for step in steps(changes):
                store.each(step, lambda path: store.put(path, (site.folder / path).read_bytes()))
            for step in removals(changes):
                store.each(step, store.remove)
            store.write_manifest(Manifest(files={**kept, **wanted}, invalidate=pending))
        if pending:
            self._invalidate(pending)
            store.write_manifest(Manifest(files={**kept, **wanted}))
        return Receipt(
            target=self.target, digest=site.digest, details=changes.details(len(site.files))
        )

    def _open(self) -> _Store:
        options = self.options
        url = options.url or f"s3://{options.bucket}/{options.prefix.strip('/')}"
        protocol = url.partition("://")[0]
        try:
            fs, root = fsspec.core.url_to_fs(url.rstrip("/"), **self._storage_options(protocol))
        except ImportError as error:
            extra = _EXTRAS.get(protocol)
            install = f"kpisite[{extra}]" if extra else error.name or protocol
            raise self._error(
                f"'{self.target}' needs a package that is not installed",
                f"pip install '{install}'",
            ) from error
        except (ValueError, TypeError) as error:
            raise self._error(
                f"'{self.target}' cannot be opened: {error}", "Check 'url' and 'storage_options'."
            ) from error
        if isinstance(fs, LocalFileSystem):
            raise self._error(
                f"'{self.target}' is a folder of this computer", "Use 'plugin: static' for it."
            )
        if options.gzip and protocol not in _HEADERS:
            raise self._error(
                f"'{protocol}' has no way to say that a file is compressed",
                "Leave 'gzip' out; it works with s3 and gcs.",
            )
        if protocol in ("s3", "s3a"):
            fs.retries = 1  # this driver tries again itself
        return _Store(self, fs, root, protocol)

    def _storage_options(self, protocol: str) -> dict[str, Any]:
        """Return the options of the filesystem: ours, S3's own names, then the project's."""
        options = self.options
        if protocol not in ("s3", "s3a"):
            return dict(options.storage_options)
        waiting = {"connect_timeout": options.timeout, "read_timeout": options.timeout}
        once = {"retries": {"mode": "standard", "total_max_attempts": 1}}
        own: dict[str, Any] = {
            "key": options.aws_access_key_id,
            "secret": options.aws_secret_access_key.get_secret_value(),
            "token": options.aws_session_token.get_secret_value(),
            "endpoint_url": options.endpoint_url,
            "client_kwargs": {"region_name": options.region_name} if options.region_name else None,
        }
        return {
            "max_concurrency": 1,  # s3fs else asks for the size before it reads a file
            **{name: value for name, value in own.items() if value},
            **options.storage_options,
            "config_kwargs": {
                **waiting,
                **once,
                "max_pool_connections": options.parallel,
                **options.storage_options.get("config_kwargs", {}),
            },
        }

    def _headers(self, path: str) -> Headers:
        return headers(path, self.options.cache_control, compress=self.options.gzip)

    def _wanted(self, site: Site) -> dict[str, StoredFile]:
        return {
            path: StoredFile(
                size=(site.folder / path).stat().st_size,
                sha256=file_digest(site.folder / path),
                headers=self._headers(path).digest,
            )
            for path in site.files
            if path != MANIFEST
        }

    def _manifest(self, store: _Store) -> Manifest:
        """Return what is there; as if nothing was where the file is absent or damaged."""
        content = store.read(MANIFEST)
        return (Manifest.parse(content) if content is not None else None) or Manifest()

    def _compare(
        self, before: Manifest, wanted: Mapping[str, StoredFile]
    ) -> tuple[dict[str, StoredFile], Changes]:
        """Return what of an earlier site stays, and what is done."""
        changes = compare(
            {path: file.digest for path, file in wanted.items()},
            {path: file.digest for path, file in before.files.items()},
        )
        if self.options.delete:
            return {}, changes
        kept = {path: before.files[path] for path in changes.removed}
        return kept, replace(changes, removed=())

    def _pending(self, before: Manifest, changes: Changes) -> tuple[str, ...]:
        """Return the addresses that the CDN is still to be told of."""
        if not self.options.invalidate:
            return ()
        addresses = {f"/{path}" for path in (*changes.changed, *changes.removed, *changes.added)}
        folders = {a.removesuffix("index.html") for a in addresses if a.endswith("/index.html")}
        return tuple(sorted({*before.invalidate, *addresses, *folders}))

    def _invalidate(self, addresses: Sequence[str]) -> None:
        paths = list(addresses) if len(addresses) <= _ALL_PATHS else ["/*"]
        command = [
            part
            for word in self.options.invalidate
            for part in (paths if word == "{paths}" else [word])
        ]
        try:
            done = subprocess.run(  # noqa: S603 - the project's own command, without a shell
                command,
                cwd=self.context.folder,
                capture_output=True,
                text=True,
                check=False,
                timeout=300,
            )
            message = (done.stderr or done.stdout).strip()
            failed = f"ended with {done.returncode}: {message[-500:]}" if done.returncode else ""
        except (OSError, subprocess.TimeoutExpired) as error:
            failed = str(error)
        if failed:
            raise self._error(
                f"the site is in '{self.target}', but the CDN was not told: "
                f"'{command[0]}' {failed}",
                "Mend the command in 'invalidate' and publish again: it is run again.",
            )

    def _error(self, message: str, hint: str) -> OutputError:
        return OutputError(message, where=f"output '{self.context.id}'", hint=hint)


class _Store:
    """The folder in a store; paths are below it. What may pass is tried again."""

    def __init__(self, driver: ObjectStore, fs: Any, root: str, protocol: str) -> None:
        self._driver = driver
        self._fs = fs
        self._root = root.rstrip("/")
        self._protocol = protocol

    def read(self, path: str) -> bytes | None:
        """Return a file's content; None where there is none."""

        def read() -> bytes | None:
            try:
                content: bytes = self._fs.cat_file(f"{self._root}/{path}")
            except FileNotFoundError:
                return None
            return content

        return self._try(read, f"'{path}' cannot be read")

    def put(self, path: str, content: bytes) -> None:
        """Write a file, whole, with what the store shall say of it."""
        said = self._driver._headers(path)
        body = packed(content) if said.compressed else content
        extra = arguments(self._protocol, said)
        self._try(
            lambda: self._fs.pipe_file(f"{self._root}/{path}", body, **extra),
            f"'{path}' cannot be written",
        )

    def write_manifest(self, manifest: Manifest) -> None:
        """Write what is there; nobody shall keep a copy of it."""
        said = Headers("application/json", "no-store", compressed=False)
        self._try(
            lambda: self._fs.pipe_file(
                f"{self._root}/{MANIFEST}", manifest.text(), **arguments(self._protocol, said)
            ),
            f"'{MANIFEST}' cannot be written",
        )

    def remove(self, path: str) -> None:
        """Remove a file; one that is gone is no error."""

        def remove() -> None:
            try:
                self._fs.rm_file(f"{self._root}/{path}")
            except FileNotFoundError:
                return

        self._try(remove, f"'{path}' cannot be removed")

    def each(self, paths: Iterable[str], act: Callable[[str], None]) -> None:
        """Do it for all files, several at once; the first error stops what has not begun."""
        with ThreadPoolExecutor(self._driver.options.parallel, "object-store") as executor:
            futures = [executor.submit(act, path) for path in paths]
            done, waiting = wait(futures, return_when=FIRST_EXCEPTION)
            for future in waiting:
                future.cancel()
        for future in done:
            future.result()

    def _try(self, act: Callable[[], _T], failed: str) -> _T:
        try:
            return retrying(self._driver.options.tries, may_pass)(act)
        except Exception as error:
            reason, hint = explain(error)
            raise self._driver._error(
                f"{failed} in '{self._driver.target}': {reason}", hint
            ) from error
