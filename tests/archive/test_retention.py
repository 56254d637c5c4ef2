"""A retention rule removes what it says, oldest first, and leaves the archive whole throughout."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from small_editions import commit, delivered

from kpisite.archive.deliveries import add_delivery, read_log
from kpisite.archive.parts import parts_of
from kpisite.archive.retention import Keep, remove_edition
from kpisite.archive.storage import Storage
from kpisite.archive.store import Archive
from kpisite.archive.verify import verify
from kpisite.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from kpisite.archive.parts import Part

NOW = datetime(2024, 3, 1, 12, tzinfo=UTC)
"""A Friday in week 9."""


@pytest.fixture
def archive() -> Archive:
    """The weeks 1 to 8 of `sales`, the last of which ends on 25 February, and one of `staff`."""
    archive = Archive(f"memory://{uuid.uuid4()}")
    for number in range(1, 9):
        commit(archive, number)
    commit(archive, 1, report="staff")
    return archive


def outdated(archive: Archive, rule: str, now: datetime = NOW) -> list[str]:
    return [entry.key for entry in Keep.parse(rule).outdated(archive.editions(), now)]


def weeks(*numbers: int) -> list[str]:
    return [f"sales/2024-W{number:02}" for number in numbers]


def test_a_number_keeps_that_many_of_each_report(archive: Archive):
    assert outdated(archive, "3") == weeks(1, 2, 3, 4, 5)
    assert outdated(archive, "8") == outdated(archive, "9999") == []


@pytest.mark.parametrize(
    ("rule", "gone"),
    [
        ("40d", weeks(1, 2)),  # since 21 January, the last day of week 3
        ("39d", weeks(1, 2, 3)),
        ("4w", weeks(1, 2, 3, 4)),  # since 2 February, in week 5
        ("1m", weeks(1, 2, 3, 4)),  # since 1 February, in week 5
        ("2m", []),  # since 1 January, in week 1
        ("9999y", []),
        ("1d", weeks(1, 2, 3, 4, 5, 6, 7)),
    ],
)
def test_an_age_keeps_what_ended_since_then(archive: Archive, rule: str, gone: list[str]):
    assert outdated(archive, rule) == gone


def test_the_newest_edition_of_a_report_is_kept_however_old(archive: Archive):
    late = datetime(2044, 1, 1, tzinfo=UTC)
    assert outdated(archive, "1y", late) == weeks(1, 2, 3, 4, 5, 6, 7)
    assert outdated(archive, "1", late) == weeks(1, 2, 3, 4, 5, 6, 7)


def test_months_and_years_end_on_the_last_day_that_there_is(archive: Archive):
    assert outdated(archive, "1m", datetime(2024, 3, 31, tzinfo=UTC)) == weeks(1, 2, 3, 4, 5, 6, 7)
    assert outdated(archive, "1y", datetime(2024, 2, 29, tzinfo=UTC)) == []


@pytest.mark.parametrize("text", ["", "0", "5 y", "5Y", "-3", "1.5y", "10000", "y", "٣"])
def test_anything_else_is_no_rule(text: str):
    with pytest.raises(UsageError, match="is no retention rule") as caught:
        Keep.parse(text)
    assert "90d, 26w, 18m, 5y" in caught.value.hint


def revisions(archive: Archive, key: str) -> Iterable[Part]:
    return [p for p in parts_of(archive.storage) if p.key == key and p.revision is not None]


def test_an_edition_goes_with_all_revisions_and_its_deliveries_stay(tmp_path: Path):
    archive = Archive(str(tmp_path / "archive"))
    for revision in (1, 2):
        commit(archive, frames={"a": pd.DataFrame({"n": [revision]})}, revision=revision)
    commit(archive, 2)
    commit(archive, 3)
    add_delivery(archive, "sales/2024-W01", delivered())
    for key in weeks(1, 2):
        remove_edition(archive.storage, key, revisions(archive, key))
    assert [entry.key for entry in archive.editions()] == weeks(3)
    assert read_log(archive, "sales/2024-W01", "web").has(1, "public")
    left = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*/2024-W0[12]*/**/*"))
    assert left == [
        "archive/sales/2024-W01/deliveries",
        "archive/sales/2024-W01/deliveries/web.json",
    ]
    assert not (tmp_path / "archive" / "sales" / "2024-W02").exists()


@pytest.mark.parametrize("failing", [1, 2, 3, 4])
def test_a_removal_that_is_broken_off_leaves_what_is_read_whole(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, failing: int
):
    for revision in (2, 3):
        commit(archive, 1, frames={"a": pd.DataFrame({"n": [revision]})}, revision=revision)
    calls = 0
    methods = {name: getattr(Storage, name) for name in ("remove", "remove_folder")}

    def crashing(name: str):
        def call(self: Storage, path: str) -> None:
            nonlocal calls
            calls += 1
            if calls == failing:
                raise KeyboardInterrupt
            methods[name](self, path)

        return call

    for name in methods:
        monkeypatch.setattr(Storage, name, crashing(name))
    with pytest.raises(KeyboardInterrupt):
        remove_edition(archive.storage, weeks(1)[0], revisions(archive, weeks(1)[0]))
    found = archive.edition("sales", "2024-W01")
    assert found is not None
    assert found.record.revision == 3
    checked = verify(archive, parts_of(archive.storage))
    assert all(f.severity == "note" for part in checked for f in part.findings)
    monkeypatch.undo()
    remove_edition(archive.storage, weeks(1)[0], revisions(archive, weeks(1)[0]))
    assert parts_of(archive.storage)[0].key == weeks(2)[0]
