"""Telling people of editions: the new ones, once, and never what nobody knows about."""

from __future__ import annotations

import shlex
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from kpisite.archive.deliveries import begin, read_log
from kpisite.archive.storage import Storage
from kpisite.archive.store import Archive
from kpisite.errors import ArchiveError, OutputError, UnclearDeliveryError, UsageError
from kpisite.model.delivery import DeliveryLog, Intent
from kpisite.pipeline.announce import announce, check_edition
from kpisite.pipeline.due import Choice
from kpisite.pipeline.loading import load_reports
from kpisite.pipeline.plan import plan, plan_revisions
from kpisite.pipeline.problems import Problem
from kpisite.pipeline.project import Project
from kpisite.pipeline.run import run_tasks
from kpisite.plugins import Announcement, EditionDriver, EditionOptions, OutputContext, Receipt

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

REPORT = """\
title: Sales
schedule: monthly
since: 2024-01-01
views:
  note: {plugin: text, args: {text: Nothing new.}}
outputs:
"""
SENT: list[tuple[str, int, bool]] = []
ACTS: list[Callable[[Announcement], None]] = []
"""What happens when an edition is sent, before it arrives."""


class Letter(EditionDriver):
    """Puts editions into a list."""

    class Options(EditionOptions):
        to: str = "team"
        key: SecretStr = SecretStr("")
        rehearse: bool = False
        refuse: str = ""

    options: Options

    @property
    def is_rehearsal(self) -> bool:
        return self.options.rehearse

    @property
    def target(self) -> str:
        return f"{self.options.to}:{self.options.key.get_secret_value()}"

    def plan(self, announcement: Announcement) -> list[str]:
        return [f"write to {self.options.to} of {announcement.period}"]

    def deliver(self, announcement: Announcement) -> Receipt:
        for act in ACTS:
            act(announcement)
        SENT.append((announcement.key, announcement.revision, announcement.is_revision))
        refused = f"{self.options.refuse} {self.target}" if self.options.refuse else ""
        return Receipt(target=self.target, digest="0", details={"letters": 1}, refused=refused)


class Note(Letter):
    """Another one."""

    target = "note"

    def __init__(self, options: EditionOptions, context: OutputContext) -> None:
        self.options, self.context = options, context

    def plan(self, announcement: Announcement) -> list[str]:
        return ["note it"]


PLUGIN = f"{__name__}:Letter"


@pytest.fixture(autouse=True)
def _nothing_sent():
    SENT.clear()
    ACTS.clear()


class Office:
    """A project with a report that tells people."""

    def __init__(self, folder: Path, report: str = "sales", **args: str) -> None:
        self.report = folder / "content" / report / "report.yml"
        self.report.parent.mkdir(parents=True)
        listed = ", ".join(f"{name}: {value}" for name, value in args.items())
        self.report.write_text(f"{REPORT}  team: {{plugin: '{PLUGIN}', args: {{{listed}}}}}\n")
        self.archive = Archive(str(folder / "archive"))
        self.folder = folder
        self.errors: list[str] = []
        self.go_to(datetime(2024, 3, 10, tzinfo=UTC))

    def go_to(self, now: datetime) -> None:
        self.now = now
        self.project = Project(
            self.folder, self.folder / "content", self.archive, now, {"PASS": "s3cret-word"}
        )
        self.reports = load_reports(self.project.content, self.project.environment)
        self.run(plan(self.reports, self.archive.editions(), now))

    def run(self, tasks) -> None:
        for outcome in run_tasks(tasks, self.archive, self.now):
            assert not outcome.failed

    def revise(self, label: str) -> None:
        tasks = plan_revisions(self.reports, self.archive.editions())
        self.run([task for task in tasks if task.period.label == label])

    def announcement(self, entry, before) -> Announcement:
        return Announcement(
            entry.key, "Sales", entry.label, entry.status, entry.revision, "", "", {}, before
        )

    def tell(self, held: dict[str, str] | None = None, **choice):
        problem = Problem("error", "sales", "", "note", "no such table")
        failures = {key: [problem] for key in self.errors}
        return announce(
            self.project, self.reports, self.announcement, Choice(**choice), held or {}, failures
        )

    def log(self, label: str) -> DeliveryLog:
        return read_log(self.archive, f"sales/{label}", "team")


