"""The datasource `python`: functions of files and modules, what they are given, how they fail."""

from __future__ import annotations

import json
import sys
import traceback
from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from guide_page import GuidePage, told
from pydantic import ValidationError

from kpisite.datasources.python import Python
from kpisite.errors import DatasourceError
from kpisite.pipeline.executors import ExecutorChoice
from kpisite.pipeline.run import run_tasks
from kpisite.plugins import DatasourceContext, Period
from kpisite.testing import PLAIN_TEXT, DatasourceContract

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pandas as pd

    from kpisite.testing import Row
    from tests.conftest import ProjectFiles

NEW_YORK = ZoneInfo("America/New_York")
WEEK = Period.containing(date(2013, 3, 10), "week", NEW_YORK)
SECRET = "s3cr3t-w0rd"


def make(folder: Path, function: str = "kpis.py:weekly", **options: Any) -> Python:
    options = Python.Options.model_validate({"function": function, **options})
    return Python(options, DatasourceContext("own", folder))


def write(folder: Path, body: str, file: str = "kpis.py") -> None:
    (folder / file).write_text(f"import pandas as pd\n{body}", encoding="utf-8")


def ask(folder: Path, body: str, query: str = "", **args: Any) -> pd.DataFrame:
    write(folder, body)
    return make(folder).query(query, WEEK, **args)


def failure(source: Python, query: str = "", **args: Any) -> DatasourceError:
    """Return the error of a query; nothing of it has the secret."""
    with pytest.raises(DatasourceError) as caught:
        source.query(query, WEEK, **args)
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert caught.value.where == "datasource 'own'"
    assert "\n" not in caught.value.message
    return caught.value


class TestPythonContract(DatasourceContract):
    query = "rows"
    bad_query = "nonsense"
    text_query = PLAIN_TEXT
    secret = SECRET

    def make(self, folder: Path, rows: Sequence[Row]) -> Python:
        (folder / "rows.json").write_text(json.dumps([(t.isoformat(), v) for t, v in rows]))
        body = """
from pathlib import Path

def weekly(period, query):
    if query == "nonsense":
        raise LookupError(query)
    if query != "rows":
        return pd.DataFrame({"text": [query]})
    frame = pd.read_json(Path(__file__).with_name("rows.json"))
    frame.columns = ["time", "value"]
    frame["time"] = pd.to_datetime(frame["time"], utc=True).dt.tz_convert(period.zone)
    return frame[(frame["time"] >= period.start) & (frame["time"] < period.end)]
"""
        write(folder, body)
        return make(folder)

    def make_unreachable(self, folder: Path) -> Python:
        return make(folder, secrets={"password": self.secret})


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a package `own_kpis` on Python's path."""
    folder = tmp_path / "own_kpis"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in [name for name in sys.modules if name.split(".")[0] == "own_kpis"]:
        del sys.modules[name]


def test_a_function_of_a_module_is_asked_with_the_period(package: Path, tmp_path: Path):
    write(package, "def weekly(period): return pd.DataFrame({'from': [period.start]})")
    frame = make(tmp_path, "own_kpis.kpis:weekly").query("", WEEK)
    assert frame["from"][0] == WEEK.start


def test_a_function_gets_by_name_what_it_asks_for(tmp_path: Path):
    body = """
def weekly(period, query, *, shop, token, least=3):
    return pd.DataFrame({"got": [period.label, query, shop, str(least), token]})
"""
    write(tmp_path, body)
    source = make(tmp_path, secrets={"token": SECRET})
    got = source.query("orders {from}", WEEK, shop="York")["got"].tolist()
    assert got == ["2013-W10", "orders {from}", "York", "3", SECRET]
    assert SECRET not in repr(source.options)


@pytest.mark.parametrize(
    "body",
    [
        "def weekly(period, **rest): return pd.DataFrame([rest])",
        "def weekly(when, /, a=0): return pd.DataFrame({'a': [a]})",
        "weekly = lambda p, a: pd.DataFrame({'a': [a]})",
        "class Own:\n def __call__(self, p, a): return pd.DataFrame({'a': [a]})\nweekly = Own()",
        "import functools\n"
        "weekly = functools.partial(lambda p, b, a: pd.DataFrame({'a': [a]}), b=1)",
    ],
)
def test_whatever_can_be_called_is_a_function(tmp_path: Path, body: str):
    assert ask(tmp_path, body, a=7)["a"].tolist() == [7]


def test_a_method_of_a_class_is_one_too(tmp_path: Path):
    write(tmp_path, "class Own:\n @staticmethod\n def b(period): return pd.DataFrame({'a': [1]})")
    assert len(make(tmp_path, "kpis.py:Own.b").query("", WEEK)) == 1


def test_files_of_one_name_in_two_folders_are_two(tmp_path: Path):
    answers = []
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        body = f"""
from dataclasses import dataclass
@dataclass
class Row:
    name: "str" = {name!r}

def weekly(period): return pd.DataFrame([Row()])
"""
        write(folder, body)
        answers.append(make(folder).query("", WEEK)["name"].tolist())
    assert answers == [["a"], ["b"]]
    assert make(tmp_path, "a/kpis.py:weekly").query("", WEEK)["name"].tolist() == ["a"]


