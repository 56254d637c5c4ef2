"""A headless Chromium that runs as a process, spoken to over a pipe in its DevTools protocol."""

from __future__ import annotations

import json
import os
import selectors
import signal
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from kpisite.errors import OutputError

_ARGUMENTS = (
    "--headless",
    "--remote-debugging-pipe",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",  # 64 MB in a container
    "--disable-extensions",
    "--disable-gpu",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # nothing is fetched
    "--no-first-run",
    "--no-default-browser-check",
    "--user-agent=kpisite",  # a PDF names it as its creator
)


class DevTools:
    """The browser's process and the pipe to it."""

    def __init__(self, timeout: float) -> None:
        """Begin; nothing is started yet.

        Args:
            timeout: Seconds to wait for each answer.
        """
        self._timeout = timeout
        self.process = 0
        """Id of the browser's process; 0 where it does not run."""
        self._ends = ExitStack()

    def start(self, program: str) -> None:
        """Start the browser, with a profile of its own.

        Args:
            program: Its path.

        Raises:
            OutputError: It cannot be started.
        """
        self._program = program
        profile = tempfile.TemporaryDirectory("-kpisite", ignore_cleanup_errors=True)
        folder = self._ends.enter_context(profile)
        self._said = self._ends.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - it is
        from_us, self._to = _pipe()
        self._from, to_us = _pipe()
        for ours in (self._to, self._from):
            self._ends.callback(os.close, ours)
        os.set_blocking(self._to, False)
        self._asked, self._buffer = 0, b""
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # it does not start as root else
        arguments = [*_ARGUMENTS, *sandbox, f"--user-data-dir={folder}", "about:blank"]
        streams = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_DUP2, self._said.fileno(), 2),
            (os.POSIX_SPAWN_DUP2, from_us, 3),  # where it reads commands
            (os.POSIX_SPAWN_DUP2, to_us, 4),
        ]
        command = [program, *arguments]
        try:
            self.process = os.posix_spawn(
                program, command, os.environ, file_actions=streams, setpgroup=0
            )
        except OSError as error:
            raise self._failed(f"cannot be started: {error.strerror}") from error
        finally:
            os.close(from_us)
            os.close(to_us)

    def close(self) -> None:
        """End the browser, all its processes, and its profile."""
        self._end()
        self._ends.close()

    def ask(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Send a command; return its answer.

        Args:
            method: Of the protocol: `Page.printToPDF`.
            session: Of a tab; "" for the browser itself.
            **parameters: Of the method.

        Raises:
            OutputError: There is no answer in time, or it is an error; the browser has ended then.
        """
        end = time.monotonic() + self._timeout
        self._asked += 1
        command = {"id": self._asked, "method": method, "params": parameters}
        self._send({**command, "sessionId": session} if session else command, end)
        while True:
            answer = self._received(end)
            if answer.get("id") == self._asked:
                break
        if "error" in answer:
            raise self._failed(f"does not do {method}: {answer['error'].get('message')}")
        result: dict[str, Any] = answer["result"]
        return result

    def _send(self, command: dict[str, Any], end: float) -> None:
        left = json.dumps(command).encode() + b"\0"
        while left:
            self._wait(self._to, selectors.EVENT_WRITE, end)
            try:
                left = left[os.write(self._to, left[:65536]) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise self._failed("ended before it was done") from error

    def _received(self, end: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            self._wait(self._from, selectors.EVENT_READ, end)
            part = os.read(self._from, 1 << 20)
            if not part:
                raise self._failed("ended before it was done")
            self._buffer += part
        message, _, self._buffer = self._buffer.partition(b"\0")
        try:
            answer: dict[str, Any] = json.loads(message)
        except ValueError as error:
            raise self._failed("gives an answer that nobody can read") from error
        return answer

    def _wait(self, descriptor: int, event: int, end: float) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, event)
            if not selector.select(max(0.0, end - time.monotonic())):
                raise self._failed(f"does not answer within {self._timeout:g} s")

    def _end(self) -> None:
        """End all processes of the browser, if it runs."""
        if self.process:
            with suppress(ProcessLookupError):
                os.killpg(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
            self.process = 0

    def _failed(self, message: str) -> OutputError:
        self._end()
        self._said.seek(0)
        text = self._said.read().decode("utf-8", "replace")
        lines = [line for line in text.splitlines() if line.strip() and ":ERROR:dbus" not in line]
        fatal = [line for line in lines if ":FATAL:" in line]  # before a list of addresses
        said = [f"; it said: {line[:300]}" for line in (*fatal, *lines[-1:])]
        return OutputError(
            f"the browser {Path(self._program).name} {message}{''.join(said[:1])}",
            hint="Try 'chromium --headless --print-to-pdf=a.pdf about:blank' on this machine.",
        )


def _pipe() -> tuple[int, int]:
    """Return where a pipe is read and written: none of the descriptors that a browser gets."""
    import fcntl  # not on Windows

    pipe = os.pipe()
    try:
        first, second = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in pipe)
    finally:
        for end in pipe:
            os.close(end)
    return first, second
