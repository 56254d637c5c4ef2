"""Ends a connection whose server has fallen silent: drivers wait for it without end."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def cut_after(seconds: float) -> Iterator[Callable[[Any], None]]:
    """Yield what takes a driver's connection, which is cut if the block lasts longer.

    Raises:
        TimeoutError: It was.
    """
    is_cut = threading.Event()
    with ExitStack() as held:
        lines: list[socket.socket] = []

        def cut() -> None:
            is_cut.set()
            for line in lines:
                with suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)

        def hold(raw: Any) -> None:
            if hasattr(raw, "fileno") and not raw.closed:
                lines.append(held.enter_context(socket.socket(fileno=os.dup(raw.fileno()))))
            if is_cut.is_set():  # connecting took as long
                cut()

        timer = threading.Timer(seconds, cut)
        timer.start()
        try:
            yield hold
        except sa.exc.DBAPIError as error:
            if is_cut.is_set():
                raise TimeoutError from error
            raise
        finally:
            timer.cancel()
            timer.join()