def test_an_output_begins_with_the_newest_sealed_edition(tmp_path):
    office = Office(tmp_path)
    (result,) = office.tell()
    assert (result.status, result.edition, result.recorded) == ("ok", "sales/2024-02", 1)
    assert SENT == [("sales/2024-02", 1, False)]
    assert office.log("2024-02").intents == ()
    assert office.log("2024-01") == DeliveryLog()


def test_the_second_time_nobody_hears_of_it_and_then_of_each_new_one_in_order(tmp_path):
    office = Office(tmp_path)
    office.tell()
    assert office.tell() == []
    office.go_to(datetime(2024, 6, 2, tzinfo=UTC))
    assert [result.edition for result in office.tell()] == [
        "sales/2024-03",
        "sales/2024-04",
        "sales/2024-05",
    ]
    assert [key for key, *_ in SENT] == [f"sales/2024-{month:02}" for month in (2, 3, 4, 5)]


def test_a_preliminary_edition_is_told_of_only_where_an_output_says_so(tmp_path):
    office = Office(tmp_path, when="preliminary")
    assert [result.edition for result in office.tell()] == ["sales/2024-03"]
    assert office.tell() == []


def test_a_revision_is_told_of_as_one_or_not_at_all(tmp_path):
    office = Office(tmp_path / "send")
    office.tell()
    office.revise("2024-01")
    office.revise("2024-02")
    office.tell()
    assert SENT == [("sales/2024-02", 1, False), ("sales/2024-02", 2, True)]
    SENT.clear()
    office = Office(tmp_path / "skip", on_revision="skip")
    office.tell()
    office.revise("2024-02")
    assert office.tell() == []
    assert len(SENT) == 1


def test_an_edition_with_an_error_is_not_told_of_unless_it_may(tmp_path):
    office = Office(tmp_path / "a")
    office.errors.append("sales/2024-02")
    (result,) = office.tell()
    assert (result.status, SENT) == ("failed", [])
    assert "could not be made: note" in result.message
    assert office.log("2024-02") == DeliveryLog()
    office.errors.clear()
    assert [one.status for one in office.tell()] == ["ok"]
    lenient = Office(tmp_path / "b", allow_errors="true")
    lenient.errors.append("sales/2024-02")
    assert [one.status for one in lenient.tell()] == ["ok"]


def test_people_are_not_told_of_a_site_that_did_not_arrive(tmp_path):
    office = Office(tmp_path)
    (result,) = office.tell(held={"sales": "people are told when sales/web has the site"})
    assert (result.status, SENT) == ("held", [])
    assert [one.status for one in office.tell()] == ["ok"]


def fails(error: Exception) -> Callable[[Announcement], None]:
    def act(announcement: Announcement) -> None:
        raise error

    return act


def test_what_did_not_arrive_is_sent_by_the_next_publish(tmp_path):
    office = Office(tmp_path)
    ACTS.append(fails(OutputError("refused", hint="Ask.")))
    (result,) = office.tell()
    assert (result.status, result.message) == ("failed", "refused\n  Ask.")
    assert office.log("2024-02") == DeliveryLog()
    ACTS.clear()
    office.tell()
    assert len(SENT) == 1


def test_after_a_failure_an_output_stops_so_that_the_order_stays(tmp_path):
    office = Office(tmp_path)
    office.tell()
    office.go_to(datetime(2024, 6, 2, tzinfo=UTC))
    ACTS.append(fails(OutputError("refused")))
    assert [result.edition for result in office.tell()] == ["sales/2024-03"]
    ACTS.clear()
    office.tell()
    assert [key for key, *_ in SENT][-3:] == ["sales/2024-03", "sales/2024-04", "sales/2024-05"]


