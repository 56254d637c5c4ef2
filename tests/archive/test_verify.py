"""Every damaged or missing file of an archive is named, and nothing else."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from small_editions import commit, delivered

from kpisite.archive.deliveries import add_delivery
from kpisite.archive.parts import parts_of
from kpisite.archive.store import Archive
from kpisite.archive.verify import Checked, Finding, verify

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "sales/2024-W01/1"


@pytest.fixture(params=["local", "memory"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Archive:
    """An archive of two editions, one of them with an older revision and a delivery."""
    remote = f"memory://{uuid.uuid4()}"
    archive = Archive(str(tmp_path / "archive") if request.param == "local" else remote)
    for revision in (1, 2):
        frames = {"a": pd.DataFrame({"n": [revision]}), "b": pd.DataFrame({"n": [revision]})}
        commit(archive, frames=frames, blobs={"b": b"map"}, revision=revision)
    commit(archive, 2, metrics={"a": 1.0})
    add_delivery(archive, "sales/2024-W01", delivered())
    return archive


def checked(archive: Archive) -> list[Checked]:
    return list(verify(archive, parts_of(archive.storage)))


def findings(archive: Archive) -> list[Finding]:
    return [finding for part in checked(archive) for finding in part.findings]


def the_only(archive: Archive, path: str) -> Finding:
    """Return the one finding there is, which is about that file."""
    [finding] = findings(archive)
    assert finding.where == archive.storage.where(path)
    assert finding.hint
    return finding


def content(archive: Archive, folder: str) -> str:
    """Return the path of the one file in a folder of the older revision."""
    [name] = archive.storage.names(f"{FOLDER}/{folder}")
    return f"{FOLDER}/{folder}/{name}"


def test_a_whole_archive_has_no_findings_and_each_of_its_files_is_read(archive: Archive):
    parts = checked(archive)
    assert [(part.part.title, part.files, part.findings) for part in parts] == [
        ("sales/2024-W01, deliveries", 1, ()),
        ("sales/2024-W01, revision 1", 3, ()),
        ("sales/2024-W01, revision 2", 3, ()),
        ("sales/2024-W02, revision 1", 1, ()),
    ]
    assert sum(part.bytes for part in parts) == sum(archive.storage.sizes().values())


def test_an_archive_that_is_not_there_has_no_findings(tmp_path: Path):
    assert checked(Archive(str(tmp_path / "nothing"))) == []


def test_a_changed_frame_is_damaged_and_says_which_views_show_it(archive: Archive):
    path = content(archive, "frames")
    archive.storage.replace(path, archive.storage.read(path)[:-1])
    finding = the_only(archive, path)
    assert finding.severity == "damaged"
    assert finding.message == "the content is not what was recorded"
    assert finding.effect == "sales/2024-W01, revision 1: views 'a', 'b' cannot be shown."


@pytest.mark.parametrize("folder", ["frames", "blobs"])
def test_a_missing_file_is_damage(archive: Archive, folder: str):
    path = content(archive, folder)
    archive.storage.remove(path)
    finding = the_only(archive, path)
    assert (finding.severity, finding.message) == ("damaged", "the file is missing")
    assert "'b' cannot be shown" in finding.effect


def test_a_changed_blob_is_damage(archive: Archive):
    path = content(archive, "blobs")
    archive.storage.replace(path, b"another map")
    assert the_only(archive, path).message == "the content is not what was recorded"


def test_a_frame_that_hashes_right_and_cannot_be_decoded_is_damage(tmp_path: Path, monkeypatch):
    archive = Archive(str(tmp_path))
    monkeypatch.setattr("small_editions.to_parquet", lambda frame: b"no Parquet")
    commit(archive, frames={"a": pd.DataFrame({"n": [1]})})
    [finding] = findings(archive)
    assert "the frame is damaged, or is no frame of an archive" in finding.message


@pytest.mark.parametrize(
    "text", [b"", b"{", b'{"format": 99}', b'{"format": 1, "report": "other"}']
)
def test_a_damaged_record_is_told_and_the_others_are_read_all_the_same(
    archive: Archive, text: bytes
):
    archive.storage.replace(f"{FOLDER}/edition.json", text)
    blob = archive.storage.names("sales/2024-W01/2/blobs")[0]
    archive.storage.remove(f"sales/2024-W01/2/blobs/{blob}")
    first, second = findings(archive)
    assert first.where == archive.storage.where(f"{FOLDER}/edition.json")
    assert first.effect == "sales/2024-W01, revision 1: no site can be built with it."
    assert (first.severity, second.message) == ("damaged", "the file is missing")


def test_a_record_that_was_moved_is_told(archive: Archive):
    text = archive.storage.read("sales/2024-W02/1/edition.json")
    archive.storage.create("sales/2024-W09/1/edition.json", text)
    finding = the_only(archive, "sales/2024-W09/1/edition.json")
    assert finding.message == "belongs to sales/2024-W02, revision 1"


def test_a_record_that_is_gone_after_a_delivery_is_damage(archive: Archive):
    archive.storage.remove(f"{FOLDER}/edition.json")
    finding = the_only(archive, f"{FOLDER}/edition.json")
    assert finding.severity == "damaged"
    assert finding.message == "the file is missing, though this revision went out"


def test_content_without_a_record_that_never_went_out_is_a_note(archive: Archive):
    archive.storage.create("sales/2024-W01/3/frames/left.parquet", b"left")
    finding = the_only(archive, "sales/2024-W01/3/edition.json")
    assert finding.severity == "note"


@pytest.mark.parametrize(
    "name", ["frames/left.parquet", "blobs/left", ".edition.json.12ab34cd.tmp"]
)
def test_a_file_that_no_record_names_is_a_note(archive: Archive, name: str):
    archive.storage.create(f"{FOLDER}/{name}", b"left")
    assert the_only(archive, f"{FOLDER}/{name}").severity == "note"


def test_a_damaged_log_of_deliveries_is_told(archive: Archive):
    archive.storage.replace("sales/2024-W01/deliveries/web.json", b"{")
    finding = the_only(archive, "sales/2024-W01/deliveries/web.json")
    assert finding.severity == "damaged"
    assert finding.effect == "sales/2024-W01, deliveries: nobody knows what went out."


def test_files_that_are_not_of_the_archive_are_let_be(archive: Archive):
    for foreign in ("README.txt", "index.parquet", "sales/notes.md", f"{FOLDER}/notes.md"):
        archive.storage.create(foreign, b"foreign")
    assert findings(archive) == []


def test_a_file_that_may_not_be_read_is_damage(tmp_path: Path):
    archive = Archive(str(tmp_path))
    commit(archive, blobs={"a": b"map"})
    [blob] = tmp_path.glob(f"{FOLDER}/blobs/*")
    blob.unlink()
    blob.mkdir()
    (blob / "inside").touch()
    [finding] = findings(archive)
    assert finding.severity == "damaged"
    assert finding.message.startswith("cannot be read")


def test_an_edition_that_is_removed_meanwhile_is_no_finding(archive: Archive):
    parts = parts_of(archive.storage)
    archive.storage.remove_folder("sales/2024-W02/1")
    assert [f for part in verify(archive, parts) for f in part.findings] == []
