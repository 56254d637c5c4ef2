"""KPI Reporter's configuration files, run as they are."""

from __future__ import annotations

import re
import sqlite3
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result
from mail_server import MailServer

from kpisite.archive.store import Archive
from kpisite.cli import configured
from kpisite.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """\
title: Sales {from} to {to}
interval_days: 7
theme:
  ui_colors: ["#111111", "#222222", "#333333", "#444444", "#fefefe"]
  series_colors: ["#336699"]
datasources:
  shop:
    plugin: sql
    args: {driver: sqlite, database: shop.db}
views:
  sold:
    title: Sold
    cols: 2
    plugin: single_stat
    args:
      datasource: shop
      query: select sum(amount) from sales where day >= {from} and day < {to}
      label: "{stat} pieces"
  a_day:
    plugin: plot
    args:
      title: Sold a day
      cols: 4
      datasource: shop
      query: select day as time, amount from sales where day >= {from} and day < {to}
      query_args: {parse_dates: [time]}
"""
NOW = "2024-02-12T06:00"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration and a database: one piece on each day of 2024, from January."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(configured.tzlocal, "get_localzone_name", lambda: "America/New_York")
    (tmp_path / "config.yaml").write_text(CONFIG)
    with sqlite3.connect(tmp_path / "shop.db") as database:
        database.execute("create table sales (day text, amount integer)")
        days = [(str(date(2024, 1, 1) + timedelta(days=n)), n + 1) for n in range(60)]
        database.executemany("insert into sales values (?, ?)", days)
    database.close()
    return tmp_path


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["--now", NOW, *arguments], catch_exceptions=False)


def editions(folder: Path) -> list[str]:
    return [entry.key for entry in Archive(str(folder / "archive")).editions()]


def shown(html: str) -> str:
    """Return the text of HTML on one line."""
    return " ".join(re.sub(r"<[^>]+>", "", html).split())


def test_a_configuration_runs_unmodified_into_an_archive_and_a_folder_an_edition(here):
    result = call("run", "-c", "config.yaml")
    assert result.exit_code == 0, result.output
    assert editions(here) == ["sales/2024-02-05_2024-02-12"]
    built = sorted(path.name for path in (here / "_build").iterdir())
    assert built == ["latest-sales-from-to-to", "sales-2024-02-05_2024-02-12"]
    page = (here / "_build" / "sales-2024-02-05_2024-02-12" / "index.html").read_text()
    assert "273 pieces" in shown(page)  # 36 + … + 42, the days from 5 to 11 February
    assert "Sales 2024-02-05 to 2024-02-11" in page
    assert "--kpi-series-1:#336699" in page
    assert "New York time" in page  # the machine's zone, as the files name none
    assert "static: written to _build" in result.stdout


def test_what_is_archived_is_kept_and_not_run_again(here):
    call("run", "-c", "config.yaml")
    again = call("run", "-c", "config.yaml")
    assert again.stdout.splitlines() == ["Nothing is due.", "static: written to _build"]
    later = CliRunner().invoke(
        main, ["--now", "2024-02-19T12:00", "run", "-c", "config.yaml"], catch_exceptions=False
    )
    assert later.exit_code == 0
    assert editions(here) == ["sales/2024-02-05_2024-02-12", "sales/2024-02-12_2024-02-19"]
    assert len(list((here / "_build").iterdir())) == 3


def test_dates_on_the_command_line_come_before_those_of_the_files(here):
    (here / "config.yaml").write_text(f"{CONFIG}end_date: 2024-01-20\n")
    result = call("run", "-c", "config.yaml", "-s", "Jan 3 2024", "-e", "2024-01-05")
    assert result.exit_code == 0, result.output
    assert editions(here) == ["sales/2024-01-03_2024-01-05"]


def test_of_several_files_the_later_one_wins(here):
    (here / "more.yaml").write_text(
        "title: Turnover\nviews:\n  sold: {args: {label: '{stat} sold'}}\n"
        "outputs:\n  folder: {plugin: static, args: {output_dir: out}}\n"
    )
    result = call("run", "-c", "config.yaml", "-c", "more.yaml")
    assert result.exit_code == 0, result.output
    page = (here / "out" / "turnover-2024-02-05_2024-02-12" / "index.html").read_text()
    assert "273 sold" in shown(page)
    assert not (here / "_build").exists()


