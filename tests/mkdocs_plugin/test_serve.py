"""`mkdocs serve`: the live preview writes an overlay and drafts, never the archive."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest
from small_sites import SOLD, monthly

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REPORT = monthly(SOLD, until="2024-03-01")


class Preview:
    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.folder = folder
        self.address = f"http://127.0.0.1:{port}/"
        self.log = (folder / "serve.log").open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mkdocs", "serve", "--dev-addr", f"127.0.0.1:{port}"],
            cwd=folder,
            env={**os.environ, "KPISITE_NOW": "2024-06-01"},
            stdout=self.log,
            stderr=self.log,
        )

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)
        self.log.close()

    def wait_for(self, path: str, text: str) -> str:
        deadline = time.monotonic() + 60
        page = ""
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                page = urllib.request.urlopen(self.address + path, timeout=5).read().decode()
            except (urllib.error.URLError, ConnectionError):
                page = ""
            if text in page:
                return page
            time.sleep(0.2)
        log = (self.folder / "serve.log").read_text()
        pytest.fail(f"'{text}' did not show up on {path}\n{log}\n{page[-2000:]}")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "mkdocs.yml").write_text(
        "site_name: Small\ntheme: {name: material, font: false}\nplugins: [kpisite]\n"
        "watch: [docs/sales/sales.csv]\n"
    )
    folder = tmp_path / "docs" / "sales"
    folder.mkdir(parents=True)
    (folder / "report.yml").write_text(REPORT)
    (folder / "sales.csv").write_text("day,amount\n2024-01-05,10\n2024-02-03,30\n")
    return tmp_path


@pytest.fixture
def preview(project: Path) -> Iterator[Preview]:
    running = Preview(project)
    yield running
    running.stop()


def test_an_edited_definition_shows_as_a_draft_of_the_newest_period_only(project, preview):
    preview.wait_for("sales/", "kpi-badge-sealed")
    definition = project / "docs" / "sales" / "report.yml"
    definition.write_text(REPORT.replace("title: Sold", "title: Sold in all"))
    page = preview.wait_for("sales/", "Sold in all")
    assert "kpi-badge-draft" in page
    assert "Sold in all" not in preview.wait_for("sales/2024-01/", "January 2024")
    definition.write_text(REPORT)
    page = preview.wait_for("sales/", "kpi-badge-sealed")
    assert "Sold in all" not in page
    assert not (project / "archive").exists()
    assert (project / ".cache" / "kpisite" / "preview" / "sales" / "2024-01").is_dir()


def test_a_mistake_while_editing_is_told_and_the_preview_goes_on(project, preview):
    preview.wait_for("sales/", "kpi-badge-sealed")
    definition = project / "docs" / "sales" / "report.yml"
    definition.write_text(REPORT.replace("schedule:", "shedule:"))
    deadline = time.monotonic() + 30
    while "Did you mean 'schedule'?" not in (project / "serve.log").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.2)
    preview.wait_for("sales/2024-01/", "January 2024")
    assert "shedule" not in preview.wait_for("sales/", "kpi-badge-sealed")
    definition.write_text(REPORT.replace("title: Sold", "title: Mended"))
    preview.wait_for("sales/", "Mended")


def test_data_that_change_show_as_a_draft_of_the_newest_period(project, preview):
    preview.wait_for("sales/", "kpi-badge-sealed")
    data = project / "docs" / "sales" / "sales.csv"
    data.write_text("day,amount\n2024-01-05,11\n2024-02-03,4711\n")
    assert "kpi-badge-draft" in preview.wait_for("sales/", "4,711")
    data.write_text("day,amount\n2024-01-05,11\n2024-02-03,4712\n")
    assert "kpi-badge-draft" in preview.wait_for("sales/", "4,712")
    assert "kpi-badge-sealed" in preview.wait_for("sales/2024-01/", "January 2024")
    assert not (project / "archive").exists()
