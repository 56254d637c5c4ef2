"""An edition that is made up, for tests of drivers that tell people of one."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from kpisite.model.words import period_title
from kpisite.plugins import (
    Announcement,
    EditionContent,
    EditionFile,
    FailedView,
    FailureNotice,
    Mail,
    Metric,
    Period,
    Picture,
    ShownBlock,
    escape_html,
)
from kpisite.site.documents import EditionDocument, MetricDocument, PeriodDocument, ViewDocument

if TYPE_CHECKING:
    from collections.abc import Sequence

TEXT = "On-time departures"
"""What the edition says where no other text is asked for."""
_PERIOD = Period.containing(date(2013, 2, 4), "week", ZoneInfo("America/New_York"))
_KEY = "flights/2013-W06"
_URL = f"https://kpi.example.org/{_KEY}/"
_TIME = datetime(2013, 2, 11, 6, tzinfo=UTC)
_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
)


def announcement(text: str = TEXT) -> Announcement:
    """Return an edition as it is told to people.

    Args:
        text: All that comes from data or from the report says this.
    """
    return Announcement(
        key=_KEY,
        title=text,
        period=period_title(_PERIOD),
        status="sealed",
        revision=1,
        url=_URL,
        text=f"{period_title(_PERIOD)}: {text} 79.8 %",
        document=_document(text).model_dump(mode="json"),
        metrics=_metrics(text),
        time=_TIME,
        content=_Content(text),
        preview_url=f"{_URL}preview.png",
    )


def failure_notice(text: str = TEXT) -> FailureNotice:
    """Return what owners are told of an edition that does not go out; see `announcement`."""
    return FailureNotice(
        key=_KEY,
        title=text,
        period=period_title(_PERIOD),
        revision=1,
        subject=" ".join(f"Failed: {text}, {period_title(_PERIOD)}".split()),
        text=f"People are not told of it:\n\ndelays: {text}\n",
        views=[FailedView("delays", text, "Mend it.")],
        digest=hashlib.sha256(text.encode()).hexdigest(),
        time=_TIME,
        url=_URL,
    )


def _metrics(text: str) -> tuple[Metric, ...]:
    return (
        Metric(
            name="on_time",
            title=text,
            value=79.8,
            comparison=75.7,
            comparison_title="2013-W05",
            target=80,
            good="up",
        ),
        Metric(name="cancelled", title=text, value=None),
    )


def _document(text: str) -> EditionDocument:
    views = (("on_time", "ok"), ("delays", "ok"), ("carriers", "ok"), ("weather", "error"))
    return EditionDocument(
        report="flights",
        title=text,
        description=text,
        period=PeriodDocument.of(_PERIOD),
        status="sealed",
        revision=1,
        run=_TIME,
        data_until="10 February 2013, 23:59",
        zone="New York time",
        provenance="Run on 12 February 2013, 06:00",
        url="./",
        report_url="../",
        index_url="../index.json",
        previous=None,
        next=None,
        replaced_by=None,
        replaces=(),
        changed=(),
        reason="",
        metrics=tuple(map(MetricDocument.of, _metrics(text))),
        views=tuple(
            ViewDocument.model_validate(
                {
                    "id": id_,
                    "title": text,
                    "description": text,
                    "status": status,
                    "url": f"{id_}/",
                    "data": (),
                }
            )
            for id_, status in views
        ),
    )


@dataclass(frozen=True)
class _Content(EditionContent):
    """What the pages of the edition might show: a KPI, a chart, a table, and what failed."""

    text: str

    def blocks(self) -> Sequence[ShownBlock]:
        said = escape_html(self.text)
        table = f"<table><tr><td>{said}</td><td>17</td></tr></table>"
        return [
            self._block("on_time", f"<p>{said} 79.8 %</p>", is_kpi=True),
            self._block("delays", f'<img src="cid:{self._chart.name}" alt="">', chart=self._chart),
            self._block("carriers", table),
            self._block("weather", "", error=self.text),
        ]

    def mail(self) -> Mail:
        html = "".join(block.html for block in self.blocks())
        return Mail(f"<html><body>{html}</body></html>", f"{self.text}\n", [self._chart])

    def pdf(self) -> EditionFile:
        return EditionFile("flights-2013-W06.pdf", b"%PDF-1.4\n%%EOF\n", "application/pdf")

    def tables(self) -> Sequence[EditionFile]:
        rows = f"carrier,flights\n{self.text!r},17\n"
        return [EditionFile("flights-2013-W06-carriers.csv", rows.encode(), "text/csv")]

    @property
    def _chart(self) -> Picture:
        name = "delays-chart-1.png"
        return Picture(name, _PNG, "image/png", alt=self.text, width=552, height=300)

    def _block(
        self,
        id_: str,
        html: str,
        *,
        is_kpi: bool = False,
        chart: Picture | None = None,
        error: str = "",
    ) -> ShownBlock:
        return ShownBlock(
            id=id_,
            title=self.text,
            description=self.text,
            url=f"{_URL}{id_}/",
            is_kpi=is_kpi,
            metrics=_metrics(self.text) if is_kpi else (),
            html=html,
            text="" if error else f"{self.text}  17",
            pictures=[chart] if chart else (),
            error=error,
        )
