"""The base of a plugin's options: validated before anything runs, exported as JSON Schema."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from kpisite.model.base import StrictModel, Variable

__all__ = ["Link", "PluginOptions", "QueryOptions", "Variable"]

_LINK = re.compile(r"(https?:|mailto:|(?![A-Za-z][A-Za-z0-9+.-]*:)(?!//))", re.IGNORECASE)


def _safe_link(value: str) -> str:
    if not _LINK.match(value) or re.search(r"[\x00-\x20\\]", value):
        raise ValueError(
            f"'{value}' is no link; use https://…, http://…, mailto:… or a relative address"
        )
    return value


Link = Annotated[str, AfterValidator(_safe_link)]
"""An address that a reader may follow: it cannot run a script."""


class PluginOptions(StrictModel):
    """Options of a plugin: what stands in `args`. A docstring under each field is its help."""


class QueryOptions(PluginOptions):
    """Options of a view that asks one query."""

    datasource: str
    """Id of the datasource that answers."""
    query: str
    """In the datasource's own language; `{from}` and `{to}` are the period's boundaries."""
    query_args: dict[str, Any] = Field(default_factory=dict)
    """Passed on to the datasource with the query."""
