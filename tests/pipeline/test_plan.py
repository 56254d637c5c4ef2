"""What is due: what the archive lacks, and what is not final yet."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from kpisite.errors import DefinitionError
from kpisite.pipeline.plan import plan_drafts

if TYPE_CHECKING:
    from tests.conftest import ProjectFiles


def due(project: ProjectFiles) -> list[tuple[str, str]]:
    return [(task.key, task.reason) for task in project.due()]


def test_every_period_that_the_archive_lacks_is_due_oldest_first(project: ProjectFiles):
    assert due(project) == [("sales/2024-W01", "new"), ("sales/2024-W02", "new")]


def test_nothing_is_due_twice(project: ProjectFiles):
    project.run()
    assert due(project) == []


def test_an_open_period_stays_due_until_it_is_over_and_settled(project: ProjectFiles):
    project.write(project.report.replace("until", "settle: 2 days\nuntil"))
    project.now = datetime(2024, 1, 14, tzinfo=UTC)
    assert [outcome.status for outcome in project.run()] == ["sealed", "preliminary"]
    project.now = datetime(2024, 1, 16, 23, 59, tzinfo=UTC)
    assert [outcome.status for outcome in project.run()] == ["preliminary"]
    project.now = datetime(2024, 1, 17, tzinfo=UTC)
    assert [outcome.status for outcome in project.run()] == ["sealed"]
    assert due(project) == []


@pytest.mark.parametrize("schedule", ["schedule: daily", "interval_days: 1"])
def test_a_preliminary_edition_stays_due_when_its_period_is_long_past(
    project: ProjectFiles, schedule: str
):
    project.write(f"""\
        {schedule}
        settle: 3 days
        views:
          a: {{plugin: text, args: {{text: hello}}}}
        """)
    project.now = datetime(2024, 1, 10, 12, tzinfo=UTC)
    project.run()
    project.now = datetime(2024, 1, 20, 12, tzinfo=UTC)
    project.run()
    statuses = {e.label: e.status for e in project.archive.editions()}
    first = "2024-01-09" if "daily" in schedule else "2024-01-09_2024-01-10"
    assert statuses[first] == "sealed"


def test_a_new_definition_does_not_make_old_editions_due(project: ProjectFiles):
    project.run()
    project.write(project.report.replace("Sales, weekly", "Another title"))
    assert due(project) == []


def test_a_draft_is_due_for_the_newest_period_of_a_changed_definition(project: ProjectFiles):
    project.run()
    assert plan_drafts(project.load(), project.archive.editions(), project.now) == []
    project.write(project.report.replace("Sales, weekly", "Another title"))
    [task] = plan_drafts(project.load(), project.archive.editions(), project.now)
    assert (task.key, task.reason) == ("sales/2024-W02", "draft")


def test_weeks_and_months_are_not_mixed_in_one_report(project: ProjectFiles):
    project.run()
    before = project.archived()
    project.write(project.report.replace("schedule: weekly", "schedule: monthly"))
    with pytest.raises(DefinitionError) as caught:
        project.run()
    [mistake] = caught.value.mistakes
    assert (mistake.path, mistake.line) == ("schedule", 2)
    assert "'monthly', and the archive has editions of a week: 2024-W01 to 2024-W02" in str(mistake)
    assert "Give this schedule a folder of its own" in mistake.hint
    assert project.archived() == before


def test_a_report_on_demand_may_get_a_schedule(project: ProjectFiles):
    scheduled = "schedule: weekly\nsince: 2024-01-01\nuntil: 2024-01-15\n"
    assert scheduled in project.report
    project.write(project.report.replace(scheduled, ""))
    project.run()
    project.write(project.report)
    assert due(project) == [("sales/2024-W01", "new"), ("sales/2024-W02", "new")]
