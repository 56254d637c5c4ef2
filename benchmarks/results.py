"""What the benchmark leaves: a table to read and a file to keep."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rows import Row

_PACKAGES = ("kpisite", "mkdocs", "mkdocs-material", "bokeh", "duckdb", "pandas", "pyarrow")


def table(rows: Sequence[Row]) -> Table:
    """Return the rows as a table for the terminal."""
    made = Table("measured", "against", "CPU s", "wall s", "peak MB", "figure", "reach", "")
    for row in rows:
        costs = list(row.costs.values())
        made.add_row(
            row.measured,
            row.against,
            _lines(f"{cost.cpu:.4g}" for cost in costs),
            _lines(f"{cost.wall:.3g}" for cost in costs),
            _lines(f"{cost.peak / 1e6:.0f}" for cost in costs),
            f"{row.figure:.3f} {row.unit}",
            f"≤ {row.reach:.4g}",
            "[green]ok[/]" if row.ok else "[red]short[/]",
        )
    return made


def write_results(path: Path, rows: Sequence[Row]) -> None:
    """Keep the rows with the day and the machine that they were measured on."""
    results = {
        "measured_on": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "rows": [row.record() for row in rows],
    }
    text = json.dumps(results, indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def machine() -> dict[str, Any]:
    """Return what figures depend on: processor, memory, versions; not the machine's name."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _PACKAGES},
    }


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(texts)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
