"""What went out is remembered, per edition and output."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest

from kpisite.archive.deliveries import add_delivery, read_log
from kpisite.archive.store import Archive
from kpisite.errors import ArchiveError
from kpisite.model.delivery import Delivery, Receipt

WHEN = datetime(2013, 2, 12, tzinfo=UTC)
KEY = "eu/flights/2013-W06"


@pytest.fixture
def archive() -> Archive:
    return Archive(f"memory://{uuid.uuid4()}")


def delivery(revision: int = 1, output: str = "pages", target: str = "_site") -> Delivery:
    receipt = Receipt(target=target, digest="abc", details={"files": 3})
    return Delivery(output=output, plugin="static", revision=revision, time=WHEN, receipt=receipt)


def test_nothing_went_out_at_first(archive: Archive):
    assert read_log(archive, KEY, "pages").deliveries == ()


def test_deliveries_are_kept_oldest_first_each_output_by_itself(archive: Archive):
    for revision in (1, 2):
        add_delivery(archive, KEY, delivery(revision))
    add_delivery(archive, KEY, delivery(output="team"))
    assert read_log(archive, KEY, "pages").deliveries == (delivery(1), delivery(2))
    assert len(read_log(archive, KEY, "team").deliveries) == 1


def test_a_revision_went_to_a_target_or_not(archive: Archive):
    add_delivery(archive, KEY, delivery(1))
    log = read_log(archive, KEY, "pages")
    assert log.has(1, "_site")
    assert not log.has(2, "_site")
    assert not log.has(1, "elsewhere")


def test_a_log_is_no_edition(archive: Archive):
    add_delivery(archive, KEY, delivery())
    assert archive.editions() == []
    assert archive.edition("eu/flights", "2013-W06") is None


def test_a_log_that_git_has_mixed_is_told_as_that(archive: Archive):
    add_delivery(archive, KEY, delivery())
    mixed = b"{\n<<<<<<< HEAD\n=======\n>>>>>>> theirs\n}\n"
    archive.storage.replace("eu/flights/2013-W06/deliveries/pages.json", mixed)
    with pytest.raises(ArchiveError, match="Git has put two versions"):
        read_log(archive, KEY, "pages")


def test_a_damaged_log_is_not_taken_for_an_empty_one(archive: Archive):
    add_delivery(archive, KEY, delivery())
    archive.storage.replace("eu/flights/2013-W06/deliveries/pages.json", b"{")
    with pytest.raises(ArchiveError, match="the record of deliveries is damaged"):
        read_log(archive, KEY, "pages")
    with pytest.raises(ArchiveError, match="damaged"):
        add_delivery(archive, KEY, delivery())
