"""A folder in an object store: reads, writes, removes; what may pass is tried again."""

from __future__ import annotations

import errno
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from fsspec.asyn import AsyncFileSystem, sync

from kpisite.errors import OutputError
from kpisite.outputs._retries import retrying
from kpisite.outputs._store_files import arguments
from kpisite.outputs._store_trouble import answer, explain, may_pass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kpisite.outputs._store_files import Headers

_SLOWEST = 20_000
"""Bytes a second; an upload that is slower is given up."""
_EXISTS = (409, 412)

_T = TypeVar("_T")


@dataclass(frozen=True)
class Limits:
    """How much is done at once, and how long it is tried."""

    parallel: int
    timeout: float
    tries: int


class Store:
    """Paths are below the folder. Errors are `OutputError`."""

    def __init__(
        self, fs: Any, root: str, *, protocol: str, target: str, where: str, limits: Limits
    ) -> None:
        """Name a folder.

        Args:
            fs: An `fsspec.AbstractFileSystem`.
            root: The folder within it.
            protocol: Of its URL: it says how the store is told of headers.
            target: The URL as it may be shown.
            where: Which output this is.
            limits: Of all requests.
        """
        self._fs = fs
        self._root = root.rstrip("/")
        self._protocol = protocol
        self.target = target
        self.where = where
        self._limits = limits

    def read(self, path: str) -> bytes | None:
        """Return a file's content; None where there is none."""

        def read() -> bytes | None:
            try:
                content: bytes = self._call("cat_file", path)
            except FileNotFoundError:
                return None
            return content

        return self._try(read, f"'{path}' cannot be read")

    def put(self, path: str, content: bytes, said: Headers) -> None:
        """Write a file, whole, with what the store shall say of it."""
        self._try(lambda: self._pipe(path, content, said), f"'{path}' cannot be written")

    def create(self, path: str, content: bytes, said: Headers) -> bool:
        """Write a file that is not there yet; tell whether it was not.

        A store that cannot refuse by itself is asked before it is told to write.
        """

        def create() -> bool:
            try:
                self._pipe(path, content, said, mode="create")
            except FileExistsError:
                return False
            except (OSError, NotImplementedError, TypeError, ValueError) as error:
                if answer(error)[0] in _EXISTS:
                    return False
                if isinstance(error, OSError) and error.errno != errno.ENOSYS:
                    raise
            else:
                return True
            if self.read(path) is not None:
                return False
            self._pipe(path, content, said)
            return True

        return self._try(create, f"'{path}' cannot be written")

    def remove(self, path: str, *, tries: int | None = None) -> None:
        """Remove a file; one that is gone is no error."""

        def remove() -> None:
            try:
                self._call("rm_file", path)
            except FileNotFoundError:
                return

        self._try(remove, f"'{path}' cannot be removed", tries)

    def each(self, paths: Iterable[str], act: Callable[[str], None]) -> None:
        """Do it for all files, several at once; the first error stops what has not begun."""
        with ThreadPoolExecutor(self._limits.parallel, "object-store") as executor:
            futures = [executor.submit(act, path) for path in paths]
            done, waiting = wait(futures, return_when=FIRST_EXCEPTION)
            for future in waiting:
                future.cancel()
        for future in done:
            future.result()

    def _pipe(self, path: str, content: bytes, said: Headers, **mode: str) -> None:
        told = {**arguments(self._protocol, said), **mode}
        self._call("pipe_file", path, content, size=len(content), **told)

    def _call(self, name: str, path: str, *args: object, size: int = 0, **kwargs: object) -> Any:
        """Call a method of the filesystem, which ends in time.

        Time-outs of a store's own package do not cover all of a request: a client that asks
        first whether it may send a body waits for the answer forever.
        """
        full = f"{self._root}/{path}"
        if not isinstance(self._fs, AsyncFileSystem):
            return getattr(self._fs, name)(full, *args, **kwargs)
        longest = 2 * self._limits.timeout + size / _SLOWEST
        method = getattr(self._fs, f"_{name}")
        return sync(self._fs.loop, method, full, *args, timeout=longest, **kwargs)

    def _try(self, act: Callable[[], _T], failed: str, tries: int | None = None) -> _T:
        try:
            return retrying(tries or self._limits.tries, may_pass)(act)
        except OutputError:
            raise
        except Exception as error:
            reason, hint = explain(error)
            raise OutputError(
                f"{failed} in '{self.target}': {reason}", where=self.where, hint=hint
            ) from error
