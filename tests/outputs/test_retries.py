"""What outputs do between two tries."""

from __future__ import annotations

import pytest

from kpisite.outputs._retries import FIRST_PAUSE, LONGEST_PAUSE, retrying


def pauses(monkeypatch: pytest.MonkeyPatch, tries: int) -> list[float]:
    """Return how long it waits before each further try."""
    slept: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", slept.append)

    def fail() -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        retrying(tries, lambda error: True)(fail)
    return slept


def test_pauses_are_of_random_length_and_may_grow(monkeypatch):
    found = [pauses(monkeypatch, 12) for _ in range(20)]
    assert all(len(one) == 11 for one in found)
    for number, same in enumerate(zip(*found, strict=True)):
        assert len(set(same)) > 1
        assert max(same) <= min(FIRST_PAUSE * 2**number, LONGEST_PAUSE)
    assert max(max(one) for one in found) > FIRST_PAUSE


def test_what_will_not_pass_is_tried_once(monkeypatch):
    tried = []

    def fail() -> None:
        tried.append(1)
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - its own
        retrying(5, lambda error: isinstance(error, ConnectionError))(fail)
    assert tried == [1]
