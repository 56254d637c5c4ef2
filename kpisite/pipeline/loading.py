"""From the YAML files below the content folder to reports that can run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kpisite.errors import DefinitionError, Mistake
from kpisite.model.definition import RecordedDatasource, Report
from kpisite.model.recorded_definition import RecordedDefinition
from kpisite.model.secrets import HIDDEN, redact
from kpisite.model.yaml_reader import read_yaml
from kpisite.model.yaml_source import Source
from kpisite.pipeline.parts import parts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kpisite.model.yaml_source import KeyPath
    from kpisite.plugins.binding import Bound
    from kpisite.plugins.view import View

FILE_NAMES = ("report.yml", "report.yaml")


@dataclass(frozen=True)
class Written:
    """What a report was loaded from: all that another process needs to load it too."""

    id: str
    """The report's id."""
    folder: Path
    """Absolute: relative paths of datasources start there."""
    files: tuple[tuple[str, str], ...] = field(repr=False)
    """Name for messages and content of each YAML file, the later file wins; may have secrets."""
    environment: Mapping[str, str] = field(repr=False)
    """The variables that the files name, and no others."""
    without: tuple[KeyPath, ...] = ()
    """Keys that are passed over as if they were not written."""


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
    secrets: Mapping[str, str] = field(repr=False)
    """What no message and no record may contain, each with what stands in its place."""
    written: Written


def find_definitions(content: Path) -> list[Path]:
    """Return the report definitions below the content folder, sorted; none in hidden folders."""
    found = sorted(path for name in FILE_NAMES for path in content.rglob(name))
    return [
        path
        for path in found
        if not any(part.startswith(".") for part in path.relative_to(content).parts)
    ]


def load_reports(content: Path, environment: Mapping[str, str]) -> list[LoadedReport]:
    """Read all report definitions below the content folder.

    Raises:
        DefinitionError: At least one has mistakes; the message has those of all.
    """
    reports: list[LoadedReport] = []
    mistakes: list[Mistake] = []
    seen: dict[str, Path] = {}
    """Id in lower case: folders that differ in case alone are one on many disks."""
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
        elif id_.lower() in seen:
            message = f"report '{id_}' is defined by {_shown(seen[id_.lower()])} too"
            mistakes.append(Mistake(message, _shown(path), hint="Remove one of the two files."))
        else:
            seen[id_.lower()] = path
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
    texts = read_files(files)
    return load_written(Written(id_, files[0].parent.absolute(), texts, environment))


def read_files(files: Iterable[Path]) -> tuple[tuple[str, str], ...]:
    """Return the name for messages and the content of files.

    Raises:
        DefinitionError: A file cannot be read.
    """
    return tuple((_shown(path), _text(path)) for path in files)


def load_written(written: Written) -> LoadedReport:
    """Read a report from the content of its files.

    Raises:
        DefinitionError: The definition has mistakes; the message has all of them.
    """
    environment = _Noted(written.environment)
    source = read_written(replace(written, environment=environment))
    if source.unreadable:
        raise DefinitionError(source.mistakes)
    source = source.without(written.without)
    parts = parts_of(source, environment)
    bound = [*parts.datasources.values(), *parts.outputs.values()]
    secrets = {**{s: HIDDEN for b in bound for s in b.secrets if s}, **source.secrets}
    if parts.mistakes or parts.report is None:
        shown = [replace(m, message=redact(m.message, secrets)) for m in parts.mistakes]
        raise DefinitionError(sorted(shown, key=lambda m: (m.file, m.line)))
    return LoadedReport(
        written.id,
        parts.report,
        _recorded(parts.report, parts.datasources, source),
        written.folder,
        parts.views,
        parts.datasources,
        parts.outputs,
        secrets,
        replace(written, environment=environment.noted),
    )


def read_written(written: Written) -> Source:
    """Return what the files of a report say, all together."""
    source = Source()
    for name, text in written.files:
        source = source.merged(read_yaml(text, name, written.environment))
    return source


def _recorded(
    report: Report, datasources: Mapping[str, Bound], source: Source
) -> RecordedDefinition:
    written = source.raw.get("datasources") or {}
    return RecordedDefinition(
        title=report.title,
        description=report.description,
        schedule=report.schedule,
        timezone=report.timezone,
        show_query=report.show_query,
        downloads=report.downloads,
        theme=report.theme,
        datasources={
            name: RecordedDatasource(
                plugin=definition.plugin,
                args=datasources[name].masked(written[name].get("args") or {}),
            )
            for name, definition in report.datasources.items()
        },
        views=report.views,
    )


class _Noted(Mapping[str, str]):
    """Environment variables that keeps those which were asked for."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.noted: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        self.noted[name] = self._environment[name]
        return self.noted[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._environment)

    def __len__(self) -> int:
        return len(self._environment)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DefinitionError(
            [Mistake(f"cannot be read: {error.strerror}", _shown(path))]
        ) from error
    except UnicodeDecodeError as error:
        raise DefinitionError([Mistake("is not UTF-8 text", _shown(path))]) from error


def _shown(path: Path) -> str:
    """Return a path as a reader would type it: relative to here where it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
