"""A secret in every option that holds one: none is in anything that is written or said."""

from __future__ import annotations

import base64
import json
import logging
import re
import traceback
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, get_args
from urllib.parse import quote, quote_plus
from zoneinfo import ZoneInfo

import pytest
from answering import Asked, Reply, answering, refusing
from click.testing import CliRunner
from github_api import GitHubAPI, Repository, issue
from pydantic import BaseModel, SecretStr
from service_apis import XAPI, GoogleAPI, Hit, JenkinsAPI, Post, build, job
from sql_servers import PASSWORD, USER

from kpisite.cli.main import main
from kpisite.datasources import googleanalytics, twitter
from kpisite.errors import KpisiteError
from kpisite.mkdocs_plugin.build import build_site
from kpisite.plugins import DatasourceContext, Period
from kpisite.plugins.registry import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sql_servers import SQLServer

    from tests.conftest import ProjectFiles

MONDAY = datetime(2024, 1, 1, 12, tzinfo=UTC)
WEEK = Period.containing(date(2024, 1, 1), "week", ZoneInfo("UTC"))
NOW = datetime(2024, 2, 1, 12, tzinfo=UTC)
KPIS = """\
import pandas as pd


def good(period, token):
    return pd.DataFrame({"n": [len(token)]})


def bad(period, token):
    try:
        raise ValueError(f"cannot log in with {token}")
    except ValueError as error:
        raise RuntimeError(f"no answer for {token}") from error
"""


@dataclass(frozen=True)
class Case:
    """A datasource with secrets; `${…}` are filled in from the environment."""

    plugin: str
    args: dict[str, Any]
    query: str = ""
    query_args: dict[str, Any] = field(default_factory=dict)
    bad: dict[str, Any] = field(default_factory=dict)
    """Arguments, or the query, that let it fail where the service that it asks cannot."""
    answers: bool = True
    """Whether it can succeed here."""


FAST = {"timeout": 20}
CASES = {
    "duckdb": Case(
        "duckdb",
        {"files": {"rows": "rows.csv"}, "storage_options": {"secret": "${DUCKDB_STORE}"}},
        "select n from rows",
        bad={"query": "select m from rows"},
    ),
    "github": Case(
        "github",
        {"api_url": "${GITHUB}", "repositories": ["octo/shop"], "token": "${GITHUB_TOKEN}", **FAST},
        "issues",
    ),
    "googleanalytics": Case(
        "googleanalytics", {"key_file": "key.json", "property": 123, **FAST}, "report"
    ),
    "http-token": Case(
        "http",
        {
            "url": "${HTTP}",
            "headers": {"X-Key": "${HTTP_HEADER}"},
            "params": {"key": "${HTTP_PARAM}"},
            "token": "${HTTP_TOKEN}",
            **FAST,
        },
        "rows",
    ),
    "http-password": Case(
        "http",
        {"url": "${HTTP}", "user": "reader", "password": "${HTTP_PASSWORD}", **FAST},
        "rows",
    ),
    "jenkins": Case(
        "jenkins",
        {"host": "${JENKINS}", "user": "reader", "api_token": "${JENKINS_TOKEN}", **FAST},
        "get_builds",
    ),
    "mysql": Case(
        "mysql",
        {
            "host": "127.0.0.1",
            "port": "${NO_PORT}",
            "user": "reader",
            "password": "${MYSQL_PASSWORD}",
            "tries": 1,
        },
        "select 1 as n",
        answers=False,
    ),
    "prometheus-basic": Case(
        "prometheus",
        {
            "host": "${PROMETHEUS}",
            "basic_auth": {"username": "reader", "password": "${PROMETHEUS_PASSWORD}"},
            **FAST,
        },
        "up",
    ),
    "prometheus-bearer": Case(
        "prometheus",
        {"host": "${PROMETHEUS}", "bearer_token": "${PROMETHEUS_TOKEN}", **FAST},
        "up",
    ),
    "python": Case(
        "python",
        {"function": "kpis.py:good", "secrets": {"token": "${PYTHON_TOKEN}"}},
        bad={"function": "kpis.py:bad"},
    ),
    "sql-url": Case(
        "sql", {"url": "${SQL_URL}", "tries": 1}, "select 1 as n", bad={"query": "select m"}
    ),
    "sql-arguments": Case(
        "sql",
        {
            "driver": "postgresql",
            "host": "127.0.0.1",
            "port": "${SQL_PORT}",
            "user": USER,
            "passwd": "${SQL_PASSWORD}",
            "database": "shop",
            "connect_args": {"options": "-c application_name=${SQL_OPTION}"},
            "tries": 1,
        },
        "select 1 as n",
        bad={"passwd": "${SQL_PASSWORD}-wrong"},
    ),
    "twitter-bearer": Case(
        "twitter",
        {"bearer_token": "${TWITTER_BEARER}", **FAST},
        "tweets",
        {"username": "example"},
    ),
    "twitter-keys": Case(
        "twitter",
        {
            "consumer_key": "${TWITTER_KEY}",
            "consumer_secret": "${TWITTER_SECRET}",
            "access_token_key": "${TWITTER_ACCESS}",
            "access_token_secret": "${TWITTER_ACCESS_SECRET}",
            **FAST,
        },
        "tweets",
        {"username": "example"},
    ),
}
ADDRESSES = ("GITHUB", "HTTP", "JENKINS", "PROMETHEUS", "NO_PORT", "SQL_PORT", "SQL_URL")