def test_a_file_is_read_anew_by_each_run_and_leaves_nothing_behind(tmp_path: Path):
    path = list(sys.path)
    for value in (1, 2):
        assert ask(tmp_path, f"def weekly(p): return pd.DataFrame([{value}])").iloc[0, 0] == value
    assert [each.name for each in tmp_path.iterdir()] == ["kpis.py"]
    assert sys.path == path


def test_nothing_is_imported_before_the_first_query(tmp_path: Path):
    write(tmp_path, "raise SystemExit('too early')")
    source = make(tmp_path)
    error = failure(source)
    assert error.message == "kpis.py cannot be imported: SystemExit: too early"
    assert error.hint == "kpis.py, line 2: raise SystemExit('too early')"


def test_a_named_index_becomes_columns(tmp_path: Path):
    body = """
def weekly(period):
    frame = pd.DataFrame({"shop": ["b", "a", "b"], "day": [1, 1, 1], "n": [1, 2, 3]})
    return frame.groupby(["shop", "day"])[["n"]].sum()
"""
    assert ask(tmp_path, body).to_dict("records") == [
        {"shop": "a", "day": 1, "n": 2},
        {"shop": "b", "day": 1, "n": 4},
    ]
    body = "def weekly(p): return pd.DataFrame({'a': [1]}, index=pd.Index([1], name='a'))"
    write(tmp_path, body)
    assert "returned an index that fits no column" in failure(make(tmp_path)).message


@pytest.mark.parametrize(
    ("function", "message", "hint"),
    [
        ("kpi.py:weekly", "there is no file kpi.py", "Did you mean 'kpis.py'?"),
        ("kpis.py:weekyl", "kpis.py has no function 'weekyl'", "Did you mean 'weekly'?"),
        ("kpis.py:Own.c", "kpis.py has no function 'Own.c'", ""),
        ("kpis.py:TABLE", "kpis.py:TABLE is no function but dict", ""),
        ("own_kpi.kpis:weekly", "there is no module 'own_kpi'", "Did you mean 'own_kpis'?"),
        ("own_kpis.kpi:weekly", "there is no module 'own_kpis.kpi'", "Did you mean 'kpis'?"),
        ("own_kpis:weekly", "own_kpis has no function 'weekly'", ""),
        ("zzqx:weekly", "there is no module 'zzqx'", "Install its package; a file beside"),
        ("own_kpis.lacking:f", "own_kpis.lacking needs the module 'zzqx'", "Install its package."),
        ("lacking.py:f", "lacking.py needs the module 'zzqx'", "Install its package."),
        ("broken.py:f", "broken.py cannot be imported: SyntaxError", ""),
        ("own_kpis.failing:f", "own_kpis.failing cannot be imported: ValueError: 3", "own_kpis/fa"),
    ],
)
def test_a_function_that_is_not_there_is_told(
    package: Path, tmp_path: Path, function: str, message: str, hint: str
):
    for folder in (package, tmp_path):
        write(folder, "TABLE = {}\nclass Own: pass\ndef weekly(period): pass")
        write(folder, "import zzqx", "lacking.py")
        write(folder, "def f(:", "broken.py")
        write(folder, "\nraise ValueError(3)", "failing.py")
    error = failure(make(tmp_path, function))
    assert error.message.startswith(message)
    assert error.hint.startswith(hint)


@pytest.mark.parametrize(
    ("head", "query", "args", "message", "hint"),
    [
        ("weekly(period)", "orders", {}, "takes no query", "Leave the query empty, or add a"),
        ("weekly(period, shop)", "", {"shpo": 1}, "has no parameter 'shpo', which", "Did you mean"),
        ("weekly(period, shop)", "", {}, ": missing a required argument: 'shop'", "It is given"),
        ("weekly()", "", {}, ": too many positional arguments", "It is given the period, then"),
    ],
)
def test_a_function_that_cannot_be_called_so_is_told(
    tmp_path: Path, head: str, query: str, args: dict[str, Any], message: str, hint: str
):
    write(tmp_path, f"def {head}: raise AssertionError")
    error = failure(make(tmp_path), query, **args)
    assert f"kpis.py:weekly(){' ' if message[0] != ':' else ''}{message}" in error.message
    assert error.hint.startswith(hint)


def test_an_exception_is_told_with_the_line_of_the_users_file(tmp_path: Path):
    body = """
def least(values):
    return min(values)

def weekly(period, token):
    return pd.DataFrame(eval("least([])"))
"""
    write(tmp_path, body)
    error = failure(make(tmp_path, secrets={"token": SECRET}))
    assert error.message.startswith("kpis.py:weekly() raised ValueError: min() ")
    assert error.hint == "kpis.py, line 4: return min(values)"


