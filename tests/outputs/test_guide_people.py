"""The examples on the pages of outputs for people, published to servers on loopback."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from docs_examples import GUIDE, examples
from mail_server import MailServer
from mailed_edition import ANNOUNCEMENT
from posting_server import PostingServer
from sendgrid_server import KEY, SendGridServer
from slack_server import TOKEN, SlackServer

from kpisite.cli.main import main
from kpisite.outputs.webhook import Webhook
from kpisite.plugins import OutputContext

MKDOCS = """\
site_name: Sales
site_url: https://kpi.example.org/
docs_dir: content
theme: {name: material, font: false}
plugins: [kpisite]
"""
SALES = "day,amount\n2025-01-08,20\n2025-01-15,30\n"
WEEK = "https://kpi.example.org/sales/2025-W03/"


def publish(folder: Path, page: str, monkeypatch: pytest.MonkeyPatch, **args: Any) -> None:
    """Publish the first report on a page twice, with its output led to loopback."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    (folder / "mkdocs.yml").write_text(MKDOCS)
    (folder / "data").mkdir()
    (folder / "data" / "sales.csv").write_text(SALES)
    [example, *_] = [e for e in examples(GUIDE / "outputs" / f"{page}.md") if e.is_report]
    report = yaml.safe_load(example.text)
    [output] = [one for one in report["outputs"].values() if one["plugin"] == page]
    output["args"] = {k: v for k, v in (output["args"] | args).items() if v is not None}
    path = folder / "content" / "sales" / "report.yml"
    path.parent.mkdir(parents=True)
    path.write_text(yaml.safe_dump(report, sort_keys=False))
    command = ["-f", str(folder / "mkdocs.yml"), "--now", "2025-01-20", "publish"]
    for _ in range(2):  # the second one tells nobody
        result = CliRunner().invoke(main, command, catch_exceptions=False)
        assert result.exit_code == 0, result.output
    assert (folder / "public" / "sales" / "2025-W03" / "index.html").is_file()


def test_the_example_of_smtp_mails_each_recipient_once(tmp_path, monkeypatch):
    monkeypatch.setenv("SMTP_PASSWORD", "unused")
    with closing(MailServer()) as server:
        local = {"smtp_host": "127.0.0.1", "smtp_port": server.port, "tls": "none"}
        no_login = {"smtp_user": None, "smtp_password": None}
        publish(tmp_path, "smtp", monkeypatch, **local, **no_login)
        [mail] = server.mails
    assert server.to == [["sales@example.org", "director@example.org"]]
    assert WEEK in mail.get_body(("plain",)).get_content()


def test_the_example_of_sendgrid_sends_once(tmp_path, monkeypatch):
    monkeypatch.setenv("SENDGRID_API_KEY", KEY)
    with closing(SendGridServer()) as server:
        publish(tmp_path, "sendgrid", monkeypatch, api_url=server.url)
        [mail] = server.mails
    [person] = mail["personalizations"]
    assert [one["email"] for one in person["to"]] == ["sales@example.org", "director@example.org"]


def test_the_example_of_slack_posts_once(tmp_path, monkeypatch):
    monkeypatch.setenv("SLACK_API_TOKEN", TOKEN)
    with closing(SlackServer()) as server:
        publish(tmp_path, "slack", monkeypatch, api_url=server.url)
        [said] = server.messages.values()
    assert said["channel"] == "#kpis"
    assert said["blocks"][-2]["elements"][0]["url"] == WEEK


@pytest.mark.parametrize("chat", ["Discord", "Microsoft Teams"])
def test_the_body_for_a_chat_is_filled_in(chat, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    page = GUIDE / "outputs" / "webhook.md"
    place = page.read_text().index(f"**{chat}**")
    line = page.read_text()[:place].count("\n")
    body = yaml.safe_load(next(e.text for e in examples(page) if e.line > line))["body"]
    with closing(PostingServer()) as server:
        options = Webhook.Options(url=server.url, body=body)
        Webhook(options, OutputContext("chat", Path())).deliver(ANNOUNCEMENT)
        [post] = server.posts
    said = json.dumps(post.json, ensure_ascii=False)
    assert "{{" not in said
    assert all(one in said for one in (ANNOUNCEMENT.title, ANNOUNCEMENT.text, ANNOUNCEMENT.url))


def test_the_example_of_webhook_posts_once(tmp_path, monkeypatch):
    with closing(PostingServer()) as server:
        monkeypatch.setenv("CHAT_WEBHOOK", f"{server.url}/hook")
        publish(tmp_path, "webhook", monkeypatch)
        [post] = server.posts
    assert post.json["text"].startswith("**Sales, weekly**: Week 3, 2025")
    assert post.json["text"].endswith(WEEK)
