"""What a test needs of the machine: where it is missing, the test is skipped, or fails in CI."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

ALL = os.environ.get("KPISITE_TEST_REQUIRE") == "all"
"""Whether every test must run."""


def lacks(what: str) -> NoReturn:
    """Leave a test, or a module of tests, that cannot run here."""
    if ALL:
        pytest.fail(what)
    pytest.skip(what, allow_module_level=True)


def needs(found: object, reason: str) -> pytest.MarkDecorator:
    """Return the mark of tests that need something; where all must run, they fail by themselves."""
    return pytest.mark.skipif(not found and not ALL, reason=reason)