@pytest.mark.parametrize(
    ("raised", "message", "hint"),
    [
        ("KeyError('a')", "raised KeyError: 'a'", "line 3: "),
        ("RuntimeError()", "raised RuntimeError", "line 3: "),
        ("RuntimeError('one\\ntwo\\nthree')", "raised RuntimeError: one", "\ntwo\nthree"),
        ("RuntimeError('no ' + token)", "raised RuntimeError: no ***", "line 3: "),
        ("SystemExit(3)", "raised SystemExit: 3", "line 3: "),
        ("DatasourceError('down', hint='wait')", "down", "wait"),
    ],
)
def test_an_exception_is_told_in_its_own_words(
    tmp_path: Path, raised: str, message: str, hint: str
):
    body = f"from kpisite.errors import DatasourceError\ndef weekly(period, token): raise {raised}"
    write(tmp_path, body)
    error = failure(make(tmp_path, secrets={"token": SECRET}))
    assert error.message.removeprefix("kpis.py:weekly() ") == message
    assert hint in error.hint


def test_the_module_is_named_where_a_function_of_it_fails(package: Path, tmp_path: Path):
    write(package, "def weekly(period): return 1 / 0")
    write(package, "from own_kpis.kpis import weekly", "other.py")
    error = failure(make(tmp_path, "own_kpis.other:weekly"))
    assert error.hint == "own_kpis.kpis, line 2: def weekly(period): return 1 / 0"


def test_an_exception_of_a_library_is_told_with_the_line_that_called_it(tmp_path: Path):
    write(tmp_path, "def weekly(period):\n    return pd.DataFrame({'a': [1]})['b']")
    error = failure(make(tmp_path))
    assert error.message == "kpis.py:weekly() raised KeyError: 'b'"
    assert error.hint == "kpis.py, line 3: return pd.DataFrame({'a': [1]})['b']"


@pytest.mark.parametrize("value", ["None", "[1]", "pd.Series([1])"])
def test_what_is_no_frame_is_told(tmp_path: Path, value: str):
    write(tmp_path, f"def weekly(period): return {value}")
    error = failure(make(tmp_path))
    assert error.message.startswith("kpis.py:weekly() returned ")
    assert error.hint == "It has to return a pandas.DataFrame."


@pytest.mark.parametrize("function", ["weekly", "kpis.py", "a b:c", "kpis.py:", "a:b()", ":f"])
def test_what_names_no_function_is_a_mistake_of_the_definition(tmp_path: Path, function: str):
    with pytest.raises(ValidationError, match=r"is no function; write package\.module:function"):
        make(tmp_path, function)


REPORT = """\
title: Own
schedule: daily
since: 2024-01-01
until: 2024-01-04
datasources:
  own: {plugin: python, args: {function: kpis.py:daily, secrets: {token: '${TOKEN}'}}}
views:
  days: {plugin: table, args: {datasource: own, query: ''}}
  fails: {plugin: table, args: {datasource: own, query: '', query_args: {fail: true}}}
"""


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_functions_run_in_workers_and_no_secret_is_recorded(project: ProjectFiles, executor: Any):
    project.environment["TOKEN"] = SECRET
    (project.content / "sales" / "report.yml").unlink()
    project.write(REPORT, "own")
    body = """
def daily(period, token, fail=False):
    if fail:
        raise ValueError(f"bad token {token}")
    return pd.DataFrame({"day": [period.label], "size": [len(token)]})
"""
    write(project.content / "own", body)
    outcomes = list(
        run_tasks(project.due(), project.archive, project.now, ExecutorChoice(executor, jobs=2))
    )
    assert [outcome.status for outcome in outcomes] == ["preliminary"] * 3
    found = project.archived()
    told = b"kpis.py:daily() raised ValueError: bad token ***"
    assert sum(told in content for content in found.values()) == 3
    assert all(SECRET.encode() not in content for content in found.values())


def test_the_example_of_the_guide_runs(project: ProjectFiles):
    page = GuidePage("python", project)
    outcome = page.run({})
    assert (outcome.status, outcome.problems) == ("sealed", ())
    assert page.metrics() == {"revenue": 30}
    assert page.frame("orders")["total"].tolist() == [20]
    assert not list(project.folder.rglob("__pycache__"))


@pytest.mark.parametrize(
    ("right", "wrong", "place"),
    [
        ("shop: York", 'shop: ""', -1),
        ("kpis.py:revenue", "kpis.py:revenu", 1),
        ("{shop: York}", "{shpo: York}", 2),
    ],
)
def test_the_messages_of_the_guide_are_those_that_are_given(
    project: ProjectFiles, right: str, wrong: str, place: int
):
    page = GuidePage("python", project)
    said = told(page.run({right: wrong}))
    assert place == -1 or any(page.messages[place] in text for text in said), said
    assert len(said) == (0 if place == -1 else 1)


def test_the_exception_of_the_guide_is_the_one_that_is_given(project: ProjectFiles):
    page = GuidePage("python", project)
    file = project.folder / "kpis.py"
    file.write_text(
        file.read_text().replace('        "shop": ["Leeds"', '        "where": ["Leeds"')
    )
    said = told(page.run({"{shop: York}": "{shop: York}"}))
    assert any(page.messages[0] in text for text in said), said
