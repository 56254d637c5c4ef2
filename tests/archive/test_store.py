"""Editions are committed whole, sealed ones for good."""

from __future__ import annotations

import json
import threading
import uuid
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from kpisite.archive.frames import digest, to_parquet
from kpisite.archive.storage import Storage
from kpisite.archive.store import Archive, Content, Edition, merged
from kpisite.errors import ArchiveError, CorruptEditionError, EditionExistsError
from kpisite.model.definition import ViewDefinition
from kpisite.model.edition import (
    BlobRecord,
    EditionRecord,
    FrameRecord,
    PeriodRecord,
    RunRecord,
    Status,
    ViewRecord,
)
from kpisite.model.period import Period
from kpisite.model.recorded_definition import RecordedDefinition

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PERIOD = Period.containing(date(2013, 2, 4), "week", ZoneInfo("America/New_York"))


def made(
    value: int, status: Status = "sealed", report: str = "flights", **changes: Any
) -> tuple[EditionRecord, Content]:
    """Return an edition of one frame and one blob that both hold a value."""
    frame, blob = to_parquet(pd.DataFrame({"n": [value]})), str(value).encode()
    kept = FrameRecord(
        datasource="db",
        query="q",
        period=PERIOD.label,
        sha256=digest(frame),
        rows=1,
        columns=("n",),
        bytes=len(frame),
        seconds=0.1,
    )
    image = BlobRecord(id="a/x.txt", mime="text/plain", sha256=digest(blob), bytes=len(blob))
    record = EditionRecord(
        report=report,
        title="Flights",
        period=PeriodRecord.of(PERIOD),
        status=status,
        definition=RecordedDefinition(title="x", views={"a": ViewDefinition(plugin="text")}),
        frames=(kept,),
        views=(ViewRecord(id="a", frames={"main": 0}, blobs=(image,)),),
        run=RunRecord(started=datetime(2013, 2, 12, tzinfo=UTC), seconds=1, versions={}),
    )
    content = Content({digest(frame): frame}, {digest(blob): blob})
    return record.model_copy(update=changes), content


def value_of(edition: Edition | None) -> int:
    """Return what an edition holds, read from all of its files."""
    assert edition is not None
    [frame], [view] = edition.record.frames, edition.record.views
    value = int(edition.frame(frame)["n"][0])
    assert edition.blob(view.blobs[0]) == str(value).encode()
    return value


