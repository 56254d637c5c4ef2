"""A site whose archive is in a bucket, through `mkdocs build` and `kpisite` themselves."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from s3_server import KEY, SECRET, S3Server
from small_sites import SOLD, monthly

if TYPE_CHECKING:
    from pathlib import Path

MKDOCS = """\
site_name: Small
theme: {{name: material, font: false}}
plugins:
  - search
  - kpisite:
      archive: s3://{bucket}/archive
      run: {run}
      storage_options:
        key: ${{KPI_KEY}}
        secret: !ENV KPI_SECRET
        endpoint_url: {address}
        client_kwargs:
          region_name: ${{KPI_REGION:-us-east-1}}
"""
REPORT = monthly(SOLD, until="2024-03-01")

COMMANDS = {
    "mkdocs": "from mkdocs.__main__ import cli; cli()",
    "kpisite": "from kpisite.cli.main import main; main()",
}


class Project:
    def __init__(self, folder: Path, s3: S3Server, bucket: str) -> None:
        self.folder = folder
        self.s3 = s3
        self.bucket = bucket
        self.environment = {"KPI_KEY": KEY, "KPI_SECRET": SECRET}
        (folder / "docs" / "sales").mkdir(parents=True)
        self.configure("due")

    def configure(self, run: str) -> None:
        text = MKDOCS.format(bucket=self.bucket, run=run, address=self.s3.address)
        (self.folder / "mkdocs.yml").write_text(text)

    def call(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {"KPISITE_NOW": "2024-03-01", "SOURCE_DATE_EPOCH": "1709251200"}
        return subprocess.run(
            [sys.executable, "-c", COMMANDS[command], *arguments],
            cwd=self.folder,
            env={**os.environ, **environment, **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def site(self) -> dict[str, bytes]:
        site = self.folder / "site"
        return {
            str(path.relative_to(site)): path.read_bytes()
            for path in site.rglob("*")
            if path.is_file()
        }


@pytest.fixture
def project(tmp_path: Path, s3: S3Server) -> Project:
    project = Project(tmp_path / "first", s3, s3.bucket())
    sales = project.folder / "docs" / "sales"
    (sales / "report.yml").write_text(REPORT)
    (sales / "sales.csv").write_text("day,amount\n2024-01-05,10\n2024-02-03,30\n")
    return project


def test_a_site_is_built_from_a_bucket_and_again_from_the_bucket_alone(
    project: Project, s3: S3Server, tmp_path: Path
):
    result = project.call("mkdocs", "build", "--strict")
    assert result.returncode == 0, result.stderr
    assert b"January 2024" in project.site()["sales/2024-01/index.html"]
    archive = s3.archive(project.bucket)
    assert [entry.status for entry in archive.editions()] == ["sealed", "sealed"]
    assert "index.parquet" in archive.storage.sizes()

    alone = Project(tmp_path / "second", s3, project.bucket)
    alone.configure("none")
    before = len(s3.requests)
    result = alone.call("mkdocs", "build", "--strict")
    assert result.returncode == 0, result.stderr
    assert {method for method, _ in s3.requests[before:]} == {"GET"}
    pages = {path: text for path, text in alone.site().items() if path.startswith("sales/2024")}
    assert pages
    assert pages.items() <= project.site().items()


def test_a_list_reads_the_index_and_writes_nothing(project: Project, s3: S3Server):
    assert project.call("kpisite", "run").returncode == 0
    before = len(s3.requests)
    result = project.call("kpisite", "list")
    assert "sales/2024-02" in result.stdout
    assert s3.requests[before:] == [
        ("GET", f"/{project.bucket}/archive/index.parquet"),
        ("GET", f"/{project.bucket}"),
    ]


def test_credentials_that_are_refused_end_the_build_and_are_not_shown(
    project: Project, s3: S3Server
):
    s3.refuse = lambda request: (403, "SignatureDoesNotMatch")
    for command, arguments in (("mkdocs", ["build"]), ("kpisite", ["list"])):
        result = project.call(command, *arguments)
        said = result.stdout + result.stderr
        assert result.returncode != 0
        assert f"s3://{project.bucket}/archive: cannot be read: SignatureDoesNotMatch" in said
        assert "Check the credentials" in said
        assert "Traceback" not in said
        assert KEY not in said
        assert SECRET not in said


def test_a_variable_that_is_not_set_is_named(project: Project):
    del project.environment["KPI_KEY"]
    result = project.call("mkdocs", "build")
    assert result.returncode != 0
    assert "mkdocs.yml: storage_options.key: the environment variable KPI_KEY is not set" in (
        result.stderr
    )
    assert "Set it, or write ${KPI_KEY:-default}." in result.stderr
