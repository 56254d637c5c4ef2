"""What the record of an edition keeps of its report's definition."""

from __future__ import annotations

import hashlib
import json

from pydantic import Field

from kpisite.model.base import StrictModel
from kpisite.model.definition import RecordedDatasource, Theme, ViewDefinition


class RecordedDefinition(StrictModel):
    """The part of a definition that shapes an edition, as its record keeps it.

    Environment variables and secrets of datasources are not in it, outputs neither.
    """

    title: str
    description: str = ""
    schedule: str = "on demand"
    timezone: str = "UTC"
    show_query: bool = True
    downloads: bool = True
    theme: Theme = Theme()
    datasources: dict[str, RecordedDatasource] = Field(default_factory=dict)
    views: dict[str, ViewDefinition]

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits that change with anything in the definition.

        What a definition does not say of its queries, its downloads and most of its theme does
        not count, so that those from before there were these switches keep theirs.
        """
        values = self.model_dump(mode="json")
        for part, silent in ((values, True), *((view, None) for view in values["views"].values())):
            for switch in ("show_query", "downloads"):
                if part[switch] is silent:
                    del part[switch]
        text = json.dumps(values, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def shows_query(self, view: str) -> bool:
        """Tell whether pages may show what a view has asked."""
        own = self.views[view].show_query
        return self.show_query if own is None else own

    def offers_downloads(self, view: str) -> bool:
        """Tell whether a view's data may be downloaded."""
        own = self.views[view].downloads
        return self.downloads if own is None else own