@pytest.fixture(params=["local", "memory"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Archive:
    if request.param == "local":
        return Archive(str(tmp_path / "archive"))
    return Archive(f"memory://{uuid.uuid4()}")


@pytest.fixture
def local(tmp_path: Path) -> Archive:
    return Archive(str(tmp_path / "archive"))


def record_path(tmp_path: Path, report: str = "flights", revision: int = 1) -> Path:
    return tmp_path / "archive" / report / "2013-W06" / str(revision) / "edition.json"


def test_an_edition_comes_back_as_it_was(archive: Archive):
    record, content = made(7)
    archive.commit(record, content)
    [edition] = [entry.load() for entry in archive.editions()]
    assert edition.record == record
    assert edition.record.period.period() == PERIOD
    assert value_of(edition) == 7


def test_an_empty_archive_has_no_editions(archive: Archive):
    assert archive.editions() == []
    assert archive.edition("flights", "2013-W06") is None


def test_a_report_may_lie_in_folders(archive: Archive):
    archive.commit(*made(1, report="eu/north/flights"))
    archive.commit(*made(2, report="eu"))
    assert [e.report for e in archive.editions()] == ["eu", "eu/north/flights"]
    assert value_of(archive.edition("eu/north/flights", "2013-W06")) == 1


def test_a_sealed_edition_is_never_overwritten(archive: Archive):
    archive.commit(*made(1))
    for status in ("sealed", "preliminary", "draft"):
        with pytest.raises(EditionExistsError, match="sealed already; nothing was overwritten"):
            archive.commit(*made(2, status))  # type: ignore[arg-type]
    assert value_of(archive.edition("flights", "2013-W06")) == 1


def test_a_preliminary_edition_is_replaced_until_it_is_sealed(archive: Archive):
    archive.commit(*made(1, "preliminary"))
    archive.commit(*made(2, "preliminary"))
    archive.commit(*made(3))
    [edition] = archive.editions()
    assert (edition.status, value_of(edition.load())) == ("sealed", 3)


def test_what_a_replaced_edition_held_is_swept(local: Archive, tmp_path: Path):
    local.commit(*made(1, "preliminary"))
    local.commit(*made(2, "preliminary"))
    kept = [path for path in (tmp_path / "archive").rglob("*") if path.is_file()]
    assert len(kept) == 3


def test_a_sweep_that_fails_spoils_no_commit(local: Archive, monkeypatch: pytest.MonkeyPatch):
    local.commit(*made(1, "preliminary"))

    def refuse(self: Storage, path: str) -> None:
        raise ArchiveError("cannot be removed")

    monkeypatch.setattr(Storage, "remove", refuse)
    local.commit(*made(2))
    assert value_of(local.edition("flights", "2013-W06")) == 2


def test_the_newest_revision_counts_and_older_ones_stay_readable(archive: Archive):
    for revision in range(1, 11):
        archive.commit(*made(revision, revision=revision))
    [edition] = archive.editions()
    assert (edition.revision, value_of(edition.load())) == (10, 10)
    assert value_of(archive.edition("flights", "2013-W06")) == 10
    assert value_of(archive.edition("flights", "2013-W06", revision=9)) == 9
    assert archive.edition("flights", "2013-W06", revision=11) is None


@pytest.mark.parametrize("before", ["nothing", "preliminary", "revision"])
@pytest.mark.parametrize("failing", [1, 2, 3])
def test_a_crash_leaves_the_old_state_or_the_new(
    local: Archive, monkeypatch: pytest.MonkeyPatch, before: str, failing: int
):
    revision = 2 if before == "revision" else 1
    if before != "nothing":
        local.commit(*made(1, "sealed" if before == "revision" else "preliminary"))
    written = 0

    def crash(write: Callable[..., None]) -> Callable[..., None]:
        def crashing(*args: Any) -> None:
            nonlocal written
            written += 1
            if written == failing:
                raise KeyboardInterrupt
            write(*args)

        return crashing

    for name in ("create", "replace"):
        monkeypatch.setattr(Storage, name, crash(getattr(Storage, name)))
    with pytest.raises(KeyboardInterrupt):
        local.commit(*made(2, revision=revision))
    if before == "nothing":
        assert local.editions() == []
        assert local.edition("flights", "2013-W06") is None
    else:
        assert [value_of(edition.load()) for edition in local.editions()] == [1]
        assert value_of(local.edition("flights", "2013-W06")) == 1
    monkeypatch.undo()
    local.commit(*made(2, revision=revision))
    assert [value_of(edition.load()) for edition in local.editions()] == [2]


def test_of_two_writers_of_a_new_edition_one_wins_and_the_other_is_told(local: Archive):
    start = threading.Barrier(2)
    results: dict[int, str] = {}

    def write(value: int) -> None:
        record, content = made(value)
        start.wait()
        try:
            local.commit(record, content)
            results[value] = "won"
        except EditionExistsError as error:
            results[value] = error.message

    threads = [threading.Thread(target=write, args=(value,)) for value in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [winner] = [value for value, result in results.items() if result == "won"]
    assert "nothing was overwritten" in results[3 - winner]
    assert value_of(local.edition("flights", "2013-W06")) == winner


def test_a_writer_that_comes_second_is_told_although_it_saw_nothing(
    local: Archive, monkeypatch: pytest.MonkeyPatch
):
    create = Storage.create

    def other_first(self: Storage, path: str, content: bytes) -> None:
        monkeypatch.undo()
        Archive(self.url).commit(*made(1, "preliminary"))
        create(self, path, content)

    monkeypatch.setattr(Storage, "create", other_first)
    with pytest.raises(EditionExistsError, match="another run committed this edition first"):
        local.commit(*made(2))
    assert value_of(local.edition("flights", "2013-W06")) == 1


def test_an_edition_that_was_sealed_while_another_was_written_stays(
    local: Archive, monkeypatch: pytest.MonkeyPatch
):
    local.commit(*made(1, "preliminary"))
    replace = Storage.replace

    def seal_first(self: Storage, path: str, content: bytes, *expected: str) -> None:
        monkeypatch.undo()
        Archive(self.url).commit(*made(2))
        replace(self, path, content, *expected)

    monkeypatch.setattr(Storage, "replace", seal_first)
    with pytest.raises(EditionExistsError, match="sealed already"):
        local.commit(*made(3, "preliminary"))
    assert value_of(local.edition("flights", "2013-W06")) == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 2}, "made by a newer kpisite: it has format 2, this one reads format 1"),
        ({"status": "lost"}, "damaged: status: "),
        ({"surprise": 1}, "damaged: surprise: "),
        ({"report": "other"}, "belongs to other/2013-W06, revision 1"),
        ({"revision": 3}, "belongs to flights/2013-W06, revision 3"),
        ({"frames": []}, "there is no frame 0 for 'main'"),
    ],
)
def test_a_wrong_record_is_named_and_not_taken_for_an_edition(
    local: Archive, tmp_path: Path, change: dict[str, Any], said: str
):
    local.commit(*made(1))
    path = record_path(tmp_path)
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **change}))
    for read in (local.editions, lambda: local.edition("flights", "2013-W06")):
        with pytest.raises(CorruptEditionError) as caught:
            read()
        assert said in caught.value.message
        assert caught.value.where == str(path)
        assert caught.value.hint


