"""The messages on the page about trouble are those that kpisite gives."""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from docs_examples import GUIDE, Example, examples

from kpisite.archive.store import Archive
from kpisite.errors import KpisiteError
from kpisite.pipeline.loading import load_reports
from kpisite.pipeline.plan import plan
from kpisite.pipeline.problems import grouped
from kpisite.pipeline.run import run_tasks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kpisite.pipeline.loading import LoadedReport

PAGE = GUIDE / "troubleshooting.md"
REPORT = next(example.text for example in examples(PAGE) if example.is_report)
SHOWN = [example for example in examples(PAGE) if example.language == "text"]
NOW = datetime(2025, 4, 1, tzinfo=UTC)
MISTAKES = [
    ("schedule:", "shedule:"),
    ("{sales: sales.csv}", "{sales: sales.csv}\n      file: sales.csv"),
    ("monthly", "fortnightly"),
    ("schedule: monthly", "schedule: monthly\nschedule: weekly"),
    ("Europe/London", "Europe/Londn"),
    ("until: 2025", "until: 2024"),
    ("single_stat", "singlestat"),
    ("plugin: duckdb", "plugin: shopkit.log:Log"),
    ("datasource: shop\n", "datasource: shp\n"),
    ("sales.csv", '"${SALES_FILE}"'),
    ("title: Sales", "title: [Sales"),
]
FAILURES = [
    ("sum(revenue)", "sum(revenu)"),
    ("from sales where", "from sale where"),
    ("sales.csv", "sale.csv"),
    ("select shop, revenue", "selec shop, revenue"),
    ("day >= {from}", "day >= {form}"),
    ("sum(revenue)", "shop"),
    ("select sum(revenue) from sales where day >= {from} and day < {to}\n", "select 1/0\n"),
    ("query: select shop", "bars: [revenu]\n      query: select shop"),
]


def flat(text: str) -> str:
    return " ".join(text.split())


def full(_: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Messages:
    """Makes mistakes in a project and collects what is said about them."""

    def __init__(self, folder: Path) -> None:
        self.report = folder / "content" / "sales" / "report.yml"
        self.report.parent.mkdir(parents=True)
        (self.report.parent / "sales.csv").write_text(
            "day,shop,revenue\n2025-01-06,Leeds,10\n2025-02-06,York,20\n"
        )
        self.archive = folder / "archive"

    def load(self, text: str) -> list[LoadedReport]:
        self.report.write_text(text)
        return load_reports(self.report.parent.parent, {})

    def run(self, text: str) -> list[str]:
        tasks = plan(self.load(text), [], NOW)
        outcomes = list(run_tasks(tasks, Archive("memory://docs-messages"), NOW))
        problems = [problem for outcome in outcomes for problem in outcome.problems]
        return [group.text() for group in grouped(problems)]

    def of_definitions(self) -> Iterator[str]:
        for right, wrong in MISTAKES:
            with pytest.raises(KpisiteError) as caught:
                self.load(REPORT.replace(right, wrong, 1))
            yield str(caught.value)
        self.report.rename(self.report.parent.parent / "report.yml")
        with pytest.raises(KpisiteError) as caught:
            self.load(REPORT)
        yield str(caught.value)
        (self.report.parent.parent / "report.yml").unlink()

    def of_views(self) -> Iterator[str]:
        for right, wrong in FAILURES:
            yield from self.run(REPORT.replace(right, wrong, 1))

    def of_the_archive(self) -> Iterator[str]:
        tasks = plan(self.load(REPORT), [], NOW)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(KpisiteError) as caught:
                list(run_tasks(tasks, Archive("archive"), NOW))
        yield str(caught.value)
        list(run_tasks(tasks, Archive("archive"), NOW))
        record = self.archive / "sales" / "2025-01" / "1" / "edition.json"
        edition = Archive("archive").editions()[0].load()
        next(record.parent.glob("frames/*")).write_bytes(b"something else")
        with pytest.raises(KpisiteError) as caught:
            [edition.frame(frame) for frame in edition.record.frames]
        yield str(caught.value)
        record.write_text(record.read_text()[:-40])
        with pytest.raises(KpisiteError) as caught:
            Archive("archive").editions()
        yield str(caught.value)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("messages")
    messages = Messages(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        found = [*messages.of_definitions(), *messages.of_views(), *messages.of_the_archive()]
    return [flat(message) for message in found]


def test_the_report_that_the_mistakes_are_made_in_has_none(tmp_path: Path) -> None:
    assert Messages(tmp_path).run(REPORT) == []


@pytest.mark.parametrize("example", SHOWN, ids=lambda example: example.place)
def test_every_message_on_the_page_is_a_real_one(example: Example, said: list[str]) -> None:
    assert any(flat(example.text) in message for message in said), "\n".join(said)
