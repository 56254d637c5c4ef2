"""What every driver that tells people of editions keeps to, as tests against a real receiver."""

# ruff: noqa: D102, S101 - tests, named by sentences

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import pytest

from kpisite.errors import UnclearDeliveryError
from kpisite.plugins import EditionDriver
from kpisite.testing.edition import announcement, failure_notice
from kpisite.testing.output import DriverContract
from kpisite.testing.view import HOSTILE

if TYPE_CHECKING:
    from pathlib import Path


_KEY = "fl\N{LATIN SMALL LETTER U WITH DIAERESIS}ge \N{HIRAGANA LETTER A}/2013-W06"
"""Of a report whose folder has a name to be quoted."""


class EditionDriverContract(DriverContract):
    """What every driver that tells people keeps to. Subclass it as `TestMyDriverContract`."""

    revises_in_place: ClassVar[bool] = False
    """Whether a revision changes the message that is there, so that people have one and not two."""

    @abstractmethod
    def make(self, folder: Path) -> EditionDriver:
        """Return a driver before a receiver that has got nothing yet; nobody is `owners`."""

    @abstractmethod
    def make_unreachable(self, folder: Path) -> EditionDriver:
        """Return a driver whose receiver cannot be reached."""

    @abstractmethod
    def sent(self) -> int:
        """Return how many messages people and owners have got in this test."""

    def make_owned(self, folder: Path) -> EditionDriver | None:
        """Return what `make` does, but with owners; None where the driver never tells any."""
        return None

    def test_a_plan_sends_nothing(self, tmp_path: Path) -> None:
        plan = self.make(tmp_path).plan(announcement())
        assert plan
        self._see_no_secret(*plan)
        assert self.sent() == 0

    def test_an_edition_is_one_message_and_its_receipt_says_where_it_is(
        self, tmp_path: Path
    ) -> None:
        driver = self.make(tmp_path)
        receipt = driver.deliver(announcement())
        assert self.sent() == 1
        self._check(receipt, driver.target)

    def test_a_revision_is_told_as_one(self, tmp_path: Path) -> None:
        first = self.make(tmp_path).deliver(announcement())
        revised = replace(announcement(), revision=2, before=first)
        assert self.make(tmp_path).plan(revised)
        assert self.sent() == 1
        second = self.make(tmp_path).deliver(revised)
        assert self.sent() == (1 if self.revises_in_place else 2)
        assert second.digest != first.digest

    def test_where_it_cannot_be_reached_it_is_clear_that_nothing_arrived(
        self, tmp_path: Path
    ) -> None:
        driver = self.make_unreachable(tmp_path)
        error = self._fails(lambda: driver.deliver(announcement()))
        assert not isinstance(error, UnclearDeliveryError)
        assert self.sent() == 0

    @pytest.mark.parametrize("text", HOSTILE)
    def test_an_edition_with_any_text_arrives(self, tmp_path: Path, text: str) -> None:
        told = announcement(text)
        assert self.make(tmp_path).plan(told)
        self.make(tmp_path).deliver(told)
        assert self.sent() == 1

    def test_an_edition_of_a_report_in_a_folder_of_any_name_arrives(self, tmp_path: Path) -> None:
        told = replace(announcement(), key=_KEY)
        assert self.make(tmp_path).plan(told)
        self.make(tmp_path).deliver(told)
        assert self.sent() == 1
        owned = self.make_owned(tmp_path)
        if owned is not None:
            owned.notify(replace(failure_notice(), key=_KEY))
            assert self.sent() == 2

    def test_nobody_is_told_of_failures_where_there_are_no_owners(self, tmp_path: Path) -> None:
        assert self.make(tmp_path).owners == ""

    @pytest.mark.parametrize("text", HOSTILE)
    def test_owners_are_told_of_failures_in_one_message(self, tmp_path: Path, text: str) -> None:
        driver = self.make_owned(tmp_path)
        if driver is None:
            assert type(self.make(tmp_path)).owners is EditionDriver.owners, "make_owned is missing"
            return
        assert driver.owners
        self._see_no_secret(driver.owners)
        receipt = driver.notify(failure_notice(text))
        assert self.sent() == 1
        self._check(receipt, driver.owners)
