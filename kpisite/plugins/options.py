"""The base of a plugin's options: validated before anything runs, exported as JSON Schema."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from kpisite.model.base import StrictModel


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
