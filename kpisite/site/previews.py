"""Pictures that stand for editions and for the site where a link to them is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kpisite.model.language import gettext
from kpisite.model.words import revision_text, status_text
from kpisite.plugins.svg import LIGHT
from kpisite.site.poster import CARDS, HEIGHT, WIDTH, Card, Poster, draw_poster
from kpisite.site.summaries import period_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kpisite.archive.index import Entry
    from kpisite.model.edition import EditionRecord
    from kpisite.model.metric import Metric
    from kpisite.render.past import Past

PREVIEW = "preview.png"
"""Name of the picture in the folder of an edition's pages, and of the site's."""
SCALE = 0.5
"""Half the drawing's size is enough for what shows it, and costs less than half the time."""
SIZE = round(WIDTH * SCALE), round(HEIGHT * SCALE)
"""Of a picture, in pixels."""
_VALUES = 12
"""Editions that a sparkline shows, as on a page."""
_LONGEST = 24
"""Characters of a value in its label, so that the number can still be read."""


@dataclass(frozen=True)
class Previews:
    """Draws the pictures of one site."""

    site_name: str

    def edition(self, record: EditionRecord, past: Past, *, replaced: bool = False) -> bytes:
        """Return the picture of an edition.

        Args:
            record: Of the edition.
            past: The editions of its report before it.
            replaced: Whether it is an older revision.
        """
        status = status_text(record.status)
        if replaced:
            status = revision_text(record.revision)
        elif record.revision > 1:
            status = status_text("revised")
        colours = record.definition.theme.series_colors
        poster = Poster(
            site=self.site_name,
            title=record.title,
            line=period_words(record.period.period()),
            status=status,
            cards=tuple(_card(metric, past) for metric in _chosen(record.metrics.values())),
            accent=str(colours[0]) if colours else LIGHT["accent"],
        )
        return draw_poster(poster).png(SCALE)

    def wall(self, reports: Sequence[tuple[str, Entry, Past]]) -> bytes:
        """Return the picture of the site.

        Args:
            reports: Title, newest edition, and the editions before it; of each report.
        """
        all_cards = [
            (metric, past, title)
            for title, entry, past in reports
            for metric in _chosen(entry.metrics.values())
        ]
        cards = sorted(all_cards, key=lambda card: card[0].target_met is not False)
        named = len(reports) > 1
        poster = Poster(
            site="",
            title=self.site_name,
            line=" · ".join(title for title, _, _ in reports) or gettext("Overview"),
            cards=tuple(_card(m, past, title if named else "") for m, past, title in cards[:CARDS]),
            accent=LIGHT["accent"],
        )
        return draw_poster(poster).png(SCALE)


def _chosen(metrics: Iterable[Metric]) -> list[Metric]:
    """Return the metrics that a picture has room for, in the order of the page; missed go first."""
    known = list(metrics)
    places = sorted(range(len(known)), key=lambda place: known[place].target_met is not False)
    return [known[place] for place in sorted(places[:CARDS])]


def _card(metric: Metric, past: Past, report: str = "") -> Card:
    points = past.points(metric.name)[-_VALUES + 1 :]
    moved = metric.change is not None
    return Card(
        title=metric.title,
        report=report,
        value=metric.said if len(metric.said) <= _LONGEST else metric.text,
        direction=metric.change_direction if moved else "none",
        change=_change(metric) if moved else "",
        verdict=metric.change_verdict,
        versus=_versus(metric) if moved else "",
        target=metric.target_text,
        met=metric.target_met,
        values=(*(point.value for point in points), metric.value),
    )


def _versus(metric: Metric) -> str:
    if not metric.comparison_title:
        return ""
    return gettext("vs {period}").format(period=metric.comparison_text)


def _change(metric: Metric) -> str:
    if metric.change_direction == "none":
        return gettext("no change")
    return metric.change_text
