"""Two archives become one: nothing that is sealed is replaced, and nobody is told twice."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

import pytest

from kpisite.archive.deliveries import add_delivery, begin, read_log
from kpisite.archive.merge import merge
from kpisite.archive.parts import parts_of
from kpisite.archive.store import Archive, Content
from kpisite.archive.verify import verify
from kpisite.errors import CorruptEditionError
from kpisite.model.delivery import Delivery, DeliveryLog, Intent, Notice, Receipt

FIRST, SECOND = "sales/2024-W01", "sales/2024-W02"
NOON = datetime(2024, 2, 1, 12, tzinfo=UTC)


@pytest.fixture
def ran(project):
    """The project with both of its weeks in the archive."""
    project.run()
    return project


def copy_of(project, name: str = "other") -> Archive:
    shutil.copytree(project.folder / "archive", project.folder / name)
    return Archive(str(project.folder / name))


def results(archive: Archive, other: Archive) -> dict[str, str]:
    return {brought.title: brought.result for brought in merge(archive, other)}


def is_whole(archive: Archive) -> bool:
    parts = parts_of(archive.storage)
    return not [f for checked in verify(archive, parts) for f in checked.findings]


def delivery(revision: int = 1, hours: int = 0, output: str = "team") -> Delivery:
    time = NOON + timedelta(hours=hours)
    receipt = Receipt(target="team@example.org", digest="0")
    return Delivery(output=output, plugin="smtp", revision=revision, time=time, receipt=receipt)


def intent(revision: int = 1, hours: int = 0) -> Intent:
    time = NOON + timedelta(hours=hours)
    return Intent(output="team", revision=revision, time=time, target="team@example.org")


def test_what_only_the_other_has_is_added(ran):
    other = copy_of(ran)
    ran.archive.remove("sales", "2024-W01")
    assert results(ran.archive, other) == {
        f"{FIRST}, revision 1": "added",
        f"{SECOND}, revision 1": "equal",
    }
    files = {path.name for path in (ran.folder / "archive").rglob("*") if path.is_file()}
    assert files == {path.name for path in (ran.folder / "other").rglob("*") if path.is_file()}
    assert is_whole(ran.archive)


def test_a_sealed_edition_stays_though_the_other_has_a_later_run_of_it(ran):
    other = copy_of(ran)
    ran.now += timedelta(days=1)
    shutil.rmtree(ran.folder / "archive")
    ran.run()
    before = ran.archived()
    assert set(results(ran.archive, other).values()) == {"kept"}
    assert ran.archived() == before


@pytest.mark.parametrize(
    ("mine", "theirs", "result"),
    [
        (datetime(2024, 1, 10, tzinfo=UTC), NOON, "replaced"),
        (NOON, datetime(2024, 1, 10, tzinfo=UTC), "kept"),
        (datetime(2024, 1, 10, 5, tzinfo=UTC), datetime(2024, 1, 10, 6, tzinfo=UTC), "replaced"),
        (datetime(2024, 1, 10, 6, tzinfo=UTC), datetime(2024, 1, 10, 5, tzinfo=UTC), "kept"),
    ],
    ids=["sealed over preliminary", "never back", "the later run", "not the earlier one"],
)
def test_a_preliminary_edition_gives_way(project, mine, theirs, result):
    project.now = theirs
    project.run()
    other = copy_of(project)
    shutil.rmtree(project.folder / "archive")
    project.now = mine
    project.run()
    assert results(project.archive, other)[f"{SECOND}, revision 1"] == result
    edition = project.archive.edition("sales", "2024-W02")
    kept = mine if result == "kept" else theirs
    assert edition.record.run.started == kept
    assert is_whole(project.archive)


def test_one_with_a_failed_view_never_replaces_one_without(project):
    project.now = datetime(2024, 1, 10, tzinfo=UTC)
    project.run()
    good = copy_of(project, "good")
    shutil.rmtree(project.folder / "archive")
    project.now += timedelta(hours=1)
    project.write(project.report.replace("from sales\n", "from sale\n"))
    project.run()
    bad = project.archive
    assert bad.edition("sales", "2024-W02").record.status == "preliminary"
    assert set(results(good, bad).values()) == {"kept"}
    assert set(results(bad, good).values()) == {"replaced"}
    assert is_whole(bad)


def test_revisions_are_added_one_by_one(ran):
    other = copy_of(ran)
    edition = other.edition("sales", "2024-W01")
    frames = {f.sha256: edition.frame_bytes(f) for f in edition.record.frames}
    other.commit(edition.record.model_copy(update={"revision": 2}), Content(frames, {}))
    assert results(ran.archive, other)[f"{FIRST}, revision 2"] == "added"
    assert ran.archive.edition("sales", "2024-W01").record.revision == 2
    assert is_whole(ran.archive)


def test_a_damaged_edition_of_the_other_is_not_brought(ran):
    other = copy_of(ran)
    ran.archive.remove("sales", "2024-W02")
    frame = next((ran.folder / "other" / SECOND).rglob("*.parquet"))
    frame.write_bytes(b"something else")
    with pytest.raises(CorruptEditionError, match="not what was recorded"):
        list(merge(ran.archive, other))
    assert ran.archive.edition("sales", "2024-W02") is None


def test_deliveries_of_both_are_in_the_result_once(ran):
    add_delivery(ran.archive, FIRST, delivery())
    other = copy_of(ran)
    add_delivery(other, FIRST, delivery(2, hours=1))
    add_delivery(ran.archive, FIRST, delivery(3, hours=2))
    add_delivery(other, FIRST, delivery(output="web"))
    assert results(ran.archive, other)[f"{FIRST}, deliveries of team"] == "added"
    log = read_log(ran.archive, FIRST, "team")
    assert [one.revision for one in log.deliveries] == [1, 2, 3]
    assert read_log(ran.archive, FIRST, "web").deliveries == (delivery(output="web"),)
    assert set(results(ran.archive, other).values()) == {"equal"}


@pytest.mark.parametrize(
    ("mine", "theirs", "open_"),
    [
        (DeliveryLog(), DeliveryLog(intents=(intent(),)), [intent()]),
        (DeliveryLog(intents=(intent(),)), DeliveryLog(intents=(intent(),)), [intent()]),
        (DeliveryLog(deliveries=(delivery(),)), DeliveryLog(intents=(intent(),)), []),
        (DeliveryLog(intents=(intent(),)), DeliveryLog(deliveries=(delivery(hours=1),)), []),
        (
            DeliveryLog(deliveries=(delivery(),)),
            DeliveryLog(intents=(intent(hours=1),)),
            [intent(hours=1)],
        ),
        (
            DeliveryLog(deliveries=(delivery(),)),
            DeliveryLog(intents=(intent(2),)),
            [intent(2)],
        ),
    ],
)
def test_what_was_begun_stays_until_a_delivery_since_settles_it(mine, theirs, open_):
    assert list(mine.united(theirs).intents) == open_
    assert list(theirs.united(mine).intents) == open_


def test_of_a_notice_that_was_begun_and_one_that_arrived_the_latter_stays():
    receipt = Receipt(target="ops", digest="1")
    begun = Notice(output="team", revision=1, failures="a", time=NOON, target="ops")
    arrived = begun.model_copy(update={"receipt": receipt})
    later = begun.model_copy(update={"failures": "b", "time": NOON + timedelta(hours=1)})
    mine, theirs = DeliveryLog(notices=(begun, later)), DeliveryLog(notices=(arrived,))
    assert mine.united(theirs).notices == theirs.united(mine).notices == (arrived, later)
    assert mine.united(mine) == mine


def test_an_intent_of_the_other_keeps_people_from_being_told(ran):
    other = copy_of(ran)
    assert begin(other, FIRST, intent(), DeliveryLog())
    list(merge(ran.archive, other))
    assert read_log(ran.archive, FIRST, "team").intents == (intent(),)
