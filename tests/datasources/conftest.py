"""Servers for the tests of a datasource, and pauses that take no time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from answering import Answering, answering
from s3_server import s3, s3_process
from sql_servers import mariadb_server, postgresql_server

from kpisite.datasources import _http

__all__ = ["mariadb_server", "postgresql_server", "s3", "s3_process"]

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answering]:
    """A server that a test tells what to answer."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with answering() as server:
        yield server


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that would have been waited between two tries."""
    made: list[float] = []
    monkeypatch.setattr(_http, "pause", made.append)
    return made
