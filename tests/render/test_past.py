from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kpisite.render.past import Past

if TYPE_CHECKING:
    from conftest import ProjectFiles

    from kpisite.model.edition import EditionRecord


@pytest.fixture
def records(project: ProjectFiles) -> list[EditionRecord]:
    project.run()
    return [edition.record for edition in project.archive.editions()]


def test_a_metric_is_told_with_its_periods_oldest_first(records):
    points = Past(records).points("total")
    assert [(p.period.label, p.value) for p in points] == [("2024-W01", 308), ("2024-W02", 847)]


def test_a_metric_that_no_edition_has_has_no_past(records):
    assert Past(records).points("other") == []


def test_what_a_caller_does_with_its_points_shows_nowhere_else(records):
    past = Past(records)
    past.points("total").clear()
    assert len(past.points("total")) == 2


def test_the_digest_changes_with_every_edition(records):
    past = Past()
    seen = [past.digest]
    for record in records:
        past.add(record)
        seen.append(past.digest)
    assert len(set(seen)) == 3
    assert Past(records).digest == seen[-1]
    assert Past(reversed(records)).digest not in seen
