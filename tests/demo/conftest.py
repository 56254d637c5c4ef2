"""The demo, copied to an empty folder and built once for all tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Demo:
    folder: Path

    @property
    def site(self) -> Path:
        return self.folder / "site"

    @property
    def archive(self) -> Path:
        return self.folder / "archive"

    def build(self) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "KPISITE_NOW": "2026-01-15T06:00+00:00",
            "SOURCE_DATE_EPOCH": "1768456800",
        }
        return subprocess.run(
            [sys.executable, "-m", "mkdocs", "build", "--strict"],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("demo")
    shutil.copy(ROOT / "mkdocs.yml", folder)
    for name in ("content", "site_template"):
        shutil.copytree(ROOT / name, folder / name)
    built = Demo(folder)
    result = built.build()
    assert result.returncode == 0, result.stderr
    return built
