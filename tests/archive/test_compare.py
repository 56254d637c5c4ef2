"""What differs between two editions is found, what is alike is counted."""

from __future__ import annotations

import uuid

import pandas as pd
import pytest
from small_editions import commit

from kpisite.archive.compare import EditionChanges, ValueChange, compare
from kpisite.archive.store import Archive
from kpisite.errors import CorruptEditionError
from kpisite.model.edition import ErrorRecord, ViewRecord

ONE, TWO = pd.DataFrame({"n": [1]}), pd.DataFrame({"n": [2, 3]})


@pytest.fixture
def archive() -> Archive:
    return Archive(f"memory://{uuid.uuid4()}")


def changes(archive: Archive, before: dict, after: dict) -> EditionChanges:
    """Commit two revisions with what is not as usual, and compare them."""
    return compare(commit(archive, **before), commit(archive, revision=2, **after), limit=5)


def test_two_runs_with_the_same_answers_do_not_differ(archive: Archive):
    same = {"frames": {"a": ONE, "b": TWO}, "metrics": {"a": 1.0}, "blobs": {"b": b"x"}}
    found = changes(archive, same, same)
    assert found == EditionChanges((), 1, (), (), (), 2)


def test_metrics_that_changed_came_or_went_are_there_with_both_values(archive: Archive):
    before = {"same": 1.0, "other": 1.0, "gone": None, "lost": 3.0}
    after = {"same": 1.0, "other": 2.0, "new": 5.0, "lost": None}
    found = changes(archive, {"metrics": before}, {"metrics": after})
    values = [
        tuple("absent" if m is None else m.value for m in (c.before, c.after))
        for c in found.metrics
    ]
    assert values == [(1.0, 2.0), (None, "absent"), (3.0, None), ("absent", 5.0)]
    assert found.same_metrics == 1


def test_a_frame_with_another_content_has_its_views_and_rows(archive: Archive):
    found = changes(archive, {"frames": {"a": ONE, "b": ONE}}, {"frames": {"a": TWO, "b": TWO}})
    [frame] = found.frames
    assert frame.names == ("a", "b")
    assert frame.before is not None
    assert frame.after is not None
    assert frame.rows is not None
    assert (frame.before.rows, frame.after.rows) == (1, 2)
    assert (frame.rows.removed, frame.rows.added) == (1, 2)


def test_views_that_shared_a_frame_and_do_no_more_are_told_apart(archive: Archive):
    found = changes(archive, {"frames": {"a": ONE, "b": ONE}}, {"frames": {"a": ONE, "b": TWO}})
    assert [frame.names for frame in found.frames] == [("b",)]
    assert found.same_frames == 1


def test_a_frame_that_only_one_has_is_there_without_rows(archive: Archive):
    found = changes(archive, {"frames": {"a": ONE}}, {"metrics": {"a": 1}})
    [frame] = found.frames
    assert frame.before is not None
    assert (frame.after, frame.rows) == (None, None)


def test_a_frame_that_is_not_the_main_one_is_named(archive: Archive):
    views = (ViewRecord(id="a", frames={"comparison": 0}),)
    found = changes(
        archive, {"frames": {"a": ONE}, "views": views}, {"frames": {"a": TWO}, "views": views}
    )
    assert [frame.names for frame in found.frames] == [("a/comparison",)]


def test_views_that_came_went_or_failed_are_told(archive: Archive):
    failed = (ViewRecord(id="a", status="error", error=ErrorRecord(message="no table")),)
    found = changes(archive, {"metrics": {"a": 1, "b": 2}}, {"metrics": {"a": 1}, "views": failed})
    assert found.views == (
        ValueChange("a", "ok", "error: no table"),
        ValueChange("b", "ok", None),
    )


def test_a_blob_with_another_content_is_told(archive: Archive):
    found = changes(archive, {"blobs": {"a": b"old"}}, {"blobs": {"a": b"newer"}})
    [blob] = found.views
    assert blob.name == "blob a/file.txt"
    assert str(blob.before).startswith("3 bytes, ")
    assert str(blob.after).startswith("5 bytes, ")


def test_keys_of_the_definition_are_told_by_their_path(archive: Archive):
    found = changes(
        archive,
        {"definition": {"a": {"target": 0.8, "old": [1], "query": "x"}}},
        {"definition": {"a": {"target": 0.9, "query": "x"}, "b": {}}},
    )
    assert found.definition[:2] == (
        ValueChange("views.a.args.target", "0.8", "0.9"),
        ValueChange("views.a.args.old", "[1]", None),
    )
    assert (found.definition[2].name, found.definition[2].before) == ("views.b", None)


def test_a_damaged_frame_is_an_error_and_no_difference(archive: Archive):
    before = commit(archive, frames={"a": ONE})
    after = commit(archive, revision=2, frames={"a": TWO})
    [frame] = after.record.frames
    archive.storage.replace(f"sales/2024-W01/2/frames/{frame.sha256}.parquet", b"rotten")
    with pytest.raises(CorruptEditionError, match="not what was recorded"):
        compare(before, after, limit=5)
