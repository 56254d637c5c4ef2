"""Publishing: every output gets its chance, and what arrived is recorded once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from kpisite.archive.deliveries import read_log
from kpisite.archive.store import Archive
from kpisite.errors import OutputError
from kpisite.pipeline.loading import load_reports
from kpisite.pipeline.plan import plan
from kpisite.pipeline.project import Project
from kpisite.pipeline.publish import publish, read_site
from kpisite.pipeline.run import run_tasks
from kpisite.plugins import PluginOptions, Receipt, Site, SiteDriver

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2024, 3, 10, tzinfo=UTC)
REPORT = """\
title: Sales
schedule: monthly
since: 2024-01-01
views:
  note: {plugin: text, args: {text: Nothing new.}}
outputs:
"""
CALLS: list[str] = []


class Recording(SiteDriver):
    """Counts its calls; delivers nowhere, or fails."""

    class Options(PluginOptions):
        name: str = "here"
        key: SecretStr = SecretStr("")
        fails: str = ""

    options: Options

    @property
    def target(self) -> str:
        return f"memory://{self.options.key.get_secret_value()}@{self.options.name}"

    def plan(self, site: Site) -> list[str]:
        return [f"copy {len(site.files)} files with {self.options.key.get_secret_value()}"]

    def deploy(self, site: Site) -> Receipt:
        CALLS.append(self.options.name)
        if self.options.fails == "on purpose":
            raise OutputError(
                f"{self.options.key.get_secret_value()} was refused", hint="Ask for a key."
            )
        if self.options.fails:
            raise RuntimeError(self.options.fails)
        return Receipt(target=self.target, digest=site.digest, details={"files": len(site.files)})


PLUGIN = f"{__name__}:Recording"


class Shop:
    """A project with reports that name outputs."""

    def __init__(self, folder: Path, **outputs: str) -> None:
        self.folder = folder
        for report, text in outputs.items():
            path = folder / "content" / report / "report.yml"
            path.parent.mkdir(parents=True)
            path.write_text(REPORT + text)
        (folder / "site").mkdir()
        (folder / "site" / "index.html").write_text("Home")
        archive = Archive(str(folder / "archive"))
        self.project = Project(folder, folder / "content", archive, NOW, {"PASS": "s3cret-word"})
        self.reports = load_reports(self.project.content, self.project.environment)
        for outcome in run_tasks(plan(self.reports, [], NOW), archive, NOW):
            assert not outcome.failed

    def publish(self, *, dry_run: bool = False):
        site = read_site(self.folder / "site")
        return publish(self.project, self.reports, site, dry_run=dry_run)

    def deliveries(self, output: str) -> dict[str, list[str]]:
        return {
            edition.key: [
                delivery.receipt.target
                for delivery in read_log(self.project.archive, edition.key, output).deliveries
            ]
            for edition in self.project.archive.editions()
        }


@pytest.fixture(autouse=True)
def _no_calls():
    CALLS.clear()


def output(id_: str, **args: str) -> str:
    listed = ", ".join(f"{name}: '{value}'" for name, value in args.items())
    return f"  {id_}: {{plugin: '{PLUGIN}', args: {{{listed}}}}}\n"


def test_the_digest_of_a_site_depends_on_paths_and_contents_alone(tmp_path):
    for name, files in {
        "a": {"x/1": "one", "y": "two"},
        "same": {"y": "two", "x/1": "one"},
        "moved": {"x1": "one", "y": "two"},
        "swapped": {"x/1": "two", "y": "one"},
    }.items():
        for path, text in files.items():
            (tmp_path / name / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / path).write_text(text)
    site = read_site(tmp_path / "a")
    assert list(site.files) == ["x/1", "y"]
    assert site.digest == read_site(tmp_path / "same").digest
    assert site.digest != read_site(tmp_path / "moved").digest
    assert site.digest != read_site(tmp_path / "swapped").digest


def test_each_sealed_edition_gets_its_delivery_recorded_and_a_preliminary_one_none(tmp_path):
    shop = Shop(tmp_path, sales=output("web"))
    (result,) = shop.publish()
    assert (result.status, result.outputs, result.recorded) == ("ok", ("sales/web",), 2)
    assert shop.deliveries("web") == {
        "sales/2024-01": ["memory://@here"],
        "sales/2024-02": ["memory://@here"],
        "sales/2024-03": [],
    }
    delivery = read_log(shop.project.archive, "sales/2024-01", "web").deliveries[0]
    assert (delivery.time, delivery.revision, delivery.plugin) == (NOW, 1, PLUGIN)
    assert delivery.receipt.details == {"files": 1}


def test_publishing_twice_records_nothing_new(tmp_path):
    shop = Shop(tmp_path, sales=output("web"))
    shop.publish()
    before = shop.deliveries("web")
    (result,) = shop.publish()
    assert result.recorded == 0
    assert CALLS == ["here", "here"]
    assert shop.deliveries("web") == before


def test_a_new_target_is_recorded_beside_the_old_one(tmp_path):
    shop = Shop(tmp_path, sales=output("web"))
    shop.publish()
    (tmp_path / "content/sales/report.yml").write_text(REPORT + output("web", name="there"))
    shop.reports = load_reports(shop.project.content, {})
    shop.publish()
    assert shop.deliveries("web")["sales/2024-01"] == ["memory://@here", "memory://@there"]


def test_equal_outputs_of_several_reports_are_deployed_once_and_recorded_for_each(tmp_path):
    shop = Shop(tmp_path, sales=output("web"), staff=output("www") + output("other", name="b"))
    first, second = shop.publish()
    assert CALLS == ["here", "b"]
    assert first.outputs == ("sales/web", "staff/www")
    assert (first.recorded, second.recorded) == (4, 2)
    assert shop.deliveries("www") == {
        "sales/2024-01": [],
        "sales/2024-02": [],
        "sales/2024-03": [],
        "staff/2024-01": ["memory://@here"],
        "staff/2024-02": ["memory://@here"],
        "staff/2024-03": [],
    }


@pytest.mark.parametrize("how", ["on purpose", "a bug in the plugin"])
def test_an_output_that_fails_does_not_stop_the_others_and_is_not_recorded(tmp_path, how):
    shop = Shop(tmp_path, sales=output("bad", name="a", fails=how) + output("web"))
    bad, good = shop.publish()
    assert (bad.status, good.status) == ("failed", "ok")
    assert bad.message == (
        " was refused\n  Ask for a key." if how == "on purpose" else f"RuntimeError: {how}"
    )
    assert shop.deliveries("bad")["sales/2024-01"] == []
    assert shop.deliveries("web")["sales/2024-01"] == ["memory://@here"]


def test_no_secret_is_in_a_message_a_plan_a_target_or_a_record(tmp_path):
    shop = Shop(
        tmp_path,
        sales=output("web", key="${PASS}")
        + output("bad", key="${PASS}", fails="on purpose")
        + output("bug", key="${PASS}", fails="s3cret-word does not fit"),
    )
    results = shop.publish() + shop.publish(dry_run=True)
    assert [r.status for r in results] == ["ok", "failed", "failed", *["planned"] * 3]
    assert "s3cret-word" not in str(results)
    assert "${PASS} was refused" in results[1].message
    assert "${PASS} does not fit" in results[2].message
    assert results[3].plan == ("copy 1 files with ${PASS}",)
    recorded = [p for p in (tmp_path / "archive").rglob("*.json") if p.parent.name == "deliveries"]
    assert recorded
    assert not [path for path in recorded if "s3cret-word" in path.read_text()]


def test_a_dry_run_delivers_and_records_nothing(tmp_path):
    shop = Shop(tmp_path, sales=output("web"))
    (result,) = shop.publish(dry_run=True)
    assert (result.status, result.plan) == ("planned", ("copy 1 files with ",))
    assert CALLS == []
    assert shop.deliveries("web")["sales/2024-01"] == []


def test_what_arrived_but_could_not_be_recorded_is_told(tmp_path):
    shop = Shop(tmp_path, sales=output("web"))
    log = tmp_path / "archive/sales/2024-01/deliveries/web.json"
    log.parent.mkdir()
    log.write_text("{damaged")
    (result,) = shop.publish()
    assert result.status == "failed"
    assert "it arrived, but that could not be recorded" in result.message
    assert log.read_text() == "{damaged"