@pytest.mark.parametrize(
    "error", [UnclearDeliveryError("the connection broke"), RuntimeError("a bug"), None]
)
def test_what_nobody_knows_about_is_not_sent_again_before_somebody_looked(tmp_path, error):
    office = Office(tmp_path)
    if error is None:  # a crash: the process is gone between the intent and the delivery
        intent = Intent(output="team", revision=1, time=office.now, target="team:")
        assert begin(office.archive, "sales/2024-02", intent, DeliveryLog())
    else:
        ACTS.append(fails(error))
        assert [result.status for result in office.tell()] == ["failed"]
        ACTS.clear()
    (result,) = office.tell()
    assert (result.status, SENT) == ("failed", [])
    assert "on 2024-03-10 00:00 UTC somebody began to send sales/2024-02 to team:" in result.message
    again = "kpisite publish --only team --edition sales/2024-02"
    assert f"{again} --arrived" in result.message
    assert f"{again} --resend" in result.message
    office.tell(edition="sales/2024-02", resend=True)
    assert len(SENT) == 1
    assert office.tell() == []


def test_somebody_can_say_that_it_arrived(tmp_path):
    office = Office(tmp_path)
    ACTS.append(fails(UnclearDeliveryError("the connection broke")))
    office.tell()
    ACTS.clear()
    (result,) = office.tell(edition="sales/2024-02", arrived=True)
    assert result.status == "ok"
    assert office.tell() == []
    assert SENT == []
    assert office.log("2024-02").latest is not None


def test_what_some_were_refused_is_no_success_and_is_not_sent_again(tmp_path):
    office = Office(tmp_path, refuse="Bob", key="'${PASS}'")
    (result,) = office.tell()
    assert (result.status, result.recorded) == ("partly", 1)
    assert result.message.startswith("others have it, but it was refused: Bob team:${PASS}\n")
    assert office.tell() == []
    assert office.log("2024-02").latest.receipt.refused == "Bob team:${PASS}"


def test_of_two_that_send_at_once_one_sends(tmp_path):
    office = Office(tmp_path)
    told = []

    def second(announcement: Announcement) -> None:
        ACTS.clear()
        told.extend(office.tell())

    ACTS.append(second)
    (first,) = office.tell()
    assert first.status == "ok"
    assert [result.status for result in told] == ["failed"]
    assert len(SENT) == 1


def test_one_that_decided_before_another_sent_does_not_send_again(tmp_path):
    office = Office(tmp_path)
    make = office.announcement

    def late(entry, before):
        office.announcement = make
        assert [result.status for result in office.tell()] == ["ok"]
        return make(entry, before)

    office.announcement = late
    (result,) = office.tell()
    assert (result.status, len(SENT)) == ("failed", 1)
    assert "another publish" in result.message


def test_one_edition_can_be_sent_again_by_name(tmp_path):
    office = Office(tmp_path)
    office.tell()
    assert office.tell(edition="sales/2024-02") == []
    office.tell(edition="sales/2024-02", resend=True)
    office.tell(edition="sales/2024-01")
    assert [key for key, *_ in SENT] == ["sales/2024-02", "sales/2024-02", "sales/2024-01"]
    with pytest.raises(UsageError, match="there is no edition 'sales/2024-20'"):
        check_edition(office.project, Choice(edition="sales/2024-20"))
    check_edition(office.project, Choice(edition="sales/2024-02"))


def test_an_old_edition_that_is_asked_for_makes_none_after_it_due(tmp_path):
    office = Office(tmp_path)
    office.go_to(datetime(2024, 7, 2, tzinfo=UTC))
    office.tell(edition="sales/2024-01")
    assert [result.edition for result in office.tell()] == ["sales/2024-06"]
    office.tell(edition="sales/2024-03")
    assert office.tell() == []
    office.tell(edition="sales/2024-04", arrived=True)
    shutil.rmtree(office.project.cache)
    assert office.tell() == []
    office.revise("2024-03")
    office.go_to(datetime(2024, 8, 2, tzinfo=UTC))
    assert [result.edition for result in office.tell()] == ["sales/2024-03", "sales/2024-07"]


