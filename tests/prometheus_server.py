"""A real Prometheus server on loopback, with metrics and alerts of 2013 in its storage."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import requests
from required import lacks

from kpisite.testing import ROWS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

PROMETHEUS, PROMTOOL = shutil.which("prometheus"), shutil.which("promtool")
USER, PASSWORD = "reader", "s3cr3t-w0rd"
_BCRYPT = "$2b$04$2U7I1KvYOau9z0QSy//29OseMcwfkYh6Vvm9GXe5r01yVRn3oC.XG"
"""Of the password."""

CRITICAL = {"severity": "critical", "instance": "db1", "job": "node"}
WARNING = {"severity": "warning", "instance": "web1", "job": "node"}
ALERTS: tuple[tuple[str, Mapping[str, str], str, str], ...] = (
    ("HostDown", CRITICAL, "2013-10-21T10:07", "2013-10-21T10:52"),
    ("HostDown", CRITICAL, "2013-10-23T06:00", "2013-10-23T06:01"),
    ("HostDown", {**CRITICAL, "instance": "db2"}, "2013-10-21T10:31", "2013-10-21T11:20"),
    ("DiskFull", {**WARNING, "team": "infra"}, "2013-10-26T23:30", "2013-10-27T02:29"),
    ("DiskFull", {**WARNING, "team": "infra"}, "2013-10-27T22:30", "2013-10-28T01:00"),
    ("Slow", {**WARNING, "alertstate": "pending"}, "2013-10-22T00:00", "2013-10-23T00:00"),
    ("HostDown", CRITICAL, "2025-01-08T03:00", "2025-01-08T04:38"),
    ("HostDown", {**CRITICAL, "team": "test-db"}, "2025-01-09T03:00", "2025-01-09T04:38"),
    ("DiskFull", WARNING, "2025-01-10T12:02", "2025-01-10T12:04"),
)
"""Name, labels, first and last minute in UTC. The clock in Berlin goes back on 27 October at 1:00
UTC, and its week 43 ends at 23:00 UTC; DiskFull fires over both."""
REQUESTS = {"200": 30, "500": 1}
"""Requests in five minutes of the first half of January 2025, by their code."""


def _openmetrics() -> str:
    """Return all samples, in the order that promtool wants."""
    lines = ["# TYPE rows gauge"]
    lines += [f"rows {value} {at.timestamp():.0f}" for at, value in ROWS]
    lines.append("# TYPE ALERTS gauge")
    for name, labels, first, last in ALERTS:
        named = {"alertname": name, "alertstate": "firing", **labels}
        written = ",".join(f'{label}="{value}"' for label, value in named.items())
        at, end = (datetime.fromisoformat(t).replace(tzinfo=UTC) for t in (first, last))
        while at <= end:
            lines.append(f"ALERTS{{{written}}} 1 {at.timestamp():.0f}")
            at += timedelta(minutes=1)
    lines.append("# TYPE http_requests counter")
    for code, count in REQUESTS.items():
        for number in range(14 * 288):
            at = datetime(2025, 1, 1, tzinfo=UTC) + number * timedelta(minutes=5)
            sample = f'http_requests_total{{code="{code}"}} {number * count}'
            lines.append(f"{sample} {at.timestamp():.0f}")
    return "\n".join([*lines, "# EOF\n"])


class PrometheusServer:
    """Serves until it is closed."""

    def __init__(self, folder: Path) -> None:
        assert PROMETHEUS is not None
        assert PROMTOOL is not None
        samples, data = folder / "samples.txt", folder / "data"
        samples.write_text(_openmetrics())
        make = [PROMTOOL, "tsdb", "create-blocks-from", "openmetrics", "--quiet"]
        subprocess.run([*make, "--max-block-duration=10000h", samples, data], check=True)
        (folder / "prometheus.yml").write_text("global: {scrape_interval: 1h}\n")
        (folder / "web.yml").write_text(f"basic_auth_users: {{{USER}: '{_BCRYPT}'}}\n")
        self._process = subprocess.Popen(
            [
                PROMETHEUS,
                f"--config.file={folder}/prometheus.yml",
                f"--web.config.file={folder}/web.yml",
                f"--storage.tsdb.path={data}",
                "--storage.tsdb.retention.time=100y",
                "--web.listen-address=127.0.0.1:0",
                "--query.max-samples=200000",
            ],
            stderr=subprocess.PIPE,
            text=True,
        )
        self.log: list[str] = []
        self._port = ""
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        if not self._ready.wait(60) or not self._port:
            self.close()
            raise RuntimeError("".join(self.log))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._reader.join()
        assert self._process.stderr is not None
        self._process.stderr.close()

    def _read(self) -> None:
        """Keep the log; it says which port was free, and when all is loaded."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.log.append(line)
            if found := re.search(r'msg="Listening on" address=127\.0\.0\.1:(\d+)', line):
                self._port = found[1]
            if "Server is ready to receive web requests" in line:
                self._ready.set()
        self._ready.set()


@pytest.fixture(scope="session")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusServer]:
    if not (PROMETHEUS and PROMTOOL):
        lacks("prometheus and promtool are not installed")
    server = PrometheusServer(tmp_path_factory.mktemp("prometheus"))
    requests.get(f"{server.address}/-/ready", auth=(USER, PASSWORD), timeout=60).raise_for_status()
    yield server
    server.close()
