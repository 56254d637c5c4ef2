"""What is published is whole: the files, the package's entry points, and the wheel on its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from kpisite import __version__

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
GROUPS = {**PROJECT["entry-points"], "console_scripts": PROJECT["scripts"]}
NOT_HERE = re.compile(
    "|".join(
        (
            *(
                "pypi" + r"\.(org|python)",
                "python" + r"hosted\.",
                "npmjs" + r"\.",
                "anaconda" + r"\.",
            ),
            *(rf"(?<![\w.]){folder}/\w" for folder in ("/" + "root", "/" + "work", "/" + "Users")),
            *(rf"(?<![\w.]){folder}/\w" for folder in ("/" + "home", "/" + "tmp", "/" + "opt")),
        )
    )
)
"""Hosts of package registries, and absolute paths of the machine that somebody worked on."""

MKDOCS = """\
site_name: Small
theme: {name: material, font: false}
plugins: [search, kpisite]
"""
REPORT = """\
title: Sales
schedule: monthly
since: 2025-01-01
until: 2025-03-01
datasources:
  shop: {plugin: duckdb, args: {files: {sales: sales.csv}}}
views:
  a_day:
    plugin: plot
    args:
      datasource: shop
      query: select day as time, revenue from sales where day >= {from} and day < {to}
"""


def run(*command: object, folder: Path = ROOT) -> str:
    """Run a command that must succeed; return what it says."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_no_file_names_a_package_registry_or_a_path_of_somebodys_machine() -> None:
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    found = []
    for name in filter(None, listed.split("\0")):
        content = (ROOT / name).read_bytes() if (ROOT / name).is_file() else b""
        if b"\0" not in content[:8000]:
            for number, line in enumerate(content.decode().splitlines(), 1):
                found += [f"{name}:{number}: {match[0]}" for match in NOT_HERE.finditer(line)]
    assert not found


@pytest.mark.parametrize(
    ("group", "name", "value"),
    [(group, name, value) for group, points in GROUPS.items() for name, value in points.items()],
)
def test_every_entry_point_leads_to_a_class_or_a_function(
    group: str, name: str, value: str
) -> None:
    assert callable(EntryPoint(name, value, group).load())


@pytest.mark.parametrize("path", ["README.md", ".ci/run", ".github/workflows/ci.yml"])
def test_ci_runs_the_one_command_of_the_readme(path: str) -> None:
    text = (ROOT / path).read_text()
    assert re.search(r"^ *(- run: )?make test( |$)", text, re.MULTILINE)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_has_the_look_the_licence_and_nothing_of_the_demo(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = archive.read(f"kpisite-{__version__}.dist-info/METADATA").decode()
    look = ROOT / "site_template"
    for path in look.rglob("*"):
        shipped = f"kpisite/site_template/{path.relative_to(look).as_posix()}"
        assert path.is_dir() or shipped in names
    starter = [path for path in (ROOT / "kpisite" / "starter").rglob("*") if path.is_file()]
    shipped = {path.relative_to(ROOT).as_posix() for path in starter if path.suffix != ".pyc"}
    assert len(shipped) > 8
    assert shipped <= set(names)
    assert "kpisite/py.typed" in names
    fonts = {"Roboto-Regular.ttf", "Roboto-Bold.ttf", "LICENSE.txt"}
    assert {f"kpisite/render/fonts/{name}" for name in fonts} <= set(names)
    assert f"kpisite-{__version__}.dist-info/licenses/LICENSE" in names
    assert not [name for name in names if not name.startswith(("kpisite/", "kpisite-"))]
    assert re.search(r"^License-Expression: Apache-2\.0$", metadata, re.MULTILINE)
    assert re.search(r"^Requires-Python: >=3\.11$", metadata, re.MULTILINE)


def test_a_ten_line_project_builds_where_only_the_wheel_is_installed(
    wheel: Path, tmp_path: Path
) -> None:
    run(sys.executable, "-m", "venv", tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", "--no-compile", wheel)
    project = tmp_path / "project"
    report = project / "docs" / "sales" / "report.yml"
    report.parent.mkdir(parents=True)
    report.write_text(REPORT)
    (report.parent / "sales.csv").write_text("day,revenue\n2025-01-06,10\n2025-02-06,20\n")
    (project / "mkdocs.yml").write_text(MKDOCS)
    run(python.with_name("mkdocs"), "build", "--strict", folder=project)
    site = project / "site"
    assert "February 2025" in (site / "sales" / "index.html").read_text()
    assert 'class="kpi-chart"' in (site / "sales" / "2025-01" / "a_day" / "index.html").read_text()
    assets = {path.name for path in (site / "assets" / "kpisite").iterdir()}
    assert {"kpisite.css", "charts.js"} < assets
    assert [name for name in assets if re.fullmatch(r"bokeh-[\d.]+\.min\.js", name)]
    assert "2025-01" in run(python.with_name("kpisite"), "list", folder=project)
    run(python.with_name("kpisite"), "new", "started", folder=tmp_path)
    assert (tmp_path / "started" / ".github" / "workflows" / "report.yml").is_file()
