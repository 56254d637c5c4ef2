"""The examples of the guide's page on plots, run over the demo's data."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from docs_examples import GUIDE, ROOT, Example, examples

from kpisite.render.templates import Templates
from kpisite.site.archive_site import ArchiveSite
from kpisite.site.urls import Urls

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import ProjectFiles

WEEKS = re.compile(r"^since: .*\nuntil: .*$", re.MULTILINE)
WEEK = "since: 2013-02-04\nuntil: 2013-02-11"
REPORTS = [example for example in examples(GUIDE / "views" / "plot.md") if example.is_report]


@pytest.mark.parametrize("example", REPORTS, ids=lambda example: example.place)
def test_every_example_draws_a_chart_of_a_week(
    example: Example, project: ProjectFiles, tmp_path: Path
) -> None:
    project = replace(project, folder=tmp_path / "plots")
    report = project.write(WEEKS.sub(WEEK, example.text), "example")
    (report.parent.parent / "data").symlink_to(ROOT / "content" / "data")
    assert [outcome.problems for outcome in project.run()] == [()]
    [made] = ArchiveSite(project.archive.editions(), Templates(), Urls(), "code").editions()
    whole = next(iter(made.content().pages)).text
    [loaded] = project.load()
    assert whole.count('class="kpi-still') == len(loaded.views)
