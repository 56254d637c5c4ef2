"""An archive in a notebook: tables with the documented columns, frames as they were."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from docs_examples import GUIDE, examples, run, write_files

import kpisite
from kpisite.errors import ArchiveError, CorruptEditionError, UsageError
from kpisite.notebook import ArchiveReader
from kpisite.plugins import Blob

if TYPE_CHECKING:
    from tests.conftest import ProjectFiles

PAGE = GUIDE / "notebooks.md"
REPORT = """\
title: Sales, weekly
schedule: weekly
since: 2024-01-01
until: 2024-01-15
timezone: America/New_York
datasources:
  shop:
    plugin: duckdb
    args: {files: {sales: sales.csv}}
views:
  total:
    plugin: single_stat
    title: Sold
    args:
      datasource: shop
      query: select sum(amount) from sales where day >= {from} and day < {to}
      compare: previous
      comparison_type: raw
      format: currency
      currency: USD
      target: 500
      good: up
  nothing:
    plugin: single_stat
    args: {datasource: shop, query: select null, format: duration}
  shops:
    plugin: table
    args:
      datasource: shop
      query: |
        select shop, sum(amount) as amount from sales
        where day >= {from} and day < {to} group by shop order by shop
"""


@pytest.fixture
def archive(project: ProjectFiles) -> ArchiveReader:
    """The weeks 1 and 2 of 2024: 308 and 847 sold."""
    project.write(REPORT)
    assert [outcome.status for outcome in project.run()] == ["sealed", "sealed"]
    return kpisite.open_archive(str(project.folder / "archive"))


def documented(method: Any) -> dict[str, str]:
    """Return the columns and dtypes in a docstring."""
    lines = re.findall(r"^ {16}(\w+(?:, \w+)*)(?: {2,}([\w\[\], ]+?))?[:;] ", method.__doc__, re.M)
    lines += re.findall(r"^ {16}(\w+(?:, \w+)*) {2,}([\w\[\], ]+)[:;]", method.__doc__, re.M)
    return {name: dtype for names, dtype in lines for name in names.split(", ")}


@pytest.mark.parametrize("name", ["metrics", "editions"])
def test_the_columns_are_the_documented_ones(archive: ArchiveReader, name: str):
    table = getattr(archive, name)()
    dtypes = {column: str(dtype) for column, dtype in table.dtypes.items()}
    assert dtypes == documented(getattr(ArchiveReader, name))
    page = PAGE.read_text(encoding="utf-8")
    assert not [column for column in dtypes if f"`{column}`" not in page]


def test_there_is_a_row_for_each_edition_and_metric(archive: ArchiveReader):
    metrics = archive.metrics()
    assert [tuple(row) for row in metrics[["period", "metric", "view"]].to_numpy()] == [
        ("2024-W01", "total", "total"),
        ("2024-W01", "nothing", "nothing"),
        ("2024-W02", "total", "total"),
        ("2024-W02", "nothing", "nothing"),
    ]
    row = metrics.iloc[2].to_dict()
    assert row == {
        "report": "sales",
        "period": "2024-W02",
        "start": pd.Timestamp("2024-01-08"),
        "end": pd.Timestamp("2024-01-15"),
        "timezone": "America/New_York",
        "revision": 1,
        "status": "sealed",
        "view": "total",
        "metric": "total",
        "title": "Sold",
        "value": 847.0,
        "style": "currency",
        "unit": "USD",
        "comparison": 308.0,
        "comparison_title": "week 1",
        "change": 539.0,
        "target": 500.0,
        "target_met": True,
        "good": "up",
    }


def test_what_is_not_known_is_missing_and_not_zero(archive: ArchiveReader):
    row = archive.metrics().iloc[1]
    assert np.isnan([row.value, row.comparison, row.change, row.target]).all()
    assert row.target_met is pd.NA
    assert (row.unit, row.good) == ("s", "")


def test_there_is_a_row_for_each_edition(archive: ArchiveReader):
    editions = archive.editions("sales")
    assert list(editions.period) == ["2024-W01", "2024-W02"]
    assert list(editions.started) == [pd.Timestamp("2024-02-01 12:00", tz="UTC")] * 2
    assert list(editions.metrics) == [2, 2]
    assert not editions.failed.any()


def test_a_frame_comes_as_it_was_recorded(archive: ArchiveReader):
    shops = archive.frame("sales", "2024-W02", "shops")
    expected = pd.DataFrame({"shop": ["east", "west"], "amount": [77, 770]})
    pd.testing.assert_frame_equal(shops, expected, check_dtype=False)
    before = archive.frame("sales", "2024-W02", "total", "comparison")
    assert before.iloc[0, 0] == 308


def test_an_edition_comes_with_its_record(archive: ArchiveReader):
    edition = archive.edition("sales", "2024-W01", revision=1)
    assert edition.record.definition.views["total"].args["target"] == 500


def test_a_blob_comes_as_it_was(project: ProjectFiles):
    from kpisite.archive.frames import digest
    from kpisite.archive.store import Content
    from kpisite.model.edition import BlobRecord

    project.run()
    blob = Blob(name="map.png", data=b"png", mime="image/png")
    record = project.archive.edition("sales", "2024-W01").record  # type: ignore[union-attr]
    kept = BlobRecord(id="shops/map.png", mime=blob.mime, sha256=digest(blob.data), bytes=3)
    views = [
        v.model_copy(update={"blobs": (kept,)}) if v.id == "shops" else v for v in record.views
    ]
    frames = {f.sha256: _frame_bytes(project, f.sha256) for f in record.frames}
    again = record.model_copy(update={"revision": 2, "views": tuple(views)})
    project.archive.commit(again, Content(frames, {kept.sha256: blob.data}))
    archive = kpisite.open_archive(str(project.folder / "archive"))
    assert archive.blob("sales", "2024-W01", "shops", "map.png") == b"png"
    with pytest.raises(UsageError, match="has no file 'map'"):
        archive.blob("sales", "2024-W01", "shops", "map")
    with pytest.raises(UsageError, match=r"has no file 'map\.png'"):
        archive.blob("sales", "2024-W01", "shops", "map.png", revision=1)
    assert list(archive.editions().revision) == [2, 1]


def _frame_bytes(project: ProjectFiles, sha256: str) -> bytes:
    return next(data for path, data in project.archived().items() if sha256 in path)


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (("sails", "2024-W01", "shops"), "of a report 'sails'", "Did you mean 'sales'?"),
        (("sales", "2024-W1", "shops"), "'sales/2024-W1'", "Did you mean '2024-W01'?"),
        (("sales", "2024-W01", "shop"), "no view 'shop'", "Did you mean 'shops'?"),
        (("sales", "2024-W01", "total", "previous"), "no frame", "Valid here: comparison, main."),
        (("sales", "2024-W01", "shops", "main", 4), "revision 4", "The newest is revision 1."),
        (("sales", "", "shops"), "'sales/'", "Its editions go from 2024-W01 to 2024-W02."),
        (("", "", ""), "of a report ''", "Valid here: sales."),
    ],
)
def test_a_name_that_is_not_there_is_told_with_the_nearest(
    archive: ArchiveReader, arguments: tuple[Any, ...], message: str, hint: str
):
    with pytest.raises(UsageError, match=re.escape(message)) as caught:
        archive.frame(*arguments)
    assert caught.value.hint == hint


def test_the_tables_know_only_reports_that_are_there(archive: ArchiveReader):
    for table in (archive.metrics, archive.editions):
        with pytest.raises(UsageError, match="no edition of a report 'sails'"):
            table("sails")


def test_a_damaged_frame_names_its_file(archive: ArchiveReader, project: ProjectFiles):
    for path in (project.folder / "archive").rglob("*.parquet"):
        path.write_bytes(b"rotten")
    with pytest.raises(CorruptEditionError) as caught:
        archive.frame("sales", "2024-W01", "shops")
    assert caught.value.where.endswith(".parquet")


def test_a_folder_that_is_not_there_is_told_at_once(tmp_path):
    with pytest.raises(ArchiveError, match="there is no such folder"):
        kpisite.open_archive(str(tmp_path / "archiv"))


def test_an_archive_without_editions_gives_empty_tables_with_all_columns(archive, tmp_path):
    empty = kpisite.open_archive(str(tmp_path))
    for name in ("metrics", "editions"):
        table = getattr(kpisite.open_archive("memory://no-editions"), name)()
        assert len(table) == 0
        assert list(table.dtypes) == list(getattr(archive, name)().dtypes)
    assert repr(empty) == f"<archive {tmp_path}>"


def test_options_go_to_the_filesystem(archive: ArchiveReader, project: ProjectFiles):
    packed = shutil.make_archive(str(project.folder / "packed"), "zip", project.folder, "archive")
    unpacked = kpisite.open_archive("zip://archive", fo=packed)
    pd.testing.assert_frame_equal(unpacked.metrics(), archive.metrics())
    assert len(unpacked.frame("sales", "2024-W01", "shops")) == 2


def test_reading_writes_nothing(archive: ArchiveReader, project: ProjectFiles):
    before = project.archived()
    archive.metrics()
    archive.frame("sales", "2024-W01", "shops")
    assert project.archived() == before


def test_importing_kpisite_imports_nothing_else():
    script = "import sys, kpisite; print(kpisite.__version__, 'pandas' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{kpisite.__version__} False\n"
    with pytest.raises(AttributeError, match="no attribute 'open_archiv'"):
        kpisite.open_archiv  # noqa: B018


def test_the_examples_of_the_page_run_one_after_the_other(tmp_path, monkeypatch):
    write_files(GUIDE / "index.md", tmp_path)
    ran = run(tmp_path, "kpisite", "run", environment={**os.environ, "KPISITE_NOW": "2025-03-01"})
    assert ran.returncode == 0, ran.stderr
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for example in examples(PAGE):
        assert example.language == "python"
        exec(compile(example.text, example.place, "exec"), names)
    assert names["best"] == "2025-W05"
    assert names["revenue"]["2025-W05"] == 10_770
    assert set(names["missed"].metric) == {"revenue"}
    assert list(names["weekly"].columns) == ["orders", "revenue", "basket"]
    assert list(names["by_shop"].index) == ["Leeds", "York"]


def test_every_public_name_is_on_the_page():
    page = PAGE.read_text(encoding="utf-8")
    names = [name for name in vars(ArchiveReader) if not name.startswith("_")]
    assert not [name for name in ("open_archive", *names) if name not in page]
