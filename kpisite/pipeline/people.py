"""The outputs of all reports that tell people, each with what it is told by."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kpisite.errors import ArchiveError
from kpisite.model.language import speak
from kpisite.model.secrets import redact
from kpisite.pipeline.delivered import Deliveries
from kpisite.pipeline.publish import OutputResult, driver_of, reason
from kpisite.plugins.output import EditionDriver, EditionOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from kpisite.archive.index import Entry
    from kpisite.pipeline.due import Choice
    from kpisite.pipeline.loading import LoadedReport
    from kpisite.pipeline.problems import Problem
    from kpisite.pipeline.project import Project
    from kpisite.plugins.binding import Bound

    Failures = Mapping[str, Sequence[Problem]]
    """Key of an edition → why views of it could not be made."""


@dataclass(frozen=True)
class PeopleOutput:
    """An output of a report that tells people."""

    report: LoadedReport
    id: str
    bound: Bound
    driver: EditionDriver

    @property
    def name(self) -> str:
        """`flights/team`."""
        return f"{self.report.id}/{self.id}"

    @property
    def options(self) -> EditionOptions:
        """The options that all such outputs have."""
        assert isinstance(self.bound.options, EditionOptions)  # noqa: S101 - see EditionDriver
        return self.bound.options

    @property
    def target(self) -> str:
        """Where it goes to, without secrets."""
        return redact(self.driver.target, self.report.secrets)

    def result(self, status: str, entry: Entry | None = None, **more: object) -> OutputResult:
        """Return what became of it, or of an edition through it."""
        return OutputResult(
            (self.name,),
            self.bound.plugin.name,
            status,  # type: ignore[arg-type]
            self.target,
            edition=entry.key if entry else "",
            **more,  # type: ignore[arg-type]
        )


def by_output(
    project: Project,
    reports: Iterable[LoadedReport],
    choice: Choice,
    act: Callable[[PeopleOutput, Sequence[Entry], Deliveries], Iterable[OutputResult]],
) -> list[OutputResult]:
    """Do something for every output for people, side by side; none stops the others.

    Args:
        project: Where the archive is.
        reports: As they are defined now.
        choice: Which outputs are wanted.
        act: Is given an output, the editions of its report, oldest first, and what went out of
            them through it.
    """
    outputs = [
        (report, id_, bound)
        for report in reports
        for id_, bound in report.outputs.items()
        if issubclass(bound.plugin.cls, EditionDriver) and (not choice.only or id_ in choice.only)
    ]
    if not outputs:
        return []
    try:
        entries = project.archive.editions()
    except ArchiveError as error:
        return [_failed(*output, "", error) for output in outputs]

    def one(report: LoadedReport, id_: str, bound: Bound) -> list[OutputResult]:
        mine = [entry for entry in entries if entry.report == report.id]
        results: list[OutputResult] = []
        target = ""
        try:
            driver = driver_of(project, id_, bound, (report.id,))
            assert isinstance(driver, EditionDriver)  # noqa: S101 - see above
            output = PeopleOutput(report, id_, bound, driver)
            target = output.target
            delivered = Deliveries(project, report.id, id_, mine)
            results.extend(act(output, mine, delivered))  # as far as it came
        except Exception as error:  # noqa: BLE001 - a plugin's mistake stops its output, not the others
            results.append(_failed(report, id_, bound, target, error))
        return results

    with ThreadPoolExecutor(
        len(outputs), "people", initializer=speak, initargs=(project.language,)
    ) as executor:
        found = executor.map(one, *zip(*outputs, strict=True))
        return [result for results in found for result in results]


def _failed(
    report: LoadedReport, id_: str, bound: Bound, target: str, error: Exception
) -> OutputResult:
    name, message = f"{report.id}/{id_}", reason(error, report.secrets)
    return OutputResult((name,), bound.plugin.name, "failed", target, message=message)
