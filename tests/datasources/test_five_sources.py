"""A report that mixes five sources, each of them down in turn."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from answering import Answering, answering, refusing
from prometheus_server import PASSWORD as PROMETHEUS_PASSWORD
from prometheus_server import USER as PROMETHEUS_USER
from prometheus_server import PrometheusServer, prometheus
from service_apis import JenkinsAPI, build, job
from sql_servers import PASSWORD, USER

from kpisite.mkdocs_plugin.build import build_site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sql_servers import SQLServer

    from tests.conftest import ProjectFiles

__all__ = ["prometheus"]

NOW = datetime(2025, 2, 1, 12, tzinfo=UTC)
TOKEN = "t0k3n-0f-jenkins"
REPORT = """\
title: Five sources
schedule: weekly
since: 2025-01-06
until: 2025-01-13
datasources:
  files: {plugin: duckdb, args: {files: {visits: visits.csv}}}
  shop:
    plugin: sql
    args:
      driver: postgresql
      host: 127.0.0.1
      port: ${SHOP_PORT}
      user: USER
      passwd: ${SHOP_PASSWORD}
      database: shop
      tries: 1
  metrics:
    plugin: prometheus
    args: {host: "${METRICS}", basic_auth: {username: READER, password: "${METRICS_PASSWORD}"}}
  web: {plugin: http, args: {url: "${WEB}"}}
  ci: {plugin: jenkins, args: {host: "${CI}", user: reader, api_token: "${CI_TOKEN}"}}
views:
  visited:
    plugin: single_stat
    args:
      datasource: files
      query: select sum(n) from visits where day >= {from} and day < {to}
  ordered:
    plugin: single_stat
    args:
      datasource: shop
      query: select sum(n) from five where at >= {from} and at < {to}
  counted:
    plugin: single_stat
    args: {datasource: metrics, query: count(http_requests_total), query_args: {step: 1h}}
  sold: {plugin: single_stat, args: {datasource: web, query: sold.json}}
  built: {plugin: jenkins.build_summary, args: {datasource: ci}}
"""
RIGHT = {
    "visited": "1,111",
    "ordered": "2,222",
    "counted": "336",  # two series, each hour of a week
    "sold": "4,444",
    "built": "team-job",
}


@dataclass
class Setting:
    """The project, and how to take each source away."""

    project: ProjectFiles
    addresses: dict[str, str]

    def up(self) -> None:
        self.project.environment |= self.addresses
        text = "day,n\n2025-01-05,9\n2025-01-06,1000\n2025-01-12,111\n2025-01-13,9\n"
        (self.project.content / "sales" / "visits.csv").write_text(text)

    def down(self, view: str) -> None:
        nobody = refusing()
        if view == "visited":
            (self.project.content / "sales" / "visits.csv").unlink()
        elif view == "ordered":
            self.project.environment["SHOP_PORT"] = nobody.rpartition(":")[2]
        else:
            self.project.environment[{"counted": "METRICS", "sold": "WEB", "built": "CI"}[view]] = (
                nobody
            )

    def pages(self) -> str:
        """Build the site strictly, and return what the edition's page says."""
        config = self.project.folder / "mkdocs.yml"
        settings = {
            "site_name": "Five",
            "theme": {"name": "material", "font": False},
            "docs_dir": "content",
            "plugins": [{"kpisite": {"run": "none"}}],
        }
        config.write_text(json.dumps(settings))
        (self.project.content / "index.md").write_text("# Five\n")
        built = build_site(str(config), now=NOW, log=lambda line: None, allowed=["sales"])
        page = (built.folder / "sales" / "2025-W02" / "index.html").read_text()
        return " ".join(
            re.sub(r"<(style|script|template)\b.*?</\1>|<[^>]+>", " ", page, flags=re.S).split()
        )

    @property
    def status(self) -> str:
        [edition] = self.project.archive.editions()
        return str(edition.status)


@pytest.fixture
def ci() -> Iterator[Answering]:
    with answering() as server:
        JenkinsAPI(
            server, job("team-job", [build(1, datetime(2025, 1, 7, tzinfo=UTC))]), token=TOKEN
        )
        yield server


@pytest.fixture
def setting(
    project: ProjectFiles,
    postgresql_server: SQLServer,
    prometheus: PrometheusServer,
    server: Answering,
    ci: Answering,
    pauses: list[float],
) -> Setting:
    rows = [("2025-01-05", 9), ("2025-01-06", 2000), ("2025-01-12", 222), ("2025-01-13", 9)]
    postgresql_server.ask(
        "drop table if exists five",
        "create table five (at timestamp, n integer)",
        f"grant all on five to {USER}",
        *[f"insert into five values ('{at}', {n})" for at, n in rows],
        shop=True,
    )
    server.routes["/sold.json"] = [{"n": 4000}, {"n": 444}]
    project.now = NOW
    project.write(REPORT.replace("USER", USER).replace("READER", PROMETHEUS_USER))
    secrets = {
        "SHOP_PASSWORD": PASSWORD,
        "METRICS_PASSWORD": PROMETHEUS_PASSWORD,
        "CI_TOKEN": TOKEN,
    }
    addresses = {
        "SHOP_PORT": str(postgresql_server.port),
        "METRICS": prometheus.address,
        "WEB": server.url,
        "CI": ci.url,
    }
    made = Setting(project, {**secrets, **addresses})
    made.up()
    return made


@pytest.mark.parametrize(
    ("view", "reason"),
    [
        ("visited", "visits.csv"),
        ("ordered", "refused"),
        ("counted", "refuses the connection"),
        ("sold", "refuses the connection"),
        ("built", "refuses the connection"),
    ],
)
def test_where_one_source_is_down_four_views_are_right_the_fifth_says_why_and_the_next_run_seals(
    setting: Setting, view: str, reason: str
):
    setting.down(view)
    [outcome] = setting.project.run()
    [problem] = outcome.problems
    assert (problem.view, problem.period) == (view, "2025-W02")
    assert reason in str(problem)
    assert setting.status == "preliminary"
    page = setting.pages()
    assert "This view could not be made" in page
    assert reason in page
    assert {name for name, text in RIGHT.items() if text in page} == RIGHT.keys() - {view}
    setting.up()
    [outcome] = setting.project.run()
    assert outcome.problems == ()
    assert setting.status == "sealed"
    page = setting.pages()
    assert "This view could not be made" not in page
    assert {name for name, text in RIGHT.items() if text in page} == set(RIGHT)
