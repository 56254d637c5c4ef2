"""What needs attention in an edition, in words: targets that are missed, views that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kpisite.model.metric import Metric
    from kpisite.site.edition_pages import LoadedEdition


def attention(loaded: LoadedEdition) -> dict[str, Any]:
    """Return what the wall says of an edition.

    Returns:
        `needed`: whether somebody ought to look; `lines`: why, or that all is well; none where
        the edition has neither targets nor failures.
    """
    failed = [block.title for block in loaded.blocks if block.error]
    lines = []
    if loaded.missed:
        lines.append(f"{_count(len(loaded.missed), 'target')} missed: {_measured(loaded.missed)}")
    if failed:
        lines.append(f"{_count(len(failed), 'view')} could not be made: {', '.join(failed)}")
    met = sum(metric.target_met is True for metric in loaded.record.metrics.values())
    if not lines and met:
        lines.append("Target met" if met == 1 else f"All {met} targets met")
    return {"needed": bool(loaded.missed or failed), "lines": lines}


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _measured(metrics: Iterable[Metric]) -> str:
    """Return `On-time departures 79.8 %, target 80 %`."""
    return "; ".join(
        f"{metric.title} {metric.text}, target {metric.target_alone}" for metric in metrics
    )