def test_a_record_in_an_unknown_zone_is_damaged(local: Archive, tmp_path: Path):
    local.commit(*made(1))
    path = record_path(tmp_path)
    path.write_text(path.read_text().replace("America/New_York", "America/Gotham"))
    with pytest.raises(CorruptEditionError, match="unknown timezone 'America/Gotham'"):
        local.editions()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"format": "x"}'])
def test_a_truncated_record_is_damaged(local: Archive, tmp_path: Path, content: bytes):
    local.commit(*made(1))
    record_path(tmp_path).write_bytes(content)
    with pytest.raises(CorruptEditionError, match="damaged") as caught:
        local.editions()
    assert "Restore the file from a backup" in caught.value.hint


def test_a_record_that_git_has_mixed_is_told_as_that(local: Archive, tmp_path: Path):
    local.commit(*made(1))
    path = record_path(tmp_path)
    text = path.read_text()
    path.write_text(f"<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> theirs\n")
    with pytest.raises(CorruptEditionError, match="Git has put two versions") as caught:
        local.editions()
    assert "git checkout --ours" in caught.value.hint


def test_a_record_cannot_name_a_file_elsewhere(local: Archive, tmp_path: Path):
    record, content = made(1)
    local.commit(record, content)
    path = record_path(tmp_path)
    path.write_text(path.read_text().replace(record.frames[0].sha256, "../../../secret"))
    with pytest.raises(CorruptEditionError, match="sha256"):
        local.editions()


def test_a_missing_or_changed_frame_is_an_error_that_names_the_file(local: Archive, tmp_path: Path):
    record, content = made(1)
    edition = local.commit(record, content)
    path = next((tmp_path / "archive").rglob("*.parquet"))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CorruptEditionError, match="not what was recorded") as caught:
        edition.frame(record.frames[0])
    assert caught.value.where == str(path)
    path.unlink()
    with pytest.raises(CorruptEditionError, match="the file is missing"):
        edition.frame(record.frames[0])


def test_a_damaged_frame_of_a_preliminary_edition_is_written_again(local: Archive, tmp_path: Path):
    local.commit(*made(1, "preliminary"))
    next((tmp_path / "archive").rglob("*.parquet")).write_bytes(b"rotten")
    local.commit(*made(1))
    assert value_of(local.edition("flights", "2013-W06")) == 1


def test_files_that_are_no_editions_are_ignored(local: Archive, tmp_path: Path):
    local.commit(*made(1))
    for foreign in (
        "edition.json",
        "notes/edition.json",
        "flights/2013-W06/edition.json",
        "flights/2013-W06/0/edition.json",
        "flights/2013-W06/²/edition.json",
        "flights/2013-W06/old/edition.json",
        "flights/2013-W06/1/.edition.json.1234.tmp",
        "flights/2013-W06/9/frames/left-by-a-crash.parquet",
        "flights/.DS_Store",
        "README.txt",
    ):
        path = tmp_path / "archive" / foreign
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("foreign")
    assert [value_of(edition.load()) for edition in local.editions()] == [1]
    assert value_of(local.edition("flights", "2013-W06")) == 1


@pytest.mark.parametrize("report", ["../outside", "..", "/outside", "a/../../outside", ""])
def test_no_report_leads_out_of_the_archive(archive: Archive, tmp_path: Path, report: str):
    with pytest.raises(ArchiveError, match="no path within the archive"):
        archive.commit(*made(1, report=report))
    with pytest.raises(ArchiveError, match="no path within the archive"):
        archive.edition(report, "2013-W06")
    with pytest.raises(ArchiveError, match="no path within the archive"):
        archive.edition("flights", "../../outside")
    with pytest.raises(ArchiveError, match="no path within the archive"):
        archive.remove(report, "..")
    assert list(tmp_path.iterdir()) == []


def test_an_edition_is_removed_with_all_revisions(archive: Archive):
    archive.commit(*made(1))
    archive.commit(*made(2, revision=2))
    archive.commit(*made(3, report="other"))
    archive.remove("flights", "2013-W06")
    assert [e.report for e in archive.editions()] == ["other"]


def test_of_several_archives_drafts_win_over_sealed_over_preliminary():
    archives = {s: Archive(f"memory://{uuid.uuid4()}") for s in ("preliminary", "sealed", "draft")}
    for value, (status, archive) in enumerate(archives.items()):
        archive.commit(*made(value, status))  # type: ignore[arg-type]
    preliminary, sealed, draft = (archive.editions() for archive in archives.values())
    assert [value_of(e.load()) for e in merged(draft, sealed, preliminary)] == [2]
    assert [value_of(e.load()) for e in merged(preliminary, sealed)] == [1]
