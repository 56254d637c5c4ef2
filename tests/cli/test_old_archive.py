"""An archive that an early kpisite has written is read, shown and gone on from.

`goldens/archive_of_format_1` was written when there were the index, revisions and four views, but
no mails. It is never written anew: it stands for all archives that people have.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

OLD = Path(__file__).parent.parent / "goldens" / "archive_of_format_1"
RECORD = "archive/sales/2024-03/1/edition.json"


@pytest.fixture
def old(shop):
    """A project whose archive is the old one, and whose report is about something else."""
    shutil.copytree(OLD, shop.folder / "archive")
    return shop


def test_it_is_whole_and_each_edition_is_listed(old):
    verified = old.call("verify")
    assert verified.exit_code == 0, verified.stdout
    assert "4 revisions" in verified.stdout
    listed = [line.split()[:3] for line in old.call("list").stdout.splitlines()[1:]]
    assert listed == [
        ["sales/2024-01", "sealed", "1"],
        ["sales/2024-02", "sealed", "2"],
        ["sales/2024-03", "preliminary", "1"],
    ]


def test_its_editions_are_shown_as_they_were(old):
    config = old.folder / "mkdocs.yml"
    config.write_text(config.read_text().replace("[kpisite]", "[kpisite: {run: none}]"))
    shutil.rmtree(old.folder / "content" / "sales")
    before = old.files("archive")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict"],
        cwd=old.folder,
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    pages = old.folder / "site" / "sales"
    page = (pages / "2024-02" / "index.html").read_text(encoding="utf-8")
    assert "was: Sold 30 (now 31)" in page
    assert ">Sold a day<" in page
    assert "30" in (pages / "revisions" / "2024-02" / "1" / "index.html").read_text("utf-8")
    rows = (pages / "2024-01" / "rows" / "sales-2024-01-rows.csv").read_text("utf-8")
    assert rows.splitlines()[1:] == ["2024-01-05,10.0,Ann", "2024-01-20,5.5,<b>Bob</b>"]
    assert old.files("archive") == before


def test_it_is_gone_on_from_and_what_is_sealed_stays_byte_for_byte(old):
    before = old.files("archive")
    result = old.call("run", now="2024-04-02")
    assert result.exit_code == 0, result.stderr
    after = old.files("archive")
    changed = {path for path in before if after.get(path) != before[path]}
    assert RECORD in changed
    assert all(p.startswith("archive/sales/2024-03/1/") or "index" in p for p in changed)
    assert "2024-04" in old.call("list").stdout
    assert old.call("verify").exit_code == 0
    said = old.call("diff", "sales", "2024-02").stdout
    assert "sold    30      31     +1" in said
