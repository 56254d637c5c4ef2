"""PDFs and pictures of pages, by a headless Chromium that is found on the machine."""

from __future__ import annotations

import base64
import re
import shutil
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from kpisite.errors import OutputError
from kpisite.plugins.devtools import DevTools

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
        self._devtools = DevTools(TIMEOUT if timeout is None else timeout)

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
        self._devtools.close()

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
        made = self._devtools.ask(
            "Page.printToPDF",
            session,
            preferCSSPageSize=True,
            printBackground=True,
            generateTaggedPDF=True,
            generateDocumentOutline=True,
        )
        self._devtools.ask("Target.closeTarget", targetId=self._target)
        return _settled(base64.b64decode(made["data"]), created)

    def png(self, html: str) -> bytes:
        """Return a page as a picture, as it is printed but on one sheet: 1,600 pixels wide.

        Args:
            html: The page, with all that it shows.

        Raises:
            OutputError: The browser cannot make it, or takes too long.
        """
        session = self._opened(html)
        size = self._devtools.ask("Page.getLayoutMetrics", session)["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": _WIDTH, "height": size["height"]}
        scale = min(1.0, _MOST_PIXELS / 2 / size["height"])
        made = self._devtools.ask(
            "Page.captureScreenshot",
            session,
            format="png",
            captureBeyondViewport=True,
            clip={**clip, "scale": scale},
        )
        self._devtools.ask("Target.closeTarget", targetId=self._target)
        return base64.b64decode(made["data"])

    def _opened(self, html: str) -> str:
        """Show a page in a tab of its own; return its session."""
        if not self._devtools.process:
            self._devtools.start(find_browser(self._named))
        self._target = self._devtools.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self._devtools.ask("Target.attachToTarget", targetId=self._target, flatten=True)
        session: str = attached["sessionId"]
        light = [{"name": "prefers-color-scheme", "value": "light"}]
        self._devtools.ask("Emulation.setEmulatedMedia", session, media="print", features=light)
        self._devtools.ask(
            "Emulation.setDeviceMetricsOverride",
            session,
            width=_WIDTH,
            height=100,
            deviceScaleFactor=2,
            mobile=False,
        )
        frame = self._devtools.ask("Page.getFrameTree", session)["frameTree"]["frame"]["id"]
        self._devtools.ask("Page.setDocumentContent", session, frameId=frame, html=html)
        self._devtools.ask("Runtime.evaluate", session, expression=_DRAWN, awaitPromise=True)
        return session


def _settled(pdf: bytes, created: datetime) -> bytes:
    """Return a PDF without what differs each time: when it was printed, and ids of its elements.

    Nothing gets longer or shorter, so that the places that a PDF notes stay true.
    """
    stamp = created.astimezone(UTC).strftime("%Y%m%d%H%M%S+00'00'").encode()
    nodes = sorted({match[1] for match in _NODE.finditer(pdf)})
    numbers = {node: b"(node%08d)" % number for number, node in enumerate(nodes)}
    pdf = _DATE.sub(lambda match: b"/%b (D:%b)" % (match[1], stamp), pdf)
    return _NODE.sub(lambda match: numbers[match[1]], pdf)
