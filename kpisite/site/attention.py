"""What needs attention in an edition, in words: targets that are missed, views that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kpisite.model.language import gettext, ngettext

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kpisite.model.metric import Metric
    from kpisite.site.loaded_edition import LoadedEdition


def attention(loaded: LoadedEdition) -> dict[str, Any]:
    """Return what the wall says of an edition.

    Returns:
        `needed`: whether somebody ought to look; `lines`: why, or that all is well; none where
        the edition has neither targets nor failures.
    """
    failed = [block.title for block in loaded.blocks if block.error]
    lines = []
    if loaded.missed:
        count = len(loaded.missed)
        said = ngettext("{count} target missed: {what}", "{count} targets missed: {what}", count)
        lines.append(said.format(count=count, what=_measured(loaded.missed)))
    if failed:
        count = len(failed)
        said = ngettext(
            "{count} view could not be made: {what}",
            "{count} views could not be made: {what}",
            count,
        )
        lines.append(said.format(count=count, what=", ".join(failed)))
    met = sum(metric.target_met is True for metric in loaded.record.metrics.values())
    if not lines and met:
        lines.append(ngettext("Target met", "All {count} targets met", met).format(count=met))
    return {"needed": bool(loaded.missed or failed), "lines": lines}


def _measured(metrics: Iterable[Metric]) -> str:
    """Return `On-time departures 79.8 %, target 80 %`."""
    return "; ".join(
        f"{metric.title} {metric.said}, "
        + gettext("target {result}").format(result=metric.target_alone)
        for metric in metrics
    )
