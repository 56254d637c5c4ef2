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


def test_files_are_found_by_name_at_any_depth(storage: Storage):
    for path in ("x/edition.json", "a/b/c/edition.json", "a/other.json", "edition.json.bak"):
        storage.create(path, b"")
    assert storage.find("edition.json") == ["a/b/c/edition.json", "x/edition.json"]


def test_an_absent_folder_is_empty(storage: Storage):
    assert storage.find("edition.json") == []
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
    assert storage.find("c") == ["ab/c"]


@pytest.mark.parametrize(
    "path", ["../x", "a/../../x", "/etc/passwd", "a//b", ".", "a/.", "", "a\\..\\b", "a/\x00"]
)
def test_no_path_leads_out_of_the_archive(storage: Storage, path: str):
    for act in (storage.read, storage.names, storage.remove, storage.remove_folder):
        with pytest.raises(ArchiveError, match="is no path within the archive"):
            act(path)
    with pytest.raises(ArchiveError, match="is no path within the archive"):
        storage.replace(path, b"")


def test_a_folder_whose_name_looks_like_a_pattern_is_found(tmp_path: Path):
    storage = Storage(str(tmp_path / "[kpi] *?"))
    storage.create("a/edition.json", b"")
    assert storage.find("edition.json") == ["a/edition.json"]


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
        Storage(str(tmp_path / "archive")).find("x")
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
