from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kpisite.render.past import History

if TYPE_CHECKING:
    from conftest import ProjectFiles

    from kpisite.archive.index import Entry


@pytest.fixture
def entries(project: ProjectFiles) -> list[Entry]:
    project.run()
    return project.archive.editions()


def test_a_metric_is_told_with_its_periods_oldest_first(entries):
    points = History(entries).before(2).points("total")
    assert [(p.period.label, p.value) for p in points] == [("2024-W01", 308), ("2024-W02", 847)]


def test_an_edition_knows_nothing_of_itself_and_of_what_came_after_it(entries):
    history = History(entries)
    assert history.before(0).points("total") == []
    assert [p.value for p in history.before(1).points("total")] == [308]


def test_a_metric_that_no_edition_has_has_no_past(entries):
    assert History(entries).before(2).points("other") == []


def test_what_a_caller_does_with_its_points_shows_nowhere_else(entries):
    past = History(entries).before(2)
    past.points("total").clear()
    assert len(past.points("total")) == 2


def test_the_digest_changes_with_every_edition_before(entries):
    history = History(entries)
    digests = [history.before(position).digest for position in range(3)]
    assert len(set(digests)) == 3
    assert History(entries[:1]).before(1).digest == digests[1]
    assert History(reversed(entries)).before(2).digest not in digests


def test_an_edition_is_compared_with_periods_of_its_own_kind_alone(project: ProjectFiles):
    project.write(project.report.replace("schedule: weekly", "schedule: every 7 days"))
    project.run()
    stretches = len(project.archive.editions())
    project.write(project.report)
    project.run()
    entries = sorted(project.archive.editions(), key=lambda entry: entry.period.start)
    assert len(entries) == stretches + 2
    for position, entry in enumerate(entries):
        points = History(entries).before(position).points("total")
        assert {point.period.unit for point in points} <= {entry.period.unit}
    assert points