def test_what_sends_something_away_is_named_and_not_done(here):
    (here / "config.yaml").write_text(
        f"{CONFIG}outputs:\n  html: {{plugin: static}}\n"
        "  mail:\n    plugin: smtp\n"
        "    args: {email_from: a@example.org, email_to: b@example.org, smtp_host: 127.0.0.1}\n"
    )
    result = call("run", "-c", "config.yaml")
    assert result.exit_code == 0, result.output
    said = "Not delivered: mail. `kpisite publish -c config.yaml` does that."
    assert result.stdout.splitlines()[-1] == said
    (here / "look").mkdir()
    given = ["-c", "config.yaml", "-s", "Jan 3 2024", "-e", "2024-01-05", "--theme-dir", "look"]
    again = "kpisite publish -c config.yaml -s 'Jan 3 2024' -e 2024-01-05 --theme-dir look"
    said = f"Not delivered: mail. `{again}` does that."
    assert call("run", *given).stdout.splitlines()[-1] == said


def test_a_mistake_names_the_file_and_the_line(here):
    (here / "config.yaml").write_text(CONFIG.replace("interval_days", "interval_dyas"))
    result = call("run", "-c", "config.yaml")
    assert result.exit_code == 1
    assert "config.yaml:2: interval_dyas: unknown key" in result.stderr
    assert "Did you mean 'interval_days'?" in result.stderr
    assert not (here / "archive").exists()


def test_a_view_that_fails_is_shown_and_told(here):
    (here / "config.yaml").write_text(CONFIG.replace("select sum(amount)", "select sum(amnt)"))
    result = call("run", "-c", "config.yaml")
    assert result.exit_code == 1
    assert "no such column: amnt" in result.stderr
    page = here / "_build" / "sales-2024-02-05_2024-02-12" / "index.html"
    assert "This view could not be made." in page.read_text()


def test_a_file_that_is_not_there_is_named(here):
    result = call("run", "-c", "nope.yaml")
    assert result.exit_code == 1
    assert "nope.yaml: cannot be read: No such file or directory" in result.stderr


@pytest.mark.parametrize(
    "arguments", [["-s", "2024-01-01"], ["-e", "2024-01-01"], ["--theme-dir", "."]]
)
@pytest.mark.parametrize("command", ["run", "publish"])
def test_what_belongs_to_configuration_files_is_refused_without_them(here, command, arguments):
    result = call(command, *arguments)
    assert result.exit_code == 2
    assert "belong to -c" in result.stderr


def test_templates_of_a_theme_folder_come_first(here):
    (here / "look" / "views").mkdir(parents=True)
    (here / "look" / "views" / "empty.html").write_text("<p>Nothing sold</p>")
    config = CONFIG.replace(
        "day as time, amount from sales where", "day as time from sales where 0 and"
    )
    (here / "config.yaml").write_text(config)
    result = call("run", "-c", "config.yaml", "--theme-dir", "look")
    assert result.exit_code == 0, result.output
    page = here / "_build" / "sales-2024-02-05_2024-02-12" / "index.html"
    assert "<p>Nothing sold</p>" in page.read_text()
    missing = call("run", "-c", "config.yaml", "--theme-dir", "lok")
    assert missing.exit_code == 2
    assert "there is no folder 'lok'" in missing.stderr


def test_a_configuration_is_published_once(here):
    server = MailServer()
    (here / "config.yaml").write_text(
        f"{CONFIG}outputs:\n  html: {{plugin: static}}\n"
        "  mail:\n    plugin: smtp\n"
        "    args: {email_from: a@example.org, email_to: b@example.org, smtp_host: 127.0.0.1,"
        f" smtp_port: {server.port}, tls: none}}\n"
    )
    try:
        result = call("publish", "-c", "config.yaml")
        assert result.exit_code == 0, result.output
        assert editions(here) == ["sales/2024-02-05_2024-02-12"]
        assert call("publish", "-c", "config.yaml").exit_code == 0
        [mail] = server.mails
    finally:
        server.close()
    assert "273" in mail.get_body(("plain",)).get_content()
    assert (here / "_build" / "sales-2024-02-05_2024-02-12" / "index.html").is_file()


def test_what_is_published_has_the_dates_and_templates_of_the_command_line(here):
    (here / "look" / "views").mkdir(parents=True)
    (here / "look" / "views" / "empty.html").write_text("<p>Nothing sold</p>")
    (here / "config.yaml").write_text(
        CONFIG.replace("amount from sales where", "1 from sales where 0 and")
    )
    given = ["-c", "config.yaml", "-s", "Jan 3 2024", "-e", "2024-01-05", "--theme-dir", "look"]
    result = call("publish", *given)
    assert result.exit_code == 0, result.output
    assert editions(here) == ["sales/2024-01-03_2024-01-05"]
    page = (here / "_build" / "sales-2024-01-03_2024-01-05" / "index.html").read_text()
    assert "<p>Nothing sold</p>" in page
    assert "7 pieces" in shown(page)
