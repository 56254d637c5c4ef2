"""The benchmark runs: what it measures is not looked at here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "bench.py"


def test_a_tiny_benchmark_runs_and_prints_its_rows():
    done = subprocess.run(
        [sys.executable, str(BENCHMARK), "--small", "one-more-of-few", "charts"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "bare MkDocs, one page" in done.stdout
    assert "figure and json_item" in done.stdout
