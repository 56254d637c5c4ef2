"""The contracts of output drivers catch those that break them."""

from __future__ import annotations

import contextlib
import inspect
import itertools
import socket
import subprocess
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from pydantic import SecretStr

from kpisite.errors import OutputError, UnclearDeliveryError
from kpisite.plugins import (
    EditionDriver,
    EditionOptions,
    OutputContext,
    PluginOptions,
    Receipt,
    SiteDriver,
)
from kpisite.testing import EditionDriverContract, SiteDriverContract

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from kpisite.plugins import Announcement, FailureNotice, Site

SECRET = "s3cr3t-w0rd"
CALLS = itertools.count()


def digest(said: object) -> str:
    return str(hash(repr(said)))


def fault_in(name: str, fault: str) -> str:
    """Return a secret where a driver with this fault tells it."""
    return SECRET if name == fault else ""


def unreachable(fault: str) -> Exception:
    """Return the error of a driver whose target is not there, with its fault."""
    if fault == "raw error":
        return ConnectionError("nobody is there")
    if fault == "no hint":
        return OutputError("nobody is there")
    error = OutputError(f"nobody is there {fault_in('told error', fault)}", hint="Look there.")
    error.__cause__ = ConnectionError(fault_in("told cause", fault))
    return error


def connect(fault: str) -> None:
    """Do what no driver may do when it is made, or asked for its target."""
    if fault == "connects":
        socket.create_connection(("127.0.0.1", 1))
    if fault == "swallows":
        with contextlib.suppress(BaseException):
            socket.create_connection(("127.0.0.1", 1))
    if fault == "runs":
        subprocess.run(["true"], check=True)


class Options(PluginOptions):
    token: SecretStr = SecretStr(SECRET)


class LenientOptions(Options):
    model_config: ClassVar = {"extra": "ignore"}


class Shelf(SiteDriver):
    """Keeps a site in memory, with one fault."""

    Options = Options
    fault: ClassVar[str] = ""
    files: ClassVar[dict[str, bytes]]
    reachable: ClassVar[bool] = True

    @property
    def target(self) -> str:
        connect(self.fault)
        return f"the shelf {fault_in('told target', self.fault)}"

    def plan(self, site: Site) -> Sequence[str]:
        if self.fault == "eager plan":
            self.files["index.html"] = b""
        wanted = self._wanted(site)
        changed = [path for path in wanted if self.files.get(path) != wanted[path]]
        stale = [path for path in self.files if path not in wanted and path != "own"]
        if self.fault == "vague plan":
            return [f"write {len(changed)} files"]
        if self.fault == "whole plan":
            changed = list(wanted)
        if self.fault == "counts" and self.files:
            changed = []
        told = fault_in("told plan", self.fault)
        return [
            *(f"write {path} {told}" for path in changed),
            *(f"remove {path}" for path in stale),
        ]

    def deploy(self, site: Site) -> Receipt:
        if not self.reachable:
            if self.fault == "loses":
                self.files.clear()
            if self.fault == "not told":
                return Receipt(target=self.target, digest=site.digest)
            raise unreachable(self.fault)
        wanted, was = self._wanted(site), dict(self.files)
        self.files.clear()
        self.files.update(wanted, own=b"kept")
        if self.fault == "stale":
            self.files.update({path: was[path] for path in was if path not in wanted})
        if self.fault == "keeps":
            self.files.update({path: was[path] for path in was if path in wanted})
        if self.fault == "more files":
            self.files["more.html"] = b""
        if self.fault == "fewer files":
            self.files.pop(min(wanted))
        if self.fault == "counts":
            self.files["robots.txt"] = str(len(was)).encode()
        self._tell(len(wanted))
        return Receipt(
            target=self.target if self.fault != "elsewhere" else "another shelf",
            digest=self._digest(site),
            details={"token": fault_in("told receipt", self.fault)},
        )

    def _wanted(self, site: Site) -> dict[str, bytes]:
        return {path: (site.folder / path).read_bytes() for path in site.files}

    def _digest(self, site: Site) -> str:
        if self.fault == "new digest":
            return f"{site.digest} {next(CALLS)}"
        return {"no digest": "", "one digest": "0"}.get(self.fault, site.digest)

    def _tell(self, total: int) -> None:
        counts = {"goes back": [0, 2, 1, total], "ends early": [0, 1]}.get(self.fault, [0, total])
        for count in counts:
            self.context.progress(count, total)
        if self.fault == "two totals":
            self.context.progress(total + 1, total + 1)


