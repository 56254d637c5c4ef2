"""Report definitions become reports that can run, or one message with all mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kpisite.errors import DefinitionError
from kpisite.pipeline.loading import find_definitions, load_report

if TYPE_CHECKING:
    from tests.conftest import ProjectFiles

TEXT = "views: {a: {plugin: text, args: {text: hello}}}\n"


def said(project: ProjectFiles) -> str:
    with pytest.raises(DefinitionError) as caught:
        project.load()
    return str(caught.value)


def test_a_report_is_called_by_its_folder(project: ProjectFiles):
    project.write(TEXT, report="eu/north", name="report.yaml")
    assert [report.id for report in project.load()] == ["eu/north", "sales"]


def test_hidden_folders_hold_no_reports(project: ProjectFiles):
    project.write("not: [valid", report=".cache/old")
    assert [path.parent.name for path in find_definitions(project.content)] == ["sales"]


def test_mistakes_of_all_reports_come_in_one_message(project: ProjectFiles):
    project.write("titel: x\nviews: {}\n", report="one")
    project.write("views: {a: {plugin: tabel}}\n", report="two")
    project.write("a: [", report="three")
    message = said(project)
    assert message.startswith("4 mistakes in the report definitions:")
    for part in ("one/report.yml:1", "two/report.yml:1", "three/report.yml:1"):
        assert part in message


def test_mistakes_of_all_kinds_come_in_one_message_in_the_order_of_the_file(project: ProjectFiles):
    project.write("""\
        title: [1]
        since: 2013-02-30
        datasources:
          db: {plugin: sqll}
        views:
          a: {plugin: table, args: {datasource: dbb, query: q}}
          A: {plugin: text, args: {text: x, txt: y}}
          b: {plugin: text, args: {text: "${NOPE}"}}
          b2: {plugin: text, args: {text: x}}
          B2: {plugin: text, args: {text: x}}
        outputs:
          o: {plugin: static, args: {output_dir: 3}}
        """)
    lines = [line for line in said(project).splitlines() if "report.yml:" in line]
    found = [line.split("report.yml:")[1] for line in lines]
    assert found == [
        "1: title: expected a text, found a list",
        "2: since: '2013-02-30' is no valid date",
        "4: datasources.db.plugin: there is no datasource plugin 'sqll'",
        "6: views.a.args.datasource: there is no datasource 'dbb' in this report",
        "7: views.A.args.txt: unknown key 'txt'",
        "8: views.b.args.text: the environment variable NOPE is not set",
        "10: views.B2: 'B2' and 'b2' differ in upper and lower case alone",
        "12: outputs.o.args.output_dir: expected a text, found '3'",
    ]


def test_a_report_without_a_folder_is_told_where_to_go(project: ProjectFiles):
    (project.content / "report.yml").write_text(TEXT)
    message = said(project)
    assert "a report needs a folder of its own" in message
    assert str(Path("my-report") / "report.yml") in message


@pytest.mark.parametrize(("report", "name"), [("sales", "report.yaml"), ("Sales", "report.yml")])
def test_two_definitions_of_one_report_are_a_mistake(project: ProjectFiles, report: str, name: str):
    project.write(TEXT, report=report, name=name)
    message = said(project)
    assert "is defined by" in message
    assert "Remove one of the two files." in message


def test_files_merge_and_each_mistake_names_its_own_file(project: ProjectFiles):
    base = project.write(TEXT, report="merged", name="base.yml")
    later = project.write(
        "title: Mine\nviews: {b: {plugin: text, args: {text: x}}}\n", "merged", "b.yml"
    )
    report = load_report("merged", [base, later], {})
    assert (report.report.title, list(report.views)) == ("Mine", ["a", "b"])
    later.write_text("\nviews: {b: {plugin: texxt}}\n")
    with pytest.raises(DefinitionError) as caught:
        load_report("merged", [base, later], {})
    [mistake] = caught.value.mistakes
    assert (Path(mistake.file).name, mistake.line) == ("b.yml", 2)


def test_a_file_that_cannot_be_read_is_a_mistake(project: ProjectFiles):
    path = project.write("", report="latin")
    path.write_bytes("title: Übersicht".encode("latin-1"))
    (project.content / "folder" / "report.yml").mkdir(parents=True)
    message = said(project)
    assert "latin/report.yml: is not UTF-8 text" in message
    assert "folder/report.yml: cannot be read: Is a directory" in message


def test_a_byte_order_mark_is_no_part_of_the_first_key(project: ProjectFiles):
    path = project.write("", report="marked")
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    assert "marked" in [report.id for report in project.load()]


SECRET = """\
    datasources:
      db: {plugin: sql, args: {url: "${DB_URL}"}}
    views:
      a: {plugin: text, args: {text: hello}}
    """


def test_secrets_are_in_no_repr_and_not_in_what_is_recorded(project: ProjectFiles):
    project.environment = {"DB_URL": "postgresql://kpi:hunter2@db.example.org/kpi"}
    project.write(SECRET)
    [report] = project.load()
    assert report.secrets == {"postgresql://kpi:hunter2@db.example.org/kpi": "${DB_URL}"}
    [task] = project.due()
    for shown in (repr(report), repr(report.datasources), repr(task), str(report.report)):
        assert "hunter2" not in shown
    assert report.recorded.datasources["db"].args == {"url": "${DB_URL}"}


def test_a_secret_written_into_the_file_is_recorded_hidden(project: ProjectFiles):
    project.write(SECRET.replace("${DB_URL}", "postgresql://kpi:hunter2@db.example.org/kpi"))
    [report] = project.load()
    assert "hunter2" not in repr(report)
    assert report.recorded.datasources["db"].args == {"url": "**********"}


@pytest.mark.parametrize(
    "args",
    [
        "{host: h, connect_args: {password: hunter2}}",
        "{host: h, ssl: {key_password: hunter2}}",
        "{host: h, passwd: hunter2}",
    ],
)
def test_a_secret_for_the_driver_is_recorded_hidden(project: ProjectFiles, args: str):
    project.write(SECRET.replace('{url: "${DB_URL}"}', args))
    [report] = project.load()
    assert report.recorded.datasources["db"].args["host"] == "h"
    assert "hunter2" not in str(report.recorded)


def test_a_secret_is_in_no_mistake(project: ProjectFiles):
    project.environment = {"DIR": "hunter2"}
    project.write("""\
        outputs:
          o: {plugin: "${DIR}"}
        views:
          a: {plugin: text, args: {text: hello}}
        """)
    message = said(project)
    assert "there is no output plugin '${DIR}'" in message
    assert "hunter2" not in message


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        (
            "schedul: weekly\nsince: 2013-01-07\nuntil: 2013-02-04\n" + TEXT,
            "report.yml:1: schedul: unknown key 'schedul'",
        ),
        (
            "datasource: {db: {plugin: duckdb}}\n"
            "views: {a: {plugin: table, args: {datasource: db, query: q}}}\n",
            "report.yml:1: datasource: unknown key 'datasource'",
        ),
        ("view: {a: {plugin: text}}\n", "report.yml:1: view: unknown key 'view'"),
        (
            "views:\n  a:\n    plugn: text\n",
            "report.yml:3: views.a.plugn: unknown key 'plugn'",
        ),
        (
            "views: {a: {plugin: text, args: {texts: hello}}}\n",
            "report.yml:1: views.a.args.texts: unknown key 'texts'",
        ),
        (
            "datasources: {db: {plugin: duckdb}}\nviews:\n  a:\n    plugin: plot\n    args:\n"
            "      datasource: db\n      query: q\n      lines: [{att: 3}]\n",
            "report.yml:8: views.a.args.lines.0.att: unknown key 'att'",
        ),
    ],
)
def test_what_follows_from_an_unknown_key_is_not_said(
    project: ProjectFiles, text: str, unknown: str
):
    project.write(text)
    message = said(project)
    assert message.startswith("1 mistake in")
    assert unknown in message
    assert "Did you mean" in message


def test_what_is_wrong_beside_an_unknown_key_is_said(project: ProjectFiles):
    project.write(
        "schedul: weekly\nsince: 2013-02-04\nuntil: 2013-01-07\ntimezone: Mars\n"
        "views: {a: {plugin: text, args: {texts: hello, query: q}}}\n"
    )
    message = said(project)
    for part in (
        "schedul: unknown key 'schedul'",
        "timezone: unknown timezone 'Mars'",
        "views.a.args.texts: unknown key 'texts'",
    ):
        assert part in message


def test_a_key_that_is_like_none_explains_nothing(project: ProjectFiles):
    project.write("frequency: weekly\nsince: 2013-02-04\n" + TEXT)
    message = said(project)
    assert message.startswith("2 mistakes in")
    assert "since belongs to a report with a schedule" in message


def test_a_key_that_is_written_twice_in_two_ways_is_one_mistake(project: ProjectFiles):
    project.write("titel: x\ntitle: y\n" + TEXT)
    assert said(project).startswith("1 mistake in")


def test_a_key_in_the_wrong_place_is_sent_to_the_right_one(project: ProjectFiles):
    project.write("""\
        datasources:
          db: {plugin: duckdb, files: {a: a.csv}}
        views:
          a: {plugin: table, datasource: db, query: q}
          b: {plugin: table, args: {datasource: db, query: q, downloads: false}}
        outputs:
          o: {plugin: static, output_dir: public}
        """)
    message = said(project)
    assert message.startswith("5 mistakes in")
    for path, hint in (
        ("datasources.db.files", "It is an option of 'duckdb': write it below `args:`."),
        ("views.a.datasource", "It is an option of 'table': write it below `args:`."),
        ("views.a.query", "It is an option of 'table': write it below `args:`."),
        ("views.b.args.downloads", "Write it beside `args:`, not below."),
        ("outputs.o.output_dir", "It is an option of 'static': write it below `args:`."),
    ):
        key = path.rpartition(".")[2]
        assert f"{path}: unknown key '{key}'\n    {hint}" in message


def test_a_key_in_the_wrong_place_hides_no_other_mistake(project: ProjectFiles):
    project.write("""\
        datasources:
          db: {plugin: duckdb}
        views:
          a: {plugin: table, query: q, args: {datasource: dbb, max_rows: many}}
        """)
    message = said(project)
    assert message.startswith("2 mistakes in")
    assert "views.a.query: unknown key 'query'" in message
    assert "max_rows: expected a whole number, found 'many'" in message


def test_a_variable_that_is_not_set_is_one_mistake(project: ProjectFiles):
    project.write('datasources: {db: {plugin: duckdb, args: {files: {a: "${NOPE}"}}}}\n' + TEXT)
    message = said(project)
    assert message.startswith("1 mistake in")
    assert "the environment variable NOPE is not set" in message
