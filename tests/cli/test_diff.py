"""`kpisite diff`: what differs between two editions."""

from __future__ import annotations

import shutil

import pytest


@pytest.fixture
def ran(shop):
    assert shop.call("run").exit_code == 0
    return shop


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_two_periods_show_their_metrics_and_rows(ran):
    result = ran.call("diff", "sales", "2024-01", "2024-02")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[:2] == [
        "- sales/2024-01: 1 – 31 January 2024, revision 1, sealed, run 2024-03-01 00:00",
        "+ sales/2024-02: 1 – 29 February 2024, revision 1, sealed, run 2024-03-01 00:00",
    ]
    found = rows(result.stdout)
    assert ["sold", "15", "30", "+15"] in found
    assert ["rows:", "2", "rows", "→", "1", "row"] in found
    assert next(row for row in found if row[:2] == ["select", "*"])[:8] == [
        "select",
        "*",
        "from",
        "sales",
        "where",
        "day",
        ">=",
        "{from}",
    ]
    assert [row for row in found if row[1:] and row[1].startswith("2024-")] == [
        ["-", "2024-01-05", "10", "Ann"],
        ["+", "2024-02-03", "30", "Cy"],
        ["-", "2024-01-20", "5", "Bob"],
    ]
    assert result.stdout.endswith("The same: 0 metrics, 0 frames, the definition.\n")


def test_an_edition_does_not_differ_from_itself(ran):
    result = ran.call("diff", "sales", "2024-01", "2024-01@1")
    assert len(result.stdout.splitlines()) == 4
    assert result.stdout.endswith("The same: 1 metric, 3 frames, the definition.\n")


@pytest.mark.parametrize(
    "names", [["2024-01"], ["2024-01@2"], ["2024-01@1", "2024-01@2"], ["2024-01@1", "2024-01"]]
)
def test_two_revisions_show_the_cell_that_changed_and_the_key_that_made_it(ran, names):
    sales = ran.folder / "sales.csv"
    sales.write_text(sales.read_text().replace(",5,", ",6,"))
    ran.edit("target: 20", "target: 25")
    assert ran.call("run", "--period", "2024-01", "--force").exit_code == 0
    text = ran.call("diff", "sales", *names).stdout
    assert "revision 1" in text.splitlines()[0]
    assert "revision 2" in text.splitlines()[1]
    found = rows(text)
    assert ["sold", "15", "16", "+1"] in found
    assert ["views.sold.args.target", "20", "25"] in found
    assert [row for row in found if row[1:] and row[1].startswith("2024-")] == [
        ["-", "2024-01-20", "5", "Bob"],
        ["+", "2024-01-20", "6", "Bob"],
    ]
    assert text.endswith("The same: 0 metrics, 1 frame.\n")


def test_a_view_that_is_new_and_one_that_fails_are_told(ran):
    ran.edit("select * from sales", "select * from salse")
    ran.edit("  rows:", "  note: {plugin: text, args: {text: a}}\n  rows:")
    (ran.folder / "archive" / "sales" / "2024-02").rename(ran.folder / "kept")
    ran.call("run", "--period", "2024-02")
    found = rows(ran.call("diff", "sales", "2024-01", "2024-02").stdout)
    assert ["note", "none", "ok"] in found
    assert next(row for row in found if row[:2] == ["rows", "ok"])[2] == "error:"
    queries = [row for row in found if row[:1] == ["views.rows.args.query"]]
    assert len(queries) == 1


def test_many_rows_are_cut_and_counted(shop):
    days = "".join(f"2024-0{1 + n % 2}-05,{n},x\n" for n in range(40))
    (shop.folder / "sales.csv").write_text(f"day,amount,customer\n{days}")
    shop.call("run")
    text = shop.call("diff", "sales", "2024-01", "2024-02").stdout
    assert "and 30 more rows" in text


def test_of_many_columns_those_that_differ_are_shown(shop):
    names = [f"c{n}" for n in range(20)]
    lines = [f"2024-0{month}-05,1,{'0,' * 19}{month}" for month in (1, 2)]
    heading = f"day,amount,{','.join(names)}"
    (shop.folder / "sales.csv").write_text("\n".join((heading, *lines)) + "\n")
    shop.call("run")
    text = shop.call("diff", "sales", "2024-01", "2024-02").stdout
    assert ["day", "c19"] in rows(text)


def test_control_characters_in_data_do_not_reach_the_terminal(shop):
    sales = shop.folder / "sales.csv"
    sales.write_text(sales.read_text().replace("Ann", "A\x1b[2Jnn").replace("Cy", "[bold]Cy"))
    shop.call("run")
    text = shop.call("diff", "sales", "2024-01", "2024-02").stdout
    assert "\x1b" not in text
    assert "[bold]Cy" in text


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["sails", "2024-01"], "no edition of a report 'sails'\n  Did you mean 'sales'?"),
        (["sales", "2024-1"], "no edition 'sales/2024-1'\n  Did you mean '2024-01'?"),
        (["sales", "x"], "no edition 'sales/x'\n  Its editions go from 2024-01 to 2024-03."),
        (["sales", "2024-01@7"], "no revision 7 of sales/2024-01\n  The newest is revision 1."),
        (["sales", "2024-01@x"], "'2024-01@x' names no revision\n  Revisions are numbers from 1"),
        (["sales", "2024-01@0"], "'2024-01@0' names no revision"),
        (["sales", "2024-01"], "sales/2024-01 has no revision before 1\n  Name what to compare"),
        (["sales", "../2024-01"], "no edition 'sales/../2024-01'"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(ran, names, message):
    result = ran.call("diff", *names)
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_damaged_frame_is_an_error(ran):
    shutil.rmtree(ran.folder / "archive" / "sales" / "2024-01" / "1" / "frames")
    result = ran.call("diff", "sales", "2024-01", "2024-02")
    assert result.exit_code == 1
    assert "the file is missing" in result.stderr
