"""An edition that is mailed, with two pictures and a table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kpisite.model.metric import Metric
from kpisite.plugins import Announcement, EditionContent, EditionFile, Mail, Picture, ShownBlock

if TYPE_CHECKING:
    from collections.abc import Sequence

URL = "https://kpi.example.org/sales/2024-W06/"
PICTURES = [
    Picture("rows-chart-1.png", b"\x89PNG 1", "image/png", alt="A chart", width=552, height=300),
    Picture("shop-map.png", b"\x89PNG 2", "image/png", url=f"{URL}shop/map.png"),
]


@dataclass(frozen=True)
class Content(EditionContent):
    """What an edition's pages might show."""

    html: str = (
        '<p>Sold 1,204 €</p><img src="cid:rows-chart-1.png"><img src="cid:shop-map.png">\n.\n'
    )
    text: str = "Sold 1,204 €\n.\n..two dots\n"

    def blocks(self) -> Sequence[ShownBlock]:
        return []

    def mail(self) -> Mail:
        return Mail(self.html, self.text, PICTURES)

    def pdf(self) -> EditionFile:
        return EditionFile("sales-2024-W06.pdf", b"%PDF-1.4", "application/pdf")

    def tables(self) -> Sequence[EditionFile]:
        return [EditionFile("sales-2024-W06-rows.csv", b"day,amount\n", "text/csv")]


ANNOUNCEMENT = Announcement(
    key="sales/2024-W06",
    title="Verkäufe, weekly",
    period="Week 6, 2024",
    status="sealed",
    revision=1,
    url=URL,
    text="Week 6, 2024: Sold 1,204 €, up 4.1 %",
    document={"version": 1, "views": []},
    metrics=(
        Metric(name="sold", title="Sold", value=1204, label="{stat} pieces"),
        Metric(name="x", title="X", value=None),
    ),
    time=datetime(2024, 2, 12, 6, tzinfo=UTC),
    content=Content(),
)