class ShelfContract(SiteDriverContract):
    own_files: ClassVar = {"own"}
    secrets: ClassVar = (SECRET,)
    driver: ClassVar[type[Shelf]] = Shelf
    files: Mapping[str, bytes] | None = None

    def make(self, folder: Path, *, reachable: bool = True) -> Shelf:
        self.files = {} if self.files is None else self.files
        more = {"files": self.files, "reachable": reachable}
        made = type("Made", (self.driver,), more)
        return made(made.Options(), OutputContext("shelf", folder))

    def make_unreachable(self, folder: Path) -> Shelf:
        return self.make(folder, reachable=False)

    def published(self, folder: Path) -> Mapping[str, bytes]:
        return dict(self.files or {})


class TestShelfContract(ShelfContract):
    """Without a fault it passes."""


CONNECTS = "test_making_one_and_asking_for_its_target_connects_to_nothing"
UNKNOWN = "test_options_refuse_an_unknown_key"
PLAN = "test_a_plan_lists_what_differs_and_changes_nothing"
FIRST = "test_the_first_deploy_publishes_the_files_of_the_site_and_no_others"
AGAIN = "test_the_same_site_again_changes_nothing"
NEXT = "test_what_is_added_changed_and_removed_arrives"
STAYS = "test_where_it_cannot_be_reached_what_was_there_stays_and_a_rerun_finishes"
PROGRESS = "test_what_is_told_of_progress_grows_and_ends_at_the_total"


def check(contract: Any, test: str, folder: Path) -> None:
    """See that a test of a contract fails, with all arguments that it is run with."""
    function = getattr(contract, test)
    given: dict[str, Any] = {"tmp_path": folder}
    if "text" in inspect.signature(function).parameters:
        given["text"] = "a\n\n# b"
    with pytest.raises((Exception, pytest.fail.Exception)):
        function(**given)


@pytest.mark.parametrize(
    ("fault", "test"),
    [
        ("connects", CONNECTS),
        ("swallows", CONNECTS),
        ("runs", CONNECTS),
        ("told target", CONNECTS),
        ("lenient", UNKNOWN),
        ("told plan", PLAN),
        ("eager plan", PLAN),
        ("vague plan", PLAN),
        ("whole plan", PLAN),
        ("more files", FIRST),
        ("fewer files", FIRST),
        ("elsewhere", FIRST),
        ("no digest", FIRST),
        ("told receipt", FIRST),
        ("whole plan", AGAIN),
        ("counts", AGAIN),
        ("new digest", AGAIN),
        ("one digest", NEXT),
        ("stale", NEXT),
        ("keeps", NEXT),
        ("loses", STAYS),
        ("not told", STAYS),
        ("raw error", STAYS),
        ("no hint", STAYS),
        ("told error", STAYS),
        ("told cause", STAYS),
        ("goes back", PROGRESS),
        ("ends early", PROGRESS),
        ("two totals", PROGRESS),
    ],
)
def test_the_contract_catches_a_driver_of_sites_that_breaks_it(tmp_path, fault, test):
    options = LenientOptions if fault == "lenient" else Options
    faulty = type("Faulty", (Shelf,), {"fault": fault, "Options": options})
    contract = type("FaultyContract", (ShelfContract,), {"driver": faulty})()
    check(contract, test, tmp_path)


class BoardOptions(EditionOptions):
    token: SecretStr = SecretStr(SECRET)
    owner: str = ""


class LenientBoardOptions(BoardOptions):
    model_config: ClassVar = {"extra": "ignore"}


class Board(EditionDriver):
    """Pins messages to a board in memory, with one fault."""

    Options = BoardOptions
    options: BoardOptions
    fault: ClassVar[str] = ""
    in_place: ClassVar[bool] = False
    pinned: ClassVar[list[object]]
    reachable: ClassVar[bool] = True

    @property
    def target(self) -> str:
        connect(self.fault)
        return f"the board {fault_in('told target', self.fault)}"

    @property
    def owners(self) -> str:
        if self.fault == "owned":
            return "all"
        return f"{self.options.owner}{fault_in('told owners', self.fault)}"

    def plan(self, announcement: Announcement) -> Sequence[str]:
        if self.fault == "eager plan" or (self.fault == "eager revision" and announcement.before):
            self.pinned.append("planned")
        if self.fault == "no plan":
            return []
        return [f"pin {announcement.text} {fault_in('told plan', self.fault)}"]

    def deliver(self, announcement: Announcement) -> Receipt:
        said = (announcement.text, announcement.is_revision and self.fault != "as new")
        if self.fault == "plain words only" and not announcement.title.replace(" ", "").isalpha():
            raise ValueError(announcement.title)
        if self.in_place and announcement.before:
            self.pinned.pop()
        return self._pin(said, self.target)

    def notify(self, notice: FailureNotice) -> Receipt:
        if self.fault == "plain notices" and "\n" in notice.views[0].message:
            raise ValueError(notice.text)
        return self._pin(notice.text, self.owners)

    def _pin(self, said: object, target: str) -> Receipt:
        if not self.reachable and self.fault == "unclear":
            raise UnclearDeliveryError("nobody knows", hint="Ask there.")
        if not self.reachable and self.fault != "sent":
            raise unreachable(self.fault)
        self.pinned.extend([said] * {"twice": 2, "never": 0}.get(self.fault, 1))
        if not self.reachable:
            raise unreachable("")
        return Receipt(
            target=target if self.fault != "elsewhere" else "another board",
            digest=digest(said) if self.fault != "no digest" else "",
            details={"token": fault_in("told receipt", self.fault)},
        )


