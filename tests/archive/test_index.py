"""The index saves reading and is never believed: what counts is the archive as it is."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import duckdb
import pyarrow.parquet as pq
import pytest
from small_editions import commit

from kpisite.archive.index_file import decode, encode
from kpisite.archive.store import Archive, Content
from kpisite.errors import CorruptEditionError
from kpisite.model.definition import ViewDefinition
from kpisite.model.edition import EditionRecord, ErrorRecord, PeriodRecord, RunRecord, ViewRecord
from kpisite.model.metric import Metric
from kpisite.model.number import NumberFormat
from kpisite.model.period import Period
from kpisite.model.recorded_definition import RecordedDefinition

if TYPE_CHECKING:
    from pathlib import Path

    from kpisite.archive.index import Entry


class Folder:
    """An archive on the disk; each reading opens it anew."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.index = path / "index.parquet"

    @property
    def archive(self) -> Archive:
        return Archive(str(self.path))

    def record(self, week: int, revision: int = 1) -> Path:
        return self.path / "sales" / f"2024-W{week:02}" / str(revision) / "edition.json"

    def files(self) -> dict[str, bytes]:
        return {str(p): p.read_bytes() for p in self.path.rglob("*") if p.is_file()}

    def read(self) -> list[Entry]:
        """Return the entries, and make sure that the index makes none of them another."""
        found = self.archive.editions()
        kept = self.index.rename(self.index.with_suffix(".aside")) if self.index.exists() else None
        assert self.archive.editions() == found
        if kept is not None:
            kept.rename(self.index)
        return found


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Three weeks and an index; the second edition has two revisions."""
    folder = Folder(tmp_path / "archive")
    for week in (1, 2, 3):
        commit(folder.archive, week, metrics={"total": week, "share": None})
    commit(folder.archive, 2, metrics={"total": 20}, revision=2)
    folder.archive.save_index()
    return folder


def change_behind_its_back(path: Path, old: str, new: str) -> None:
    """Change a file so that nothing shows it but its content."""
    before, text = path.stat(), path.read_text()
    assert len(old) == len(new)
    assert old in text
    with path.open("r+") as file:
        file.write(text.replace(old, new))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_reading_with_the_index_does_not_read_the_records(folder: Folder):
    for week in (1, 2, 3):
        change_behind_its_back(folder.record(week), '"title": "Sales"', '"title": "Sells"')
    assert {entry.title for entry in folder.archive.editions()} == {"Sales"}
    folder.index.unlink()
    assert {entry.title for entry in folder.archive.editions()} == {"Sells", "Sales"}


def test_the_newest_revision_comes_with_the_older_ones(folder: Folder):
    first, second, third = folder.read()
    assert [e.key for e in (first, second, third)] == [f"sales/2024-W0{n}" for n in (1, 2, 3)]
    assert (second.revision, second.metrics["total"].value) == (2, 20)
    assert [(e.revision, e.metrics["total"].value) for e in second.earlier] == [(1, 2)]
    assert first.earlier == second.earlier[0].earlier == ()
    assert second.earlier[0].load().record.revision == 1


def test_an_entry_says_what_its_record_says(tmp_path: Path):
    folder = Folder(tmp_path / "archive")
    zone = ZoneInfo("Europe/Berlin")
    metrics = [
        Metric(name="a", title="Ä “quoted” \U0001f600", value=-0.1, comparison=1e-300, target=-0.0),
        Metric(name="a/b", title="", value=None, good="down", change_as="raw"),
        Metric(
            name="z",
            title="Money",
            value=1.7976931348623157e308,
            format=NumberFormat(style="currency", precision=2, currency="EUR"),
            comparison_title="week 12",
        ),
        Metric(
            name="c",
            title="C",
            value=1,
            format=NumberFormat(unit="min"),
            good="up",
            label="{stat} m",
        ),
    ]
    started = datetime(2024, 4, 1, 6, 0, 0, 123456, timezone(timedelta(hours=5)))
    periods = [
        Period.containing(date(2024, 3, 31), "day", zone),  # the clock changes in it
        Period(datetime(1923, 1, 1, 0, 53, 28, tzinfo=zone), datetime(1923, 1, 2, tzinfo=zone)),
        Period.containing(date(2024, 10, 27), "quarter", zone),
    ]
    for period in periods:
        record = EditionRecord(
            report="eu/sales & more",
            title="Sales\nof “today”",
            period=PeriodRecord.of(period),
            status="preliminary",
            definition=RecordedDefinition(
                title="x",
                views={n: ViewDefinition(plugin=p) for n, p in zip("zab", "xyx", strict=True)},
            ),
            views=(
                ViewRecord(id="z", metrics=tuple(metrics[2:])),
                ViewRecord(id="a", metrics=tuple(metrics[:2])),
                ViewRecord(id="b", status="error", error=ErrorRecord(message="no")),
            ),
            run=RunRecord(started=started, seconds=1, versions={}),
        )
        folder.archive.commit(record, Content({}, {}))
    commit(folder.archive, report="without metrics")
    folder.archive.save_index()
    *found, bare = folder.read()
    assert [entry.period for entry in found] == [periods[1], periods[0], periods[2]]
    entry = found[1]
    assert dict(entry.metrics) == {metric.name: metric for metric in metrics}
    assert list(entry.metrics) == ["z", "c", "a", "a/b"]
    assert str(entry.metrics["a"].target) == "-0.0"
    assert entry.period.start.utcoffset() == timedelta(hours=1)
    assert entry.started == started
    assert entry.started.tzinfo is UTC
    assert (entry.views, entry.plugins, entry.failed) == (("z", "a", "b"), ("x", "y"), True)
    assert entry.definition == entry.load().record.definition.digest
    assert (bare.metrics, bare.failed, bare.status) == ({}, False, "sealed")


@pytest.mark.parametrize("damage", ["missing", "empty", "truncated", "garbage", "bit", "version"])
def test_an_index_that_is_not_whole_is_not_used_and_written_anew(folder: Folder, damage: str):
    whole, before = folder.index.read_bytes(), folder.read()
    if damage == "missing":
        folder.index.unlink()
    elif damage == "bit":
        half = len(whole) // 4
        folder.index.write_bytes(whole[:half] + bytes([whole[half] ^ 8]) + whole[half + 1 :])
    elif damage == "version":
        table = pq.read_table(folder.index)
        with pq.ParquetWriter(folder.index, table.schema) as writer:
            writer.write_table(table)
            writer.add_key_value_metadata({"kpisite": '{"format": 0, "kpisite": "0"}'})
    else:
        content = {"empty": b"", "truncated": whole[:-100], "garbage": b"PAR1" + bytes(500)}
        folder.index.write_bytes(content[damage])
    assert decode(folder.index.read_bytes() if damage != "missing" else b"", folder.archive) is None
    assert folder.read() == before
    assert folder.archive.save_index() == before
    assert folder.index.read_bytes() == whole


def test_a_table_of_another_kind_is_no_index(folder: Folder):
    duckdb.sql(f"copy (select 1 as report) to '{folder.index}' (format parquet)")
    assert len(folder.read()) == 3


def test_an_edition_that_was_removed_by_hand_is_gone(folder: Folder):
    shutil.rmtree(folder.record(1).parent.parent)
    assert [entry.label for entry in folder.read()] == ["2024-W02", "2024-W03"]
    folder.archive.save_index()
    assert "2024-W01" not in pq.read_table(folder.index)["period"].to_pylist()
    for week in (2, 3):
        shutil.rmtree(folder.record(week).parent.parent)
    assert folder.archive.save_index() == []
    assert pq.read_table(folder.index).num_rows == 0


def test_a_revision_that_was_removed_by_hand_is_gone(folder: Folder):
    shutil.rmtree(folder.record(2, 2).parent)
    second = folder.read()[1]
    assert (second.revision, second.earlier) == (1, ())


def test_a_record_that_was_changed_by_hand_counts(folder: Folder):
    path = folder.record(1)
    path.write_text(path.read_text().replace('"value": 1.0', '"value": 9.0'))
    assert folder.read()[0].metrics["total"].value == 9
    folder.archive.save_index()
    assert folder.read()[0].metrics["total"].value == 9


def test_an_edition_that_was_copied_there_counts(folder: Folder):
    shutil.copytree(folder.record(3).parent, folder.record(3, 7).parent)
    path = folder.record(3, 7)
    path.write_text(path.read_text().replace('"revision": 1', '"revision": 7'))
    third = folder.read()[2]
    assert (third.revision, [e.revision for e in third.earlier]) == (7, [1])


def test_a_copy_of_an_archive_has_the_same_entries_and_a_good_index_again(
    folder: Folder, tmp_path: Path
):
    shutil.copytree(folder.path, tmp_path / "copy")
    copy = Folder(tmp_path / "copy")
    assert copy.read() == folder.read()
    copy.archive.save_index()
    change_behind_its_back(copy.record(1), '"title": "Sales"', '"title": "Sells"')
    assert copy.archive.editions()[0].title == "Sales"


def test_a_record_that_was_damaged_is_told_although_the_index_has_it(folder: Folder):
    folder.record(1).write_text("{")
    for read in (folder.archive.editions, folder.archive.save_index):
        with pytest.raises(CorruptEditionError, match="damaged") as caught:
            read()
        assert caught.value.where == str(folder.record(1))


def test_a_sealed_record_that_rotted_is_told_when_it_is_loaded(folder: Folder):
    change_behind_its_back(folder.record(1), '"title": "Sales"', '"title": "Sells"')
    with pytest.raises(CorruptEditionError, match="sealed edition is not what it was") as caught:
        folder.archive.editions()[0].load()
    assert caught.value.where == str(folder.record(1))
    assert "remove index.parquet" in caught.value.hint
    entry = folder.archive.editions()[2]
    folder.record(3).unlink()
    with pytest.raises(CorruptEditionError, match="the file is missing"):
        entry.load()


def test_a_preliminary_edition_that_was_replaced_since_is_loaded_as_it_is_now(folder: Folder):
    commit(folder.archive, 4, status="preliminary", title="Before")
    entry = folder.archive.editions()[3]
    commit(folder.archive, 4, title="After")
    assert (entry.title, entry.load().record.title) == ("Before", "After")
    assert folder.read()[3].title == "After"


def test_an_edition_that_goes_while_the_archive_is_read_is_gone(folder: Folder):
    archive = folder.archive
    listed = {**archive.storage.records(), "sales/2024-W09/1/edition.json": "1-1-1"}
    archive.storage.records = lambda: listed  # type: ignore[method-assign]
    assert [entry.label[-1] for entry in archive.editions()] == ["1", "2", "3"]


def test_reading_writes_nothing(folder: Folder):
    commit(folder.archive, 4)
    before = folder.files()
    for entry in folder.archive.editions():
        entry.load()
    assert folder.files() == before
    folder.archive.save_index()
    assert folder.files() != before


def test_an_archive_that_opened_earlier_sees_what_others_have_done(folder: Folder):
    archive = folder.archive
    archive.editions()
    commit(folder.archive, 4)
    folder.archive.save_index()
    assert [entry.label[-1] for entry in archive.editions()] == ["1", "2", "3", "4"]


def test_an_empty_archive_gets_no_index(tmp_path: Path):
    folder = Folder(tmp_path / "archive")
    assert folder.archive.save_index() == []
    assert not folder.path.exists()


def test_an_index_that_cannot_be_read_or_written_stops_nobody(folder: Folder):
    before = folder.archive.editions()
    folder.index.unlink()
    folder.index.mkdir()
    assert folder.archive.editions() == before
    assert folder.archive.save_index() == before


def test_the_same_editions_make_the_same_bytes(folder: Folder):
    before = folder.index.read_bytes()
    for _ in range(2):
        folder.index.unlink()
        folder.archive.save_index()
        assert folder.index.read_bytes() == before
    known = decode(before, folder.archive)
    assert known is not None
    assert encode(dict(reversed(known.items()))) == before


def test_an_index_that_is_good_is_not_written_again(folder: Folder):
    before = folder.index.stat()
    folder.archive.save_index()
    assert folder.index.stat() == before


def test_any_tool_can_read_the_metrics(folder: Folder):
    rows = duckdb.sql(
        "select period, revision, metric, value, start::date, status "
        f"from '{folder.index}' where metric = 'total' order by all"
    ).fetchall()
    day = date(2024, 1, 1)
    assert rows == [
        ("2024-W01", 1, "total", 1, day, "sealed"),
        ("2024-W02", 1, "total", 2, day + timedelta(7), "sealed"),
        ("2024-W02", 2, "total", 20, day + timedelta(7), "sealed"),
        ("2024-W03", 1, "total", 3, day + timedelta(14), "sealed"),
    ]


def test_an_archive_goes_to_another_process_without_what_it_has_read(folder: Folder):
    archive = folder.archive
    before = archive.editions()
    sent = pickle.dumps(archive)
    assert b"2024-W01" not in sent
    assert pickle.loads(sent).editions() == before


def test_a_record_of_a_newer_kpisite_is_told(folder: Folder):
    path = folder.record(1)
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "format": 2}))
    with pytest.raises(CorruptEditionError, match="made by a newer kpisite"):
        folder.archive.editions()