def secret_options(model: type[BaseModel]) -> set[str]:
    """Return the names of the options of a model that hold secrets, `a.b` for parts."""

    def parts(kind: Any) -> Iterator[Any]:
        yield kind
        for inner in get_args(kind):
            yield from parts(inner)

    found = set()
    for name, info in model.model_fields.items():
        for kind in parts(info.annotation):
            if kind is SecretStr:
                found.add(name)
            elif isinstance(kind, type) and issubclass(kind, BaseModel):
                found |= {f"{name}.{inner}" for inner in secret_options(kind)}
    return found


def planted(args: dict[str, Any], above: str = "") -> set[str]:
    """Return the options that are given `${…}`, like `secret_options`, and their parents."""
    found = set()
    for name, value in args.items():
        if isinstance(value, dict):
            found |= {f"{above}{name}"} | planted(value, f"{above}{name}.")
        elif isinstance(value, str) and "${" in value:
            found.add(f"{above}{name}")
    return found


def test_every_secret_option_of_every_built_in_datasource_is_planted():
    """`mysql` is another name of `sql`, whose options are planted together."""
    points = entry_points(group="kpisite.datasources")
    names = sorted(one.name for one in points if one.value.startswith("kpisite."))
    assert sorted({case.plugin for case in CASES.values()}) == names
    for name in names:
        plugin = load("datasources", name)
        alike = [c for c in CASES.values() if load("datasources", c.plugin).cls is plugin.cls]
        given = {option for case in alike for option in planted(case.args)}
        assert secret_options(plugin.options) <= given, name


def echo(asked: Asked) -> Reply:
    """Refuse, and repeat all that came, as some services do."""
    said = [asked.target, *(f"{k}: {v}" for k, v in asked.headers.items()), asked.body.decode()]
    return Reply({"error": " ".join(said), "message": " ".join(said)}, 400)


class Setting:
    """A project with a report of each case."""

    def __init__(self, project: ProjectFiles, sql: SQLServer, patch: pytest.MonkeyPatch) -> None:
        self.project, self.patch = project, patch
        self.servers = {
            name: self._stack.enter_context(answering())
            for name in ("GITHUB", "HTTP", "JENKINS", "PROMETHEUS", "TWITTER", "GOOGLE")
        }
        text = json.dumps({name: case.args for name, case in CASES.items()})
        names = set(re.findall(r"\$\{(\w+)\}", text)) - set(ADDRESSES)
        self.secrets = {name: f"pl4nted-{name.lower()}/+=" for name in names}
        self.secrets["SQL_PASSWORD"] = PASSWORD
        self.secrets["SQL_OPTION"] = "pl4nted-option"
        self.environment = {
            **self.secrets,
            **{name: server.url for name, server in self.servers.items()},
            "SQL_URL": f"postgresql://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{sql.port}/shop",
            "SQL_PORT": str(sql.port),
            "NO_PORT": refusing().rpartition(":")[2],
        }
        patch.setattr(twitter, "ADDRESS", f"{self.servers['TWITTER'].url}/2")
        patch.setattr(googleanalytics, "ADDRESS", f"{self.servers['GOOGLE'].url}/v1beta")
        for name, value in self.environment.items():
            patch.setenv(name, value)
        project.environment |= self.environment
        self.up()
        self.key = self._google.write_key(project.folder / "key.json").splitlines()[3]

    _stack = ExitStack()

    def up(self) -> None:
        """Let all services answer."""
        for server in self.servers.values():
            server.routes.clear()
        there, token = self.servers, self.secrets
        github = GitHubAPI(there["GITHUB"], token["GITHUB_TOKEN"])
        github.repositories["octo/shop"] = Repository(issues=[issue(1, MONDAY)])
        there["HTTP"].routes["/rows"] = [{"n": 1}]
        JenkinsAPI(there["JENKINS"], job("a", [build(1, MONDAY)]), token=token["JENKINS_TOKEN"])
        there["PROMETHEUS"].routes["/api/v1/query_range"] = {
            "status": "success",
            "data": {"resultType": "matrix", "result": []},
        }
        XAPI(there["TWITTER"], [Post(MONDAY)], NOW)
        self._google = GoogleAPI(there["GOOGLE"], [Hit(MONDAY)], ZoneInfo("UTC"))
        self.write(bad=False)

    def down(self) -> None:
        """Let all services refuse, and repeat what they were told."""
        for server in self.servers.values():
            kept = {path: route for path, route in server.routes.items() if path == "/token"}
            server.routes.clear()
            server.routes |= kept
            server.otherwise = echo
        self.write(bad=True)

    def write(self, *, bad: bool) -> None:
        for name, case in CASES.items():
            change = case.bad if bad else {}
            args = {**case.args, **{k: v for k, v in change.items() if k != "query"}}
            ask = {"query": change.get("query", case.query), "query_args": case.query_args}
            report = {
                "title": name,
                "schedule": "weekly",
                "since": "2024-01-01",
                "until": "2024-01-08",
                "datasources": {"there": {"plugin": case.plugin, "args": args}},
                "views": {"shown": {"plugin": "table", "args": {"datasource": "there", **ask}}},
            }
            folder = self.project.write(json.dumps(report), name).parent
            (folder / "kpis.py").write_text(KPIS)
            (folder / "rows.csv").write_text("n\n1\n")
            if case.plugin == "googleanalytics" and (self.project.folder / "key.json").exists():
                (folder / "key.json").write_bytes((self.project.folder / "key.json").read_bytes())

    @property
    def forms(self) -> set[bytes]:
        """All secrets, as they are and encoded in the ways that services want."""
        found = {*self.secrets.values(), self.key, "t0k3n-1"}
        found |= {code(text) for text in found for code in (quote, quote_plus)}
        found |= {quote(text, safe="") for text in found}
        found |= {json.dumps(text)[1:-1] for text in found}
        basic = (self.secrets[n] for n in ("HTTP_PASSWORD", "JENKINS_TOKEN", "PROMETHEUS_PASSWORD"))
        found |= {base64.b64encode(f"reader:{text}".encode()).decode() for text in basic}
        return {text.encode() for text in found}

    def leaks(self, where: str, content: bytes | str) -> list[str]:
        raw = content.encode() if isinstance(content, str) else content
        return [f"{form.decode()} in {where}" for form in self.forms if form in raw]


