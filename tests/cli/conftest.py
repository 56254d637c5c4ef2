"""A small project on disk, and the command line on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result
from s3_server import s3, s3_process

from kpisite.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["s3", "s3_process"]

MKDOCS = """\
site_name: Small
docs_dir: content
theme: {name: material, font: false}
plugins: [kpisite]
"""
REPORT = """\
title: Sales, monthly
schedule: monthly
since: 2024-01-01
datasources:
  shop: {plugin: duckdb, args: {files: {sales: ../../sales.csv}}}
views:
  sold:
    plugin: single_stat
    args:
      datasource: shop
      query: select sum(amount) from sales where day >= {from} and day < {to}
      compare: previous
      target: 20
      good: up
  rows:
    plugin: table
    args:
      datasource: shop
      query: select * from sales where day >= {from} and day < {to}
"""
OUTPUTS = """\
outputs:
  web: {plugin: static, args: {output_dir: public}}
"""
SALES = "day,amount,customer\n2024-01-05,10,Ann\n2024-01-20,5,Bob\n2024-02-03,30,Cy\n"


class Shop:
    """A project with one report, over a CSV file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.report = folder / "content" / "sales" / "report.yml"
        self.report.parent.mkdir(parents=True)
        self.report.write_text(REPORT)
        (folder / "mkdocs.yml").write_text(MKDOCS)
        (folder / "sales.csv").write_text(SALES)

    def call(self, *arguments: str, now: str = "2024-03-01") -> Result:
        """Call kpisite in this process; an exception that is no kpisite error is raised."""
        config = str(self.folder / "mkdocs.yml")
        return CliRunner().invoke(
            main, ["-f", config, "--now", now, *arguments], catch_exceptions=False
        )

    def files(self, *folders: str) -> dict[str, bytes]:
        """Return the content of all files below folders of the project, by path."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for folder in folders
            for path in sorted((self.folder / folder).rglob("*"))
            if path.is_file()
        }

    def edit(self, old: str, new: str) -> None:
        """Change the report's definition."""
        assert old in self.report.read_text()
        self.report.write_text(self.report.read_text().replace(old, new))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture
def published(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The project with an output and two sealed editions, published once."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1709251200")
    shop.report.write_text(REPORT + OUTPUTS)
    shop.edit("since: 2024-01-01", "since: 2024-01-01\nuntil: 2024-03-01")
    result = shop.call("publish")
    assert result.exit_code == 0, result.stderr
    return shop
