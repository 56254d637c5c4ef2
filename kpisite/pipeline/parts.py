"""What can be made of a report's definition, and all that is wrong with the rest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import ValidationError

from kpisite.errors import Mistake, PluginError
from kpisite.model.definition import Report, ViewDefinition
from kpisite.model.mistakes import mistakes_of
from kpisite.plugins.binding import Bound, bind, check_queries, make_view

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kpisite.model.yaml_source import Source
    from kpisite.plugins.view import View


@dataclass(frozen=True)
class Parts:
    """What can be made of a definition, and what is wrong with the rest."""

    report: Report | None
    views: Mapping[str, View]
    datasources: Mapping[str, Bound]
    outputs: Mapping[str, Bound]
    mistakes: Sequence[Mistake]


def parts_of(source: Source, environment: Mapping[str, str]) -> Parts:
    """Return the parts of a definition.

    Args:
        source: What its files say.
        environment: What options of datasources and outputs are filled in from.

    Returns:
        The mistakes are those of the source too, without what only follows from another one.
    """
    parts = _made(source, environment)
    found = [
        mistake
        for mistake in _causes(parts.mistakes, source, environment)
        if not _follows(mistake, source.mistakes)
    ]
    return replace(parts, mistakes=[*source.mistakes, *found])


def _made(source: Source, environment: Mapping[str, str]) -> Parts:
    report = None
    mistakes = []
    try:
        report = Report.model_validate(source.values)
    except ValidationError as error:
        mistakes += mistakes_of(error, Report, source)
    datasources, wrong_datasources = bind("datasources", source, environment)
    bound_views, wrong_views = bind("views", source, {})
    outputs, wrong_outputs = bind("outputs", source, environment)
    views, wrong = _views(report, bound_views, source)
    bound_wrong = [*wrong_datasources, *wrong_views, *wrong_outputs]
    better_known = {mistake.path for mistake in bound_wrong}
    mistakes = [mistake for mistake in mistakes if mistake.path not in better_known]
    mistakes += [*bound_wrong, *wrong]
    mistakes += [*check_queries(views, source), *_alike(bound_views, source)]
    return Parts(report, views, datasources, outputs, mistakes)


def _follows(mistake: Mistake, known: Iterable[Mistake]) -> bool:
    """Tell whether a mistake is about a value that could not be read, or could not be filled in."""
    return any(
        one.path == mistake.path
        or (one.path.startswith(f"{mistake.path}.") and "${" in mistake.message)
        for one in known
    )


def _causes(
    mistakes: Sequence[Mistake], source: Source, environment: Mapping[str, str]
) -> Sequence[Mistake]:
    """Return mistakes without those that are there only because a key is written wrong.

    They are the ones that go away when each unknown key has the valid name that is nearest to it.
    """
    meant = {mistake.path: mistake.meant for mistake in mistakes if mistake.meant}
    if not meant:
        return mistakes
    rest = _made(source.renamed(meant), environment).mistakes
    return [mistake for mistake in mistakes if mistake.meant or mistake in rest]


def _views(
    report: Report | None, bound: Mapping[str, Bound], source: Source
) -> tuple[dict[str, View], list[Mistake]]:
    """Return the views, also of a report with mistakes, so that theirs are found too."""
    views, mistakes = {}, []
    for id_, view in bound.items():
        definition = report.views[id_] if report else ViewDefinition(plugin=view.plugin.name)
        try:
            views[id_] = make_view(id_, definition, view)
        except PluginError as error:
            mistakes.append(source.mistake(("views", id_, "plugin"), error.message, error.hint))
    return views, mistakes


def _alike(views: Iterable[str], source: Source) -> list[Mistake]:
    """Return the mistakes of ids that differ in case alone: their pages would be one file."""
    seen: dict[str, str] = {}
    mistakes = []
    for id_ in views:
        other = seen.setdefault(id_.lower(), id_)
        if other != id_:
            message = f"'{id_}' and '{other}' differ in upper and lower case alone"
            mistakes.append(source.mistake(("views", id_), message, "Rename one of them."))
    return mistakes
