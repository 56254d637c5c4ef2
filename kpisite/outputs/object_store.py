"""The output driver `object_store`: puts the site into a bucket, only what has changed."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

from pydantic import AfterValidator, Field, SecretStr, model_validator

from kpisite.errors import OutputError
from kpisite.outputs._changes import Changes, compare, file_digest
from kpisite.outputs._counter import Counter
from kpisite.outputs._store_files import NOT_KEPT, Headers, headers, packed, removals, steps
from kpisite.outputs._store_lock import LOCK, locked
from kpisite.outputs._store_manifest import MANIFEST, Manifest, StoredFile
from kpisite.outputs._store_open import open_store
from kpisite.plugins import PluginOptions, Receipt, Site, SiteDriver

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kpisite.outputs._store import Store
    from kpisite.outputs._store_lock import StoreLock

_URL = re.compile(r"[a-z][a-z0-9+.-]*://\S+")
_PASSWORD = re.compile(r"(?<=://)([^/@:]*:)([^/@]*)@")
_ALL_PATHS = 500
_AS_IT_IS = "/!$&'()*+,:;=@"
"""What browsers leave in an address, beside letters and digits."""


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
        storage_options: dict[str, Any] = Field(default_factory=dict, repr=False)
        """Options of the filesystem, as fsspec takes them."""
        region_name: str = ""
        """Region of S3."""
        endpoint_url: str = ""
        """Address of a store that speaks S3."""
        use_ssl: bool = True
        """Whether S3 is spoken to over TLS, where `endpoint_url` does not say so itself."""
        verify: bool | str = True
        """Whether the certificate of S3 is checked, or the file of the authority that it is of."""
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
        return _PASSWORD.sub(r"\1***@", self._url)

    @property
    def _url(self) -> str:
        options = self.options
        url = options.url or f"s3://{options.bucket}/{options.prefix.strip('/')}"
        return url.rstrip("/")

    @property
    def _where(self) -> str:
        return f"output '{self.context.id}'"

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
        wanted = self._wanted(site)
        before = self._manifest(store)
        changes = self._compare(before, wanted)[1]
        if changes.any or self._pending(before, changes):
            with locked(store) as lock:
                changes = self._bring(store, lock, site, wanted)
        return Receipt(
            target=self.target, digest=site.digest, details=changes.details(len(site.files))
        )

    def _bring(
        self, store: Store, lock: StoreLock, site: Site, wanted: Mapping[str, StoredFile]
    ) -> Changes:
        """Write and remove, in an order that keeps each visible page whole."""
        before = self._manifest(store)  # another publish may have been faster
        kept, changes = self._compare(before, wanted)
        pending = self._pending(before, changes)
        done = Manifest(files={**kept, **wanted}, invalidate=pending)
        counter = Counter(self.context.progress, len(changes.written) + len(changes.removed))

        def put(path: str) -> None:
            lock.check()
            said = self._headers(path)
            content = (site.folder / path).read_bytes()
            store.put(path, packed(content) if said.compressed else content, said)
            counter.step()

        def remove(path: str) -> None:
            lock.check()
            store.remove(path)
            counter.step()

        if changes.any:
            at_it = (*changes.written, *changes.removed)
            unsure = {path: StoredFile(size=0, sha256="") for path in at_it}
            files = {**before.files, **kept, **unsure}
            self._note(store, lock, Manifest(files=files, invalidate=pending))
            for step in steps(changes):
                store.each(step, put)
            for step in removals(changes):
                store.each(step, remove)
            self._note(store, lock, done)
        if pending:
            self._invalidate(pending)
            self._note(store, lock, done.model_copy(update={"invalidate": ()}))
        return changes

    def _note(self, store: Store, lock: StoreLock, manifest: Manifest) -> None:
        lock.check()
        store.put(MANIFEST, manifest.text(), NOT_KEPT)

    def _open(self) -> Store:
        return open_store(self.options, self._url, self.target, self._where)

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
            if path not in (MANIFEST, LOCK)
        }

    def _manifest(self, store: Store) -> Manifest:
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
        paths = (*changes.changed, *changes.removed, *changes.added)
        addresses = {quote(f"/{path}", _AS_IT_IS) for path in paths}
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
                errors="replace",
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
        return OutputError(message, where=self._where, hint=hint)
