"""Configurations of KPI Reporter, loaded and run in a folder with a small shop."""

from __future__ import annotations

import sqlite3
import textwrap
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kpisite.archive.store import Archive
from kpisite.errors import DefinitionError
from kpisite.kpi_reporter.configuration import read_configuration
from kpisite.pipeline.loading import LoadedReport, load_written
from kpisite.pipeline.plan import plan
from kpisite.pipeline.run import run_tasks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kpisite.model.edition import EditionRecord
    from kpisite.pipeline.run import Outcome

NOW = datetime(2024, 2, 12, 12, tzinfo=UTC)
"""A Monday; the last seven days are those from 5 to 11 February."""
SHOP = "datasources: {shop: {plugin: sql, args: {driver: sqlite, database: shop.db}}}\n"
VIEW = "views: {a: {plugin: table, args: {datasource: shop, query: select 1}}}\n"


def make_shop(folder: Path) -> None:
    """Write `shop.db`: on each day of 2024 one row, the number of the day, by turns east and west.

    `notes` has no row.
    """
    with sqlite3.connect(folder / "shop.db") as database:
        database.execute("create table sales (day text, amount integer, shop text)")
        database.execute("create table notes (day text, amount integer)")
        rows = [
            (str(date(2024, 1, 1) + timedelta(days=n)), n + 1, ("east", "west")[n % 2])
            for n in range(60)
        ]
        database.executemany("insert into sales values (?, ?, ?)", rows)
    database.close()


def loaded(
    *texts: str,
    environment: Mapping[str, str] | None = None,
    folder: Path = Path("/"),
    start: str = "",
    end: str = "",
) -> LoadedReport:
    """Load files as `kpisite run -c` does, on a machine in New York."""
    files = [(f"config{n or ''}.yaml", textwrap.dedent(text)) for n, text in enumerate(texts)]
    configuration = read_configuration(files, environment or {})
    zone = "America/New_York"
    return load_written(
        configuration.written(folder, zone, environment or {}, start=start, end=end)
    )


def mistakes(*texts: str, **more: str) -> str:
    """Return what is said of files that have mistakes."""
    with pytest.raises(DefinitionError) as caught:
        loaded(*texts, **more)  # type: ignore[arg-type]
    return str(caught.value)


def run(
    folder: Path, text: str, now: datetime = NOW, environment: Mapping[str, str] | None = None
) -> tuple[EditionRecord, Outcome]:
    """Run a configuration in a folder; return its edition, and how it went."""
    report = loaded(text, folder=folder, environment=environment)
    archive = Archive(str(folder / "archive"))
    [outcome] = run_tasks(plan([report], archive.editions(), now), archive, now)
    [entry] = archive.editions()
    edition = archive.edition(*entry.key.rsplit("/", 1))
    assert edition is not None
    return edition.record, outcome


def values(record: EditionRecord) -> dict[str, float | None]:
    """Return the numbers of an edition by their names."""
    return {metric.name: metric.value for view in record.views for metric in view.metrics}
