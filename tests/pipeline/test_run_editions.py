"""Editions are run, and what fails stays where it is."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from kpisite.errors import DatasourceError, DefinitionError
from kpisite.model.number import NumberFormat
from kpisite.pipeline.problems import grouped, redact
from kpisite.pipeline.recording import replay
from kpisite.pipeline.run import run_tasks
from kpisite.plugins import Datasource, Metric, PluginOptions, Query, View

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from kpisite.pipeline.run import Outcome
    from tests.conftest import ProjectFiles


class Options(PluginOptions):
    where: str = ""


class Broken(View):
    """Fails where its options say."""

    Options = Options

    def _fail(self, where: str) -> None:
        if getattr(self.options, "where", "") == where:
            raise ZeroDivisionError(f"in {where}")

    def queries(self) -> Mapping[str, Query]:
        self._fail("queries")
        return {}

    def collect(self, collector: Any) -> dict[str, pd.DataFrame]:
        self._fail("collect")
        self.queries()
        return {}

    def check(self, frames: Any) -> tuple[str, ...]:
        self._fail("check")
        return ()

    def metrics(self, frames: Any, period: Any) -> tuple[Metric, ...]:
        self._fail("metrics")
        names = {"stolen name": ["total"], "same name": [self.id, self.id]}
        found = names.get(getattr(self.options, "where", ""), [])
        return tuple(Metric(name=n, title="x", value=1, format=NumberFormat()) for n in found)

    def render_md(self, frames: Any, page: Any) -> str:
        return ""


class LeakyOptions(PluginOptions):
    token: SecretStr
    host: str = ""


class Leaky(Datasource):
    """Says all it knows in its errors."""

    Options = LeakyOptions

    def query(self, query: str, period: Any, **args: Any) -> pd.DataFrame:
        options = self.options
        assert isinstance(options, LeakyOptions)
        said = f"cannot log in at {options.host} with {options.token.get_secret_value()}"
        raise (DatasourceError if query == "known" else RuntimeError)(said)


def add_view(project: ProjectFiles, text: str) -> None:
    project.write(project.report + f"  extra: {text}\n")


def broken(where: str) -> str:
    return f"{{plugin: '{__name__}:Broken', args: {{where: {where}}}}}"


def test_an_edition_holds_its_frames_and_numbers(project: ProjectFiles):
    assert [outcome.status for outcome in project.run()] == ["sealed", "sealed"]
    first, second = (entry.load() for entry in project.archive.editions())
    assert [first.record.metrics["total"].value, second.record.metrics["total"].value] == [308, 847]
    shops = next(view for view in second.record.views if view.id == "shops")
    assert replay(second, shops)["main"].to_dict("list") == {
        "shop": ["east", "west"],
        "amount": [77, 770],
    }


def test_a_replay_needs_no_datasource(project: ProjectFiles):
    project.run()
    (project.content / "sales" / "sales.csv").unlink()
    edition = project.archive.editions()[0].load()
    assert [list(replay(edition, view)) for view in edition.record.views] == [["main"], ["main"]]


def test_the_record_is_what_its_run_was(project: ProjectFiles):
    project.run()
    record = project.archive.editions()[0].load().record
    assert record.run.started == project.now
    assert record.title == "Sales, weekly"
    assert {"kpisite", "pandas", "python"} <= set(record.run.versions)
    assert record.definition.datasources["shop"].args == {"files": {"sales": "sales.csv"}}
    assert [frame.rows for frame in record.frames] == [1, 2]


def test_tokens_of_the_title_are_filled_in(project: ProjectFiles):
    project.write(project.report.replace("Sales, weekly", "'{period}: {from} {to}'"))
    project.run()
    record = project.archive.editions()[0].load().record
    assert record.title == "1 – 7 January 2024: 2024-01-01 2024-01-07"


def test_a_view_that_cannot_say_what_it_asks_is_refused_before_it_runs(project: ProjectFiles):
    add_view(project, broken("queries"))
    with pytest.raises(DefinitionError, match="extra: the view cannot say what it asks"):
        project.load()


@pytest.mark.parametrize("where", ["collect", "check", "metrics"])
def test_a_bug_in_a_view_stays_in_that_view(project: ProjectFiles, where: str):
    add_view(project, broken(where))
    outcome = project.run()[0]
    [problem] = outcome.problems
    assert outcome.failed
    assert problem.view == "extra"
    assert problem.message == f"ZeroDivisionError: in {where}"
    assert problem.hint.startswith(f"Raised in {__name__}, line ")
    record = project.archive.editions()[0].load().record
    assert [view.status for view in record.views] == ["ok", "ok", "error"]
    assert record.metrics["total"].value == 308
    [failed] = record.failed
    assert failed.error is not None
    assert failed.error.message == problem.message


@pytest.mark.parametrize("where", ["stolen name", "same name"])
def test_a_view_cannot_take_another_views_metric(project: ProjectFiles, where: str):
    add_view(project, broken(where))
    outcome = project.run()[0]
    assert "is not the view's own, or is there twice" in outcome.problems[0].message
    assert project.archive.editions()[0].metrics["total"].value == 308


@pytest.mark.parametrize(
    "view",
    [
        "{plugin: metric_history, args: {metric: totl}}",
        "{plugin: text, args: {text: 'All: {{ metrics.totl }}'}}",
    ],
)
def test_a_view_of_a_metric_that_is_not_there_fails_while_it_can_be_mended(
    project: ProjectFiles, view: str
):
    add_view(project, view)
    outcome = project.run()[0]
    [problem] = outcome.problems
    assert (problem.view, problem.message) == ("extra", "there is no metric 'totl'")
    assert problem.hint == "Did you mean 'total'?"
    assert outcome.status == "preliminary"
    add_view(project, view.replace("totl", "total"))
    assert [outcome.status for outcome in project.run()] == ["sealed", "sealed"]


def test_of_a_view_whose_metric_failed_nothing_more_is_said(project: ProjectFiles):
    (project.content / "sales" / "sales.csv").unlink()
    add_view(project, "{plugin: metric_history, args: {metric: total}}")
    views = {problem.view for problem in project.run()[0].problems}
    assert views == {"total", "shops"}


def test_an_edition_with_errors_is_preliminary_and_is_run_again(project: ProjectFiles):
    sales = project.content / "sales" / "sales.csv"
    aside = sales.rename(sales.with_suffix(".aside"))
    assert [outcome.status for outcome in project.run()] == ["preliminary", "preliminary"]
    aside.rename(sales)
    assert [outcome.status for outcome in project.run()] == ["sealed", "sealed"]
    assert project.archive.editions()[0].metrics["total"].value == 308


def test_an_edition_with_errors_never_replaces_one_without(project: ProjectFiles):
    project.now = datetime(2024, 1, 12, tzinfo=UTC)  # the second week is still open
    project.run()
    before = project.archived()
    (project.content / "sales" / "sales.csv").unlink()
    [outcome] = project.run()
    assert (outcome.status, outcome.failed) == (None, True)
    assert project.archived() == before


def test_a_sealed_edition_is_not_run_over(project: ProjectFiles):
    tasks = project.due()
    project.run()
    before = project.archived()
    outcomes = list(run_tasks(tasks, project.archive, project.now))
    assert [outcome.status for outcome in outcomes] == [None, None]
    assert "sealed already; nothing was overwritten" in outcomes[0].problems[0].message
    assert project.archived() == before


def said(outcomes: list[Outcome]) -> str:
    return "\n".join(group.text() for group in grouped(p for o in outcomes for p in o.problems))


@pytest.mark.parametrize("query", ["known", "unexpected"])
@pytest.mark.parametrize("token", ["${TOKEN}", "hunter2/3", "${TOKEN:-hunter2/3}"])
def test_secrets_are_nowhere_in_messages_records_and_logs(
    project: ProjectFiles, query: str, token: str, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    if token == "${TOKEN}":
        project.environment["TOKEN"] = "hunter2/3"
    project.environment["HOST"] = "db.internal"
    project.write(f"""\
        datasources:
          db: {{plugin: '{__name__}:Leaky', args: {{token: '{token}', host: '${{HOST}}'}}}}
        views:
          a: {{plugin: table, args: {{datasource: db, query: {query}}}}}
        outputs:
          o: {{plugin: static, args: {{output_dir: '${{HOST}}'}}}}
        """)
    outcomes = project.run()
    shown = token if token == "${TOKEN}" else "***"
    assert f"cannot log in at ${{HOST}} with {shown}" in said(outcomes)
    assert f"Query: {query}" in said(outcomes)
    everything = said(outcomes) + repr(outcomes) + caplog.text
    everything += "".join(content.decode("latin-1") for content in project.archived().values())
    for secret in ("hunter2", "db.internal"):
        assert secret not in everything
    [record] = [json.loads(c) for n, c in project.archived().items() if n.endswith("edition.json")]
    assert record["definition"]["datasources"]["db"]["args"]["host"] == "${HOST}"


def test_redaction_hides_what_urls_quote_and_leaves_short_words_alone():
    assert redact("a p@ss/word, p%40ss%2Fword and an ox", ["p@ss/word", "ox"]) == (
        "a ***, *** and an ox"
    )
    assert redact("hunter22", ["hunter2", "hunter22"]) == "***"


def test_a_problem_of_many_editions_is_said_once(project: ProjectFiles):
    (project.content / "sales" / "sales.csv").unlink()
    problems = [problem for outcome in project.run() for problem in outcome.problems]
    (group,) = grouped(problems)
    assert (group.views, len(group.periods)) == (("total", "shops"), 2)
    assert "sales/2024-W01 (and 1 more edition), views 'total', 'shops'" in group.text()
