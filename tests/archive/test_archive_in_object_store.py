"""An archive in a bucket: few requests, two writers, and errors that say what to do."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from s3_server import KEY, SECRET, S3Server
from small_editions import commit, delivered

from kpisite.archive.deliveries import add_delivery, read_log
from kpisite.archive.object_store import _stamp
from kpisite.archive.store import Archive
from kpisite.errors import ArchiveError, CorruptEditionError, EditionExistsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kpisite.archive.store import Edition

NO_RETRIES = {"retries": {"max_attempts": 0}}
WRITER = Path(__file__).parent / "writer.py"


@pytest.fixture
def bucket(s3: S3Server) -> str:
    return s3.bucket()


@pytest.fixture
def archive(s3: S3Server, bucket: str) -> Archive:
    return s3.archive(bucket)


def number(value: int) -> dict[str, pd.DataFrame]:
    return {"total": pd.DataFrame({"n": [value]})}


def value_of(edition: Edition | None) -> int:
    """Return what an edition of `number` holds, read from its file."""
    assert edition is not None
    return int(edition.frame(edition.record.frames[0])["n"][0])


def test_an_edition_comes_back_as_it_was(s3: S3Server, bucket: str, archive: Archive):
    made = commit(archive, 1, frames=number(7), blobs={"total": b"image"}, metrics={"total": 7})
    [entry] = s3.archive(bucket).editions()
    edition = entry.load()
    assert edition.record == made.record
    assert value_of(edition) == 7
    assert edition.blob(edition.record.views[0].blobs[0]) == b"image"
    assert value_of(archive.edition("sales", "2024-W01")) == 7
    assert archive.edition("sales", "2024-W02") is None
    archive.remove("sales", "2024-W01")
    assert archive.editions() == s3.archive(bucket).editions() == []


@pytest.fixture
def many(s3: S3Server, bucket: str) -> Archive:
    """An archive of 300 editions, without an index."""
    archive = s3.archive(bucket)
    one = commit(archive, 1, metrics={"total": 1}).record
    text = archive.storage.read("sales/2024-W01/1/edition.json")
    for n in range(1, 300):
        report = f"sales{n}"
        other = one.model_copy(update={"report": report}).model_dump_json().encode()
        assert other != text
        archive.storage.replace(f"{report}/2024-W01/1/edition.json", other)
    return archive


def test_many_editions_are_read_with_a_listing_and_the_index(
    s3: S3Server, bucket: str, many: Archive
):
    without = s3.archive(bucket)
    asked = s3.asked(without.editions)
    assert len(asked) == 2 + 300
    [*_, index] = s3.asked(without.save_index)
    assert index == ("PUT", f"/{bucket}/archive/index.parquet")
    fresh = s3.archive(bucket)
    assert s3.asked(fresh.editions) == [
        ("GET", f"/{bucket}/archive/index.parquet"),
        ("GET", f"/{bucket}"),
    ]
    assert fresh.editions() == without.editions()
    assert len(fresh.editions()) == 300
    assert s3.asked(fresh.save_index) == [("GET", f"/{bucket}")]


def test_of_a_new_and_a_replaced_edition_the_records_are_read_and_no_others(
    s3: S3Server, bucket: str, many: Archive
):
    commit(many, 2, status="preliminary")
    many.save_index()
    commit(s3.archive(bucket), 2, status="preliminary", title="Again")
    commit(s3.archive(bucket), 3)
    fresh = s3.archive(bucket)
    asked = s3.asked(fresh.editions)
    assert sorted(path for _, path in asked[2:]) == [
        f"/{bucket}/archive/sales/2024-W02/1/edition.json",
        f"/{bucket}/archive/sales/2024-W03/1/edition.json",
    ]
    assert fresh.editions()[1].title == "Again"


def test_the_zone_of_the_machine_that_lists_makes_no_stamp_another():
    instant = datetime(2024, 1, 1, 12, tzinfo=UTC)
    away = instant.astimezone(timezone(timedelta(hours=5)))
    assert _stamp({"LastModified": instant, "size": 1}) == _stamp({"mtime": away, "size": 1})
    assert _stamp({"size": 1}) == ""


def test_a_record_without_a_stamp_is_read_each_time(s3: S3Server, bucket: str, archive: Archive):
    commit(archive, 1)
    archive.storage.fs.find = lambda root, detail: {
        f"{root}/sales/2024-W01/1/edition.json": {"size": 1}
    }
    archive.save_index()
    asked = s3.asked(archive.editions)
    assert [path.rsplit("/")[-1] for _, path in asked] == ["edition.json"]


def test_who_may_only_read_gets_all_editions_and_writes_no_index(
    s3: S3Server, bucket: str, archive: Archive
):
    commit(archive, 1)
    s3.refuse = lambda request: (
        (403, "AccessDenied") if request["REQUEST_METHOD"] == "PUT" else None
    )
    assert [entry.key for entry in archive.save_index()] == ["sales/2024-W01"]
    assert "index.parquet" not in archive.storage.sizes()
    with pytest.raises(ArchiveError, match="cannot be written: AccessDenied on purpose"):
        commit(archive, 2)


def race(*writers: Callable[[], object]) -> list[object]:
    """Let all begin at once; return what each returned or raised."""
    start = threading.Barrier(len(writers))
    results: list[object] = [None] * len(writers)

    def act(position: int) -> None:
        start.wait()
        try:
            results[position] = writers[position]()
        except EditionExistsError as error:
            results[position] = error

    threads = [threading.Thread(target=act, args=(n,)) for n in range(len(writers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_of_two_writers_of_a_new_edition_one_wins_and_the_other_is_told(
    s3: S3Server, bucket: str, archive: Archive
):
    for week in range(1, 11):
        results = race(
            *(
                lambda n=n: commit(s3.archive(bucket), week, frames=number(n))  # noqa: B023
                for n in (1, 2)
            )
        )
        [told] = [r for r in results if isinstance(r, EditionExistsError)]
        winner = 2 if results[0] is told else 1
        assert "nothing was overwritten" in told.message
        assert value_of(archive.edition("sales", f"2024-W{week:02}")) == winner


@pytest.mark.parametrize("where", ["disk", "bucket"])
def test_of_two_processes_one_commits_an_edition_and_both_commit_their_own(
    s3: S3Server, bucket: str, tmp_path: Path, where: str
):
    """Each commits week 1, then a week of its own, and writes the index."""
    url = str(tmp_path / "archive") if where == "disk" else f"s3://{bucket}/archive"
    options = {} if where == "disk" else s3.options
    writers = [
        subprocess.Popen(
            [sys.executable, str(WRITER), url, json.dumps(options), str(own)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for own in (2, 3)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    said = [writer.communicate()[0].split() for writer in writers]
    assert sorted(first for first, _ in said) == ["told", "won"]
    assert [second for _, second in said] == ["won", "won"]
    archive = Archive(url, **options)
    assert [value_of(entry.load()) for entry in archive.editions()] == [
        2 if said[0][0] == "won" else 3,
        2,
        3,
    ]


def test_editions_of_two_writers_are_in_the_next_index_whoever_writes_it_last(
    s3: S3Server, bucket: str, archive: Archive
):
    commit(archive, 1)
    archive.save_index()
    early = archive.storage.read("index.parquet")
    other = s3.archive(bucket)
    commit(other, 2)
    other.save_index()
    archive.storage.replace("index.parquet", early)  # the slower of the two comes last
    weeks = ["sales/2024-W01", "sales/2024-W02"]
    assert [entry.key for entry in s3.archive(bucket).editions()] == weeks
    assert [entry.key for entry in s3.archive(bucket).save_index()] == weeks
    assert len(s3.asked(s3.archive(bucket).editions)) == 2


@pytest.mark.parametrize("status", ["preliminary", "sealed"])
def test_an_edition_that_was_replaced_while_another_was_written_stays(
    s3: S3Server, bucket: str, archive: Archive, status: str
):
    commit(archive, 1, status="preliminary", frames=number(1))
    other = s3.archive(bucket)
    s3.between("PUT", "edition.json", lambda: commit(other, 1, status=status, frames=number(2)))
    with pytest.raises(EditionExistsError, match="another run committed this edition first"):
        commit(archive, 1, status="preliminary", frames=number(3))
    edition = archive.edition("sales", "2024-W01")
    assert edition is not None
    assert (edition.record.status, value_of(edition)) == (status, 2)


def test_a_run_that_sweeps_puts_back_what_another_has_needed_since(
    s3: S3Server, bucket: str, archive: Archive
):
    """The data are what they were again: the last run needs what the one before it sweeps."""
    first = commit(archive, 1, status="preliminary", frames=number(1))
    other = s3.archive(bucket)
    s3.between(
        "DELETE",
        f"{first.record.frames[0].sha256}.parquet",
        lambda: commit(other, 1, status="preliminary", frames=number(1)),
    )
    commit(archive, 1, status="preliminary", frames=number(2))
    assert value_of(s3.archive(bucket).edition("sales", "2024-W01")) == 1


def test_a_run_puts_back_what_another_has_swept_before_it_was_done(
    s3: S3Server, bucket: str, archive: Archive
):
    first = commit(archive, 1, status="preliminary", frames=number(1))
    commit(archive, 1, status="preliminary", frames=number(2))
    frame = f"sales/2024-W01/1/frames/{first.record.frames[0].sha256}.parquet"
    s3.between("PUT", "edition.json", lambda: archive.storage.remove(frame))
    commit(s3.archive(bucket), 1, status="preliminary", frames=number(1))
    assert value_of(archive.edition("sales", "2024-W01")) == 1


def test_no_delivery_is_lost_where_two_are_recorded_at_once(
    s3: S3Server, bucket: str, archive: Archive
):
    key, other = "sales/2024-W01", s3.archive(bucket)
    s3.between("PUT", "web.json", lambda: add_delivery(other, key, delivered(1)))
    add_delivery(archive, key, delivered(2))
    s3.between("PUT", "web.json", lambda: add_delivery(other, key, delivered(3)))
    add_delivery(archive, key, delivered(4))
    assert [d.revision for d in read_log(archive, key, "web").deliveries] == [1, 2, 3, 4]


def test_a_store_that_cannot_compare_is_asked_before_it_is_written(
    s3: S3Server, bucket: str, archive: Archive
):
    s3.refuse = lambda request: (
        (501, "NotImplemented")
        if {"HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH"} & request.keys()
        else None
    )
    commit(archive, 1, status="preliminary", frames=number(1))
    commit(archive, 1, frames=number(2))
    assert value_of(archive.edition("sales", "2024-W01")) == 2
    with pytest.raises(EditionExistsError, match="sealed already"):
        commit(s3.archive(bucket), 1)
    with pytest.raises(FileExistsError):
        archive.storage.create("sales/2024-W01/1/edition.json", b"")
    with pytest.raises(FileExistsError):
        archive.storage.replace("sales/2024-W01/1/edition.json", b"", "not the version")


def test_a_write_that_s3_could_not_decide_is_tried_again(archive: Archive, s3: S3Server):
    answers = [(409, "ConditionalRequestConflict")] * 2

    def refuse(request: dict[str, Any]) -> tuple[int, str] | None:
        return answers.pop() if "HTTP_IF_NONE_MATCH" in request and answers else None

    s3.refuse = refuse
    commit(archive, 1, frames=number(1))
    assert value_of(archive.edition("sales", "2024-W01")) == 1
    s3.refuse = lambda request: (
        (409, "ConditionalRequestConflict") if "HTTP_IF_NONE_MATCH" in request else None
    )
    with pytest.raises(ArchiveError, match=r"cannot be written: .*ConditionalRequestConflict"):
        commit(archive, 2)


def test_a_bucket_that_is_not_there_is_not_taken_for_an_empty_archive(s3: S3Server):
    archive = s3.archive("no-such-bucket")
    for act in (archive.editions, archive.save_index, archive.storage.sizes):
        with pytest.raises(ArchiveError) as caught:
            act()
        assert str(caught.value) == (
            "s3://no-such-bucket/archive: cannot be read: The specified bucket does not exist\n"
            "  Make the bucket, or correct `archive` in mkdocs.yml."
        )
    with pytest.raises(ArchiveError, match="cannot be written: The specified bucket"):
        commit(archive, 1)


def test_credentials_that_are_refused_are_told_without_being_shown(
    s3: S3Server, bucket: str, archive: Archive
):
    s3.refuse = lambda request: (403, "InvalidAccessKeyId")
    for act in (archive.editions, lambda: commit(archive, 1)):
        with pytest.raises(ArchiveError) as caught:
            act()
        assert "InvalidAccessKeyId on purpose" in caught.value.message
        assert "`storage_options`" in caught.value.hint
        assert KEY not in str(caught.value)


def test_a_machine_without_credentials_is_told_where_they_are_looked_for(s3: S3Server, bucket: str):
    options = {name: s3.options[name] for name in ("endpoint_url", "client_kwargs")}
    with pytest.raises(ArchiveError, match="Unable to locate credentials") as caught:
        Archive(f"s3://{bucket}/archive", **options).editions()
    assert "in `storage_options` or in the environment" in caught.value.hint


def test_a_server_that_does_not_answer_is_told_without_any_option_in_the_message(s3: S3Server):
    options = {**s3.options, "endpoint_url": "http://127.0.0.1:1", "config_kwargs": NO_RETRIES}
    with pytest.raises(ArchiveError, match="cannot be read: Could not connect") as caught:
        Archive("s3://kpis/archive", **options).editions()
    assert "Check the network, and `endpoint_url`" in caught.value.hint
    for secret in (KEY, SECRET, "127.0.0.1"):
        assert secret not in str(caught.value)


def test_an_option_that_the_filesystem_does_not_know_is_told(bucket: str):
    with pytest.raises(ArchiveError, match="unexpected keyword argument 'nonsense'") as caught:
        Archive(f"s3://{bucket}/archive", nonsense=1).editions()
    assert "Check `archive` and `storage_options`" in caught.value.hint


def test_a_package_that_is_missing_is_named_with_its_extra():
    script = (
        "import sys; sys.modules['s3fs'] = None\n"
        "from kpisite.archive.store import Archive\n"
        "try: Archive('s3://kpis/archive', secret='hunter2')\n"
        "except Exception as error: print(error)"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert said.stdout == (
        "s3://kpis/archive: the package s3fs is not installed\n"
        "  Install it: pip install 'kpisite[s3]'\n"
    )


def test_a_record_that_is_damaged_is_told(s3: S3Server, bucket: str, archive: Archive):
    commit(archive, 1)
    archive.save_index()
    archive.storage.replace("sales/2024-W01/1/edition.json", b"{")
    with pytest.raises(CorruptEditionError, match="damaged") as caught:
        s3.archive(bucket).editions()
    assert caught.value.where == f"s3://{bucket}/archive/sales/2024-W01/1/edition.json"
