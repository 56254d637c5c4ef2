"""An S3 server for the tests of this folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from s3_server import S3Server
from s3fs import S3FileSystem

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def s3_process() -> Iterator[S3Server]:
    server = S3Server()
    yield server
    server.close()


@pytest.fixture
def s3(s3_process: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """The server, with nothing of this machine's own credentials around it."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    yield s3_process
    s3_process.refuse = lambda request: None
    for filesystem in S3FileSystem._cache.values():
        if filesystem._s3 is not None:
            filesystem.close_session(filesystem.loop, filesystem._s3)
    S3FileSystem.clear_instance_cache()
