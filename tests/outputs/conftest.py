"""What tests of outputs share: an S3 server, a project in Git, and short pauses."""

import pytest
from git_project import git_project
from s3_server import s3, s3_process

from kpisite.outputs import _retries

__all__ = ["git_project", "s3", "s3_process"]


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tried again is tried again at once."""
    monkeypatch.setattr(_retries, "FIRST_PAUSE", 0.001)
