"""Ctrl-C: once to finish what is in flight, twice to abandon it."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

STATUS = 130
"""Exit status of a command that was interrupted."""
_STDERR = 2


@contextlib.contextmanager
def interruptible() -> Iterator[threading.Event]:
    """Yield an event that Ctrl-C sets; a second Ctrl-C ends the process where it stands."""
    stop = threading.Event()

    def interrupt(*_: object) -> None:
        # os.write: print is not to be called again while it is interrupted itself
        if stop.is_set():
            os.write(_STDERR, b"\nAbandoned; what is committed stays.\n")
            os._exit(STATUS)
        stop.set()
        os.write(_STDERR, b"\nStopping when what is in flight is done; Ctrl-C abandons it.\n")

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
