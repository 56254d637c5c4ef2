"""Files are written whole or not at all, and only within the archive."""

from __future__ import annotations

import threading
import uuid
from pathlib import Path

import pytest

from kpisite.archive.storage import Storage
from kpisite.errors import ArchiveError


@pytest.fixture(params=["local", "memory"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "local":
        return Storage(str(tmp_path / "archive"))
    return Storage(f"memory://{uuid.uuid4()}")


def test_what_was_written_is_read(storage: Storage):
    storage.create("a/b/c.txt", b"one")
    assert storage.read("a/b/c.txt") == b"one"


def test_a_file_is_created_once(storage: Storage):
    storage.create("a/b.txt", b"one")
    with pytest.raises(FileExistsError):
        storage.create("a/b.txt", b"two")
    assert storage.read("a/b.txt") == b"one"


def test_a_file_is_replaced(storage: Storage):
    storage.create("a/b.txt", b"one")
    storage.replace("a/b.txt", b"two")
    storage.replace("a/c.txt", b"new")
    assert (storage.read("a/b.txt"), storage.read("a/c.txt")) == (b"two", b"new")


def test_records_are_found_at_any_depth_and_nothing_else(storage: Storage):
    records = ["a/b/2024/12/edition.json", "a/b/2024/3/edition.json", "x/2024/1/edition.json"]
    foreign = ["edition.json", "a/edition.json", "a/b/edition.json", "a/b/c/edition.json"]
    foreign += ["x/2024/0/edition.json", "x/2024/01/edition.json", "x/2024/2/frames/1.parquet"]
    foreign += ["x/2024/deliveries/web.json", "x/2024/1/edition.json.bak", "index.parquet"]
    for path in records + foreign:
        storage.create(path, b"")
    assert sorted(storage.records()) == records


def test_a_report_may_be_called_like_a_folder_of_the_archive(storage: Storage):
    records = [f"{name}/2024/1/edition.json" for name in ("a/1", "deliveries", "x/deliveries")]
    for path in records:
        storage.create(path, b"")
    assert sorted(storage.records()) == records


def test_the_stamp_of_a_record_changes_whenever_it_is_written(storage: Storage):
    path = "x/2024/1/edition.json"
    storage.create(path, b"one")
    stamps = [storage.records()[path]]
    for content in (b"two", b"one", b"three"):
        storage.replace(path, content)
        stamps.append(storage.records()[path])
    assert "" not in stamps
    assert len(set(stamps)) == 4
    assert storage.records() == {path: stamps[-1]}


def test_a_file_is_replaced_only_where_it_is_the_one_that_was_seen(storage: Storage):
    storage.create("a/b.txt", b"one")
    seen = storage.version("a/b.txt")
    assert seen
    storage.replace("a/b.txt", b"two", seen)
    with pytest.raises(FileExistsError):
        storage.replace("a/b.txt", b"three", seen)
    assert storage.read("a/b.txt") == b"two"
    now = storage.version("a/b.txt")
    storage.remove("a/b.txt")
    assert storage.version("a/b.txt") is None
    with pytest.raises(FileExistsError):
        storage.replace("a/b.txt", b"four", now)
    assert storage.names("a") == []


def test_of_many_writers_that_saw_the_same_file_one_replaces_it(tmp_path: Path):
    storage = Storage(str(tmp_path))
    storage.create("a/file", b"old")
    seen = storage.version("a/file")
    start = threading.Barrier(8)
    told: list[bytes] = []

    def write(content: bytes) -> None:
        start.wait()
        try:
            storage.replace("a/file", content, seen)
        except FileExistsError:
            told.append(content)

    threads = [threading.Thread(target=write, args=(bytes([n]) * 1000,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 7
    assert storage.read("a/file") not in (*told, b"old")
    assert storage.names("a") == ["file"]


def test_files_are_read_in_order_and_one_that_is_gone_is_none(storage: Storage):
    storage.create("b", b"2")
    storage.create("a", b"1")
    assert list(storage.read_all(["b", "x", "a"])) == [("b", b"2"), ("x", None), ("a", b"1")]


def test_an_absent_folder_is_empty(storage: Storage):
    assert storage.records() == {}
    assert storage.names("nope") == []
    storage.remove("nope")
    storage.remove_folder("nope")
    with pytest.raises(FileNotFoundError):
        storage.read("nope")


def test_names_are_those_in_the_folder_alone(storage: Storage):
    for path in ("a/2/x", "a/10/x", "a/file", "b/x"):
        storage.create(path, b"")
    assert storage.names("a") == ["10", "2", "file"]


def test_a_folder_is_removed_with_all_that_is_in_it(storage: Storage):
    storage.create("a/b/c", b"")
    storage.create("ab/c", b"")
    storage.remove_folder("a")
    assert list(storage.sizes()) == ["ab/c"]


@pytest.mark.parametrize(
    "path", ["../x", "a/../../x", "/etc/passwd", "a//b", ".", "a/.", "", "a\\..\\b", "a/\x00"]
)
def test_no_path_leads_out_of_the_archive(storage: Storage, path: str):
    acts = (storage.read, storage.names, storage.version, storage.remove, storage.remove_folder)
    for act in acts:
        with pytest.raises(ArchiveError, match="is no path within the archive"):
            act(path)
    with pytest.raises(ArchiveError, match="is no path within the archive"):
        storage.replace(path, b"")


def test_a_folder_whose_name_looks_like_a_pattern_is_found(tmp_path: Path):
    storage = Storage(str(tmp_path / "[kpi] *?"))
    storage.create("a/2024/1/edition.json", b"")
    assert list(storage.records()) == ["a/2024/1/edition.json"]


def test_one_of_many_writers_creates_a_file_and_leaves_nothing_else(tmp_path: Path):
    storage = Storage(str(tmp_path))
    start = threading.Barrier(8)
    won: list[bytes] = []

    def write(content: bytes) -> None:
        start.wait()
        try:
            storage.create("a/file", content)
            won.append(content)
        except FileExistsError:
            pass

    threads = [threading.Thread(target=write, args=(bytes([n]) * 1000,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [storage.read("a/file")] == won
    assert storage.names("a") == ["file"]


def test_a_write_that_fails_leaves_the_older_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    storage = Storage(str(tmp_path))
    storage.create("a/file", b"old")

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ArchiveError, match="cannot be written: No space left on device") as caught:
        storage.replace("a/file", b"new")
    assert str(tmp_path / "a" / "file") in str(caught.value)
    assert storage.read("a/file") == b"old"
    assert storage.names("a") == ["file"]


def test_a_file_in_place_of_the_folder_is_an_error_everywhere(tmp_path: Path):
    (tmp_path / "archive").write_text("not a folder")
    for storage, path in (
        (Storage(str(tmp_path / "archive")), "x"),
        (Storage(str(tmp_path / "archive")), "a/b/x"),
        (Storage(str(tmp_path)), "archive/x"),
    ):
        with pytest.raises(ArchiveError, match="cannot be written: Not a directory"):
            storage.create(path, b"")
        with pytest.raises(ArchiveError, match="cannot be read: Not a directory"):
            storage.read(path)
    with pytest.raises(ArchiveError, match="cannot be read: Not a directory"):
        Storage(str(tmp_path / "archive")).records()
    assert (tmp_path / "archive").read_text() == "not a folder"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a read-only filesystem")
def test_an_unwritable_folder_says_what_to_do():
    with pytest.raises(ArchiveError, match="cannot be written") as caught:
        Storage("/proc/archive").create("a/b", b"")
    assert "Check that the folder exists" in caught.value.hint


def test_an_unknown_kind_of_url_is_an_error_that_names_it():
    with pytest.raises(ArchiveError, match="nope"):
        Storage("nope://bucket")


def test_a_password_in_a_url_is_not_shown():
    with pytest.raises(ArchiveError) as caught:
        Storage("nope://kpi:hunter2@host/archive")
    assert "hunter2" not in str(caught.value)
    assert "nope://kpi:***@host/archive" in str(caught.value)
