"""Telling owners why an edition does not go out: the newest that is due, and once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from kpisite.archive.deliveries import begin_notice, read_log
from kpisite.archive.store import Archive
from kpisite.errors import KpisiteError, OutputError, UnclearDeliveryError
from kpisite.model.delivery import DeliveryLog, Notice
from kpisite.pipeline.announce import announce
from kpisite.pipeline.due import Choice
from kpisite.pipeline.loading import load_reports
from kpisite.pipeline.owners import notify_owners
from kpisite.pipeline.plan import plan
from kpisite.pipeline.problems import Problem
from kpisite.pipeline.project import Project
from kpisite.pipeline.run import run_tasks
from kpisite.plugins import Announcement, EditionDriver, EditionOptions, FailureNotice, Receipt

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

REPORT = """\
title: Sales
schedule: monthly
since: 2024-01-01
datasources:
  shop: {plugin: duckdb, args: {files: {sales: sales.csv}}}
views:
  rows: {plugin: table, args: {datasource: shop, query: "select COLUMN from sales"}}
outputs:
"""
SINCE_MARCH = "case when {from} >= timestamp '2024-03-01' then error('broke') else amount end"
"""A column that cannot be computed from March on."""
SENT: list[str] = []
TOLD: list[FailureNotice] = []
ACTS: list[Callable[[], None]] = []
"""What happens when owners are told, before it arrives."""


class Letter(EditionDriver):
    """Puts editions and notices into lists."""

    class Options(EditionOptions):
        notify_on_error: str = ""
        rehearse: bool = False

    options: Options

    @property
    def target(self) -> str:
        return "team"

    @property
    def owners(self) -> str:
        return self.options.notify_on_error

    @property
    def is_rehearsal(self) -> bool:
        return self.options.rehearse

    def plan(self, announcement: Announcement) -> list[str]:
        return ["write"]

    def deliver(self, announcement: Announcement) -> Receipt:
        SENT.append(announcement.key)
        return Receipt(target="team", digest="0")

    def notify(self, notice: FailureNotice) -> Receipt:
        for act in ACTS:
            act()
        TOLD.append(notice)
        return Receipt(target=self.owners, digest="1")


PLUGIN = f"{__name__}:Letter"


@pytest.fixture(autouse=True)
def _nothing_told():
    SENT.clear()
    TOLD.clear()
    ACTS.clear()


class Office:
    """A project whose view fails, or not."""

    def __init__(self, folder: Path, column: str = "amount", **args: str) -> None:
        given = {"notify_on_error": "ops", **args}
        self.args = ", ".join(f"{name}: {value}" for name, value in given.items())
        self.folder = folder
        self.path = folder / "content" / "sales" / "report.yml"
        self.path.parent.mkdir(parents=True)
        (self.path.parent / "sales.csv").write_text("day,amount\n2024-01-05,10\n")
        self.archive = Archive(str(folder / "archive"))
        self.failures: dict[str, list[Problem]] = {}
        self.column = column
        self.go_to(2024, 3, 10)

    def go_to(self, *date: int) -> None:
        self.now = datetime(*date, tzinfo=UTC)
        self.run()

    def run(self, column: str = "") -> None:
        """Run what is due, with a column that is there or not."""
        self.column = column or self.column
        listed = f"  team: {{plugin: '{PLUGIN}', args: {{{self.args}}}}}\n"
        self.path.write_text(REPORT.replace("COLUMN", self.column) + listed)
        self.project = Project(
            self.folder, self.folder / "content", self.archive, self.now, {"PASS": "s3cret-word"}
        )
        self.reports = load_reports(self.project.content, self.project.environment)
        self.failures.clear()
        for outcome in run_tasks(
            plan(self.reports, self.archive.editions(), self.now), self.archive, self.now
        ):
            if outcome.failed:
                self.failures[outcome.task.key] = list(outcome.problems)

    def announcement(self, entry, before) -> Announcement:
        url = f"https://kpi.example.org/{entry.key}/"
        return Announcement(
            entry.key, "Sales", entry.label, entry.status, entry.revision, url, "", {}, before
        )

    def stop(self, **choice: Any) -> list[tuple[str, str, str]]:
        """Return what came of a publish that failed views stopped."""
        results = notify_owners(self.project, self.reports, self.failures, Choice(**choice))
        return [(result.status, result.edition, result.message) for result in results]

    def publish(self, **choice: Any) -> list[tuple[str, str]]:
        """Return what came of a publish that failed views did not stop."""
        results = announce(
            self.project, self.reports, self.announcement, Choice(**choice), {}, self.failures
        )
        return [(result.status, result.edition) for result in results]

    def log(self, label: str) -> DeliveryLog:
        return read_log(self.archive, f"sales/{label}", "team")


def test_owners_are_told_which_edition_failed_and_why_and_what_to_do(tmp_path):
    office = Office(tmp_path)
    office.publish()
    office.column = "nope"
    office.go_to(2024, 5, 10)
    [(status, edition, message)] = office.stop()
    assert (status, edition) == ("failed", "sales/2024-04")
    assert message.splitlines() == [
        "people are not told of sales/2024-04, because views could not be made: rows",
        "  ops was told",
        "  Mend them, or publish with --allow-errors.",
    ]
    [notice] = TOLD
    assert (notice.key, notice.revision, notice.url) == ("sales/2024-04", 1, "")
    assert notice.subject == "Failed: Sales, April 2024"
    assert "People are not told of Sales, April 2024 through team" in notice.text
    assert "rows: datasource 'shop': Binder Error: Referenced column \"nope\"" in notice.text
    assert "  kpisite publish --allow-errors --only team --edition sales/2024-04" in notice.text
    assert [view.id for view in notice.views] == ["rows"]
    [recorded] = office.log("2024-04").notices
    assert recorded.target == "ops"
    assert recorded.receipt == Receipt(target="ops", digest="1")
    assert SENT == ["sales/2024-02"]


def test_the_same_failures_are_told_once_and_others_again(tmp_path):
    office = Office(tmp_path)
    office.run("nope")
    office.stop()
    office.go_to(2024, 3, 11)
    [(_, _, message)] = office.stop()
    assert "  ops was told on 2024-03-10 00:00 UTC\n" in message
    assert len(TOLD) == 1
    office.run("nothing")
    office.stop()
    assert len(TOLD) == 2
    assert '"nothing"' in TOLD[1].text


def test_numbers_in_a_message_make_no_other_failure(tmp_path):
    office = Office(tmp_path)
    office.run("nope")
    for text in ("connection 7f3a at 10:02:11 is gone", "connection 81b0 at 11:30:00 is gone"):
        office.failures = {
            key: [replace(problem, message=text) for problem in problems]
            for key, problems in office.failures.items()
        }
        office.stop()
    assert len(TOLD) == 1


def test_many_failures_and_long_reasons_keep_a_notice_short(tmp_path):
    office = Office(tmp_path)
    office.run("nope")
    office.failures = {
        key: [replace(problems[0], view=f"view{n}", message="x" * 9_000) for n in range(60)]
        for key, problems in office.failures.items()
    }
    office.stop()
    [notice] = TOLD
    assert len(notice.text) < 3_000
    assert "view59" in notice.text
    assert "Mend them: then the next publish tells people." in notice.text
    assert len(notice.views) == 60


def test_when_it_is_mended_the_edition_goes_out_as_usual(tmp_path):
    office = Office(tmp_path)
    office.column = "nope"
    office.go_to(2024, 4, 10)
    office.stop()
    assert office.log("2024-03").notices
    office.run("amount")
    assert office.publish() == [("ok", "sales/2024-03")]
    assert SENT == ["sales/2024-03"]
    log = office.log("2024-03")
    assert (len(log.deliveries), len(log.notices), log.intents) == (1, 1, ())
    assert office.publish() == []


def test_an_edition_whose_period_is_over_comes_before_one_that_is_open(tmp_path):
    office = Office(tmp_path)
    office.publish()
    office.column = "nope"
    office.go_to(2024, 4, 10)
    assert sorted(office.failures) == ["sales/2024-03", "sales/2024-04"]
    assert [edition for _, edition, _ in office.stop()] == ["sales/2024-03"]


def test_of_an_open_period_owners_hear_early_and_once(tmp_path):
    office = Office(tmp_path)
    office.publish()
    office.column = "nope"
    office.go_to(2024, 3, 20)
    assert [edition for _, edition, _ in office.stop()] == ["sales/2024-03"]
    assert len(TOLD) == 1
    office.publish()
    assert SENT == ["sales/2024-02"]


def test_old_history_is_not_told(tmp_path):
    office = Office(tmp_path)
    office.publish()
    office.failures = {"sales/2024-01": [Problem("error", "sales", "2024-01", "rows", "gone")]}
    assert office.stop() == []
    office.failures = {"sales/2024-02": [Problem("error", "sales", "2024-02", "rows", "gone")]}
    assert office.stop() == []


def test_outputs_without_owners_say_nothing(tmp_path):
    office = Office(tmp_path, notify_on_error="''")
    office.run("nope")
    assert office.stop() == []
    assert TOLD == []


def test_only_the_named_output_and_edition(tmp_path):
    office = Office(tmp_path)
    office.run("nope")
    assert office.stop(only=("web",)) == []
    assert office.stop(edition="sales/2024-01") == []
    assert len(office.stop(edition="sales/2024-03")) == 1


def test_in_a_dry_run_and_in_a_rehearsal_nothing_is_recorded(tmp_path):
    office = Office(tmp_path / "dry")
    office.run("nope")
    [(_, _, message)] = office.stop(dry_run=True)
    assert "ops would be told" in message
    assert TOLD == []
    office = Office(tmp_path / "rehearsal", rehearse="true")
    office.run("nope")
    for _ in range(2):
        [(_, _, message)] = office.stop()
        assert "ops would be told: that was checked" in message
    assert office.log("2024-03") == DeliveryLog()


def fails(error: Exception) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act


def test_what_did_not_arrive_is_told_by_the_next_publish(tmp_path):
    office = Office(tmp_path)
    office.run("nope")
    ACTS.append(fails(OutputError("refused by s3cret-word")))
    [(_, _, message)] = office.stop()
    assert "ops could not be told: refused by" in message
    assert office.log("2024-03").notices == ()
    ACTS.clear()
    office.stop()
    assert len(TOLD) == 1


def test_owners_are_not_told_where_what_comes_before_fails(tmp_path):
    office = Office(tmp_path)
    office.run("nope")
    [(_, _, message)] = office.stop(before=fails(KpisiteError("the archive could not be pushed")))
    assert "ops could not be told: the archive could not be pushed" in message
    assert (TOLD, office.log("2024-03").notices) == ([], ())
    recorded: list[int] = []
    office.stop(before=lambda: recorded.append(len(office.log("2024-03").notices)))
    assert (recorded, len(TOLD)) == ([1], 1)


@pytest.mark.parametrize("error", [UnclearDeliveryError("broke"), RuntimeError("a bug"), None])
def test_what_nobody_knows_about_is_not_told_again(tmp_path, error):
    office = Office(tmp_path)
    office.run("nope")
    if error is None:  # a crash: the process is gone between the intent and the answer
        office.stop()
        [known] = office.log("2024-03").notices
        for path in tmp_path.rglob("team.json"):
            path.unlink()
        begun = known.model_copy(update={"receipt": None})
        assert begin_notice(office.archive, "sales/2024-03", begun)
        TOLD.clear()
    else:
        ACTS.append(fails(error))
        [(_, _, message)] = office.stop()
        assert "ops could not be told" in message
        ACTS.clear()
    [(_, _, message)] = office.stop()
    assert "on 2024-03-10 00:00 UTC ops was being told; nobody recorded" in message
    assert TOLD == []
    office.run("amount")
    office.publish()
    assert SENT == ["sales/2024-02"]


def test_of_two_that_tell_at_once_one_tells(tmp_path):
    office = Office(tmp_path)
    office.run("nope")
    told: list[str] = []

    def second() -> None:
        ACTS.clear()
        told.extend(message for _, _, message in office.stop())

    ACTS.append(second)
    office.stop()
    assert len(TOLD) == 1
    assert "ops was being told" in told[0]


def test_of_two_that_decided_alike_one_begins(tmp_path):
    office = Office(tmp_path)
    notice = Notice(output="team", revision=1, failures="a", time=office.now, target="ops")
    assert begin_notice(office.archive, "sales/2024-02", notice)
    assert not begin_notice(office.archive, "sales/2024-02", notice)
    assert begin_notice(
        office.archive, "sales/2024-02", notice.model_copy(update={"failures": "b"})
    )


def test_where_failed_views_may_go_out_they_do_and_others_hear_of_it(tmp_path):
    office = Office(tmp_path, SINCE_MARCH)
    office.publish()
    office.go_to(2024, 4, 10)
    assert office.publish() == [("failed", "sales/2024-03")]
    assert [notice.url for notice in TOLD] == ["https://kpi.example.org/sales/2024-03/"]
    assert office.publish(allow_errors=True) == [("ok", "sales/2024-03")]
    assert SENT == ["sales/2024-02", "sales/2024-03"]
    TOLD.clear()
    lenient = Office(tmp_path / "lenient", SINCE_MARCH, allow_errors="true")
    lenient.publish()
    lenient.go_to(2024, 4, 10)
    assert lenient.publish() == [("ok", "sales/2024-03")]
    assert TOLD == []


def test_an_edition_that_is_whole_but_could_not_be_run_again_never_goes_out(tmp_path):
    office = Office(tmp_path)
    office.publish()
    office.go_to(2024, 3, 20)  # march is preliminary, and whole
    office.column = "nope"
    office.go_to(2024, 4, 10)
    entry = next(e for e in office.archive.editions() if e.key == "sales/2024-03")
    assert (entry.status, entry.failed) == ("preliminary", False)
    assert office.publish(allow_errors=True) == [("failed", "sales/2024-03")]
    assert [notice.key for notice in TOLD] == ["sales/2024-03"]
    assert "--allow-errors" not in TOLD[0].text
    [(_, _, message)] = office.stop()
    assert "Mend them. --allow-errors does not help" in message


def test_a_log_from_before_there_were_notices_is_read_and_kept(tmp_path):
    office = Office(tmp_path)
    office.publish()
    [path] = tmp_path.rglob("team.json")
    assert b"notices" not in path.read_bytes()
    before = office.log("2024-02").deliveries
    notice = Notice(output="team", revision=1, failures="a", time=office.now, target="ops")
    begin_notice(office.archive, "sales/2024-02", notice)
    assert office.log("2024-02").deliveries == before
