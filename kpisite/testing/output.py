"""What output drivers of both kinds keep to, as tests against a real target."""

# ruff: noqa: D102, S101 - tests, named by sentences

from __future__ import annotations

import socket
import subprocess
import traceback
from abc import ABC, abstractmethod
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, ClassVar
from unittest import mock

import pytest
from pydantic import ValidationError

from kpisite.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from kpisite.plugins import OutputDriver, Receipt


class DriverContract(ABC):
    """What drivers of both kinds keep to."""

    secrets: ClassVar[Sequence[str]] = ()
    """What is in the options of the drivers that are made, and nobody may read."""

    @abstractmethod
    def make(self, folder: Path) -> OutputDriver:
        """Return a driver before a real target; within a test, before the same one each time."""

    @abstractmethod
    def make_unreachable(self, folder: Path) -> OutputDriver:
        """Return a driver that cannot reach its target."""

    def test_making_one_and_asking_for_its_target_connects_to_nothing(self, tmp_path: Path) -> None:
        for driver in (self.make(tmp_path), self.make_unreachable(tmp_path)):
            with _watched() as tried:
                again = type(driver)(driver.options, driver.context)
                target = again.target
            assert tried == []
            assert target
            self._see_no_secret(target)

    def test_options_refuse_an_unknown_key(self, tmp_path: Path) -> None:
        with pytest.raises(ValidationError, match="no_such_option"):
            type(self.make(tmp_path)).Options.model_validate({"no_such_option": 1})

    def _see_no_secret(self, *said: str) -> None:
        for secret in self.secrets:
            assert not [text for text in said if secret in text], "a secret is told"

    def _check(self, receipt: Receipt, target: str) -> None:
        """See that a receipt says what went where."""
        assert receipt.target == target
        assert receipt.digest
        self._see_no_secret(receipt.model_dump_json())

    def _fails(self, act: Callable[[], object]) -> OutputError:
        """See that it is an error that says what to do; return it."""
        with pytest.raises(OutputError) as caught:
            act()
        assert caught.value.message
        assert caught.value.hint
        self._see_no_secret(str(caught.value), *traceback.format_exception(caught.value))
        return caught.value


@contextmanager
def _watched() -> Iterator[list[str]]:
    """Yield what is tried meanwhile: a connection, a program; each fails."""
    tried: list[str] = []

    def refuse(name: str) -> Callable[..., Any]:
        def tell(*_: object, **__: object) -> Any:
            tried.append(name)
            raise AssertionError(f"{name} before there is anything to do")

        return tell

    with ExitStack() as stack:
        for owner, name in (
            (socket.socket, "connect"),
            (socket.socket, "connect_ex"),
            (socket, "getaddrinfo"),
            (subprocess.Popen, "__init__"),
        ):
            stack.enter_context(mock.patch.object(owner, name, refuse(name)))
        yield tried
