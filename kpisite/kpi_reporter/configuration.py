"""Configuration files of KPI Reporter as a report: what they leave out, and what means more now."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from kpisite.errors import DefinitionError
from kpisite.kpi_reporter.left_out import left_out
from kpisite.kpi_reporter.sections import SQL, plugins_of, views_of
from kpisite.model.yaml_reader import read_yaml
from kpisite.model.yaml_source import Source
from kpisite.pipeline.loading import Written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

DEFAULTS = "(what KPI Reporter does without being told)"
"""Stands for a file's name in messages."""
ARGUMENTS = "(the command line)"
_BRACES = re.compile(r"\{[^}]*\}")
_UNFIT = re.compile(r"[^a-z0-9]+")
_TITLE = "Status report"
STATIC = ("static", "html")
"""What its output to a folder is called; the second one is an old name."""
_STATIC = {"what": "edition", "when": "preliminary"}
"""KPI Reporter wrote a folder an edition, whatever had failed."""
_TLS_PORTS = ("465", "587")
_OLD = "ga:"
_QUERIES = ("query", "comparison_query")


@dataclass(frozen=True)
class Configuration:
    """One or several files of KPI Reporter, the later file wins."""

    files: tuple[tuple[str, str], ...]
    """Name for messages and content of each."""
    source: Source
    """What they say together."""

    @property
    def title(self) -> str:
        """The report's title up to what is filled in."""
        title = str(self.source.values.get("title") or _TITLE)
        before = title.partition("{")[0].strip()
        return before or " ".join(_BRACES.sub("", title).split()) or _TITLE

    @property
    def id(self) -> str:
        """An id for the report: its title in small letters and hyphens."""
        plain = unicodedata.normalize("NFKD", self.title.lower()).encode("ascii", "ignore").decode()
        return _UNFIT.sub("-", plain).strip("-") or "report"

    def additions(self, zone: str) -> dict[str, Any]:
        """Return what the files leave out, and kpisite does otherwise.

        Args:
            zone: The machine's time zone.
        """
        values = self.source.values
        more: dict[str, Any] = {}
        if "timezone" not in values:
            more["timezone"] = zone
        if "outputs" not in values:
            more["outputs"] = {"static": {"plugin": "static", "args": dict(_STATIC)}}
        outputs = {
            id_: said
            for id_, output in plugins_of(values, "outputs")
            if (said := _said_of_output(output["plugin"], output.get("args") or {}))
        }
        raw = self.source.raw
        views = {id_: {"args": args} for id_, args in (*doubled_queries(raw), *_short_names(raw))}
        found = {"outputs": outputs, "views": views}
        return {**more, **{section: parts for section, parts in found.items() if parts}}

    def written(
        self,
        folder: Path,
        zone: str,
        environment: Mapping[str, str],
        *,
        start: str = "",
        end: str = "",
    ) -> Written:
        """Return the report.

        Args:
            folder: Absolute: where relative paths start.
            zone: The machine's time zone.
            environment: What `${NAME}` is filled in from.
            start: The period's start, in place of what the files say.
            end: The period's end.
        """
        dates = {"start_date": start, "end_date": end}
        given = {name: text for name, text in dates.items() if text}
        more = ((DEFAULTS, self.additions(zone)), (ARGUMENTS, given))
        texts = tuple((name, yaml.safe_dump(values)) for name, values in more if values)
        without = tuple(path for path, _ in left_out(self.source.raw))
        return Written(self.id, folder, (*self.files, *texts), environment, without)


def read_configuration(
    files: Sequence[tuple[str, str]], environment: Mapping[str, str]
) -> Configuration:
    """Read files of KPI Reporter.

    Args:
        files: Name for messages and content of each; the later file wins.
        environment: What `${NAME}` is filled in from.

    Raises:
        DefinitionError: A file is no YAML mapping.
    """
    source = Source()
    for name, text in files:
        source = source.merged(read_yaml(text, name, environment))
    if source.unreadable:
        raise DefinitionError(source.mistakes)
    return Configuration(tuple(files), source)


def doubled_queries(raw: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield views whose queries have `%%` for `%`, as MySQL's driver wanted it, with better ones.

    Args:
        raw: The configuration, before variables were filled in.
    """
    for id_, args in views_of(raw, _is_mysql):
        texts = {name: args.get(name) for name in _QUERIES}
        queries = {
            name: text.replace("%%", "%")
            for name, text in texts.items()
            if isinstance(text, str) and "%%" in text and "%" not in text.replace("%%", "")
        }
        if queries:
            yield id_, queries


def _short_names(raw: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield views that name columns of Google Analytics by their old prefix, without it."""
    for id_, args in views_of(raw, lambda part: part["plugin"] == "googleanalytics"):
        texts = {name: args.get(name) for name in ("groupby", "time_column")}
        named: dict[str, Any] = {
            name: text.removeprefix(_OLD)
            for name, text in texts.items()
            if isinstance(text, str) and text.startswith(_OLD)
        }
        labels = args.get("label_map")
        shown = {
            name.removeprefix(_OLD): label
            for name, label in (labels if isinstance(labels, dict) else {}).items()
            if name.startswith(_OLD)
        }
        if named or shown:
            yield id_, {**named, **({"label_map": shown} if shown else {})}


def _is_mysql(datasource: Mapping[str, Any]) -> bool:
    args = datasource.get("args") or {}
    if datasource["plugin"] not in SQL or not isinstance(args, dict):
        return False
    return args.get("driver", "mysql") == "mysql" and "url" not in args


def _said_of_output(plugin: str, given: Any) -> dict[str, Any]:
    """Return what of an output KPI Reporter did not need, or called otherwise."""
    if not isinstance(given, dict):
        return {}
    said: dict[str, Any] = {"plugin": "static"} if plugin == "html" else {}
    args: dict[str, Any] = {}
    if plugin in STATIC and "what" not in given:
        args = dict(_STATIC)
    elif plugin == "smtp":
        args = {} if "smtp_host" in given else {"smtp_host": "localhost"}
        args |= {"tls": "none"} if is_plain_smtp(given) else {}
    return {**said, **({"args": args} if args else {})}


def is_plain_smtp(args: Mapping[str, Any]) -> bool:
    """Tell whether nothing in the arguments of `smtp` hints at a server that encrypts."""
    return not {"tls", "smtp_user"} & args.keys() and str(args.get("smtp_port")) not in _TLS_PORTS
