"""Keeps two publishes into one folder of an object store apart, by a file that one of them holds.

A store has no locks; but it can create a file only where there is none. Who holds the file writes
it anew all the time. Who finds it the same for longer than that takes it over: its holder was
killed. No clock is compared with another one.
"""

from __future__ import annotations

import json
import random
import secrets
import time
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

from kpisite.errors import OutputError
from kpisite.outputs._store_files import NOT_KEPT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kpisite.outputs._store import Store

LOCK = ".kpisite.lock"
"""Name of the file, beside the site's own."""
BEAT = 10.0
"""Seconds after which the holder writes it anew."""
STALE = 60.0
"""Seconds without a change after which there is no holder."""
VALID = 45.0
"""Seconds after which a holder that could not write it anew stops: well before it is stale."""
PATIENCE = 1800.0
"""Seconds to wait for a holder that is at work."""
PAUSE = 1.0
"""Seconds between two looks."""


class StoreLock:
    """The file, while it is held."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._holder = secrets.token_hex(8)
        self._beats = 0
        self._renewed = time.monotonic()
        self._taken_over = False
        self._ended = Event()
        self._thread = Thread(target=self._beat, name="object-store-lock", daemon=True)

    def check(self) -> None:
        """Go on only while it is held.

        Raises:
            OutputError: Another publish may have taken over: this one must not write any more.
        """
        if self._taken_over or time.monotonic() - self._renewed > VALID:
            raise OutputError(
                f"another publish into '{self._store.target}' took over: this one was not heard "
                "of for too long",
                where=self._store.where,
                hint="Publish again when the other one is done.",
            )

    def take(self) -> None:
        """Wait until nobody holds it, and hold it.

        Raises:
            OutputError: Another publish is at work all the time.
        """
        begun = since = time.monotonic()
        seen: bytes | None = None
        while not self._store.create(LOCK, self._text(), NOT_KEPT):
            found = self._store.read(LOCK)
            now = time.monotonic()
            if found == self._text():
                break  # the answer to the first try was lost
            if found != seen:
                seen, since = found, now
            if found is not None and (_is_free(found) or now - since > STALE) and self._taken():
                break
            if now - begun > PATIENCE:
                raise OutputError(
                    f"another publish is writing into '{self._store.target}' all the time",
                    where=self._store.where,
                    hint=f"Publish when it is done. If there is none, remove the file '{LOCK}'.",
                )
            _pause()
        self._renewed = time.monotonic()
        self._thread.start()

    def release(self) -> None:
        """Let the next one in; where that fails, it comes in when the file is old."""
        self._ended.set()
        self._thread.join()
        try:
            if self._is_mine(self._store.read(LOCK)):
                self._leave()
        except OutputError:
            return

    def _leave(self) -> None:
        try:
            self._store.remove(LOCK, tries=1)
        except OutputError:  # the credentials may not allow to remove anything
            self._holder = ""
            self._store.put(LOCK, self._text(), NOT_KEPT)

    def _taken(self) -> bool:
        """Take over; of two who do, the one who wrote last has it."""
        self._store.put(LOCK, self._text(), NOT_KEPT)
        _pause()
        return self._is_mine(self._store.read(LOCK))

    def _beat(self) -> None:
        while not self._ended.wait(BEAT):
            begun = time.monotonic()
            try:
                if not self._is_mine(self._store.read(LOCK)):
                    self._taken_over = True
                    return
                self._beats += 1
                self._store.put(LOCK, self._text(), NOT_KEPT)
            except OutputError:
                continue  # `check` sees how long it has been
            self._renewed = begun

    def _text(self) -> bytes:
        return json.dumps({"holder": self._holder, "beat": self._beats}).encode()

    def _is_mine(self, found: bytes | None) -> bool:
        return found is not None and _holder(found) == self._holder


@contextmanager
def locked(store: Store) -> Iterator[StoreLock]:
    """Hold the lock of a folder.

    Raises:
        OutputError: Another publish is at work all the time.
    """
    lock = StoreLock(store)
    lock.take()
    try:
        yield lock
    finally:
        lock.release()


def _holder(text: bytes) -> str:
    try:
        return str(json.loads(text)["holder"])
    except (ValueError, TypeError, KeyError):
        return "unknown"


def _is_free(text: bytes) -> bool:
    return not _holder(text)


def _pause() -> None:
    time.sleep(PAUSE * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
