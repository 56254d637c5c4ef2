"""`kpisite publish` is killed at any moment, and run again: nobody is told twice, nothing is lost.

`KPISITE_TEST_KILLS=50 pytest tests/cli/test_publish_killed.py -rP --log-level=info`
kills it that often, and says how often somebody had to look whether something had arrived.
"""

from __future__ import annotations

import json
import logging
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mail_server import MailServer
from s3fs import S3FileSystem
from slack_server import TOKEN, SlackServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from s3_server import S3Server

_LOG = logging.getLogger("kills")
KILLS = int(os.environ.get("KPISITE_TEST_KILLS", "4"))
FIRST = date(2024, 1, 1)
PEOPLE = ("ann@example.org", "bob@example.org")
OUTPUTS = """\
outputs:
  pages: {plugin: github_pages, args: {remote: origin}}
  store:
    plugin: s3
    args:
      bucket: %(bucket)s
      endpoint_url: %(s3)s
      region_name: us-east-1
      aws_access_key_id: kpi-testing-key
      aws_secret_access_key: kpi-testing-secret
  mail:
    plugin: smtp
    args:
      email_from: kpi@example.org
      email_to: [ann@example.org, bob@example.org]
      smtp_host: 127.0.0.1
      smtp_port: %(smtp)s
      tls: none
  chat:
    plugin: slack
    args: {api_token: %(token)s, channels: [C02], api_url: "%(slack)s"}
"""
PLOT = """\
  a_day:
    plugin: plot
    args:
      datasource: shop
      query: select day, customer, amount from sales where day >= {from} and day < {to}
      groupby: customer
"""


class World:
    """A shop with a report a day, and everything that it publishes to."""

    def __init__(self, shop: Any, s3: S3Server, mail: MailServer, slack: SlackServer) -> None:
        self.shop, self.s3, self.mail, self.slack = shop, s3, mail, slack
        self.bucket = s3.bucket()
        self.day = FIRST
        days = [FIRST + timedelta(days=number) for number in range(2 * KILLS + 20)]
        rows = [f"{day},{amount},Ann\n{day},1,Bob\n" for amount, day in enumerate(days, 2)]
        (shop.folder / "sales.csv").write_text("day,amount,customer\n" + "".join(rows))
        for old, new in (
            ("Sales, monthly", "Sales, daily"),
            ("schedule: monthly", "schedule: daily"),
            ("  rows:\n", f"{PLOT}  rows:\n"),
        ):
            shop.edit(old, new)
        places = {
            "bucket": self.bucket,
            "s3": s3.address,
            "smtp": mail.port,
            "slack": slack.url,
            "token": TOKEN,
        }
        shop.report.write_text(shop.report.read_text() + OUTPUTS % places)
        config = shop.folder / "mkdocs.yml"
        config.write_text(config.read_text() + "site_url: https://kpi.example.org/\n")
        self.git("init", "--quiet", "--bare", str(self.remote))
        self.git("init", "--quiet", "-b", "main")
        self.git("remote", "add", "origin", str(self.remote))

    @property
    def remote(self) -> Path:
        return self.shop.folder.parent / "remote.git"

    @property
    def now(self) -> str:
        """Midnight after the newest day that is over."""
        return (self.day + timedelta(days=1)).isoformat()

    def git(self, *arguments: str, folder: Path | None = None) -> str:
        return subprocess.run(
            ["git", *arguments],
            cwd=folder or self.shop.folder,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def start(self) -> subprocess.Popen[bytes]:
        """Start a publish in a process of its own."""
        command = [Path(sys.executable).parent / "kpisite", "publish"]
        return subprocess.Popen(
            command,
            cwd=self.shop.folder,
            env={**os.environ, "KPISITE_NOW": self.now},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def publish(self, *arguments: str) -> list[dict[str, Any]]:
        result = self.shop.call("publish", "--json", *arguments, now=self.now)
        assert result.stdout, result.stderr
        found: list[dict[str, Any]] = json.loads(result.stdout)
        return found

    def told(self) -> Counter[tuple[str, str]]:
        """Return how often each recipient and channel was told of each edition."""
        mails = [
            (recipient, str(mail["Message-ID"]).partition("@")[0].lstrip("<"))
            for mail, recipients in zip(self.mail.mails, self.mail.to, strict=True)
            for recipient in recipients
        ]
        posts = [
            ("C02", said["blocks"][-2]["elements"][0]["url"])
            for said in self.slack.messages.values()
        ]
        return Counter([*mails, *posts])

    def knows(self, recipient: str) -> int:
        """Return of how many editions a recipient was told."""
        return sum(1 for one, _ in self.told() if one == recipient)

    def pages(self) -> set[str]:
        """Return the days whose page is on both sites."""
        store = S3FileSystem(**self.s3.options, skip_instance_cache=True, use_listings_cache=False)
        kept = {Path(path).parent.name for path in store.glob(f"{self.bucket}/sales/*/index.html")}
        if not self.git("branch", "--list", "gh-pages", folder=self.remote):
            return set()
        tree = self.git("ls-tree", "-r", "--name-only", "gh-pages", folder=self.remote)
        return kept & {Path(path).parent.name for path in tree.split() if path.startswith("sales/")}

    def check(self) -> None:
        """See that nobody was told twice, nor of what the sites do not have."""
        told = self.told()
        assert [which for which, count in told.items() if count > 1] == []
        most = max(self.knows(one) for one in (*PEOPLE, "C02"))
        days = {(FIRST + timedelta(days=number)).isoformat() for number in range(most)}
        assert days <= self.pages()
        verified = self.shop.call("verify", now=self.now)
        assert verified.exit_code == 0, verified.output

    def look(self, result: dict[str, Any]) -> str:
        """Do as somebody who is asked whether something arrived: look there."""
        assert "nobody recorded whether it arrived" in result["message"], result
        expected = (self.day - FIRST).days + 1
        who = PEOPLE[0] if result["plugin"] == "smtp" else "C02"
        return "--arrived" if self.knows(who) == expected else "--resend"


@pytest.fixture
def world(shop, s3, monkeypatch, caplog) -> Iterator[World]:
    caplog.set_level(logging.WARNING, "werkzeug")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    mail, slack = MailServer(), SlackServer()
    yield World(shop, s3, mail, slack)
    slack.close()
    mail.close()


def test_nobody_is_told_twice_and_nothing_is_lost_whenever_it_is_killed(world):
    chance = random.Random(2024)
    assert world.start().wait() == 0
    world.day += timedelta(days=1)
    began = time.monotonic()
    assert world.start().wait() == 0
    whole = time.monotonic() - began
    asked = Counter()
    killed = 0
    while killed < KILLS:
        world.day += timedelta(days=1)
        process = world.start()
        with suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0.2, 1.1) * whole)
        process.kill()
        killed += process.wait() == -signal.SIGKILL
        world.check()
        again = world.publish()
        for result in again:
            if result["status"] != "ok":
                answer = world.look(result)
                output = result["outputs"][0].partition("/")[2]
                world.publish("--only", output, "--edition", result["edition"], answer)
                asked[f"{output} {answer}"] += 1
        world.check()
        days = (world.day - FIRST).days + 1
        assert [world.knows(one) for one in (*PEOPLE, "C02")] == [days] * 3
    _LOG.info("%s kills within %.1f s; somebody looked: %s", killed, whole, dict(asked))
