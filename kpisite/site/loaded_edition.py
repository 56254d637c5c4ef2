"""An edition that is read and rendered, for whoever makes a page of it."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kpisite.pipeline.problems import Problem
from kpisite.site.words import about

if TYPE_CHECKING:
    from kpisite.archive.store import Edition
    from kpisite.model.edition import EditionRecord
    from kpisite.model.metric import Metric
    from kpisite.render.blocks import Block
    from kpisite.render.past import Past


@dataclass(frozen=True)
class LoadedEdition:
    """An edition with its rendered blocks."""

    edition: Edition
    blocks: list[Block]
    past: Past
    """The editions of its report before it."""

    @property
    def record(self) -> EditionRecord:
        """The edition's record."""
        return self.edition.record

    @functools.cached_property
    def about(self) -> dict[str, Any]:
        """What the templates of its pages say about it."""
        return about(self.record)

    @functools.cached_property
    def missed(self) -> tuple[Metric, ...]:
        """The metrics that miss their target, in the order of the page."""
        return tuple(m for m in self.record.metrics.values() if m.target_met is False)

    @property
    def problems(self) -> list[Problem]:
        """The views that could not be shown."""
        report, period = self.record.report, self.record.period.label
        return [
            Problem("error", report, period, b.id, b.error.message, b.error.hint, b.error.query)
            for b in self.blocks
            if b.error
        ]
