"""The browser that prints: a real one, and programs that are none."""

from __future__ import annotations

import io
import os
import shutil
import stat
import struct
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pypdf
import pytest
from required import lacks

from kpisite.errors import OutputError
from kpisite.plugins import browser as module
from kpisite.plugins.browser import NAMES, Browser, find_browser

if TYPE_CHECKING:
    from collections.abc import Callable

RUN = datetime(2024, 2, 12, 6, 30, tzinfo=UTC)
PAGE = (
    '<!doctype html><html lang="en"><head><title>Sales & more</title>'
    "<style>@page {{ size: A4 }} .screen {{ display: {screen} }} p {{ break-after: page }}"
    "@media print {{ .screen {{ display: none }} }}</style></head><body><h1>Sales</h1>{body}</body>"
)


def page(body: str, screen: str = "block") -> str:
    return PAGE.format(body=body, screen=screen)


@pytest.fixture(scope="module")
def browser():
    if not any(map(shutil.which, NAMES)):
        lacks("no browser found")
    with Browser() as running:
        yield running


def program(folder: Path, text: str) -> str:
    """Write a program that stands for a browser; descriptors 3 and 4 are its own."""
    path = folder / "browser"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def state(process: int) -> str:
    """Return the state of a process: "" where there is none, Z where it has ended."""
    command = ["ps", "-o", "stat=", "-p", str(process)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()[:1]


def wait_for(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def size(png: bytes) -> tuple[int, int]:
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_a_pdf_has_the_text_the_pages_and_the_title(browser):
    pdf = browser.pdf(page("<p>one</p><p>two</p><p class=screen>not on paper</p>"), RUN)
    read = pypdf.PdfReader(io.BytesIO(pdf))
    texts = [sheet.extract_text() for sheet in read.pages]
    assert len(texts) == 2
    assert "one" in texts[0]
    assert "two" in texts[1]
    assert "not on paper" not in "".join(texts)
    assert read.metadata.title == "Sales & more"
    assert read.metadata.creator == "kpisite"
    assert read.metadata.creation_date == RUN
    assert read.metadata.modification_date == RUN
    assert read.root_object["/MarkInfo"]["/Marked"]


def test_a_picture_shows_what_is_printed(browser):
    shown = page("<div class=screen style='height: 1500px'></div>", screen="block")
    assert size(browser.png(shown))[1] < 1000


def test_the_same_page_makes_the_same_bytes_also_in_another_browser(browser):
    html = page("<p>one</p><ul><li>two</li></ul><table><tr><th>a</th><td>1</td></tr></table>")
    pdf, png = browser.pdf(html, RUN), browser.png(html)
    assert browser.pdf(html, RUN) == pdf
    with Browser() as other:
        other.png(page("something before"))
        assert other.pdf(html, RUN) == pdf
        assert other.png(html) == png


def test_a_picture_shows_the_whole_page_at_twice_the_size(browser):
    assert size(browser.png(page("<div style='height: 1500px'></div>")))[0] == 1600
    assert size(browser.png(page("<div style='height: 1500px'></div>")))[1] > 3000


def test_a_page_that_is_too_long_for_a_picture_is_shown_smaller_and_whole(browser):
    width, height = size(browser.png(page("<div style='height: 15900px'></div>")))
    assert 780 < width < 820
    assert 15_900 < height <= 16_100


def test_a_page_larger_than_a_pipe_is_printed(browser):
    pdf = browser.pdf(page(f"<!-- {'x' * 3_000_000} --><p>last</p>"), RUN)
    assert "last" in pypdf.PdfReader(io.BytesIO(pdf)).pages[0].extract_text()


def test_no_process_and_no_file_is_left(monkeypatch):
    with tempfile.TemporaryDirectory() as folder:  # pytest's own is too long for Chromium's socket
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setattr("tempfile.tempdir", None)
        with Browser() as running:
            running.pdf(page("<p>one</p>"), RUN)
            process = running._devtools.process
            os.kill(process, 0)
        wait_for(lambda: state(process) == "")
        assert list(Path(folder).glob("*-kpisite")) == []


def test_nothing_is_started_where_nothing_is_printed():
    with Browser("/no/such/program"):
        pass


def test_without_a_browser_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(module, "_MAC", ())
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(OutputError, match="need Chromium or Chrome") as caught:
        find_browser()
    assert "apt-get install chromium" in caught.value.hint
    assert "KPISITE_BROWSER" in caught.value.hint


def test_a_program_that_is_named_and_not_there_is_not_replaced_by_another():
    with pytest.raises(OutputError, match="no program '/no/chrome', which KPISITE_BROWSER names"):
        find_browser("/no/chrome")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("echo no usable sandbox >&2; exit 1", "ended before it was done; it said: no usable"),
        (
            "echo '[1:1:ERROR:dbus/bus.cc:405] no bus' >&2; echo '[1:FATAL:x] No usable sandbox!' "
            ">&2; echo '#0 0x5581' >&2; exit 1",
            r"ended before it was done; it said: \[1:FATAL:x\] No usable sandbox!",
        ),
        ("cat <&3 >/dev/null", "browser does not answer within 0.5 s"),
        ("sleep 600", "browser does not answer within 0.5 s"),
        (r"head -c 1 <&3; printf 'nonsense\0' >&4; sleep 600", "an answer that nobody can read"),
        (
            r"""head -c 1 <&3; printf '{"id": 1, "error": {"message": "no"}}\0' >&4; sleep 600""",
            "does not do Target.createTarget: no",
        ),
        (
            r"""head -c 1 <&3; printf '{"id": 1, "result": {"targ' >&4""",
            "ended before it was done",
        ),
    ],
)
def test_a_browser_that_does_not_work_is_an_error_and_ends(tmp_path, text, message):
    with (
        pytest.raises(OutputError, match=message) as caught,
        Browser(program(tmp_path, text), timeout=0.5 if "0.5" in message else 60) as running,
    ):
        running.pdf(page("<p>one</p>"), RUN)
    assert "chromium --headless" in caught.value.hint
    assert not running._devtools.process


def test_a_program_that_cannot_run_is_an_error(tmp_path):
    path = tmp_path / "chromium"
    path.write_bytes(b"\x7fELF no program")
    path.chmod(0o755)
    with pytest.raises(OutputError, match="chromium cannot be started: "), Browser(str(path)) as it:
        it.png(page("one"))


def test_a_browser_that_hangs_while_it_is_sent_a_large_page_is_an_error(tmp_path, monkeypatch):
    answers = (
        '{"id": 1, "result": {"targetId": "t"}}',
        '{"id": 2, "result": {"sessionId": "s"}}',
        '{"id": 3, "result": {}}',
        '{"id": 4, "result": {}}',
        '{"id": 5, "result": {"frameTree": {"frame": {"id": "f"}}}}',
    )
    said = "".join(f"printf '%s\\0' '{answer}' >&4\n" for answer in answers)
    running = Browser(program(tmp_path, f"{said}sleep 600"), timeout=1)
    with pytest.raises(OutputError, match="does not answer within 1 s"), running:
        running.png(page("x" * 1_000_000))


def test_all_processes_of_a_browser_are_ended(tmp_path):
    text = f"sleep 600 & echo $! > {tmp_path}/child; printf 'nonsense\\0' >&4; sleep 600"
    with pytest.raises(OutputError), Browser(program(tmp_path, text)) as running:
        running.pdf(page("one"), RUN)
    child = int((tmp_path / "child").read_text())
    wait_for(lambda: state(child) in ("", "Z"))
