"""Filters as Universal Analytics wrote them, `ga:country==Germany;ga:users>10`, for GA4."""

from __future__ import annotations

import re
from typing import Any

from kpisite.datasources._ga_names import ga4_name, is_metric
from kpisite.errors import DatasourceError

_CLAUSE = re.compile(r"([\w:]+)(==|!=|=@|!@|=~|!~|>=|<=|>|<)(.*)", re.DOTALL)
_TEXTS = {"==": "EXACT", "=@": "CONTAINS", "=~": "PARTIAL_REGEXP"}
_NUMBERS = {
    "==": "EQUAL",
    ">": "GREATER_THAN",
    ">=": "GREATER_THAN_OR_EQUAL",
    "<": "LESS_THAN",
    "<=": "LESS_THAN_OR_EQUAL",
}
_HINT = (
    "Write it like ga:country==Germany;ga:users>10: ';' is and, ',' is or; == != =@ !@ =~ !~ for "
    "dimensions, == != > >= < <= for metrics."
)


def filters(expression: str, metrics: tuple[str, ...]) -> dict[str, Any]:
    """Return `dimensionFilter` and `metricFilter` of a request; none of it where nothing is asked.

    Args:
        expression: Clauses with `;` for and, and `,` for or, which binds closer.
        metrics: Names of the metrics that are asked for.

    Raises:
        DatasourceError: It cannot be read, or an "or" mixes dimensions and metrics.
    """
    if not expression.strip():
        return {}
    groups: dict[str, list[Any]] = {"dimensionFilter": [], "metricFilter": []}
    for part in _split(expression, ";"):
        clauses = [_clause(clause, metrics) for clause in _split(part, ",")]
        kinds = {kind for kind, _ in clauses}
        if len(kinds) > 1:
            raise DatasourceError(
                f"filters_expression: '{part.strip()}' has a dimension or a metric",
                hint="Google Analytics 4 can only filter by both at once: write ';' for ','.",
            )
        groups[kinds.pop()].append(_together("orGroup", [made for _, made in clauses]))
    return {kind: _together("andGroup", made) for kind, made in groups.items() if made}


def _together(how: str, made: list[Any]) -> dict[str, Any]:
    return made[0] if len(made) == 1 else {how: {"expressions": made}}


def _split(text: str, mark: str) -> list[str]:
    r"""Return the parts between marks; one behind a backslash is none."""
    return re.split(rf"(?<!\\){mark}", text)


def _clause(text: str, metrics: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    found = _CLAUSE.fullmatch(text.strip())
    if found is None:
        raise DatasourceError(f"filters_expression: '{text}' is no filter", hint=_HINT)
    name, operator = ga4_name(found[1]), found[2]
    value = re.sub(r"\\([,;\\])", r"\1", found[3])
    negative, positive = operator[0] == "!", operator.replace("!", "=")
    if is_metric(name, metrics) or operator in _NUMBERS.keys() - {"=="}:
        kind, test = "metricFilter", _of_numbers(text, positive, value)
    else:
        test = {"stringFilter": {"matchType": _TEXTS[positive], "value": value}}
        kind = "dimensionFilter"
    made: dict[str, Any] = {"filter": {"fieldName": name, **test}}
    return kind, {"notExpression": made} if negative else made


def _of_numbers(text: str, operator: str, value: str) -> dict[str, Any]:
    if operator not in _NUMBERS or not re.fullmatch(r"-?\d+(\.\d+)?", value.strip()):
        raise DatasourceError(
            f"filters_expression: '{text}' does not compare a metric with a number", hint=_HINT
        )
    number = {"doubleValue": float(value)} if "." in value else {"int64Value": value.strip()}
    return {"numericFilter": {"operation": _NUMBERS[operator], "value": number}}
