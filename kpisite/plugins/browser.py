"""PDFs and pictures of pages, by a headless Chromium that is found on the machine."""

from __future__ import annotations

import base64
import json
import os
import re
import selectors
import shutil
import signal
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from kpisite.errors import OutputError

if TYPE_CHECKING:
    from types import TracebackType

VARIABLE = "KPISITE_BROWSER"
"""Variable of the environment that names the browser."""
TIMEOUT = 60.0
"""Seconds to wait for an answer of the browser; a page takes less than one."""
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
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
_WIDTH, _MOST_PIXELS = 800, 16_000
"""Of a picture, in CSS pixels; and what a browser draws at most, in pixels of the picture."""
_DRAWN = (
    "Promise.all([document.fonts.ready, "
    "...[...document.images].map((image) => image.decode().catch(() => null))])"
)
_DATE = re.compile(rb"/(CreationDate|ModDate) \(D:\d{14}[+-]\d\d'\d\d'\)")
_NODE = re.compile(rb"\(node(\d{8})\)")


def find_browser(named: str = "") -> str:
    """Return the path of a Chromium.

    Args:
        named: The program that is wanted; "" to look for one.

    Raises:
        OutputError: There is none.
    """
    if sys.platform == "win32":
        raise OutputError("PDFs and pictures are not made on Windows", hint="Use Linux or macOS.")
    for name in (named,) if named else (*NAMES, *_MAC):
        if found := shutil.which(name):
            return found
    if named:
        hint = f"Mend {VARIABLE}, or unset it so that a browser is looked for."
        raise OutputError(f"there is no program '{named}', which {VARIABLE} names", hint=hint)
    raise OutputError(
        "PDFs and pictures need Chromium or Chrome, and there is none on this machine",
        hint="Install it, such as with 'apt-get install chromium', or name its program in "
        f"{VARIABLE}.",
    )


class Browser:
    """A browser that runs from its first page to the end of the `with` statement."""

    def __init__(self, named: str = "", *, timeout: float | None = None) -> None:
        """Begin; nothing is started yet.

        Args:
            named: Its program; "" to look for one.
            timeout: Seconds to wait for each answer; by default `TIMEOUT`.
        """
        self._named = named
        self._timeout = TIMEOUT if timeout is None else timeout
        self._process = 0
        self._ends = ExitStack()

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the browser, all its processes, and its profile."""
        self._end()
        self._ends.close()

    def _start(self) -> None:
        """Start the browser, with a profile of its own."""
        self._program = find_browser(self._named)
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
        command = [self._program, *arguments]
        try:
            self._process = os.posix_spawn(
                self._program, command, os.environ, file_actions=streams, setpgroup=0
            )
        except OSError as error:
            raise self._failed(f"cannot be started: {error.strerror}") from error
        finally:
            os.close(from_us)
            os.close(to_us)

    def _end(self) -> None:
        """End all processes of the browser, if it runs."""
        if self._process:
            with suppress(ProcessLookupError):
                os.killpg(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
            self._process = 0

    def pdf(self, html: str, created: datetime) -> bytes:
        """Return a page as a PDF, as it is printed: on the paper that its CSS names.

        The same page makes the same bytes, with the same browser and fonts.

        Args:
            html: The page, with all that it shows.
            created: Aware: when it was made, as the PDF says it.

        Raises:
            OutputError: The browser cannot make it, or takes too long.
        """
        session = self._opened(html)
        made = self._ask(
            "Page.printToPDF",
            session,
            preferCSSPageSize=True,
            printBackground=True,
            generateTaggedPDF=True,
            generateDocumentOutline=True,
        )
        self._ask("Target.closeTarget", targetId=self._target)
        return _settled(base64.b64decode(made["data"]), created)

    def png(self, html: str) -> bytes:
        """Return a page as a picture, as it is printed but on one sheet: 1,600 pixels wide.

        Args:
            html: The page, with all that it shows.

        Raises:
            OutputError: The browser cannot make it, or takes too long.
        """
        session = self._opened(html)
        size = self._ask("Page.getLayoutMetrics", session)["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": _WIDTH, "height": size["height"]}
        scale = min(1.0, _MOST_PIXELS / 2 / size["height"])
        made = self._ask(
            "Page.captureScreenshot",
            session,
            format="png",
            captureBeyondViewport=True,
            clip={**clip, "scale": scale},
        )
        self._ask("Target.closeTarget", targetId=self._target)
        return base64.b64decode(made["data"])

    def _opened(self, html: str) -> str:
        """Show a page in a tab of its own; return its session."""
        if not self._process:
            self._start()
        self._target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self._ask("Target.attachToTarget", targetId=self._target, flatten=True)
        session: str = attached["sessionId"]
        light = [{"name": "prefers-color-scheme", "value": "light"}]
        self._ask("Emulation.setEmulatedMedia", session, media="print", features=light)
        self._ask(
            "Emulation.setDeviceMetricsOverride",
            session,
            width=_WIDTH,
            height=100,
            deviceScaleFactor=2,
            mobile=False,
        )
        frame = self._ask("Page.getFrameTree", session)["frameTree"]["frame"]["id"]
        self._ask("Page.setDocumentContent", session, frameId=frame, html=html)
        self._ask("Runtime.evaluate", session, expression=_DRAWN, awaitPromise=True)
        return session

    def _ask(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Send a command; return its answer."""
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


def _settled(pdf: bytes, created: datetime) -> bytes:
    """Return a PDF without what differs each time: when it was printed, and ids of its elements.

    Nothing gets longer or shorter, so that the places that a PDF notes stay true.
    """
    stamp = created.astimezone(UTC).strftime("%Y%m%d%H%M%S+00'00'").encode()
    nodes = sorted({match[1] for match in _NODE.finditer(pdf)})
    numbers = {node: b"(node%08d)" % number for number, node in enumerate(nodes)}
    pdf = _DATE.sub(lambda match: b"/%b (D:%b)" % (match[1], stamp), pdf)
    return _NODE.sub(lambda match: numbers[match[1]], pdf)
