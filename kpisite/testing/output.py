"""What every output driver keeps to, as tests against a real target."""

# ruff: noqa: D102, S101 - tests, named by sentences

from __future__ import annotations

import socket
import subprocess
import traceback
from abc import ABC, abstractmethod
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar
from unittest import mock

import pytest
from pydantic import ValidationError

from kpisite.errors import OutputError, UnclearDeliveryError
from kpisite.pipeline.publish import read_site
from kpisite.testing.edition import announcement, failure_notice
from kpisite.testing.view import HOSTILE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from kpisite.plugins import EditionDriver, OutputDriver, Receipt, Site, SiteDriver

_SITE = {
    "index.html": b"<h1>Week 5</h1>\n",
    "flights/2013-W05/week-5.html": b"<h1>Week 5</h1>\n",
    "flights/2013-W05/map/map 1.png": bytes(range(256)),
    "assets/a.css": b"a{}\r\n",
    "assets/\N{LATIN SMALL LETTER U WITH DIAERESIS}ber.txt": b"\n",
    "robots.txt": b"",
}
"""A site: text and what is none, an empty file, names to be quoted; each is told by its name."""
_ADDED, _CHANGED = "flights/2013-W06/week-6.html", "index.html"
_REMOVED = "flights/2013-W05/map/map 1.png"
_NEXT = {
    **{path: content for path, content in _SITE.items() if path != _REMOVED},
    _ADDED: b"<h1>Week 6</h1>\n",
    _CHANGED: b"<h1>Week 6</h1>\n",
}
"""The site after it, with as many bytes in the file that changed."""


class _DriverContract(ABC):
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


class SiteDriverContract(_DriverContract):
    """What every driver of sites keeps to. Subclass it as `TestMyDriverContract`."""

    own_files: ClassVar[Collection[str]] = ()
    """Paths of the files that the driver puts beside those of the site."""

    @abstractmethod
    def make(self, folder: Path) -> SiteDriver:
        """Return a driver in a project's folder, before a target that is empty at first.

        Within a test, it is the same target for the same folder. The site is in `folder / "site"`.
        Where removing files is an option, it is on.
        """

    @abstractmethod
    def make_unreachable(self, folder: Path) -> SiteDriver:
        """Return a driver that cannot reach its target."""

    @abstractmethod
    def published(self, folder: Path) -> Mapping[str, bytes]:
        """Return path and content of all files that people see at the target of `make`."""

    def test_a_plan_lists_what_differs_and_changes_nothing(self, tmp_path: Path) -> None:
        driver = self.make(tmp_path)
        first = driver.plan(_write(tmp_path, _SITE))
        assert not [path for path in _SITE if not _named(path, first)]
        assert self.published(tmp_path) == {}
        driver.deploy(_write(tmp_path, _SITE))
        before = self.published(tmp_path)
        second = driver.plan(_write(tmp_path, _NEXT))
        assert {path for path in {**_SITE, **_NEXT} if _named(path, second)} == {
            *(_ADDED, _CHANGED, _REMOVED)
        }
        assert self.published(tmp_path) == before
        self._see_no_secret(*first, *second)

    def test_the_first_deploy_publishes_the_files_of_the_site_and_no_others(
        self, tmp_path: Path
    ) -> None:
        driver = self.make(tmp_path)
        receipt = driver.deploy(_write(tmp_path, _SITE))
        assert self._seen(tmp_path) == _SITE
        self._check(receipt, driver.target)

    def test_the_same_site_again_changes_nothing(self, tmp_path: Path) -> None:
        first = self.make(tmp_path).deploy(_write(tmp_path, _SITE))
        before = self.published(tmp_path)
        site = _write(tmp_path, _SITE)
        assert list(self.make(tmp_path).plan(site)) == []
        second = self.make(tmp_path).deploy(site)
        assert self.published(tmp_path) == before
        assert (second.target, second.digest) == (first.target, first.digest)

    def test_what_is_added_changed_and_removed_arrives(self, tmp_path: Path) -> None:
        first = self.make(tmp_path).deploy(_write(tmp_path, _SITE))
        second = self.make(tmp_path).deploy(_write(tmp_path, _NEXT))
        assert self._seen(tmp_path) == _NEXT
        assert second.digest != first.digest

    def test_where_it_cannot_be_reached_what_was_there_stays_and_a_rerun_finishes(
        self, tmp_path: Path
    ) -> None:
        self.make(tmp_path).deploy(_write(tmp_path, _SITE))
        before = self.published(tmp_path)
        site = _write(tmp_path, _NEXT)
        self._fails(lambda: self.make_unreachable(tmp_path).deploy(site))
        assert self.published(tmp_path) == before
        self.make(tmp_path).deploy(site)
        assert self._seen(tmp_path) == _NEXT

    def test_what_is_told_of_progress_grows_and_ends_at_the_total(self, tmp_path: Path) -> None:
        told: list[tuple[int, int]] = []
        driver = self.make(tmp_path)
        driver.context = replace(driver.context, progress=lambda *count: told.append(count))
        for files in (_SITE, _NEXT):
            driver.deploy(_write(tmp_path, files))
            counts = [done for done, _ in told]
            assert counts == sorted(counts)
            assert {total for _, total in told} <= set(counts[-1:])
            told.clear()

    def _seen(self, folder: Path) -> dict[str, bytes]:
        """Return what people see, without the driver's own files."""
        seen = self.published(folder)
        return {path: content for path, content in seen.items() if path not in self.own_files}


class EditionDriverContract(_DriverContract):
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

    def test_nobody_is_told_of_failures_where_there_are_no_owners(self, tmp_path: Path) -> None:
        assert self.make(tmp_path).owners == ""

    @pytest.mark.parametrize("text", HOSTILE)
    def test_owners_are_told_of_failures_in_one_message(self, tmp_path: Path, text: str) -> None:
        driver = self.make_owned(tmp_path)
        if driver is None:
            pytest.skip("the driver tells no owners")
        assert driver.owners
        self._see_no_secret(driver.owners)
        receipt = driver.notify(failure_notice(text))
        assert self.sent() == 1
        self._check(receipt, driver.owners)


def _write(folder: Path, files: Mapping[str, bytes]) -> Site:
    """Make `folder / "site"` a site with these files, as a build does that writes all anew."""
    site = folder / "site"
    for path in [path for path in site.rglob("*") if path.is_file()]:
        path.unlink()
    for name, content in files.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_bytes(content)
    return read_site(site)


def _named(path: str, plan: Sequence[str]) -> bool:
    return any(path in line for line in plan)


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
