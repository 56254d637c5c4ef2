"""What of a configuration of KPI Reporter means something else here."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from kpisite.kpi_reporter.configuration import STATIC, doubled_queries, is_plain_smtp
from kpisite.kpi_reporter.left_out import left_out
from kpisite.kpi_reporter.sections import SQL, plugins_of
from kpisite.model.yaml_reader import VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Uses = Callable[[Mapping[str, Any]], bool]
    """Tells whether a configuration, as it was written, uses something."""


def changes_of_meaning(written: Mapping[str, Any]) -> list[str]:
    """Return what of a configuration means something else here, a sentence or two each.

    Args:
        written: The configuration, before variables were filled in.
    """
    unused = [f"{'.'.join(map(str, path))} was left out: {why}." for path, why in left_out(written)]
    return [_ALWAYS, *(text for uses, text in _CHANGES if uses(written)), *unused]


def _plugin(section: str, *names: str) -> Uses:
    return lambda written: any(part["plugin"] in names for _, part in plugins_of(written, section))


def _argument(section: str, plugin: str, fits: Callable[[Mapping[str, Any]], bool]) -> Uses:
    return lambda written: any(
        part["plugin"] == plugin and fits(part.get("args") or {})
        for _, part in plugins_of(written, section)
    )


_ALWAYS = (
    "A view that cannot be made says so on its place, the edition is not final, nobody is told of "
    "it, and the exit status is not 0. KPI Reporter sent it."
)
_CHANGES: tuple[tuple[Uses, str], ...] = (
    (
        lambda written: "schedule" not in written,
        "Without 'schedule' the report is made on demand: one edition, which ends at the last "
        "midnight. 'schedule: weekly' makes one of every week, and catches up.",
    ),
    (
        lambda written: re.search(r"\{\w+\}", str(written.get("title"))) is not None,
        "Braces in the title are filled in: {from}, {to} and {period}.",
    ),
    (
        lambda written: VARIABLE.search(json.dumps(written, default=str)) is not None,
        "A variable that is not set is an error; ${NAME:-default} has a default.",
    ),
    (
        _plugin("datasources", *SQL),
        "sql: {from} and {to} are instants of the report's time zone, on every database; the "
        "first column is not made the index.",
    ),
    (
        lambda written: any(doubled_queries(written)),
        "sql: no '%' is doubled: '%%' in queries for MySQL was made '%'.",
    ),
    (
        _plugin("datasources", "prometheus"),
        "prometheus: times are those of the report's zone.",
    ),
    (
        _plugin("datasources", "googleanalytics"),
        "googleanalytics: what KPI Reporter asked was switched off in 2023. Name a 'property' of "
        "Google Analytics 4; old names are translated where there are new ones.",
    ),
    (
        _plugin("datasources", "twitter"),
        "twitter: both ends of the period count, and the columns are called likes, shares and "
        "replies.",
    ),
    (
        _argument("views", "single_stat", lambda args: args.get("comparison_type") == "percent"),
        "single_stat: a change in percent is divided by the absolute value of the comparison.",
    ),
    (
        _plugin("views", "single_stat"),
        "single_stat: a period without rows reads 'no data'; 'empty: 0' asks for a zero.",
    ),
    (
        _argument(
            "views", "plot", lambda args: args.get("kind") == "bar" and not args.get("stacked")
        ),
        "plot: bars of several series stand side by side.",
    ),
    (
        _plugin("views", "plot"),
        "plot: a period without rows is no error.",
    ),
    (
        _plugin("views", "table"),
        "table: says '10 of 25 rows' where it cuts, and integers stay integers.",
    ),
    (
        _plugin("views", "prometheus.alert_summary"),
        "prometheus.alert_summary: patterns match a whole value, and no alert is good news.",
    ),
    (
        _plugin("outputs", *STATIC),
        "static: with 'what: edition' it writes a folder an edition, as KPI Reporter did; an older "
        "edition never becomes the latest. Without it, the whole site is put in place.",
    ),
    (
        _plugin("outputs", "scp"),
        "scp: the host key of the server is checked.",
    ),
    (
        _argument("outputs", "smtp", is_plain_smtp),
        "smtp: 'tls: none' was added, as KPI Reporter did not encrypt; leave it out where the "
        "server can.",
    ),
    (
        _plugin("outputs", "slack"),
        "slack: pictures are uploaded, for which the app needs the scope files:write; "
        "'images: none' goes without.",
    ),
    (
        _plugin("outputs", "smtp", "sendgrid", "slack"),
        "Mail and chat: an edition goes out once, when it is final, by 'kpisite publish'.",
    ),
    (
        lambda written: bool((written.get("theme") or {}).get("theme_dir")),
        "theme_dir: templates have other names and are given other values.",
    ),
)
