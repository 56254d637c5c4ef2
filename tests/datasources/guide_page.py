"""Runs the example of a datasource's guide page, and tells what is said about it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from docs_examples import GUIDE, examples, write_files

from kpisite.pipeline.problems import Group

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from kpisite.archive.store import Edition
    from kpisite.pipeline.run import Outcome
    from tests.conftest import ProjectFiles


class GuidePage:
    """The page of a datasource, and a project that holds its example."""

    def __init__(self, name: str, project: ProjectFiles, report: str = "orders") -> None:
        """Write the example into the project, in place of what is there.

        Args:
            name: The datasource's.
            project: Where it is run.
            report: The report's id.
        """
        self.path = path = GUIDE / "datasources" / f"{name}.md"
        shown = examples(path)
        self.report = next(example for example in shown if example.is_report)
        self.messages = [
            " ".join(example.text.split()) for example in shown if example.language == "text"
        ]
        """What it says that is said, each in one line."""
        self.project = project
        self._name = report
        project.now = datetime(2025, 3, 1, tzinfo=UTC)
        project.environment.update(self.report.environment)
        (project.content / "sales" / "report.yml").unlink()
        write_files(path, project.folder)

    def run(self, replaced: Mapping[str, str]) -> Outcome:
        """Run the one edition of the example.

        Args:
            replaced: Parts of the report, such as the address of a service, and what stands for
                them.
        """
        text = self.report.text
        for part, other in replaced.items():
            assert part in text, part
            text = text.replace(part, other)
        self.project.write(text, self._name)
        (outcome,) = self.project.run()
        return outcome

    def metrics(self) -> dict[str, float | None]:
        """Return the metrics of the edition that was run."""
        return {name: metric.value for name, metric in self._edition.record.metrics.items()}

    def frame(self, view: str) -> pd.DataFrame:
        """Return what a view of it was answered."""
        record = self._edition.record
        (found,) = [each for each in record.views if each.id == view]
        return self._edition.frame(record.frames[found.frames["main"]])

    @property
    def _edition(self) -> Edition:
        (edition,) = self.project.archive.editions()
        return edition.load()


def told(outcome: Outcome, address: str = "", shown: str = "") -> list[str]:
    """Return what is said of each view that failed, in one line.

    Args:
        outcome: Of an edition.
        address: Of the test's server.
        shown: What the page has in its place.
    """
    texts = [Group(each, (each.period,), (each.view,)).text() for each in outcome.problems]
    return [" ".join(text.split()).replace(address or "\0", shown) for text in texts]
