"""What KPI Reporter handed on to libraries that are not asked here: it is taken and not used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kpisite.kpi_reporter.sections import SQL, plugins_of, views_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kpisite.model.yaml_source import KeyPath

_OUTPUTS = {
    "s3": {
        "api_version": "S3 has one version",
        "config": "'endpoint_url', 'timeout' and 'tries' say what there is to say",
    },
    "scp": {
        "forward_agent": "nothing on the server uses your keys",
        "inline_ssh_env": "no command needs variables",
    },
}
_QUERY_ARGS = {
    "chunksize": "an answer comes whole, up to 'max_rows' of the datasource",
    "coerce_float": "numbers are numbers, decimals too",
    "columns": "a query names its columns itself",
}
"""Of pandas' reader."""


def left_out(raw: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """Yield the place of each argument that is not used, and why.

    Args:
        raw: The configuration, before variables were filled in.
    """
    for id_, output in plugins_of(raw, "outputs"):
        yield from _of(("outputs", id_, "args"), output.get("args"), _OUTPUTS.get(output["plugin"]))
    for id_, args in views_of(raw, lambda datasource: datasource["plugin"] in SQL):
        for name in ("query_args", "comparison_query_args"):
            yield from _of(("views", id_, "args", name), args.get(name), _QUERY_ARGS)


def _of(
    place: KeyPath, args: Any, reasons: Mapping[str, str] | None
) -> Iterator[tuple[KeyPath, str]]:
    for name, reason in (reasons or {}).items():
        if isinstance(args, dict) and name in args:
            yield (*place, name), reason
