"""KPI Reporter's configuration as a report of a project: `kpisite import`."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
import yaml
from click.testing import CliRunner, Result

from kpisite.cli import import_files
from kpisite.cli.main import main
from kpisite.kpi_reporter.changes import changes_of_meaning
from kpisite.kpi_reporter.configuration import read_configuration
from kpisite.pipeline.loading import load_reports, load_written

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """\
# What we sell
title: Sales {from}
interval_days: 7  # a week
datasources:
  shop:
    plugin: sql
    args: {driver: sqlite, database: data/shop.db}
views:
  sold:
    plugin: single_stat
    args:
      datasource: shop
      # all of it
      query: select count(*) from sales
outputs:
  html: {plugin: static}
  mail:
    plugin: smtp
    args:
      email_from: kpi@example.org
      email_to: ${TEAM}
      smtp_host: mail.example.org
"""


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of KPI Reporter's, with a project beside it."""
    monkeypatch.setenv("TEAM", "team@example.org")
    monkeypatch.setattr(import_files.tzlocal, "get_localzone_name", lambda: "Europe/Berlin")
    folder = tmp_path / "old"
    (folder / "data").mkdir(parents=True)
    sqlite3.connect(folder / "data" / "shop.db").close()
    (folder / "data" / "shop.db").touch()
    (folder / "config.yaml").write_text(CONFIG)
    (tmp_path / "new" / "content").mkdir(parents=True)
    (tmp_path / "new" / "mkdocs.yml").write_text(
        "site_name: New\ndocs_dir: content\ntheme: {name: material, font: false}\n"
        "plugins: [kpisite]\n"
    )
    monkeypatch.chdir(folder)
    return folder


def call(*arguments: str) -> Result:
    return CliRunner().invoke(
        main, ["-f", "../new/mkdocs.yml", "import", *arguments], catch_exceptions=False
    )


def report(old: Path) -> Path:
    return old.parent / "new" / "content" / "sales" / "report.yml"


def test_a_report_keeps_comments_variables_and_order_and_says_what_was_left_out(old):
    result = call("config.yaml")
    assert result.exit_code == 0, result.output
    text = report(old).read_text()
    for kept in ("# What we sell", "# a week", "# all of it", "${TEAM}"):
        assert kept in text
    assert text.index("title:") < text.index("datasources:") < text.index("views:")
    values = yaml.safe_load(text)
    assert values["timezone"] == "Europe/Berlin"
    assert values["outputs"]["html"] == {
        "plugin": "static",
        "args": {"what": "edition", "when": "preliminary"},
    }


def test_relative_paths_lead_where_they_did(old):
    call("config.yaml")
    database = yaml.safe_load(report(old).read_text())["datasources"]["shop"]["args"]["database"]
    assert (report(old).parent / database).resolve() == (old / "data" / "shop.db").resolve()


