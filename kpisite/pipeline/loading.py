"""From the YAML files below the content folder to reports that can run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from kpisite.errors import DefinitionError, Mistake
from kpisite.model.definition import DatasourceDefinition, RecordedDefinition, Report
from kpisite.model.mistakes import mistakes_of
from kpisite.model.yaml_source import Source, read_yaml
from kpisite.plugins.binding import Bound, bind, check_queries, make_view

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kpisite.plugins.view import View

FILE_NAMES = ("report.yml", "report.yaml")


@dataclass(frozen=True)
class LoadedReport:
    """A report whose definition is valid and whose plugins are there."""

    id: str
    """The folder of its definition below the content folder, `/` between the parts."""
    report: Report
    recorded: RecordedDefinition
    """What its editions record of the definition."""
    folder: Path
    views: Mapping[str, View]
    datasources: Mapping[str, Bound]
    outputs: Mapping[str, Bound]
    secrets: frozenset[str]
    """What no message and no record may contain."""


def find_definitions(content: Path) -> list[Path]:
    """Return the report definitions below the content folder, sorted."""
    return sorted(path for name in FILE_NAMES for path in content.rglob(name))


def load_reports(content: Path, environment: Mapping[str, str]) -> list[LoadedReport]:
    """Read all report definitions below the content folder.

    Raises:
        DefinitionError: At least one has mistakes; the message has those of all.
    """
    reports: list[LoadedReport] = []
    mistakes: list[Mistake] = []
    seen: dict[str, Path] = {}
    for path in find_definitions(content):
        id_ = path.parent.relative_to(content).as_posix()
        if id_ == ".":
            mistakes.append(
                Mistake(
                    "a report needs a folder of its own, which names it",
                    _shown(path),
                    hint=f"Move the file to {_shown(content / 'my-report' / path.name)}.",
                )
            )
        elif id_ in seen:
            message = f"report '{id_}' is defined by {seen[id_].name} too"
            mistakes.append(Mistake(message, _shown(path), hint="Remove one of the two files."))
        else:
            seen[id_] = path
            try:
                reports.append(load_report(id_, [path], environment))
            except DefinitionError as error:
                mistakes += error.mistakes
    if mistakes:
        raise DefinitionError(mistakes)
    return reports


def load_report(id_: str, files: Sequence[Path], environment: Mapping[str, str]) -> LoadedReport:
    """Read one report from one or several files; mappings merge, the later file wins.

    Args:
        id_: The report's id.
        files: The report's folder is that of the first.
        environment: What `${NAME}` is filled in from.

    Raises:
        DefinitionError: The definition has mistakes; the message has all of them.
    """
    source = Source()
    for path in files:
        source = source.merged(read_yaml(_text(path), _shown(path), environment))
    if any(mistake.message.startswith("not valid YAML") for mistake in source.mistakes):
        raise DefinitionError(source.mistakes)
    mistakes = list(source.mistakes)
    report = None
    try:
        report = Report.model_validate(source.values)
    except ValidationError as error:
        mistakes += mistakes_of(error, Report, source)
    datasources, wrong_datasources = bind("datasources", source)
    bound_views, wrong_views = bind("views", source)
    outputs, wrong_outputs = bind("outputs", source)
    mistakes += [*wrong_datasources, *wrong_views, *wrong_outputs]
    views = {
        name: make_view(name, report.views[name], bound)
        for name, bound in (bound_views.items() if report else ())
        if report
    }
    mistakes += check_queries(views, source)
    if mistakes or report is None:
        raise DefinitionError(sorted(mistakes, key=lambda m: (m.file, m.line)))
    secrets = {s for b in [*datasources.values(), *outputs.values()] for s in b.secrets}
    return LoadedReport(
        id_,
        report,
        _recorded(report, datasources, source),
        files[0].parent,
        views,
        datasources,
        outputs,
        frozenset(secret for secret in source.secrets | secrets if secret),
    )


def _recorded(
    report: Report, datasources: Mapping[str, Bound], source: Source
) -> RecordedDefinition:
    written = source.raw.get("datasources") or {}
    return RecordedDefinition(
        title=report.title,
        description=report.description,
        schedule=report.schedule,
        timezone=report.timezone,
        theme=report.theme,
        datasources={
            name: DatasourceDefinition(
                plugin=definition.plugin,
                args=datasources[name].masked(written[name].get("args") or {}),
            )
            for name, definition in report.datasources.items()
        },
        views=report.views,
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise DefinitionError([Mistake(f"cannot be read: {error.strerror}", str(path))]) from error
    except UnicodeDecodeError as error:
        raise DefinitionError([Mistake("is not UTF-8 text", str(path))]) from error


def _shown(path: Path) -> str:
    """Return a path as a reader would type it: relative to here where it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