def test_an_edition_that_was_due_and_is_asked_for_is_where_an_output_begins(tmp_path):
    office = Office(tmp_path)
    ACTS.append(fails(UnclearDeliveryError("the connection broke")))
    office.tell()
    ACTS.clear()
    office.go_to(datetime(2024, 6, 2, tzinfo=UTC))
    office.tell(edition="sales/2024-02", resend=True)
    assert [result.edition for result in office.tell()] == [
        "sales/2024-03",
        "sales/2024-04",
        "sales/2024-05",
    ]


def test_what_is_sent_again_is_a_revision_only_where_an_older_one_went_out(tmp_path):
    office = Office(tmp_path)
    office.tell()
    office.tell(edition="sales/2024-02", resend=True)
    office.revise("2024-02")
    office.tell()
    office.tell(edition="sales/2024-02", resend=True)
    assert [(revision, revised) for _, revision, revised in SENT] == [
        (1, False),
        (1, False),
        (2, True),
        (2, True),
    ]


def test_what_is_known_to_have_arrived_may_be_said_again(tmp_path):
    office = Office(tmp_path)
    office.tell()
    (result,) = office.tell(edition="sales/2024-02", arrived=True)
    assert (result.status, result.details) == ("ok", {"arrived": "as was known"})
    assert len(office.log("2024-02").deliveries) == 1


def test_somebody_can_say_that_it_arrived_although_nobody_has_begun(tmp_path):
    office = Office(tmp_path)
    (result,) = office.tell(edition="sales/2024-02", arrived=True)
    assert (result.details, result.recorded) == ({"arrived": "as somebody said"}, 1)
    assert office.tell() == []
    office.revise("2024-02")
    office.tell(edition="sales/2024-02", arrived=True)
    assert office.tell() == []
    assert [one.revision for one in office.log("2024-02").deliveries] == [1, 2]
    assert SENT == []


def test_a_dry_run_does_not_record_that_it_arrived(tmp_path):
    office = Office(tmp_path)
    ACTS.append(fails(UnclearDeliveryError("the connection broke")))
    office.tell()
    before = office.log("2024-02")
    (result,) = office.tell(edition="sales/2024-02", arrived=True, dry_run=True)
    assert (result.status, result.plan) == ("planned", ("record that it arrived",))
    assert office.log("2024-02") == before


def test_a_dry_run_tells_nobody_and_writes_nothing(tmp_path):
    office = Office(tmp_path)
    (result,) = office.tell(dry_run=True)
    assert (result.status, result.plan) == ("planned", ("write to team of 2024-02",))
    assert (SENT, office.log("2024-02")) == ([], DeliveryLog())


def test_a_rehearsal_is_no_delivery(tmp_path):
    office = Office(tmp_path, rehearse="true")
    for _ in range(2):
        (result,) = office.tell()
        assert (result.status, result.recorded) == ("checked", 0)
        assert result.details == {"letters": 1}
        assert office.log("2024-02") == DeliveryLog()
    ACTS.append(fails(OutputError("refused")))
    assert [(one.status, one.message) for one in office.tell()] == [("failed", "refused")]


def test_only_the_named_outputs_speak(tmp_path):
    office = Office(tmp_path)
    assert office.tell(only=("web",)) == []
    assert [result.status for result in office.tell(only=("team",))] == ["ok"]


def test_secrets_are_neither_recorded_nor_said(tmp_path):
    office = Office(tmp_path, key="'${PASS}'")
    ACTS.append(fails(OutputError("s3cret-word was refused")))
    (result,) = office.tell()
    assert "s3cret-word" not in str(result)
    ACTS.clear()
    office.tell()
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("team.json"))
    assert b"letters" in written
    assert b"s3cret-word" not in written