def test_a_relative_path_may_start_at_the_configuration_too(old, monkeypatch):
    monkeypatch.chdir(old.parent / "new")
    result = CliRunner().invoke(main, ["import", "../old/config.yaml"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    database = yaml.safe_load(report(old).read_text())["datasources"]["shop"]["args"]["database"]
    assert (report(old).parent / database).resolve() == (old / "data" / "shop.db").resolve()


ANCHORS = """\
title: Sales
timezone: Europe/Berlin
datasources:
  shop:
    plugin: sql
    args: &shop {driver: sqlite, database: data/shop.db}
  second:
    plugin: sql
    args: {<<: *shop, max_rows: 5}
views:
  first: &table
    plugin: table
    # what is asked
    args: &asked
      datasource: shop
      query: select * from sales
      query_args: &read {chunksize: 5, index_col: day}
  alias: {plugin: table, args: *asked}
  merged:
    <<: *table
    title: &name Merged
  named: {<<: *table, title: *name, cols: &six 6, description: &text "a: b"}
  deep:
    plugin: table
    args:
      <<: *asked
      query_args: {<<: *read, coerce_float: true}
  both:
    <<: [*table, {cols: 3}]
    args: {<<: *asked, datasource: second}
outputs: {}
"""


@pytest.mark.parametrize(
    "more",
    [
        "title: &name Sales\n",
        "views:\n  merged: {args: {query: select 1, query_args: {index_col: a}}}\n",
    ],
    ids=["one-file", "a-later-file-changes-one-place"],
)
def test_anchors_and_merge_keys_are_written_out_and_mean_what_run_makes_of_them(old, more):
    (old / "config.yaml").write_text(ANCHORS)
    (old / "more.yaml").write_text(more)
    result = call("config.yaml", "more.yaml")
    assert result.exit_code == 0, result.output
    text = report(old).read_text()
    assert "# what is asked" in text
    assert not set("&*<") & set(text.replace("select *", ""))
    [loaded] = load_reports(old.parent / "new" / "content", {})
    files = [(name, (old / name).read_text()) for name in ("config.yaml", "more.yaml")]
    asked = load_written(read_configuration(files, {}).written(old, "UTC", {}))
    assert loaded.report.views == asked.report.views
    assert [args["database"] for args in databases(text)] == ["../../../old/data/shop.db"] * 2


def test_what_only_run_can_read_is_told_with_its_line(old):
    twice = "  merged:\n    <<: *table\n    <<: {cols: 3}\n"
    (old / "config.yaml").write_text(ANCHORS.replace("  merged:\n    <<: *table\n", twice))
    result = call("config.yaml")
    assert result.exit_code == 2
    assert "config.yaml:21: found duplicate" in result.stderr
    assert "'<<: [*one, *other]'" in result.stderr
    assert not report(old).exists()


def databases(text: str) -> list[dict[str, str]]:
    return [part["args"] for part in yaml.safe_load(text)["datasources"].values()]


def test_a_report_that_was_written_loads(old):
    call("config.yaml")
    [loaded] = load_reports(old.parent / "new" / "content", {"TEAM": "team@example.org"})
    assert (loaded.id, loaded.report.interval_days) == ("sales", 7)
    assert set(loaded.outputs) == {"html", "mail"}


def test_several_files_become_one(old):
    (old / "more.yaml").write_text("title: Turnover\nviews:\n  sold: {title: Turned over}\n")
    result = call("config.yaml", "more.yaml")
    assert result.exit_code == 0, result.output
    values = yaml.safe_load((old.parent / "new/content/turnover/report.yml").read_text())
    assert values["views"]["sold"]["title"] == "Turned over"
    assert values["views"]["sold"]["plugin"] == "single_stat"


def test_what_means_something_else_is_said_of_what_is_used(old):
    said = call("config.yaml").stdout
    assert "Written: " in said
    assert "- Braces in the title are filled in" in said
    assert "- A variable that is not set is an error" in said
    assert "- static: with 'what: edition'" in said
    assert "- Mail and chat: an edition goes out once" in said
    assert "prometheus" not in said


def test_a_report_that_is_there_is_not_written_again(old):
    call("config.yaml")
    before = report(old).read_bytes()
    result = call("config.yaml")
    assert result.exit_code == 2
    assert "report.yml is there already" in result.stderr
    assert report(old).read_bytes() == before


def test_a_configuration_with_mistakes_is_not_written(old):
    (old / "config.yaml").write_text(CONFIG.replace("single_stat", "single_stta"))
    result = call("config.yaml")
    assert result.exit_code == 1
    assert "config.yaml:10" in result.stderr
    assert "single_stat" in result.stderr
    assert not report(old).exists()


def test_without_a_project_the_user_is_told_of_one(old):
    result = CliRunner().invoke(main, ["import", "config.yaml"], catch_exceptions=False)
    assert result.exit_code == 2
    assert "mkdocs.yml: there is no such file" in result.stderr


@pytest.mark.parametrize(
    ("title", "id_"),
    [
        ("Sales {from} to {to}", "sales"),
        ("{period}: sales & more", "sales-more"),
        ("Ärzte – Übersicht", "arzte-ubersicht"),
        ("{from}", "status-report"),
        ("", "status-report"),
    ],
)
def test_a_report_is_named_after_its_title(title, id_):
    text = yaml.safe_dump({"title": title, "views": {}})
    assert read_configuration([("config.yaml", text)], {}).id == id_


def test_each_change_of_meaning_belongs_to_something():
    def plugins(section, *names, **args):
        return {section: {f"p{n}": {"plugin": name, "args": args} for n, name in enumerate(names)}}

    nothing = {"title": "Sales", "schedule": "weekly"}
    assert len(changes_of_meaning(nothing)) == 1
    used = {
        "title": "Sales {from} ${NAME}",
        "theme": {"theme_dir": "look"},
        **plugins("datasources", "mysql", "prometheus", "googleanalytics", "twitter"),
        "views": {
            "a": {"plugin": "single_stat", "args": {"comparison_type": "percent"}},
            "e": {"plugin": "table", "args": {"datasource": "p0", "query": "select '%%Y'"}},
            "b": {"plugin": "plot", "args": {"kind": "bar"}},
            "c": {"plugin": "table"},
            "d": {"plugin": "prometheus.alert_summary"},
        },
        **plugins("outputs", "static", "scp", "slack", "smtp"),
    }
    said = changes_of_meaning(used)
    assert len(said) == len(set(said)) == 21


def test_what_is_not_used_is_not_written_and_said_with_the_reason(old):
    config = CONFIG.replace(
        "      query: select count(*) from sales\n",
        "      query: select count(*) from sales\n      query_args: &asked\n"
        "        chunksize: 10  # rows\n        index_col: day  # first\n"
        "      comparison_query_args: *asked\n",
    )
    (old / "config.yaml").write_text(
        f"{config}  web:\n    plugin: scp\n    args:\n      host: web  # ours\n"
        "      remote_path: /srv/kpis\n      forward_agent: true\n      inline_ssh_env: ${NOPE}\n"
        "  bucket: {plugin: s3, args: {bucket: b, api_version: 2006-03-01, config: {retries: 3}}}\n"
    )
    result = call("config.yaml")
    assert result.exit_code == 0, result.output
    text = report(old).read_text()
    values = yaml.safe_load(text)
    assert values["outputs"]["web"]["args"] == {"host": "web", "remote_path": "/srv/kpis"}
    assert values["outputs"]["bucket"]["args"] == {"bucket": "b"}
    assert values["views"]["sold"]["args"]["query_args"] == {"index_col": "day"}
    assert values["views"]["sold"]["args"]["comparison_query_args"] == {"index_col": "day"}
    assert "# ours" in text
    assert "# first" in text
    for place in (
        "views.sold.args.query_args.chunksize was left out: an answer comes whole",
        "views.sold.args.comparison_query_args.chunksize was left out",
        "outputs.web.args.forward_agent was left out: nothing on the server uses your keys.",
        "outputs.web.args.inline_ssh_env was left out",
        "outputs.bucket.args.api_version was left out",
        "outputs.bucket.args.config was left out",
    ):
        assert f"- {place}" in result.stdout
    load_reports(old.parent / "new" / "content", {"TEAM": "team@example.org"})


def test_an_output_html_becomes_static_and_its_comments_stay(old):
    (old / "config.yaml").write_text(CONFIG.replace("{plugin: static}", "{plugin: html}  # here"))
    result = call("config.yaml")
    assert result.exit_code == 0, result.output
    values = yaml.safe_load(report(old).read_text())
    assert values["outputs"]["html"]["plugin"] == "static"
    assert values["outputs"]["html"]["args"]["what"] == "edition"
    assert "# here" in report(old).read_text()
    assert "- static: with 'what: edition'" in result.stdout


def test_what_is_added_to_a_configuration_stands_in_the_report_as_it_would_be_written(old):
    (old / "config.yaml").write_text(
        CONFIG.replace("plugin: sql\n    args: {driver: sqlite,", "plugin: mysql\n    args: {")
        .replace("query: select count(*) from sales", "query: |\n        select '%%Y'\n")
        .replace("      smtp_host: mail.example.org\n", "")
    )
    result = call("config.yaml")
    assert result.exit_code == 0, result.output
    text = report(old).read_text()
    assert "query: |\n        select '%Y'\n" in text
    assert "smtp_host: localhost" in text
    assert "tls: none" in text
    assert "'%%' in queries for MySQL was made '%'" in result.stdout