@pytest.fixture
def setting(
    project: ProjectFiles,
    postgresql_server: SQLServer,
    monkeypatch: pytest.MonkeyPatch,
    pauses: list[float],
) -> Iterator[Setting]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for path in (project.content / "sales").iterdir():
        path.unlink()
    project.now = NOW
    with ExitStack() as stack:
        Setting._stack = stack
        config = {
            "site_name": "Secrets",
            "theme": {"name": "material", "font": False},
            "plugins": [{"kpisite": {"run": "none"}}],
            "docs_dir": "content",
        }
        (project.folder / "mkdocs.yml").write_text(json.dumps(config))
        (project.content / "index.md").write_text("# Secrets\n")
        yield Setting(project, postgresql_server, monkeypatch)


def traces(setting: Setting) -> dict[str, str]:
    """Ask each source; return what is raised with all that it comes from, as Python shows it."""
    found = {}
    for report in setting.project.load():
        bound, view = report.datasources["there"], report.views["shown"]
        [query] = view.queries().values()
        source: Any = bound.plugin.cls(bound.options, DatasourceContext("there", report.folder))
        try:
            found[f"answer of {report.id}"] = repr(source.query(query.text, WEEK, **query.args))
        except KpisiteError as error:
            found[f"exception of {report.id}"] = (
                "".join(traceback.format_exception(error)) + repr(error) + repr(source.options)
            )
        finally:
            source.close()
    return found


@pytest.mark.parametrize("state", ["down", "up"])
def test_no_secret_is_in_the_archive_the_site_the_log_the_output_or_an_exception(
    setting: Setting,
    state: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
):
    getattr(setting, state)()
    config = setting.project.folder / "mkdocs.yml"
    said: list[str] = []
    with caplog.at_level(logging.DEBUG):
        result = CliRunner().invoke(main, ["-f", str(config), "--now", NOW.isoformat(), "run"])
        told = traces(setting)
        built = build_site(str(config), now=NOW, log=said.append, allowed=list(CASES))
    expected = [name for name, case in CASES.items() if not case.answers]
    if state == "down":
        expected = list(CASES)
    failed = [
        e.key.partition("/")[0] for e in setting.project.archive.editions() if e.status != "sealed"
    ]
    assert sorted(failed) == sorted(expected), result.output
    assert {name for name in told if name.startswith("exception")} == {
        f"exception of {name}" for name in expected
    }
    out, err = capfd.readouterr()
    texts = {"output": result.output, "stdout": out, "stderr": err, "log": caplog.text, **told}
    texts["build"] = "\n".join(said)
    files = [*setting.project.archived().items()]
    files += [(str(p), p.read_bytes()) for p in built.folder.rglob("*") if p.is_file()]
    cache = setting.project.folder / ".cache"
    files += [(str(p), p.read_bytes()) for p in cache.rglob("*") if p.is_file()]
    found = [leak for where, text in texts.items() for leak in setting.leaks(where, text)]
    found += [leak for where, content in files for leak in setting.leaks(where, content)]
    assert not found, "\n".join(sorted(found))


def test_the_search_finds_what_it_looks_for(setting: Setting):
    assert setting.leaks("a log", f"asked with {setting.secrets['GITHUB_TOKEN']}") == [
        "pl4nted-github_token/+= in a log"
    ]
    encoded = base64.b64encode(f"reader:{setting.secrets['JENKINS_TOKEN']}".encode())
    assert setting.leaks("a log", b"Authorization: Basic " + encoded)