def test_what_is_settled_is_not_read_again_until_something_changes(tmp_path, monkeypatch):
    read: list[str] = []
    storage_read = Storage.read_all

    def counted(storage, paths):
        paths = list(paths)
        read.extend(path for path in paths if "/deliveries/" in path)
        return storage_read(storage, paths)

    monkeypatch.setattr(Storage, "read_all", counted)
    office = Office(tmp_path)
    office.tell()
    office.tell()
    read.clear()
    assert office.tell() == []
    assert "sales/2024-02/deliveries/team.json" not in read
    office.revise("2024-02")
    office.tell()
    assert SENT[-1] == ("sales/2024-02", 2, True)
    shutil.rmtree(office.project.cache)
    assert office.tell() == []
    for path in office.project.cache.rglob("*.json"):
        path.write_text("[")
    assert office.tell() == []
    assert len(SENT) == 2


def test_a_settled_edition_that_is_sent_again_and_got_lost_is_asked_about(tmp_path):
    office = Office(tmp_path)
    office.tell()
    office.tell()
    ACTS.append(fails(UnclearDeliveryError("the connection broke")))
    office.tell(edition="sales/2024-02", resend=True)
    ACTS.clear()
    (result,) = office.tell()
    assert "nobody recorded whether it arrived" in result.message
    assert len(SENT) == 1


@pytest.mark.parametrize("method", ["__init__", "target", "plan"])
def test_a_mistake_in_a_plugin_stops_its_output_and_not_the_others(tmp_path, monkeypatch, method):
    office = Office(tmp_path, key="'${PASS}'")
    text = office.report.read_text()
    office.report.write_text(f"{text}  other: {{plugin: '{__name__}:Note'}}\n")
    office.go_to(office.now)

    def broken(*_: object) -> str:
        raise RuntimeError("s3cret-word is no number")

    monkeypatch.setattr(Letter, method, property(broken) if method == "target" else broken)
    team, other = office.tell(dry_run=True)
    assert (other.outputs, other.status) == (("sales/other",), "planned")
    assert (team.outputs, team.status) == (("sales/team",), "failed")
    assert team.message == "RuntimeError: ${PASS} is no number"


def test_what_cannot_be_made_is_told_before_it_is_begun(tmp_path, monkeypatch):
    office = Office(tmp_path)
    monkeypatch.setattr(Letter, "plan", lambda *_: {}["bug"])
    assert [one.message for one in office.tell()] == ["KeyError: 'bug'"]
    assert (office.log("2024-02"), SENT) == (DeliveryLog(), [])


def test_an_archive_that_cannot_be_read_fails_the_outputs_and_what_was_done_is_still_told(
    tmp_path, monkeypatch
):
    office = Office(tmp_path)
    error = ArchiveError("the store is down")
    monkeypatch.setattr(Archive, "editions", lambda _: fails(error)(None))
    (result,) = office.tell()
    assert (result.status, result.message) == ("failed", "the store is down")


def test_a_page_that_cannot_be_shown_stops_its_output_and_nobody_is_told(tmp_path):
    office = Office(tmp_path)
    show = fails(RuntimeError("a bug"))
    office.announcement = lambda entry, before: show(entry)
    (result,) = office.tell()
    assert (result.status, result.message) == ("failed", "RuntimeError: a bug")
    assert office.log("2024-02") == DeliveryLog()


@pytest.mark.parametrize("folder", ["sales", "the sales"])
def test_the_commands_to_go_on_with_can_be_pasted(tmp_path, folder):
    office = Office(tmp_path, folder)
    ACTS.append(fails(UnclearDeliveryError("the connection broke")))
    office.tell()
    (result,) = office.tell()
    command = shlex.split(result.message.partition("If it arrived: ")[2].splitlines()[0])
    assert command[-3:] == ["--edition", f"{folder}/2024-02", "--arrived"]


def test_a_damaged_log_of_deliveries_stops_its_output(tmp_path):
    office = Office(tmp_path)
    office.tell()
    (log,) = tmp_path.rglob("team.json")
    log.write_text("{")
    (result,) = office.tell()
    assert result.status == "failed"
    assert "the record of deliveries is damaged" in result.message
    assert len(SENT) == 1


def test_a_named_edition_that_is_not_sealed_yet_is_not_told_of(tmp_path):
    office = Office(tmp_path)
    (result,) = office.tell(edition="sales/2024-03")
    assert (result.status, SENT) == ("failed", [])
    assert "sales/2024-03 is preliminary" in result.message
