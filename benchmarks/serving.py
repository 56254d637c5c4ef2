"""The row about `mkdocs serve`: the CPU time of a rebuild after a change of one view's option."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from measuring import CommandError, Cost, program
from project import ENVIRONMENT
from rows import Row, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from project import Project
    from workshop import Workshop

_OPTION = re.compile(r"^(\s+precision: )1$", re.MULTILINE)
"""An option of a view in the report's definition."""
_LONGEST = 1200.0
"""Seconds after which a build is given up."""
_TICKS = os.sysconf("SC_CLK_TCK")


def view_option_changed(shop: Workshop) -> list[Row]:
    """Compare the rebuild of a preview to the cold build of the same site."""
    cold, _ = shop.cold
    return [
        ratio(
            f"mkdocs serve, a view option changed, {shop.many.editions} editions",
            "the cold build of the same",
            _rebuild(shop.many),
            cold,
            1 / 20,
        )
    ]


def _rebuild(project: Project) -> Cost:
    """Change an option while a preview runs; return what the rebuild costs."""
    definition = min((project.folder / "content").glob("*/report.yml"))
    before = definition.read_text(encoding="utf-8")
    try:
        with _server(project) as (process, address):
            page = f"{address}{definition.parent.name}/"
            shown = _page(process, page, None)
            cpu, started = _cpu(process), time.perf_counter()
            definition.write_text(_OPTION.sub(r"\g<1>2", before, count=1), encoding="utf-8")
            _page(process, page, shown)
            wall = time.perf_counter() - started
            return Cost(_cpu(process) - cpu, wall, _peak(process))
    finally:
        definition.write_text(before, encoding="utf-8")


@contextlib.contextmanager
def _server(project: Project) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run `mkdocs serve` on a free port of loopback; yields the process and the site's address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    with (project.folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            [program("mkdocs"), "serve", "--dev-addr", address],
            cwd=project.folder,
            env={**os.environ, **ENVIRONMENT, "SITE_URL": f"http://{address}/"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process, f"http://{address}/"
    finally:
        process.terminate()
        process.wait()


def _page(process: subprocess.Popen[bytes], address: str, old: bytes | None) -> bytes:
    """Wait until a page is served that is not the old one, and return it.

    While MkDocs builds, its server lets a request wait.

    Raises:
        CommandError: The server has ended, or no such page came.
    """
    end = time.monotonic() + _LONGEST
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            with urllib.request.urlopen(address, timeout=_LONGEST) as answer:
                content = _without_epoch(answer.read())
            if content != old:
                return content
        time.sleep(0.2)
    raise CommandError(f"mkdocs serve did not show {address}: status {process.poll()}")


def _without_epoch(page: bytes) -> bytes:
    """Return a page without the script of the live preview, which has the build's number."""
    return page[: page.rfind(b"livereload(")]


def _cpu(process: subprocess.Popen[bytes]) -> float:
    """Return the CPU time of a process and of its children so far, in seconds."""
    stat = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8")
    fields = stat.rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS


def _peak(process: subprocess.Popen[bytes]) -> int:
    """Return the largest resident memory of a process so far, in bytes."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) * 1024
