"""The output `static` is killed by the system at each step that it takes in its folder.

What people see then is the whole old or the whole new state, and the next run ends the work.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from sites import read_files, write_site

from kpisite.outputs import _swapping
from kpisite.outputs.static import Static
from kpisite.plugins import OutputContext

if TYPE_CHECKING:
    from pathlib import Path

on_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="two folders change places on Linux alone"
)
OLD = {"index.html": "old", "sales/index.html": "old sales", "gone/index.html": "old"}
NEW = {"index.html": "new", "sales/index.html": "new sales", "new/index.html": "new"}

KILLED_AT_EACH_STEP = """\
import json, os, shutil, signal, sys
from pathlib import Path

from kpisite.outputs.static import Static
from kpisite.pipeline.publish import read_site
from kpisite.plugins import OutputContext

folder, options = Path(sys.argv[1]), json.loads(sys.argv[2])
STEPS = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree")


def deploy(project, last):
    '''Deploy a site; this process kills itself before it goes beyond so many steps.'''
    done = 0

    def step(event, arguments):
        nonlocal done
        if event in STEPS and str(project) in str(arguments[0]) and "public" in str(arguments[0]):
            done += 1
            if done > last:
                os.kill(os.getpid(), signal.SIGKILL)

    driver = Static(Static.Options(**options), OutputContext("web", project))
    site = read_site(project / "site")
    sys.addaudithook(step)
    driver.deploy(site)


killed, number = True, 0
while killed:
    project = folder / f"killed-{number:03}"
    shutil.copytree(folder / "project", project)
    child = os.fork()
    if child == 0:
        deploy(project, number)
        os._exit(0)
    killed = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    number += 1
"""


def killed_at_each_step(folder: Path, **options: Any) -> list[Path]:
    """Return a copy of the project for each step at which a deploy in it was killed."""
    command = [sys.executable, "-c", KILLED_AT_EACH_STEP, str(folder), json.dumps(options)]
    subprocess.run(command, check=True, timeout=300)
    *killed, whole = sorted(folder.glob("killed-*"))
    assert len(killed) > 10
    shutil.rmtree(whole)
    return killed


def deploy(project: Path, files: dict[str, str], **options: Any) -> None:
    site = write_site(project / "site", files)
    Static(Static.Options(**options), OutputContext("web", project)).deploy(site)


def seen(folder: Path) -> dict[str, str]:
    """Return what the web server has: a folder with a dot is none that it shows."""
    files = read_files(folder)
    return {path: text.decode() for path, text in files.items() if not path.startswith(".")}


@on_linux
def test_killed_at_any_step_one_whole_site_is_there_and_a_rerun_finishes(tmp_path):
    project = tmp_path / "project"
    deploy(project, OLD, output_dir="public")
    write_site(project / "site", NEW)
    states = []
    for killed in killed_at_each_step(tmp_path, output_dir="public"):
        states.append(seen(killed / "public"))
        deploy(killed, NEW, output_dir="public")
        assert seen(killed / "public") == NEW
        assert {path.name for path in killed.iterdir()} == {"site", "public"}
    assert states[0] == OLD
    assert states[-1] == NEW
    assert all(state in (OLD, NEW) for state in states)


def editions(**texts: str) -> dict[str, str]:
    """Return a site with a report whose editions say these texts."""
    pages = {
        f"sales/{period}/index.html": f'<html><head></head><body><div class="kpi-page">{text}</div>'
        for period, text in texts.items()
    }
    listed = [
        {"period": period, "url": f"{period}/", "run": "2024-02-01T12:00:00Z", "status": "sealed"}
        for period in sorted(texts, reverse=True)
    ]
    index = {"reports": [{"report": "sales", "index_url": "sales/index.json"}]}
    report = {"title": "Sales", "editions": listed}
    return {**pages, "index.json": json.dumps(index), "sales/index.json": json.dumps(report)}


@on_linux
def test_killed_at_any_step_each_edition_is_whole_and_a_rerun_finishes(tmp_path):
    options = {"what": "edition", "output_dir": "public"}
    project = tmp_path / "project"
    deploy(project, editions(a="old a", b="old b"), **options)
    old = folders(project)
    after = editions(b="new b", c="new c")
    write_site(project / "site", after)
    killed = killed_at_each_step(tmp_path, **options)
    states = [folders(one) for one in killed]
    for one in killed:
        deploy(one, after, **options)
    new = folders(killed[0])
    assert list(new) == ["latest-sales", "sales-b", "sales-c"]
    for one, state in zip(killed, states, strict=True):
        assert folders(one) == new
        assert state.keys() >= old.keys() & new.keys()
        assert all(files in (old.get(name), new.get(name)) for name, files in state.items())
        assert list((one / "public").glob(".*/*")) == []  # an empty folder may be left


def folders(project: Path) -> dict[str, dict[str, str]]:
    """Return the files of each folder that people see, without its marker."""
    return {
        path.name: seen(path)
        for path in sorted((project / "public").iterdir())
        if not path.name.startswith(".")
    }


def test_where_two_folders_cannot_change_places_there_are_two_renames(tmp_path, monkeypatch):
    monkeypatch.setattr(_swapping, "exchange", lambda one, other: False)
    deploy(tmp_path, OLD, output_dir="public")
    deploy(tmp_path, NEW, output_dir="public")
    assert seen(tmp_path / "public") == NEW
    assert {path.name for path in tmp_path.iterdir()} == {"site", "public"}