class BoardContract(EditionDriverContract):
    secrets: ClassVar = (SECRET,)
    driver: ClassVar[type[Board]] = Board
    pinned: list[object] | None = None

    def make(self, folder: Path, *, reachable: bool = True, owner: str = "") -> Board:
        self.pinned = [] if self.pinned is None else self.pinned
        more = {"pinned": self.pinned, "reachable": reachable, "in_place": self.revises_in_place}
        made = type("Made", (self.driver,), more)
        return made(made.Options(owner=owner), OutputContext("board", folder))

    def make_unreachable(self, folder: Path) -> Board:
        return self.make(folder, reachable=False)

    def make_owned(self, folder: Path) -> Board | None:
        return self.make(folder, owner="Ann")

    def sent(self) -> int:
        return len(self.pinned or [])


class TestBoardContract(BoardContract):
    """Without a fault it passes."""


class TestBoardThatIsMendedContract(BoardContract):
    revises_in_place = True


class ForgottenContract(BoardContract):
    def make_owned(self, folder: Path) -> None:
        return None


def test_a_driver_that_tells_owners_needs_a_contract_that_makes_one(tmp_path):
    with pytest.raises(AssertionError, match="make_owned is missing"):
        ForgottenContract().test_owners_are_told_of_failures_in_one_message(tmp_path, "a")


ARRIVES = "test_an_edition_is_one_message_and_its_receipt_says_where_it_is"
REVISION = "test_a_revision_is_told_as_one"
CLEAR = "test_where_it_cannot_be_reached_it_is_clear_that_nothing_arrived"
ANY_TEXT = "test_an_edition_with_any_text_arrives"
NOBODY = "test_nobody_is_told_of_failures_where_there_are_no_owners"
OWNERS = "test_owners_are_told_of_failures_in_one_message"


@pytest.mark.parametrize(
    ("fault", "test"),
    [
        ("connects", CONNECTS),
        ("runs", CONNECTS),
        ("told target", CONNECTS),
        ("lenient", UNKNOWN),
        ("told plan", "test_a_plan_sends_nothing"),
        ("eager plan", "test_a_plan_sends_nothing"),
        ("no plan", "test_a_plan_sends_nothing"),
        ("twice", ARRIVES),
        ("never", ARRIVES),
        ("elsewhere", ARRIVES),
        ("no digest", ARRIVES),
        ("told receipt", ARRIVES),
        ("twice", REVISION),
        ("as new", REVISION),
        ("eager revision", REVISION),
        ("unclear", CLEAR),
        ("sent", CLEAR),
        ("raw error", CLEAR),
        ("no hint", CLEAR),
        ("told error", CLEAR),
        ("told cause", CLEAR),
        ("plain words only", ANY_TEXT),
        ("owned", NOBODY),
        ("told owners", OWNERS),
        ("plain notices", OWNERS),
        ("twice", OWNERS),
        ("elsewhere", OWNERS),
    ],
)
def test_the_contract_catches_a_driver_to_people_that_breaks_it(tmp_path, fault, test):
    options = LenientBoardOptions if fault == "lenient" else BoardOptions
    faulty = type("Faulty", (Board,), {"fault": fault, "Options": options})
    contract = type("FaultyContract", (BoardContract,), {"driver": faulty})()
    check(contract, test, tmp_path)


def test_the_contract_catches_a_revision_that_is_pinned_beside_what_it_should_replace(tmp_path):
    class Mended(BoardContract):
        revises_in_place = True

        def make(self, folder: Path, **more: Any) -> Board:
            made = super().make(folder, **more)
            type(made).in_place = False
            return made

    check(Mended(), REVISION, tmp_path)
