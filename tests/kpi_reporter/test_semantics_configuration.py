"""What the keys of a configuration of KPI Reporter mean, key by key."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from configurations import NOW, SHOP, VIEW, loaded, make_shop, mistakes, run, values

from kpisite.cli import configured
from kpisite.cli.main import main
from kpisite.errors import DefinitionError
from kpisite.pipeline.loading import Written, load_written
from kpisite.render.own_colours import css_variables

OUTPUT_HTML = "outputs: {page: {plugin: html}}\n"
SOLD = """\
views:
  sold:
    plugin: single_stat
    args:
      datasource: shop
      query: select sum(amount) from sales where day >= {from} and day < {to}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    make_shop(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(configured.tzlocal, "get_localzone_name", lambda: "America/New_York")
    return tmp_path


def days(text: str, **dates: str) -> tuple[str, str]:
    """Return the ends of the one period of a configuration."""
    [period] = loaded(SHOP + VIEW + text, **dates).report.periods(NOW)
    return f"{period.start:%Y-%m-%dT%H:%M%z}", f"{period.end:%Y-%m-%dT%H:%M%z}"


def test_title_is_status_report_unless_it_is_named():
    assert loaded(SHOP + VIEW).report.title == "Status report"
    assert loaded("title: Sales\n" + SHOP + VIEW).report.title == "Sales"


def test_title_is_filled_in_with_the_first_the_last_day_and_the_period(here):
    record, _ = run(here, "title: 'Sales {from} to {to}, {period}'\n" + SHOP + SOLD)
    assert record.title.startswith("Sales 2024-02-05 to 2024-02-11, ")
    assert "{" not in record.title


def test_interval_days_are_seven_and_the_length_of_the_window_where_start_date_is_absent():
    assert days("") == ("2024-02-05T00:00-0500", "2024-02-12T00:00-0500")
    assert days("interval_days: 3\n") == ("2024-02-09T00:00-0500", "2024-02-12T00:00-0500")
    assert days("interval_days: 3\nend_date: 2024-02-01\n")[0] == "2024-01-29T00:00-0500"


def test_without_a_schedule_one_edition_is_made_that_ends_at_the_last_local_midnight():
    report = loaded(SHOP + VIEW + "timezone: Asia/Tokyo\n").report
    assert report.schedule == "on demand"
    evening = datetime(2024, 2, 12, 16, tzinfo=UTC)  # it is the 13th in Tokyo
    [period] = report.periods(evening)
    assert f"{period.end:%Y-%m-%dT%H:%M%z}" == "2024-02-13T00:00+0900"


@pytest.mark.parametrize(
    "written", ["2024-02-01", "'2024-02-01'", "Feb 1 2024", "1 February 2024", "2024/02/01"]
)
def test_end_date_is_free_form_quoted_or_not(written):
    assert days(f"end_date: {written}\n")[1] == "2024-02-01T00:00-0500"


def test_start_date_is_the_end_less_interval_days_unless_it_is_named():
    assert days("end_date: 2024-02-01\n")[0] == "2024-01-25T00:00-0500"
    text = "end_date: 2024-02-01\nstart_date: Jan 3 2024\ninterval_days: 2\n"
    assert days(text)[0] == "2024-01-03T00:00-0500"


def test_an_end_before_the_start_is_an_error():
    text = SHOP + VIEW + "start_date: 2024-02-01\nend_date: 2024-01-01\n"
    said = mistakes(text)
    assert "config.yaml:4: end_date" in said
    assert "2024-01-01 is not after start_date 2024-02-01" in said
    assert "is not after" in mistakes(SHOP + VIEW, start="2024-02-02", end="2024-02-01")


def test_interval_follows_the_real_window(here):
    text = (
        f"{SHOP}start_date: 2024-02-01\nend_date: 2024-02-05\ninterval_days: 7\n"
        "views:\n  n:\n    plugin: single_stat\n    args:\n      datasource: shop\n"
        "      query: select julianday({from}) - julianday(date({from}, {interval}))\n"
    )
    record, outcome = run(here, text)
    assert outcome.problems == ()
    assert abs(values(record)["n"] or 0) == 4


def test_timezone_is_the_machines_unless_it_is_named():
    assert loaded(SHOP + VIEW).report.timezone == "America/New_York"
    assert loaded(SHOP + VIEW + "timezone: Europe/Berlin\n").report.timezone == "Europe/Berlin"


def test_an_unknown_timezone_is_an_error_that_names_the_nearest():
    said = mistakes(SHOP + VIEW + "timezone: Europe/Brelin\n")
    assert "config.yaml:3: timezone: unknown timezone 'Europe/Brelin'" in said
    assert "Europe/Berlin" in said


THEME = """\
theme:
  num_columns: 4
  column_width: 100
  padding_width: 30
  theme_dir: look
  heading_font: Helvetica, Arial, sans-serif
  ui_colors: ["#111111", "#222222", "#333333", "#444444", "#555555"]
  error_colors: ["#660000", "#ff9999"]
  success_colors: ["#006600", "#99ff99"]
  series_colors: ["#000001", "#000002", "#000003", "#000004", "#000005", "#000006", "#000007"]
"""


def test_theme_has_its_defaults_and_takes_all_its_keys():
    default = loaded(SHOP + VIEW).report.theme
    assert (default.num_columns, default.column_width, default.padding_width) == (6, 86, 20)
    css = css_variables(loaded(SHOP + VIEW + THEME).report.theme)
    for part in (
        "--kpi-heading-font:'Helvetica','Arial',sans-serif,",
        "--kpi-series-7:#000007",
        "--kpi-bad:light-dark(#660000,#ff9999)",
        "--kpi-good:light-dark(#006600,#99ff99)",
        "--kpi-ink:light-dark(#111111,",
    ):
        assert part in css


def test_theme_dir_of_a_file_and_of_the_command_line_come_before_the_sites_templates(here):
    for name, words in (("look", "Nothing here"), ("other", "Nothing there")):
        (here / name / "views").mkdir(parents=True)
        (here / name / "views" / "empty.html").write_text(f"<p>{words}</p>")
    (here / "config.yaml").write_text(
        SHOP + "theme: {theme_dir: look}\n"
        "views: {a: {plugin: table, args: {datasource: shop, query: select * from notes}}}\n"
    )
    page = here / "_build" / "status-report-2024-02-05_2024-02-12" / "index.html"
    for options, words in (([], "Nothing here"), (["--theme-dir", "other"], "Nothing there")):
        result = call("run", "-c", "config.yaml", *options)
        assert result.exit_code == 0, result.output
        assert f"<p>{words}</p>" in page.read_text()
    (here / "look" / "views" / "empty.html").unlink()
    (here / "look" / "views").rmdir()
    (here / "look").rmdir()
    gone = call("run", "-c", "config.yaml")
    assert gone.exit_code == 2
    assert "there is no folder 'look'" in gone.stderr


def call(*arguments: str):
    given = ["--now", "2024-02-12T12:00", *arguments]
    return CliRunner().invoke(main, given, catch_exceptions=False)


def test_datasources_views_and_outputs_are_ids_with_plugin_and_args_in_file_order():
    text = f"""{SHOP}
views:
  z: {{plugin: table, args: {{datasource: shop, query: select 1}}}}
  a: {{plugin: text, args: {{text: Hello}}}}
  m: {{plugin: table, args: {{datasource: shop, query: select 2}}}}
"""
    report = loaded(text)
    assert list(report.views) == ["z", "a", "m"]
    assert list(report.datasources) == ["shop"]


@pytest.mark.parametrize("inside", [True, False])
def test_a_view_takes_title_description_and_cols_beside_or_inside_args(inside):
    own = "title: Sold, description: in pieces, cols: 4"
    beside, within = ("", f"{own}, ") if inside else (f"{own}, ", "")
    text = f"{SHOP}views: {{a: {{{beside}plugin: text, args: {{{within}text: x}}}}}}\n"
    view = loaded(text).report.views["a"]
    assert (view.title, view.description, view.cols) == ("Sold", "in pieces", 4)


def test_title_description_and_cols_inside_args_win_and_cols_absent_is_the_full_width():
    text = f"{SHOP}views: {{a: {{plugin: text, title: out, args: {{title: in, text: x}}}}}}\n"
    view = loaded(text).report.views["a"]
    assert (view.title, view.description, view.cols) == ("in", "", 0)


def test_description_shows_on_the_page(here):
    (here / "config.yaml").write_text(SHOP + SOLD + "    description: in pieces & more\n")
    result = call("run", "-c", "config.yaml")
    assert result.exit_code == 0, result.output
    page = here / "_build" / "status-report-2024-02-05_2024-02-12" / "index.html"
    assert "in pieces &amp; more" in page.read_text()


def test_outputs_are_one_static_only_where_the_key_is_absent_in_every_file():
    assert list(loaded(SHOP + VIEW).outputs) == ["static"]
    assert loaded(SHOP + VIEW + "outputs: {}\n").outputs == {}
    assert loaded(SHOP + VIEW, "outputs: {}\n").outputs == {}
    named = loaded(SHOP + VIEW, "outputs: {html: {plugin: static}}\n").outputs
    assert list(named) == ["html"]


@pytest.mark.parametrize("args", ["", ", args: {output_dir: out}", ", args: null"])
def test_html_is_an_old_name_of_static(args):
    [bound] = loaded(f"{SHOP}{VIEW}outputs: {{page: {{plugin: html{args}}}}}\n").outputs.values()
    assert bound.plugin.name == "static"
    options: Any = bound.options
    assert (options.what, options.output_dir) == ("edition", "out" if "out" in args else "_build")
    with pytest.raises(DefinitionError, match="html"):
        load_written(Written("r", Path("/"), (("report.yml", f"{SHOP}{VIEW}{OUTPUT_HTML}"),), {}))


UNUSED = f"""\
{SHOP}views:
  a:
    plugin: single_stat
    args:
      datasource: shop
      query: select 1
      query_args: {{coerce_float: false, columns: [a], chunksize: 10}}
      comparison_query: select 1
      comparison_query_args: {{chunksize: 10}}
outputs:
  web:
    plugin: scp
    args: {{host: web, remote_path: /srv/kpis, forward_agent: true, inline_ssh_env: true}}
  bucket:
    plugin: s3
    args: {{bucket: kpis, api_version: 2006-03-01, config: {{retries: {{max_attempts: 3}}}}}}
"""


def test_what_kpi_reporter_handed_on_and_means_nothing_here_is_taken_and_not_used(tmp_path):
    report = loaded(UNUSED)
    assert set(report.outputs) == {"web", "bucket"}
    assert report.report.views["a"].args["query_args"] == {}
    assert report.report.views["a"].args["comparison_query_args"] == {}
    assert load_written(report.written).outputs.keys() == report.outputs.keys()  # in a worker
    make_shop(tmp_path)
    record, outcome = run(tmp_path, UNUSED)
    assert (values(record), outcome.problems) == ({"a": 1}, ())


def test_a_report_of_kpisite_refuses_what_means_nothing():
    with pytest.raises(DefinitionError) as caught:
        load_written(Written("r", Path("/"), (("report.yml", UNUSED),), {}))
    for name in ("forward_agent", "inline_ssh_env", "api_version", "config"):
        assert f"args.{name}: unknown key" in str(caught.value)


def test_several_files_merge_deeply_the_later_wins_lists_are_replaced_new_keys_are_appended():
    first = f"{SHOP}{THEME}title: One\nviews:\n  b: {{plugin: text, args: {{text: first}}}}\n"
    second = """\
title: Two
theme: {series_colors: ["#ffffff"]}
views:
  b: {args: {text: second}}
  a: {plugin: text, args: {text: new}}
"""
    report = loaded(first, second).report
    assert report.title == "Two"
    assert report.theme.series_colors == ("#ffffff",)
    assert report.theme.num_columns == 4
    assert list(report.views) == ["b", "a"]
    assert report.views["b"].args == {"text": "second"}


def test_a_variable_is_always_text():
    text = "title: ${TITLE}\n" + SHOP + VIEW
    for value in ("2024", "true", "null", "{a: b}", "- x"):
        assert loaded(text, environment={"TITLE": value}).report.title == value


def test_an_unset_variable_is_an_error_that_names_it():
    said = mistakes("title: Sales of ${SHOP_NAME}\n" + SHOP + VIEW)
    assert "config.yaml:1: title" in said
    assert "SHOP_NAME is not set" in said


@pytest.mark.parametrize(
    ("written", "title"),
    [
        ("${TITLE:-Sales}", "Sales"),
        ("'${SET} and more'", "Books and more"),
        ('"${SET}"', "Books"),
        ("of ${SET}", "of Books"),
    ],
)
def test_a_variable_may_have_a_default_and_stand_in_quotes(written, title):
    text = f"title: {written}\n{SHOP}{VIEW}"
    assert loaded(text, environment={"SET": "Books"}).report.title == title


@pytest.mark.parametrize(
    ("text", "place", "nearest"),
    [
        ("interval_dyas: 3\n", "config.yaml:3: interval_dyas: unknown key", "interval_days"),
        ("theme: {num_colums: 3}\n", "config.yaml:3: theme.num_colums: unknown key", "num_columns"),
        (
            "outputs: {a: {plugin: static, args: {output_dri: x}}}\n",
            "config.yaml:3: outputs.a.args.output_dri: unknown key",
            "output_dir",
        ),
    ],
)
def test_an_unknown_key_is_an_error_with_file_line_and_the_nearest_name(text, place, nearest):
    said = mistakes(SHOP + VIEW + text)
    assert place in said
    assert f"Did you mean '{nearest}'?" in said


def test_columns_is_no_key_of_a_view():
    said = mistakes(SHOP + VIEW.replace("plugin: table,", "plugin: table, columns: 3,"))
    assert "views.a.columns: unknown key" in said


def test_a_duplicate_key_is_an_error_with_its_line():
    said = mistakes(f"title: One\n{SHOP}{VIEW}title: Two\n")
    assert "config.yaml:4" in said
    assert "title" in said
    assert "line 1" in said


def test_config_may_be_repeated_or_name_several_files_at_once(here):
    (here / "a.yaml").write_text(SHOP + SOLD + "outputs: {}\n")
    (here / "b.yaml").write_text("title: B\n")
    for arguments in (["-c", "a.yaml", "-c", "b.yaml"], ["-c", "a.yaml", "b.yaml"]):
        result = call("run", *arguments)
        assert result.exit_code == 0, result.output
    assert [path.name for path in (here / "archive").iterdir() if path.is_dir()] == ["b"]


def test_dates_of_the_command_line_come_before_those_of_the_files():
    text = "start_date: 2024-01-01\nend_date: 2024-01-02\n"
    assert days(text, start="2024-02-01", end="Feb 3 2024") == (
        "2024-02-01T00:00-0500",
        "2024-02-03T00:00-0500",
    )


def test_without_a_project_a_config_yaml_that_is_there_is_pointed_to(here):
    told = call("run")
    assert told.exit_code == 2
    assert "mkdocs.yml: there is no such file" in told.stderr
    assert "kpisite run -c config.yaml" not in told.stderr
    (here / "config.yaml").write_text(SHOP + VIEW)
    told = call("run")
    assert told.exit_code == 2
    assert "Is config.yaml one of KPI Reporter? Then say `kpisite run -c config.yaml`" in (
        told.stderr
    )
